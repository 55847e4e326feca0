/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses that are known to be good: public resolvers, search engines, delivery networks. Others list them by
 * mistake, or because somebody led them to do so (a search engine follows a link that an attacker wrote); neither is
 * to become evidence. Files as list_set.h reads them, again when they change. One that cannot be read, or holds
 * nothing, changes nothing. */
#ifndef ONUS_INTAKE_KNOWN_H
#define ONUS_INTAKE_KNOWN_H

#include "core/event.h"
#include "intake/list_form.h"
#include "net/addrset.h"

struct known;

struct known *known_new(void);
struct known *known_free(struct known *k); /* NULL-safe, returns NULL */

/* known_add - one more list
 * source  its name, for messages; both are borrowed until known_free
 * path    of its file, which may come later
 * form    of its lines; copied
 * anchor  it holds for what one's own sensors see, too; else for what others say only */
void known_add(struct known *k, const char *source, const char *path, const struct list_form *form,
    bool anchor);

/* known_poll - look for files that changed; known_trouble - the last thing that went wrong, told once, or NULL */
void known_poll(struct known *k);
const char *known_trouble(struct known *k);

/* known_has - is all that an event is about known to be good?
 * anchor  it was seen by a source of one's own */
bool known_has(const struct known *k, struct prefix subject, bool anchor);

#endif
