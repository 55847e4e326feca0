-- SPDX-License-Identifier: GPL-3.0-or-later
-- What batches have added to the ledger, so that a judge who has seen it up to one batch need not read it all
-- again. n is the number of the last batch of a transaction. The lowest row may be of count 0: changes up
-- to its n are not here any more. (No hub of this engine is older than this file: there is nothing to say of before.)

CREATE TABLE IF NOT EXISTS "change" (
	n BIGINT NOT NULL,
	day INT NOT NULL,
	addr VARBINARY(16) NOT NULL,
	plen SMALLINT NOT NULL,
	category SMALLINT NOT NULL,
	source INT NOT NULL,
	proof SMALLINT NOT NULL,
	count BIGINT NOT NULL,
	PRIMARY KEY (n, day, addr, plen, category, source, proof)
);
