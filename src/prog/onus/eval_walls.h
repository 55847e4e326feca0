/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval, what walls would have caught, and what at as many addresses in everybody's own order: as text and as JSON. */
#ifndef ONUS_PROG_ONUS_EVAL_WALLS_H
#define ONUS_PROG_ONUS_EVAL_WALLS_H

#include "judge/evaluate.h"
#include "util/jout.h"

/* eval_walls_print - tables on standard output
 * eval_walls_json  - the arrays `walls`, `equal_addresses` and `attack_again` of the object at hand */
void eval_walls_print(const struct evaluation *ev);
void eval_walls_json(struct jout *j, const struct evaluation *ev);

#endif
