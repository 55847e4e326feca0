/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus eval, the picture: what share of the hosts to come a list of so many blocks holds, for onus and every
 * baseline, and how often what was said came true. One SVG, readable without colours. */
#ifndef ONUS_PROG_ONUS_EVAL_PLOT_H
#define ONUS_PROG_ONUS_EVAL_PLOT_H

#include <stdio.h>

#include "judge/evaluate.h"

void eval_plot(const struct evaluation *ev, FILE *to);

#endif
