/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command has done, in numbers: a line each for people, one object for programs. */
#ifndef ONUS_PROG_ONUS_COUNTS_H
#define ONUS_PROG_ONUS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct count_row {
	const char *key, *words; /* of the object's member; behind the number */
	uint64_t n;
	bool always; /* told to people even when it is none */
};

/* counts_print - to stdout */
void counts_print(const struct count_row *rows, size_t n, bool json);

#endif
