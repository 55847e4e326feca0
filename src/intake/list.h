/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses, as everybody publishes them; one entry a line:
 *
 *   192.0.2.1                  an address
 *   192.0.2.0/24               a prefix
 *   192.0.2.0 - 192.0.2.77     a range (blanks are optional); it becomes its prefixes
 *   192.0.2.1<TAB>17           any of these and a count, behind blanks, a TAB or a comma
 *
 * '#' and ';' begin a comment, anywhere in a line; CRLF is LF. A listed prefix is an event about that
 * prefix and never about its hosts. Refused, entry by entry: private and reserved space, own networks,
 * prefixes wider than LIST_V4_WIDEST or LIST_V6_WIDEST, host bits behind a prefix, and what is none of
 * these. Other layouts: list_form.h. */
#ifndef ONUS_INTAKE_LIST_H
#define ONUS_INTAKE_LIST_H

#include "core/event.h"
#include "intake/list_form.h"
#include "net/addrset.h"
#include "util/input.h"

#define LIST_LINE_MAX  1024u /* bytes, comment included */
#define LIST_V4_WIDEST 8u    /* /8 */
#define LIST_V6_WIDEST 16u   /* /16 */

/* struct list_options - what the events of a list say; all borrowed */
struct list_options {
	int64_t time_s;	    /* when the list was seen */
	struct span source; /* the list's name */
	enum category category;
	enum proof proof;
	const struct addrset *own; /* may be NULL */
	struct list_form form;
};

struct list_counts {
	uint64_t lines, entries, events, refused;
};

/* list_sink - ev lives until it returns */
typedef void list_sink(void *ctx, const struct event *ev, uint64_t number);

/* list_refusal - one refused entry: line number, its text (untrusted) and why; may be NULL */
typedef void list_refusal(void *ctx, uint64_t number, struct span text, const char *why);

/* list_entry - one line without its LF
 *
 * ret     the entry's range; count 1 where none is written
 * why     set when refused, a constant
 * Returns 1; 0 for an empty line or a comment; -EINVAL when refused. Own networks are not looked at. */
MUST_USE int list_entry(struct span line, struct range *ret, uint32_t *count, const char **why);

/* list_input - all of an input
 * Returns 0, or -errno of reading; refused entries are counted and told and the next goes on. */
MUST_USE int list_input(struct input *in, const struct list_options *o, list_sink *sink,
    list_refusal *refusal, void *ctx, struct list_counts *counts, struct err *e);

#endif
