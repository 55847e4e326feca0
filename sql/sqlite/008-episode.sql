-- SPDX-License-Identifier: GPL-3.0-or-later
-- The past of what decisions are about, which outlives them: how many sentences count, and what is no new evidence.

CREATE TABLE episode (
	entity TEXT NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL,
	past INTEGER NOT NULL,
	clean INTEGER NOT NULL
) WITHOUT ROWID;
