-- SPDX-License-Identifier: GPL-3.0-or-later
-- How much of one's own waits in the inbox: what a sensor may ask, who may read nothing of the table. It is read with the
-- rights of who made it, and by the name of who is connected, as 005 has it.

CREATE OR REPLACE VIEW inbox_mine AS SELECT count(*) AS batches FROM inbox WHERE host = left(user(), char_length(user()) -
	char_length(substring_index(user(), '@', -1)) - 1);
