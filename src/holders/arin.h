/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record of ARIN's whois between its readers, XML and text, and what makes facts of it.
 * Source: ARIN's description of its bulk data (report content, 2026), the style sheet that comes with it and
 * makes the text of the XML, and answers of its whois server. */
#ifndef ONUS_HOLDERS_ARIN_H
#define ONUS_HOLDERS_ARIN_H

#include "holders/fact_text.h"

#define ARIN_BLOCKS_MAX 1024u /* of one net */

/* What is kept of a record; the first one that says anything holds. */
enum arin_slot {
	ARIN_HANDLE,
	ARIN_NAME,
	ARIN_ORG,    /* whose it is: a handle, or "Name (HANDLE)" */
	ARIN_PARENT, /* the same */
	ARIN_FIRST,  /* address or AS number */
	ARIN_LAST,
	ARIN_VERSION, /* of IP: 4 or 6 */
	ARIN_TYPE,    /* of a net, or of its first block that tells */
	ARIN_BLOCK_FIRST,
	ARIN_BLOCK_LAST,
	ARIN_BLOCK_LENGTH,
	ARIN_CREATED,
	ARIN_CHANGED,
	ARIN_STREET, /* all of them, one line each */
	ARIN_CITY,
	ARIN_STATE,
	ARIN_POSTCODE,
	ARIN_COUNTRY,
	ARIN_ABUSE,   /* handle of a contact */
	ARIN_IS_ROLE, /* Y; who does not say so counts as a person */
	ARIN_GIVEN_NAME,
	ARIN_MAIL,
	ARIN_COMMENT, /* the line that is read now; none is kept */
	ARIN_SLOT_N
};

/* struct arin_record - in the making; or nothing: begun is false */
struct arin_record {
	struct buf slot[ARIN_SLOT_N];		 /* as they stand; bounded */
	struct range block[ARIN_BLOCKS_MAX + 1]; /* one more: what is between the ends of its net */
	unsigned n_block;
	bool begun;
	bool geofeed;	    /* it names one */
	const char *broken; /* why it cannot be taken; NULL */
	uint64_t line;
};

void arin_record_init(struct arin_record *r);
void arin_record_done(struct arin_record *r);
void arin_record_begin(struct arin_record *r, uint64_t line);

/* arin_open - whether a new value of that slot is kept: none yet, or many are; then bytes are added by arin_add
 * in as many pieces as they come. What is too long is cut, or breaks the record if it is no text. */
bool arin_open(struct arin_record *r, enum arin_slot s);
void arin_add(struct arin_record *r, enum arin_slot s, struct span piece);

static inline struct span arin_slot(const struct arin_record *r, enum arin_slot s)
{
	return span_trim(r->slot[s].p ? buf_text(&r->slot[s]) : SPAN(""));
}

/* arin_comment_end - a line of a comment was read whole */
void arin_comment_end(struct arin_record *r);

/* arin_block_end - the block of a net whose ends have been told is one of its blocks */
void arin_block_end(struct arin_record *r);

/* arin_handle - "GOGL" of "Google Inc. (GOGL)" and of "GOGL"; else empty */
struct span arin_handle(struct span s);

/* arin_make_fn - the facts of a record; room is for their texts. Returns 0, -ENOMEM, or what take returned. */
typedef int arin_make_fn(struct arin_record *r, struct buf *room, const struct fact_to *to);
arin_make_fn arin_net, arin_as, arin_org, arin_poc;

#endif
