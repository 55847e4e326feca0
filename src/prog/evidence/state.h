/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state file as it lies on disk; private to state.c and those who test it. */
#ifndef ONUS_PROG_EVIDENCE_STATE_H
#define ONUS_PROG_EVIDENCE_STATE_H

#include "prog/evidence/evidence.h"

#define STATE_MAGIC "onus-state 1\n"

struct state_head {
	char magic[16];
	char formula[HUB_FORMULA_MAX];
	char mark[HUB_MARK_MAX];
	int64_t cursor, at_s, settings_rev;
	uint64_t voices, n_hosts, n_listed, rows, listed;
	int32_t day, first_day;
};
_Static_assert(
    sizeof(struct state_head) == 16 + HUB_FORMULA_MAX + HUB_MARK_MAX + 8 * 8 + 8, "padding");

/* state_parts - of a whole and undamaged file; else why it is none. p is 8-byte aligned, and borrowed by *ret, which
 * judge_restore checks. */
const char *state_parts(
    const uint8_t *p, size_t len, struct state_head *head, struct judge_kept *ret);

#endif
