/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message's header, field by field, as bytes: nothing is decoded and nothing copied. */
#ifndef ONUS_INTAKE_HEADER_H
#define ONUS_INTAKE_HEADER_H

#include "util/span.h"

/* header_begin - an mbox's "From " line before it is skipped */
struct span header_begin(struct span message);

/* header_next - the next field, with the lines that go on with it
 *
 * rest   at the beginning of a line, untrusted; moved behind the field
 * name   without blanks before its colon, which old mails have (RFC 5322 section 4.5)
 * value  without blanks around, folds as they are
 * Returns false at the header's end: an empty line, or the first that is no field (RFC 5322 section 2.2). */
bool header_next(struct span *rest, struct span *name, struct span *value);

/* header_is - is it this field's name? Letters of ASCII in any case. */
bool header_is(struct span name, const char *field);

#endif
