/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The editions of serve_dir, as they come: one thread looks, all others take what is newest. What cannot be read leaves the edition before it
 * in force until that ends by itself; who follows never waits and never fails. */
#ifndef ONUS_PUBLICATION_EDITIONS_H
#define ONUS_PUBLICATION_EDITIONS_H

#include "publication/edition.h"

#define EDITIONS_EVERY_MS 1000 /* between two looks */

struct editions;

/* editions_new - nothing is opened yet
 *
 * serve_dir  copied
 * key_hex    "": the key of the first edition that is opened stands until editions_free; else that key, 64 hexadecimal digits
 * own        as the configuration has it ("192.0.2.0/24, …"), "" for none
 * Returns 0; -EINVAL with a sentence; -ENOMEM. */
MUST_USE int editions_new(const char *serve_dir, const char *key_hex, const char *own,
    struct editions **ret, struct err *e);
struct editions *editions_free(
    struct editions *f); /* NULL-safe, returns NULL; after the last editions_take */

/* editions_is - are they had by just these words? NULL: no
 * editions_after - editions_new in the place of another one, at a reload: where serve_dir and key are the same, whoever was
 *	believed is still, and what is older than what was in force is still refused. before: NULL: there is none; by the
 *	thread that looks */
bool editions_is(
    const struct editions *f, const char *serve_dir, const char *key_hex, const char *own);
MUST_USE int editions_after(const struct editions *before, const char *serve_dir,
    const char *key_hex, const char *own, struct editions **ret, struct err *e);

/* editions_look - the current publication, when it is another one than at the last look; by one thread, every EDITIONS_EVERY_MS
 * One with a lower generation than what is in force is refused.
 * Returns 1: there is a new edition; 0: nothing new (nor when nothing was published yet); -errno with a sentence, once for
 * each publication: what was there before stays. */
MUST_USE int editions_look(struct editions *f, struct err *e);

/* editions_again - the next look is at what was refused, too; by the thread that looks */
void editions_again(struct editions *f);

/* editions_take - a hold on the newest edition, NULL when there is none: any thread; end it with edition_free. Take one for
 * each batch of questions, not for each question. */
struct edition *editions_take(struct editions *f);

/* struct editions_state - for status and log */
struct editions_state {
	uint64_t generation; /* in force; 0: none */
	int64_t created_s, expires_s;
	uint64_t opened, refused; /* publications */
	char trouble[sizeof(
	    ((struct err *)0)->text)]; /* why the newest one is not in force; "": it is */
};

/* editions_state - by the thread that looks */
void editions_state(const struct editions *f, struct editions_state *ret);

#endif
