/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The letters and bits of the milter protocol, up to version 6, that are used here.
 * Source: their values as Sendmail 8.17 and Postfix 3.7 send and take them. */
#ifndef ONUS_PROG_MILTER_WIRE_H
#define ONUS_PROG_MILTER_WIRE_H

#define MILTER_VERSION 6u

/* what a mail server says */
enum milter_command {
	MILTER_ABORT = 'A',
	MILTER_BODY = 'B',
	MILTER_CONNECT = 'C',
	MILTER_MACRO = 'D',
	MILTER_BODY_END = 'E', /* of the message */
	MILTER_HELO = 'H',
	MILTER_QUIT_NC = 'K', /* this client is gone, another follows */
	MILTER_HEADER = 'L',
	MILTER_MAIL = 'M',
	MILTER_HEADERS_END = 'N',
	MILTER_OPTIONS = 'O',
	MILTER_QUIT = 'Q',
	MILTER_RCPT = 'R',
	MILTER_DATA = 'T',
	MILTER_UNKNOWN = 'U', /* a command of SMTP's that it does not know */
};

/* what it is told */
enum milter_reply {
	MILTER_ACCEPT = 'a',
	MILTER_CONTINUE = 'c',
	MILTER_INSERT_HEADER = 'i',
	MILTER_CHANGE_HEADER = 'm',
	MILTER_REPLY_CODE = 'y',
};

/* what a filter may change */
enum milter_action {
	MILTER_ADDS_HEADERS = 0x1,
	MILTER_CHANGES_HEADERS = 0x10,
	MILTER_ASKS_MACROS = 0x100, /* says with its options which macros it wants */
};

/* what a mail server leaves out, and what it waits for no answer to */
enum milter_step {
	MILTER_NO_HELO = 0x2,
	MILTER_NO_BODY = 0x10,
	MILTER_NO_HEADERS_END = 0x40,
	MILTER_MUTE_HEADER = 0x80,
	MILTER_NO_UNKNOWN = 0x100,
	MILTER_NO_DATA = 0x200,
	MILTER_MUTE_MAIL = 0x4000,
};

/* for which command macros are asked */
#define MILTER_MACROS_MAIL 2u

/* families of a client's address */
#define MILTER_INET  '4'
#define MILTER_INET6 '6'

#endif
