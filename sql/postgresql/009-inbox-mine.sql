-- SPDX-License-Identifier: GPL-3.0-or-later
-- How much of one's own waits in the inbox: what a sensor may ask, who may read nothing of the table. Whoever is connected
-- has his own row of it and no other's.

CREATE OR REPLACE VIEW inbox_mine AS SELECT count(*) AS batches FROM inbox WHERE host = session_user::text;
