/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Following serve_dir: one thread looks, all others take what is newest. What cannot be read leaves the edition before it
 * in force until that ends by itself; who follows never waits and never fails. */
#ifndef ONUS_PUBLICATION_FOLLOW_H
#define ONUS_PUBLICATION_FOLLOW_H

#include "publication/edition.h"

#define FOLLOW_EVERY_MS 1000 /* between two looks */

struct follow;

/* follow_new - nothing is opened yet
 *
 * serve_dir  copied
 * key_hex    "": the key of the first edition that is opened stands until follow_free; else that key, 64 hexadecimal digits
 * own        as the configuration has it ("192.0.2.0/24, …"), "" for none
 * Returns 0; -EINVAL with a sentence; -ENOMEM. */
MUST_USE int follow_new(const char *serve_dir, const char *key_hex, const char *own,
    struct follow **ret, struct err *e);
struct follow *follow_free(
    struct follow *f); /* NULL-safe, returns NULL; after the last follow_take */

/* follow_is - does it follow by just these words? NULL: no
 * follow_after - follow_new in the place of another one, at a reload: where serve_dir and key are the same, whoever was
 *	believed is still, and what is older than what was in force is still refused. before: NULL: there is none; by the
 *	thread that looks */
bool follow_is(const struct follow *f, const char *serve_dir, const char *key_hex, const char *own);
MUST_USE int follow_after(const struct follow *before, const char *serve_dir, const char *key_hex,
    const char *own, struct follow **ret, struct err *e);

/* follow_look - the current publication, when it is another one than at the last look; by one thread, every FOLLOW_EVERY_MS
 * One with a lower generation than what is in force is refused.
 * Returns 1: there is a new edition; 0: nothing new (nor when nothing was published yet); -errno with a sentence, once for
 * each publication: what was there before stays. */
MUST_USE int follow_look(struct follow *f, struct err *e);

/* follow_again - the next look is at what was refused, too; by the thread that looks */
void follow_again(struct follow *f);

/* follow_take - a hold on the newest edition, NULL when there is none: any thread; end it with edition_free. Take one for
 * each batch of questions, not for each question. */
struct edition *follow_take(struct follow *f);

/* struct follow_state - for status and log */
struct follow_state {
	uint64_t generation; /* in force; 0: none */
	int64_t created_s, expires_s;
	uint64_t opened, refused; /* publications */
	char trouble[sizeof(
	    ((struct err *)0)->text)]; /* why the newest one is not in force; "": it is */
};

/* follow_state - by the thread that looks */
void follow_state(const struct follow *f, struct follow_state *ret);

#endif
