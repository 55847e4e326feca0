-- SPDX-License-Identifier: GPL-3.0-or-later
-- Days of the ledger whose rows still have hours, and the number of the last batch that brought some: what is left to
-- be rolled up is known without reading the ledger.

CREATE TABLE hours (
	day INTEGER NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL
);

INSERT INTO hours (day, n) SELECT DISTINCT day, 0 FROM ledger WHERE hour <> 255;
