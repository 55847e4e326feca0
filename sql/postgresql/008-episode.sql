-- SPDX-License-Identifier: GPL-3.0-or-later
-- The past of what decisions are about, which outlives them: how many sentences count, and what is no new evidence.

CREATE TABLE episode (
	entity TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL,
	past BIGINT NOT NULL,
	clean BIGINT NOT NULL
);
