-- SPDX-License-Identifier: GPL-3.0-or-later
-- The hub, first version: doc/contracts/ledger.md says what every column means.
-- Addresses are 16 bytes in network order (IPv4 as ::ffff:a.b.c.d), days count from 1970-01-01 UTC,
-- times are Unix seconds.

CREATE TABLE source (
	id INTEGER NOT NULL PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	kind INTEGER NOT NULL,
	anchor INTEGER NOT NULL,
	first_day INTEGER NOT NULL,
	redistribute INTEGER NOT NULL
);

CREATE TABLE source_rev (
	source INTEGER NOT NULL,
	rev INTEGER NOT NULL,
	day INTEGER NOT NULL,
	grp TEXT NOT NULL,
	trust REAL NOT NULL,
	PRIMARY KEY (source, rev)
) WITHOUT ROWID;

CREATE TABLE inbox (
	host TEXT NOT NULL,
	producer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	received INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	PRIMARY KEY (host, producer, seq)
);

CREATE TABLE batch (
	host TEXT NOT NULL,
	producer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	received INTEGER NOT NULL,
	lines INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	events INTEGER NOT NULL,
	n INTEGER NOT NULL UNIQUE,
	PRIMARY KEY (host, producer, seq)
) WITHOUT ROWID;

CREATE TABLE ledger (
	day INTEGER NOT NULL,
	addr BLOB NOT NULL,
	plen INTEGER NOT NULL,
	category INTEGER NOT NULL,
	source INTEGER NOT NULL,
	proof INTEGER NOT NULL,
	service TEXT NOT NULL,
	hour INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, proof, service, hour)
) WITHOUT ROWID;

CREATE TABLE evidence (
	day INTEGER NOT NULL,
	addr BLOB NOT NULL,
	plen INTEGER NOT NULL,
	category INTEGER NOT NULL,
	source INTEGER NOT NULL,
	n INTEGER NOT NULL,
	time INTEGER NOT NULL,
	service TEXT NOT NULL,
	digest BLOB NOT NULL,
	detail BLOB NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, n)
) WITHOUT ROWID;

CREATE TABLE good (
	day INTEGER NOT NULL,
	addr BLOB NOT NULL,
	kind INTEGER NOT NULL,
	source INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (day, addr, kind, source)
) WITHOUT ROWID;

CREATE TABLE dispute (
	line_id BLOB NOT NULL PRIMARY KEY,
	day INTEGER NOT NULL,
	addr BLOB NOT NULL,
	plen INTEGER NOT NULL,
	category INTEGER NOT NULL,
	source INTEGER NOT NULL,
	state INTEGER NOT NULL,
	opened INTEGER NOT NULL,
	due INTEGER NOT NULL,
	closed INTEGER
) WITHOUT ROWID;

-- start and end of the design are words of SQL; first and last are not.
CREATE TABLE tenure (
	first BLOB NOT NULL,
	last BLOB NOT NULL,
	holder TEXT NOT NULL,
	from_day INTEGER NOT NULL,
	to_day INTEGER,
	rule TEXT NOT NULL,
	PRIMARY KEY (first, last, from_day)
) WITHOUT ROWID;

CREATE TABLE run (
	id INTEGER NOT NULL PRIMARY KEY,
	at INTEGER NOT NULL,
	formula TEXT NOT NULL,
	registry_sha TEXT NOT NULL,
	settings_rev INTEGER NOT NULL,
	batch_cursor INTEGER NOT NULL
);

CREATE TABLE score_day (
	run INTEGER NOT NULL,
	entity TEXT NOT NULL,
	family INTEGER NOT NULL,
	m REAL NOT NULL,
	low REAL NOT NULL,
	high REAL NOT NULL,
	score REAL NOT NULL,
	grade TEXT,
	reason TEXT NOT NULL,
	size INTEGER NOT NULL,
	hosts INTEGER NOT NULL,
	events INTEGER NOT NULL,
	groups_n INTEGER NOT NULL,
	first_day INTEGER NOT NULL,
	last_day INTEGER NOT NULL,
	m_returning REAL NOT NULL,
	PRIMARY KEY (run, entity, family)
) WITHOUT ROWID;

CREATE TABLE decision (
	entity TEXT NOT NULL,
	action TEXT NOT NULL,
	level TEXT NOT NULL,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL,
	reason TEXT NOT NULL,
	run INTEGER NOT NULL,
	episode INTEGER NOT NULL,
	PRIMARY KEY (entity, action)
) WITHOUT ROWID;

CREATE TABLE notice (
	id INTEGER NOT NULL PRIMARY KEY,
	entity TEXT NOT NULL,
	contact TEXT NOT NULL,
	state INTEGER NOT NULL,
	opened INTEGER NOT NULL,
	sent INTEGER,
	closed INTEGER,
	lines INTEGER NOT NULL
);

CREATE TABLE setting (
	name TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL,
	rev INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit (
	id INTEGER NOT NULL PRIMARY KEY,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	name TEXT NOT NULL,
	old TEXT,
	new TEXT
);
