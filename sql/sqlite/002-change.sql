-- SPDX-License-Identifier: GPL-3.0-or-later
-- What batches have added to the ledger, so that a judge who has seen it up to one batch need not read it all
-- again. n is the number of the last batch of a transaction. The lowest row may be of count 0: changes up
-- to its n are not here any more, or never were.

CREATE TABLE change (
	n INTEGER NOT NULL,
	day INTEGER NOT NULL,
	addr BLOB NOT NULL,
	plen INTEGER NOT NULL,
	category INTEGER NOT NULL,
	source INTEGER NOT NULL,
	proof INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (n, day, addr, plen, category, source, proof)
) WITHOUT ROWID;

INSERT INTO change (n, day, addr, plen, category, source, proof, count)
SELECT max(n), 0, x'', 0, 0, 0, 0, 0 FROM batch HAVING max(n) IS NOT NULL;
