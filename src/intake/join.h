/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lines of one <F-MLFID> say together: whom they are about, and whether it was a failure. The address
 * may stand in the first line of a connection, and the failure in a later one that has none.
 *
 * Ids come out of logs, so strangers have a say in them: JOIN_IDS are remembered under a keyed hash, the one unused
 * for longest gives way, and nothing is remembered for longer than JOIN_SECONDS of the log's time: a process id
 * that is used again is somebody else.
 * Source: fail2ban's filter.py, _mergeFailure. */
#ifndef ONUS_INTAKE_JOIN_H
#define ONUS_INTAKE_JOIN_H

#include <stdbool.h>

#include "net/addr.h"
#include "util/macro.h"
#include "util/span.h"

#define JOIN_IDS     8192u
#define JOIN_SECONDS 300
#define JOIN_TEXT                                                                                  \
	48u /* bytes kept of what stands where the address should: longer than any address */

enum who_kind {
	WHO_NOBODY,
	WHO_ID,	  /* <F-ID>, and no address */
	WHO_NAME, /* a host name, or what looks like one */
	WHO_ADDR,
	WHO_BROKEN, /* of the form of an address, and none, as 192.0.2.256 is: this line says nobody, whatever is known */
};

/* struct who - whom a match is about */
struct who {
	enum who_kind kind;
	uint8_t bits; /* of addr, as in struct prefix: 128 for a host */
	struct addr addr;
	struct span text; /* as it stands in the line; borrowed */
};

/* struct join_line - a line that matched, and has an id */
struct join_line {
	struct span id, user; /* user: empty when it names none */
	struct who who;
	int64_t time_s;
	bool nofail; /* <F-NOFAIL>, and <F-MLFGAINED> too */
	bool gained; /* <F-MLFGAINED> */
	bool forget; /* <F-MLFFORGET> */
};

enum join_verdict {
	JOIN_FAILURE,
	JOIN_NOFAIL,  /* so far */
	JOIN_PENDING, /* a failure, of whom is not known yet */
};

struct join;
struct join *join_new(void);		/* NULL: out of memory */
struct join *join_free(struct join *j); /* NULL-safe, returns NULL */

/* join_add - what is known with this line
 *
 * ret      what ret->text borrows lives as long as the line's, and until the next call
 * An address in the line itself goes before one that is remembered, and that before a name in the line. */
enum join_verdict join_add(struct join *j, const struct join_line *l, struct who *ret);

#endif
