/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text that goes into published lines and files: bounded, UTF-8, no control characters. */
#ifndef ONUS_PUBLICATION_TEXT_H
#define ONUS_PUBLICATION_TEXT_H

#include "util/buf.h"
#include "util/span.h"

/* text_cut - at most max bytes of s into ret, cut at a character; control characters become '?', and
 * so does every byte from 0x80 when s is not UTF-8. Returns the number of bytes. */
size_t text_cut(struct span s, size_t max, char *ret);

#define TEXT_MAX 500u
void text_put(struct buf *out, struct span s, size_t max); /* the same, appended; max <= TEXT_MAX */

/* text_clean - s is UTF-8 without control characters */
bool text_clean(struct span s);

#endif
