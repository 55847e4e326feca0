-- SPDX-License-Identifier: GPL-3.0-or-later
-- The hub, first version: doc/contracts/ledger.md says what every column means.
-- Addresses are 16 bytes in network order (IPv4 as ::ffff:a.b.c.d), days count from 1970-01-01 UTC,
-- times are Unix seconds. Short texts are VARBINARY: compared byte by byte, with blanks at the end, in every server that
-- speaks this protocol; bytes are VARBINARY(16), without zeros added. Each statement bears
-- to be run again: here the schema is no part of a transaction.

CREATE TABLE IF NOT EXISTS source (
	id INT NOT NULL PRIMARY KEY,
	name VARBINARY(64) NOT NULL UNIQUE,
	kind SMALLINT NOT NULL,
	anchor SMALLINT NOT NULL,
	first_day INT NOT NULL,
	redistribute SMALLINT NOT NULL
);

CREATE TABLE IF NOT EXISTS source_rev (
	source INT NOT NULL,
	rev INT NOT NULL,
	day INT NOT NULL,
	grp VARBINARY(64) NOT NULL,
	trust DOUBLE NOT NULL,
	PRIMARY KEY (source, rev)
);

CREATE TABLE IF NOT EXISTS inbox (
	host VARBINARY(64) NOT NULL,
	producer VARBINARY(32) NOT NULL,
	seq BIGINT NOT NULL,
	received BIGINT NOT NULL,
	bytes MEDIUMBLOB NOT NULL,
	PRIMARY KEY (host, producer, seq)
);

CREATE TABLE IF NOT EXISTS batch (
	host VARBINARY(64) NOT NULL,
	producer VARBINARY(32) NOT NULL,
	seq BIGINT NOT NULL,
	received BIGINT NOT NULL,
	"lines" BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	events BIGINT NOT NULL,
	n BIGINT NOT NULL UNIQUE,
	PRIMARY KEY (host, producer, seq)
);

CREATE TABLE IF NOT EXISTS ledger (
	day INT NOT NULL,
	addr VARBINARY(16) NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INT NOT NULL,
	proof SMALLINT NOT NULL,
	service VARBINARY(32) NOT NULL,
	hour SMALLINT NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, proof, service, hour)
);

CREATE TABLE IF NOT EXISTS evidence (
	day INT NOT NULL,
	addr VARBINARY(16) NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INT NOT NULL,
	n SMALLINT NOT NULL,
	time BIGINT NOT NULL,
	service VARBINARY(32) NOT NULL,
	digest VARBINARY(16) NOT NULL,
	detail BLOB NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, n)
);

CREATE TABLE IF NOT EXISTS good (
	day INT NOT NULL,
	addr VARBINARY(16) NOT NULL,
	kind SMALLINT NOT NULL,
	source INT NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (day, addr, kind, source)
);

CREATE TABLE IF NOT EXISTS dispute (
	line_id VARBINARY(16) NOT NULL PRIMARY KEY,
	day INT NOT NULL,
	addr VARBINARY(16) NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INT NOT NULL,
	state SMALLINT NOT NULL,
	opened BIGINT NOT NULL,
	due BIGINT NOT NULL,
	closed BIGINT
);

-- start and end of the design are words of SQL; first and last are not.
CREATE TABLE IF NOT EXISTS tenure (
	first VARBINARY(16) NOT NULL,
	last VARBINARY(16) NOT NULL,
	holder VARBINARY(120) NOT NULL,
	from_day INT NOT NULL,
	to_day INT,
	rule VARBINARY(64) NOT NULL,
	PRIMARY KEY (first, last, from_day)
);

CREATE TABLE IF NOT EXISTS run (
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	formula VARBINARY(64) NOT NULL,
	registry_sha VARBINARY(64) NOT NULL,
	settings_rev BIGINT NOT NULL,
	batch_cursor BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS score_day (
	run BIGINT NOT NULL,
	entity VARBINARY(160) NOT NULL,
	family SMALLINT NOT NULL,
	m DOUBLE NOT NULL,
	low DOUBLE NOT NULL,
	high DOUBLE NOT NULL,
	score DOUBLE NOT NULL,
	grade VARBINARY(1),
	reason VARBINARY(1000) NOT NULL,
	size BIGINT NOT NULL,
	hosts BIGINT NOT NULL,
	events BIGINT NOT NULL,
	groups_n INT NOT NULL,
	first_day INT NOT NULL,
	last_day INT NOT NULL,
	m_returning DOUBLE NOT NULL,
	PRIMARY KEY (run, entity, family)
);

CREATE TABLE IF NOT EXISTS decision (
	entity VARBINARY(160) NOT NULL,
	action VARBINARY(32) NOT NULL,
	level VARBINARY(32) NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	reason VARBINARY(1000) NOT NULL,
	run BIGINT NOT NULL,
	episode INT NOT NULL,
	PRIMARY KEY (entity, action)
);

CREATE TABLE IF NOT EXISTS notice (
	id BIGINT NOT NULL PRIMARY KEY,
	entity VARBINARY(160) NOT NULL,
	contact VARBINARY(320) NOT NULL,
	state SMALLINT NOT NULL,
	opened BIGINT NOT NULL,
	sent BIGINT,
	closed BIGINT,
	"lines" BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS setting (
	name VARBINARY(128) NOT NULL PRIMARY KEY,
	value MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	rev BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS audit (
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	who VARBINARY(128) NOT NULL,
	name VARBINARY(128) NOT NULL,
	old MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	new MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
);
