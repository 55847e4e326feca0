-- A publication to look at: an organisation with a hostile name, one grade of each kind, an address
-- whose wall has ended and one whose wall has not. Days are 2026-11-01 (20758) and the next.
INSERT INTO meta VALUES
	('generation', '7'), ('created', '1793577600'), ('as_of', '1793577600'), ('formula', 'onus-1'),
	('site_name', 'test & <co>'), ('simulated', '0'), ('groups', '2'), ('sources', '3'),
	('registry_date', '1793491200'), ('registry_stale', '0'),
	('attribution', 'IP address to AS data by DB-IP and RouteViews (CC BY 4.0)'),
	('first_day', '20745'), ('days', '15'), ('provisional', '0'), ('events', '1234567'), ('hosts', '42');
INSERT INTO entity(id, kind, name, title, asn, org, country, range_first, range_last, announced, hosts,
	events, first_day, last_day, expected, "returning", arrivals, ratio, low, high, score, grade, reason,
	"groups", rank) VALUES
	(1, 'addr', 'addr:192.0.2.1', '192.0.2.1', 64500, 'org:TEST/evil', 'NL',
		x'00000000000000000000ffffc0000201', x'00000000000000000000ffffc0000201', 1, 1, 1000, 20750, 20759,
		0.45, 0.3, 0.15, 1.9, 50, 91, 67.8, 'C', NULL, 2, 1),
	(2, 'block', 'block:192.0.2.0/24', '192.0.2.0/24', 64500, 'org:TEST/evil', 'NL',
		x'00000000000000000000ffffc0000200', x'00000000000000000000ffffc00002ff', 256, 40, 5000, 20750, 20759,
		18.7, 16.1, 2.6, 38, 5, 24, 9.5, 'F', NULL, 2, 1),
	(3, 'prefix', 'prefix:192.0.2.0/23', '192.0.2.0/23', 64500, 'org:TEST/evil', 'NL',
		x'00000000000000000000ffffc0000200', x'00000000000000000000ffffc00003ff', 512, 40, 5000, 20750, 20759,
		19, 16.1, 2.9, 37, 5, 25, 9.8, 'F', NULL, 2, 1),
	(4, 'as', 'as:64500', 'Evil "Corp" & <script>alert(1)</script>', 64500, 'org:TEST/evil', 'NL', NULL, NULL,
		1024, 41, 5100, 20750, 20759, 20, 16.1, 3.9, 20, 10, 40, 16.7, 'E', 'provisional', 2, 1),
	(5, 'org', 'org:TEST/evil', 'Evil "Corp" & <script>alert(1)</script>', NULL, 'org:TEST/evil', 'NL', NULL,
		NULL, 1024, 41, 5100, 20750, 20759, 20, 16.1, 3.9, 20, 10, 40, 16.7, 'E', 'provisional', 2, 1),
	(6, 'org', 'org:TEST/café', 'Café Réseau', NULL, 'org:TEST/café', NULL, NULL, NULL, 65536, 1, 1, 20751,
		20751, 0.2, 0.1, 0.1, 0.9, 60, 95, 81.6, NULL, 'evidence of one unverified source only', 1, 2),
	(7, 'country', 'country:NL', 'NL', NULL, NULL, 'NL', NULL, NULL, 1000000, 41, 5100, 20750, 20759, 20, 16.1,
		3.9, 1.1, 60, 90, 78.4, 'B', NULL, 2, 1),
	(8, 'addr', 'addr:2001:db8::/64', '2001:db8::/64', 64500, 'org:TEST/evil', 'NL',
		x'20010db8000000000000000000000000', x'20010db800000000ffffffffffffffff', 0, 1, 3, 20755, 20755,
		0.2, 0.1, 0.1, 1.2, 55, 92, 76.9, 'B', NULL, 2, 2);
INSERT INTO parent VALUES (1, 2), (2, 3), (3, 4), (3, 7), (4, 5), (8, 4);
INSERT INTO evidence VALUES
	(1, 20758, 'brute-force', 'sshd', 1, 900), (1, 20759, 'brute-force', 'sshd', 1, 90),
	(1, 20759, 'spam', '<i>mail</i>', 1, 10), (4, 20759, 'brute-force', 'sshd', 40, 5100);
INSERT INTO history VALUES (1, 20758, 70, 'C', 1), (1, 20759, 67.8, 'C', 1), (4, 20758, 20, 'E', 30),
	(4, 20759, 16.7, 'E', 40), (5, 20758, 20, 'E', 30), (5, 20759, 16.7, 'E', 40);
INSERT INTO factor VALUES (3, 'attack', 1, 'as', 4.78, 6.72, 0.45, 4.78e-7), (3, 'attack', 2, 'prefix', 23, 8.02, 1.96, 1.0994e-5),
	(3, 'mail', 1, 'as', 0.62, 0, 0.3, 6.2e-8);
INSERT INTO decision VALUES
	(1, 'drop', 'block', 1793660000, 4102444800, 'verified attack & "more"'),
	(2, 'tag', 'watch', 1793660000, 1793664100, 'this one has ended');
INSERT INTO name(title, entity, subject) VALUES
	('Evil "Corp" & <script>alert(1)</script>', 4, 'as:64500'),
	('Evil "Corp" & <script>alert(1)</script>', 5, 'org:TEST/evil'),
	('Café Réseau', 6, 'org:TEST/café'), ('Silent Networks', NULL, 'as:64501');
