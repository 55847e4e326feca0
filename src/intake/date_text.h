/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a datepattern to the expression that it stands for, in PCRE2's syntax. */
#ifndef ONUS_INTAKE_DATE_TEXT_H
#define ONUS_INTAKE_DATE_TEXT_H

#include "util/buf.h"
#include "util/err.h"

/* date_text
 *
 * out      the expression; nothing for {NONE}
 * start    set: it matches at the beginning of a line only
 * Returns 0; -EINVAL or -ENOTSUP with the reason. */
MUST_USE int date_text(struct span pattern, struct buf *out, bool *start, struct err *e);

#define DATE_LINE_BEGIN "{^LN-BEG}"

/* date_text_tag - the place of a tag ("{DATE}") that no backslash stands before, or empty; any case */
struct span date_text_tag(struct span pattern, const char *tag);

/* date_text_add_inner - what {DATE} stands for when a pattern is to be a part of another */
void date_text_add_inner(struct span pattern, struct buf *out);

#endif
