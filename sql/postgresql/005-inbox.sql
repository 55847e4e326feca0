-- SPDX-License-Identifier: GPL-3.0-or-later
-- What sensors may insert, and nothing else: nothing wrote there before. host and received are none of the columns
-- that a sensor is granted (doc/hub.md): the server fills them in, so that nobody writes under another's name, and a key
-- with the host in it keeps everybody to numbers of his own.

DROP TABLE inbox;

CREATE TABLE inbox (
	host TEXT COLLATE "C" NOT NULL DEFAULT session_user,
	producer TEXT COLLATE "C" NOT NULL,
	seq BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	received BIGINT NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp())),
	bytes BYTEA NOT NULL,
	PRIMARY KEY (host, producer, seq),
	CHECK (octet_length(host) BETWEEN 1 AND 64),
	CHECK (octet_length(producer) BETWEEN 1 AND 32),
	CHECK (seq > 0),
	CHECK (octet_length(bytes) <= 1048576)
);
