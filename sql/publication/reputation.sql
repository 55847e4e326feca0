-- SPDX-License-Identifier: GPL-3.0-or-later
-- reputation.sqlite: what pages and the API read. Written whole at each publication, then immutable.
-- Contract: doc/contracts/reputation-sqlite.md. Days count from 1970-01-01, times are Unix seconds,
-- addresses are 16 bytes in network order (IPv4 mapped).
PRAGMA user_version = 1;

CREATE TABLE meta(
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE entity(
	id INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL UNIQUE,
	title TEXT NOT NULL,
	asn INTEGER,
	org TEXT,
	country TEXT,
	range_first BLOB,
	range_last BLOB,
	announced INTEGER NOT NULL DEFAULT 0,
	announced_v6 INTEGER NOT NULL DEFAULT 0,
	hosts INTEGER NOT NULL,
	events INTEGER NOT NULL,
	first_day INTEGER NOT NULL,
	last_day INTEGER NOT NULL,
	expected REAL,
	"returning" REAL,
	arrivals REAL,
	ratio REAL,
	low REAL,
	high REAL,
	score REAL,
	grade TEXT,
	reason TEXT,
	"groups" INTEGER NOT NULL DEFAULT 0,
	rank INTEGER NOT NULL
);

CREATE TABLE parent(
	child INTEGER NOT NULL,
	parent INTEGER NOT NULL,
	PRIMARY KEY(child, parent)
) WITHOUT ROWID;

CREATE TABLE evidence(
	entity INTEGER NOT NULL,
	day INTEGER NOT NULL,
	category TEXT NOT NULL,
	source TEXT NOT NULL,
	hosts INTEGER NOT NULL,
	events INTEGER NOT NULL,
	PRIMARY KEY(entity, day, category, source)
) WITHOUT ROWID;

CREATE TABLE history(
	entity INTEGER NOT NULL,
	day INTEGER NOT NULL,
	score REAL,
	grade TEXT,
	hosts INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY(entity, day)
) WITHOUT ROWID;

CREATE TABLE factor(
	entity INTEGER NOT NULL,
	family TEXT NOT NULL,
	step INTEGER NOT NULL,
	level TEXT NOT NULL,
	ratio REAL NOT NULL,
	seen REAL NOT NULL,
	expected REAL NOT NULL,
	rate REAL NOT NULL,
	PRIMARY KEY(entity, family, step)
) WITHOUT ROWID;

CREATE TABLE decision(
	entity INTEGER NOT NULL,
	action TEXT NOT NULL,
	level TEXT NOT NULL,
	since INTEGER NOT NULL,
	until INTEGER NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY(entity, action)
) WITHOUT ROWID;

-- ranges that changed hands; reach is the greatest last of all rows up to this first
CREATE TABLE tenure(
	first BLOB NOT NULL,
	last BLOB NOT NULL,
	holder TEXT NOT NULL,
	from_day INTEGER NOT NULL,
	to_day INTEGER,
	reach BLOB NOT NULL,
	PRIMARY KEY(first, last, from_day)
) WITHOUT ROWID;

-- every organisation and AS of the registry; entity is NULL where there is no evidence
CREATE VIRTUAL TABLE name USING fts5(title, entity UNINDEXED, subject UNINDEXED);
