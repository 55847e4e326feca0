/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an edition is made of, for client_look. */
#ifndef ONUS_PUBLICATION_EDITION_PARTS_H
#define ONUS_PUBLICATION_EDITION_PARTS_H

#include "publication/edition.h"
#include "publication/reach.h"

struct edition_parts {
	struct reputation *reputation;
	struct addrset never;  /* own networks and what was allowed when it was published */
	struct addrset carved; /* hosts that decisions about more than a host leave out */
	struct reach *reach;   /* NULL: nothing is decided about networks and holders */
};

const struct edition_parts *edition_parts(const struct edition *ed);

#endif
