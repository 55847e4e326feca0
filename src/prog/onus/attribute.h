/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the registry for a command, and what `lookup` and `annotate` say of one address. */
#ifndef ONUS_PROG_ONUS_ATTRIBUTE_H
#define ONUS_PROG_ONUS_ATTRIBUTE_H

#include "core/conf.h"
#include "holders/registry.h"
#include "util/buf.h"

/* struct attributor - the registry with its age */
struct attributor {
	struct conf *conf;	   /* owned */
	struct registry *registry; /* owned */
	bool stale;
	char date[32], warning[200];
};

/* attribute_open - configuration and registry (registry NULL: the parameter); prints trouble, and the
 * warning of an old registry, to stderr under command's name. Returns 0 or -errno. */
MUST_USE int attribute_open(struct attributor *a, const char *command, const char *conf_file,
    const char *const *set, unsigned n_set, const char *registry);
void attribute_done(struct attributor *a);

/* attribute_json - one object with its LF */
void attribute_json(const struct attributor *a, struct addr addr, struct buf *out);

/* attribute_fields - "\taddress\tasn\tname\tcountry", '-' where unknown */
void attribute_fields(
    const struct attributor *a, struct span addr_text, struct addr addr, struct buf *out);

/* attribute_text - for people */
void attribute_text(const struct attributor *a, struct addr addr, struct buf *out);

#endif
