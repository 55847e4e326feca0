/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines from a table: one row is an option's name, letter, argument and help, and parsing,
 * --help and the man page's option list follow from it. */
#ifndef ONUS_UTIL_OPT_H
#define ONUS_UTIL_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

enum opt_type {
	OPT_FLAG,  /* dest bool *, set to true */
	OPT_TEXT,  /* dest const char **, borrows from argv */
	OPT_COUNT, /* dest uint32_t *, 0 … UINT32_MAX */
	OPT_TIME,  /* dest int64_t *, as utc_parse reads it */
	OPT_LIST,  /* dest struct opt_list *, may stand several times */
};

#define OPT_LIST_MAX 256
struct opt_list {
	const char *v[OPT_LIST_MAX];
	unsigned n;
};

struct opt {
	const char *name; /* without the dashes */
	char letter;	  /* or 0 */
	enum opt_type type;
	void *dest;
	const char *arg;  /* the argument's name in help; NULL for flags */
	const char *help; /* one sentence */
};

struct opt_usage {
	const char *command;  /* "onus lookup" */
	const char *operands; /* "[ADDRESS…]" */
	const char *about;    /* what it does, a paragraph; lines broken by hand */
	const char *more;     /* examples, or NULL */
	const struct opt *opts;
	unsigned n_opts;
};

/* opt_parse - read argv[1…] and leave the operands
 *
 * Options and operands may mix; "--" ends options; "-" is an operand; --name=value and --name
 * value; a unique abbreviation is not accepted (scripts would break when options are added).
 * Returns the number of operands, which were moved to argv[1…]; -EINVAL with a text that says what
 * to do; -ECANCELED after --help was printed. */
MUST_USE int opt_parse(const struct opt_usage *u, int argc, char **argv, struct err *e);

/* opt_main - opt_parse for programs: prints the help or the message; < 0 means "return opt_exit(n)"
 */
MUST_USE int opt_main(const struct opt_usage *u, int argc, char **argv);
int opt_exit(int opt_main_result);

#endif
