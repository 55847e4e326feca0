/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walls in the languages of the things that stand them up: a table of formats, each a function from a
 * finished wall to a file. */
#ifndef ONUS_PUBLICATION_EXPORT_H
#define ONUS_PUBLICATION_EXPORT_H

#include <stdio.h>

#include "publication/listing.h"
#include "publication/wall.h"

/* struct export_head - what stands at the top of every export, as far as its format has comments */
struct export_head {
	struct publication_head of;
	struct span sources; /* who told us, as a sentence; may be empty */
	struct span warning; /* of an old registry; may be empty */
	/* what onus-dnsbl answers with, for the formats of DNS lists */
	const char *site_url; /* "" for none */
	enum listing_style style;
	uint32_t ttl_s;
	const struct reputation *from; /* of which the rows of the wall are */
};

struct export_format {
	const char *name;      /* "nft": the word on command lines */
	const char *file_name; /* in a publication */
	const char *help;
	bool
	    listing; /* it wants a listing (publication/wall.h), since it can say why; else a wall */
	int (*write)(const struct wall *w, const struct export_head *h, FILE *to); /* 0; -ENOMEM */
};

extern const struct export_format export_formats[];
extern const unsigned export_n_formats;

/* export_find - a format by its name, or NULL */
const struct export_format *export_find(const char *name);

/* export_write - to an open stream; says what went wrong
 * Returns 0; -ENOMEM; -EIO when the stream did not take it. */
MUST_USE int export_write(const struct export_format *f, const struct wall *w,
    const struct export_head *h, FILE *to, struct err *e);

/* export_file - the same into a new file, synced and renamed */
MUST_USE int export_file(const struct export_format *f, const struct wall *w,
    const struct export_head *h, const char *path, struct err *e);

#endif
