-- SPDX-License-Identifier: GPL-3.0-or-later
-- What sensors may insert, and nothing else: nothing wrote there before. host and received are none of the columns
-- that a sensor is granted (doc/hub.md): the server fills them in, so that nobody writes under another's name, and a key
-- with the host in it keeps everybody to numbers of his own. A user is NAME@FROM, where FROM holds no @.

DROP TABLE IF EXISTS inbox;

CREATE TABLE inbox (
	host VARBINARY(64) NOT NULL DEFAULT (left(current_user(), char_length(current_user()) -
	    char_length(substring_index(current_user(), '@', -1)) - 1)),
	producer VARBINARY(32) NOT NULL,
	seq BIGINT NOT NULL,
	sent BIGINT NOT NULL,
	received BIGINT NOT NULL DEFAULT (unix_timestamp()),
	bytes MEDIUMBLOB NOT NULL,
	PRIMARY KEY (host, producer, seq),
	CHECK (length(host) > 0),
	CHECK (length(producer) > 0),
	CHECK (seq > 0),
	CHECK (length(bytes) <= 1048576)
);
