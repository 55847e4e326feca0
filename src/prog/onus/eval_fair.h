/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval, whether classes of networks are treated alike: as text, as JSON, and as an alarm. */
#ifndef ONUS_PROG_ONUS_EVAL_FAIR_H
#define ONUS_PROG_ONUS_EVAL_FAIR_H

#include "judge/evaluate.h"
#include "util/jout.h"

/* eval_fair_print - a table on standard output
 * eval_fair_json  - the arrays `by_size` and `by_country` of the object at hand
 * eval_fair_alarm - a line on standard error for each class of which far more or fewer came than said; how many */
void eval_fair_print(const struct evaluate_fair *f);
void eval_fair_json(struct jout *j, const struct evaluate_fair *f);
unsigned eval_fair_alarm(const struct evaluate_fair *f);

#endif
