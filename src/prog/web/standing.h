/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is decided over an address, as DNSBL, policy and milter answer (publication/client.h). Publications are opened by a
 * thread of their own, so that pages do not wait for it. */
#ifndef ONUS_WEB_STANDING_H
#define ONUS_WEB_STANDING_H

#include "prog/web/site.h"
#include "util/jout.h"

struct standings;

/* standings_new - and its thread; 0; -EINVAL with a sentence; -errno. standings_free: NULL-safe, returns NULL */
MUST_USE int standings_new(const struct conf *conf, struct standings **ret, struct err *e);
struct standings *standings_free(struct standings *s);

/* standings_check - would standings_new do? 0; -EINVAL with a sentence */
MUST_USE int standings_check(const struct conf *conf, struct err *e);

/* standings_news - has another publication come into force, or the one in force ended, since the last call?
 * By one thread; NULL-safe. */
bool standings_news(struct standings *s, int64_t now_s);

/* standing_json - client_json of an address; standing_say - "over", a list of one, where a decision about something else than
 * the address itself is in force
 * Both return true where what was said ends by itself, so that it must not be kept. */
bool standing_json(const struct site *site, struct addr a, struct jout *j);
bool standing_say(const struct site *site, struct model *m, struct value *to, struct addr a);

#endif
