/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The registry file, made: inputs in, each recognised by its content, one file out. The same inputs in
 * the same order make the same bytes. */
#ifndef ONUS_HOLDERS_BUILD_H
#define ONUS_HOLDERS_BUILD_H

#include <stdint.h>

#include "util/err.h"

#define REGISTRY_INPUTS_MAX  64u
#define REGISTRY_RECORDS_MAX 20000000u /* of all inputs together */

struct registry_build;

/* registry_refused_fn - one record was not taken: "file:line: reason" */
typedef void registry_refused_fn(void *ctx, const char *text);

/* registry_build_new - refused may be NULL; returns NULL when out of memory */
struct registry_build *registry_build_new(registry_refused_fn *refused, void *ctx);
struct registry_build *registry_build_free(struct registry_build *b); /* NULL-safe, returns NULL */

/* registry_build_add - read a file, or the .csv files of a directory (without those that only repeat
 * another as numbers) and what `onus registry enrich` keeps there (.rdap, .mailboxes)
 * Records that make no sense are refused one by one and counted. Returns 0; -errno; -EINVAL when a file
 * is of no known kind, or nothing in it could be used. */
MUST_USE int registry_build_add(struct registry_build *b, const char *path, struct err *e);

/* registry_build_merges - what is to be held of organisations over the rules (holders/merges.h); once
 * Lines that make no sense are refused one by one and counted, and so is at the end what names nobody. 0 or -errno. */
MUST_USE int registry_build_merges(struct registry_build *b, const char *path, struct err *e);

/* registry_build_write - settle overlaps, compile, and replace path whole; once */
MUST_USE int registry_build_write(struct registry_build *b, const char *path, struct err *e);

uint64_t registry_build_records(const struct registry_build *b); /* taken, of all inputs */
uint64_t registry_build_refused(const struct registry_build *b);

/* registry_build_repeats - of ranges and networks, how many records only repeat another one and were left out; told
 * once the file is written */
uint64_t registry_build_repeats(const struct registry_build *b);

/* struct registry_contest - who announces what, where inputs do not agree; told once the file is written */
struct registry_contest {
	uint64_t prefixes; /* that several ASes announce, and are believed */
	uint64_t v4_addresses,
	    v6_blocks; /* of which tables of ranges say otherwise than tables of BGP */
};
struct registry_contest registry_build_contest(const struct registry_build *b);

#endif
