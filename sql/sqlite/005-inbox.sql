-- SPDX-License-Identifier: GPL-3.0-or-later
-- What sensors may insert where the hub is a server (its engine fills in host and received). Here it is for a backup of
-- such a hub, and for tests.

DROP TABLE inbox;

CREATE TABLE inbox (
	host TEXT NOT NULL,
	producer TEXT NOT NULL,
	seq INTEGER NOT NULL,
	sent INTEGER NOT NULL,
	received INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	PRIMARY KEY (host, producer, seq),
	CHECK (length(host) BETWEEN 1 AND 64),
	CHECK (length(producer) BETWEEN 1 AND 32),
	CHECK (seq > 0),
	CHECK (length(bytes) <= 1048576)
);
