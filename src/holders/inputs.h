/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of what is fetched for the registry: a section [input NAME] each, as etc/registry-inputs.conf has it.
 * It knows where things are and how large they may be; what is in them is the readers' business. */
#ifndef ONUS_HOLDERS_INPUTS_H
#define ONUS_HOLDERS_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/span.h"

#define INPUTS_MAX     64u
#define INPUT_URL_MAX  2000u
#define INPUT_BACK_MAX 400u    /* days */
#define INPUT_LINES    "lines" /* the kind of what no reader knows: its lines are counted */

/* struct reg_input - one section; the members are its settings */
struct reg_input {
	char *name;  /* of the section, and of the file: letters, digits, '_', '-' */
	char *url;   /* %Y, %m, %d stand for a day, %% for % */
	char *index; /* instead: a text whose last word names the newest file, relative to it */
	char *kind;  /* name of the reader, or INPUT_LINES */
	char *terms; /* what its owner allows, in a few words */
	uint32_t min_kib, max_mib;
	uint32_t back_days;    /* a url with days in it: try those of the past, newest first */
	uint32_t max_age_days; /* older than that is worth a word; 0: never */
	bool fetch;	       /* no: only when it is asked for by name */
};

struct reg_inputs {
	struct reg_input *v; /* in the order of the file */
	unsigned n;
};

/* reg_inputs_load - read a list; every input in it is complete and sound afterwards
 * Returns 0; -errno with file, line or input, and what is wrong. reg_inputs_done: NULL-safe. */
MUST_USE int reg_inputs_load(const char *path, struct reg_inputs *ret, struct err *e);
void reg_inputs_done(struct reg_inputs *l);

/* reg_input_url - the nth URL to try, 0 the newest: that of today, then of the days before as far as back_days,
 * each different one once. 0, or -ENOENT past the last. */
MUST_USE int reg_input_url(
    const struct reg_input *in, int64_t now_s, unsigned nth, char ret[INPUT_URL_MAX + 1]);

/* reg_input_indexed - the URL that the last line of an index speaks of: its last word, relative to the index
 * Returns 0; -EINVAL: no such line, or a word that leads elsewhere. */
MUST_USE int reg_input_indexed(
    const struct reg_input *in, struct span text, char ret[INPUT_URL_MAX + 1]);

#endif
