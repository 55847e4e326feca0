-- SPDX-License-Identifier: GPL-3.0-or-later
-- One row that every writing transaction changes first, where the engine has no lock for writers of its own:
-- so they come one after the other.

CREATE TABLE IF NOT EXISTS writer (
	id BIGINT NOT NULL PRIMARY KEY,
	turns BIGINT NOT NULL
);

INSERT IGNORE INTO writer (id, turns) VALUES (1, 0);
