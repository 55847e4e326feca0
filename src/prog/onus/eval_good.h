/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval --walls: what the walls cost of one's own good traffic. */
#ifndef ONUS_PROG_ONUS_EVAL_GOOD_H
#define ONUS_PROG_ONUS_EVAL_GOOD_H

#include "judge/play.h"
#include "util/jout.h"

/* eval_good_print    - tables on standard output; a sentence where nothing good is known
 * eval_good_json     - the object `good` of a level
 * eval_good_json_day - the member `at_tag` and the object `good` of one of its days */
void eval_good_print(const struct play *p);
void eval_good_json(struct jout *j, const struct play *p, unsigned course);
void eval_good_json_day(struct jout *j, const struct play_day *d);

#endif
