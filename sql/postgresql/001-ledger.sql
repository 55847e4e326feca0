-- SPDX-License-Identifier: GPL-3.0-or-later
-- The hub, first version: doc/contracts/ledger.md says what every column means.
-- Addresses are 16 bytes in network order (IPv4 as ::ffff:a.b.c.d), days count from 1970-01-01 UTC,
-- times are Unix seconds.

CREATE TABLE source (
	id INTEGER NOT NULL PRIMARY KEY,
	name TEXT COLLATE "C" NOT NULL UNIQUE,
	kind SMALLINT NOT NULL,
	anchor SMALLINT NOT NULL,
	first_day INTEGER NOT NULL,
	redistribute SMALLINT NOT NULL
);

CREATE TABLE source_rev (
	source INTEGER NOT NULL,
	rev INTEGER NOT NULL,
	day INTEGER NOT NULL,
	grp TEXT COLLATE "C" NOT NULL,
	trust DOUBLE PRECISION NOT NULL,
	PRIMARY KEY (source, rev)
);

CREATE TABLE inbox (
	host TEXT COLLATE "C" NOT NULL,
	producer TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	received BIGINT NOT NULL,
	bytes BYTEA NOT NULL,
	PRIMARY KEY (host, producer, seq)
);

CREATE TABLE batch (
	host TEXT COLLATE "C" NOT NULL,
	producer TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	received BIGINT NOT NULL,
	"lines" BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	events BIGINT NOT NULL,
	n BIGINT NOT NULL UNIQUE,
	PRIMARY KEY (host, producer, seq)
);

CREATE TABLE ledger (
	day INTEGER NOT NULL,
	addr BYTEA NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INTEGER NOT NULL,
	proof SMALLINT NOT NULL,
	service TEXT COLLATE "C" NOT NULL,
	hour SMALLINT NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, proof, service, hour)
);

CREATE TABLE evidence (
	day INTEGER NOT NULL,
	addr BYTEA NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INTEGER NOT NULL,
	n SMALLINT NOT NULL,
	time BIGINT NOT NULL,
	service TEXT COLLATE "C" NOT NULL,
	digest BYTEA NOT NULL,
	detail BYTEA NOT NULL,
	PRIMARY KEY (day, addr, plen, category, source, n)
);

CREATE TABLE good (
	day INTEGER NOT NULL,
	addr BYTEA NOT NULL,
	kind SMALLINT NOT NULL,
	source INTEGER NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (day, addr, kind, source)
);

CREATE TABLE dispute (
	line_id BYTEA NOT NULL PRIMARY KEY,
	day INTEGER NOT NULL,
	addr BYTEA NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INTEGER NOT NULL,
	state SMALLINT NOT NULL,
	opened BIGINT NOT NULL,
	due BIGINT NOT NULL,
	closed BIGINT
);

-- start and end of the design are words of SQL; first and last are not.
CREATE TABLE tenure (
	first BYTEA NOT NULL,
	last BYTEA NOT NULL,
	holder TEXT COLLATE "C" NOT NULL,
	from_day INTEGER NOT NULL,
	to_day INTEGER,
	rule TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (first, last, from_day)
);

CREATE TABLE run (
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	formula TEXT COLLATE "C" NOT NULL,
	registry_sha TEXT COLLATE "C" NOT NULL,
	settings_rev BIGINT NOT NULL,
	batch_cursor BIGINT NOT NULL
);

CREATE TABLE score_day (
	run BIGINT NOT NULL,
	entity TEXT COLLATE "C" NOT NULL,
	family SMALLINT NOT NULL,
	m DOUBLE PRECISION NOT NULL,
	low DOUBLE PRECISION NOT NULL,
	high DOUBLE PRECISION NOT NULL,
	score DOUBLE PRECISION NOT NULL,
	grade TEXT COLLATE "C",
	reason TEXT COLLATE "C" NOT NULL,
	size BIGINT NOT NULL,
	hosts BIGINT NOT NULL,
	events BIGINT NOT NULL,
	groups_n INTEGER NOT NULL,
	first_day INTEGER NOT NULL,
	last_day INTEGER NOT NULL,
	m_returning DOUBLE PRECISION NOT NULL,
	PRIMARY KEY (run, entity, family)
);

CREATE TABLE decision (
	entity TEXT COLLATE "C" NOT NULL,
	action TEXT COLLATE "C" NOT NULL,
	level TEXT COLLATE "C" NOT NULL,
	since BIGINT NOT NULL,
	until BIGINT NOT NULL,
	reason TEXT COLLATE "C" NOT NULL,
	run BIGINT NOT NULL,
	episode INTEGER NOT NULL,
	PRIMARY KEY (entity, action)
);

CREATE TABLE notice (
	id BIGINT NOT NULL PRIMARY KEY,
	entity TEXT COLLATE "C" NOT NULL,
	contact TEXT COLLATE "C" NOT NULL,
	state SMALLINT NOT NULL,
	opened BIGINT NOT NULL,
	sent BIGINT,
	closed BIGINT,
	"lines" BIGINT NOT NULL
);

CREATE TABLE setting (
	name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value TEXT COLLATE "C" NOT NULL,
	rev BIGINT NOT NULL
);

CREATE TABLE audit (
	id BIGINT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL,
	who TEXT COLLATE "C" NOT NULL,
	name TEXT COLLATE "C" NOT NULL,
	old TEXT COLLATE "C",
	new TEXT COLLATE "C"
);
