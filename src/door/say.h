/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client, and who comes behind the queue, is told: one line of printable ASCII, whatever is in the texts. What
 * may be long (a reason) is cut, so that scope and page are always there. */
#ifndef ONUS_DOOR_SAY_H
#define ONUS_DOOR_SAY_H

#include "door/door.h"

#define SAY_URL_MAX 200u /* of site_url */

struct say {
	char url[SAY_URL_MAX + 1]; /* of the pages, without a '/' at the end; "": there are none */
};

/* All of them write into a->text and a->len. */
void say_refused(const struct say *s, const struct door_client *c, struct door_answer *a);
void say_greylisted(const struct say *s, const struct door_client *c, struct door_answer *a);
void say_header(const struct say *s, const struct door_client *c, struct door_answer *a);

#endif
