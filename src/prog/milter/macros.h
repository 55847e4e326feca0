/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mail server's macros say of a client, as far as it is asked: whether it has logged in, and whether it has a
 * certificate that is trusted. */
#ifndef ONUS_PROG_MILTER_MACROS_H
#define ONUS_PROG_MILTER_MACROS_H

#include <stdbool.h>

#include "util/span.h"

#define MACROS_WANTED "i {auth_authen} {verify} {cert_subject} v"

enum macro { MACRO_AUTHEN, MACRO_VERIFY, MACRO_SUBJECT, MACRO_VERSION, MACRO_N };
enum macro_stage { MACROS_CONNECT, MACROS_HELO, MACROS_MAIL, MACROS_STAGE_N };

/* GOOD: {verify} is "OK", v begins with "Postfix" */
enum macro_value { MACRO_UNSAID, MACRO_EMPTY, MACRO_SAID, MACRO_GOOD };

/* struct macros - of one client; zeroed: nothing was said */
struct macros {
	uint8_t value[MACROS_STAGE_N][MACRO_N]; /* enum macro_value */
};

/* macros_take - the body of a packet of macros: those of its command replace the ones before
 *
 * The last name may lack its value, which is empty then.
 * Returns false: it is malformed. */
MUST_USE bool macros_take(struct macros *m, struct rd body);

void macros_forget(struct macros *m, enum macro_stage stage);

bool macros_authenticated(const struct macros *m);
bool macros_certified(const struct macros *m);

#endif
