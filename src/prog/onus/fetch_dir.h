/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory of copies of what others publish (fetch_job.h): one at work in it at a time. */
#ifndef ONUS_PROG_ONUS_FETCH_DIR_H
#define ONUS_PROG_ONUS_FETCH_DIR_H

#include "prog/onus/fetch_job.h"

/* fetch_dir_open - make it, with what belongs in it, and keep others out
 *
 * who   the command, for who comes while another is at work
 * lock  close it to let others in
 * Returns 0; -EBUSY; -errno. */
MUST_USE int fetch_dir_open(const char *dir, const char *who, int *lock, struct err *e);

/* fetch_dir_forget - what was kept of copies that were cut, of names that are not wanted any more
 * wanted  is asked for the n-th name, until it says NULL */
void fetch_dir_forget(
    const char *dir, const char *(*wanted)(const void *ctx, unsigned n), const void *ctx);

/* struct fetch_dir_opts - all may be NULL: see fetch.h; program_dir: where onus-fetch is, in a build tree */
struct fetch_dir_opts {
	const char *contact, *ca, *program_dir;
};

/* fetch_dir_run - as fetch_run, by an onus-fetch of our own */
MUST_USE int fetch_dir_run(const char *dir, const struct fetch_dir_opts *o, struct fetch_job *jobs,
    unsigned n, struct err *e);

#endif
