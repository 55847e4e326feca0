/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An RDAP answer, reduced to what the reader takes of it: what is kept of answers holds no person and nothing that
 * nobody reads. It is an RDAP answer again, so that the reader of them reads it. */
#ifndef ONUS_HOLDERS_REDUCE_H
#define ONUS_HOLDERS_REDUCE_H

#include "net/addr.h"
#include "util/buf.h"
#include "util/err.h"

#define REDUCED_MAX (56u << 10) /* bytes of a line; the reader takes lines below 64 KiB */

/* struct asked - what an answer must be about */
enum asked_kind { ASKED_RANGE, ASKED_AS, ASKED_ENTITY };
struct asked {
	enum asked_kind kind;
	struct range range;
	uint32_t asn;
	struct span handle; /* borrowed */
};

/* rdap_reduce - one answer as a line of JSON without its LF
 *
 * asked    an answer about something else is refused: a network must have all of the range, an AS the number, an
 *	    entity the handle
 * out      appended to; as it was unless 1 is returned. Two lines, with LF between them, where an entity is both
 *	    organisation and contact.
 * why      set on 0 and -EINVAL: a constant text
 * Returns 1; 0: an answer that makes no fact by rule (a person, another class, an error); -EINVAL: no answer to what
 * was asked; -ENOMEM. */
MUST_USE int rdap_reduce(
    struct span text, const struct asked *asked, struct buf *out, const char **why);

#endif
