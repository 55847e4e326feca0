/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of BGP routers, one line a path; private to the readers of lines and of MRT files. */
#ifndef ONUS_HOLDERS_BGP_LINES_H
#define ONUS_HOLDERS_BGP_LINES_H

#include "holders/fact.h"

/* bgp_lines_read - as fact_reader.read */
MUST_USE int bgp_lines_read(struct input *in, const struct fact_to *to, struct err *e);

/* mrt_complaints - what bgpdump said on stderr, line by line, as refusals */
void mrt_complaints(struct span said, const struct fact_to *to);

#endif
