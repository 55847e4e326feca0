/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval --walls: what the policy costs and catches over time, at several thresholds, as text, as JSON and as a
 * picture. */
#ifndef ONUS_PROG_ONUS_EVAL_PLAY_H
#define ONUS_PROG_ONUS_EVAL_PLAY_H

#include <stdio.h>

#include "judge/play.h"
#include "util/jout.h"

/* eval_play_print - tables on standard output
 * eval_play_json  - `warm_days` and the array `levels` of the object at hand
 * eval_play_plot  - one SVG, readable without colours */
void eval_play_print(const struct play *p);
void eval_play_json(struct jout *j, const struct play *p);
void eval_play_plot(const struct play *p, FILE *to);

#endif
