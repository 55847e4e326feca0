/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the registry for a command, and what `lookup` and `annotate` say of one address. */
#ifndef ONUS_PROG_ONUS_ATTRIBUTE_H
#define ONUS_PROG_ONUS_ATTRIBUTE_H

#include "core/conf.h"
#include "holders/registry.h"
#include "prog/evidence/shared.h"
#include "prog/onus/published.h"
#include "prog/onus/tenures.h"
#include "util/buf.h"
#include "util/jout.h"

/* struct attributor - the registry with its age */
struct attributor {
	struct conf *conf;	   /* owned */
	struct registry *registry; /* owned */
	bool stale;
	bool at;		   /* as of another day, with … */
	struct tenures tenures;	   /* … who held what when */
	struct shared *shared;	   /* owned; NULL where nobody asked for it */
	struct edition *published; /* owned; NULL as well; as of … */
	int64_t now_s;
	char date[32], warning[200];
};

/* attribute_open - configuration and registry (registry NULL: the parameter); prints trouble, and the
 * warning of an old registry, to stderr under command's name. Returns 0 or -errno. */
MUST_USE int attribute_open(struct attributor *a, const char *command, const char *conf_file,
    const char *const *set, unsigned n_set, const char *registry);

/* attribute_open_at - the same with the newest build not later than the day of at_s beside the registry file
 * (holders/builds.h), whose age counts up to that day; and with tenures */
MUST_USE int attribute_open_at(struct attributor *a, const char *command, const char *conf_file,
    const char *const *set, unsigned n_set, const char *registry, int64_t at_s);
void attribute_done(struct attributor *a);

/* attribute_shared - also who shares addresses, today; what is wrong with a list is told on stderr under command's
 * name, or not (NULL). Lists that are of no use are no reason to stop. */
void attribute_shared(struct attributor *a, const char *command);

/* attribute_published - also how the newest publication has it, today
 * Returns 0; -errno, told on stderr under command's name. */
MUST_USE int attribute_published(struct attributor *a, const char *command);

/* attribute_shared_json - "shared", a member of the open object: an object, or null */
void attribute_shared_json(const struct shared_list *l, struct jout *j);

/* attribute_age_json - "registry_date" and "registry_stale", members of the open object */
void attribute_age_json(const struct attributor *a, struct jout *j);

/* attribute_json - one object with its LF */
void attribute_json(const struct attributor *a, struct addr addr, struct buf *out);

/* struct attribute_item - one line of a stream on its way through */
struct attribute_item {
	struct span line; /* without its LF */
	struct span text; /* of the first address in it; empty: there is none */
	struct addr addr;
	uint32_t place; /* set by attribute_lines */
};

/* struct attribute_ready - what is appended to the lines of each piece of announced space, written out
 * when it was needed first; zeroed to begin with */
struct attribute_ready {
	struct attribute_words {
		uint32_t at, len; /* in text; len 0: not yet */
	} * words;		  /* by place, and one more for nobody's; owned */
	struct buf text;
};
void attribute_ready_done(struct attribute_ready *r);

/* attribute_lines - n lines, each with its LF and, where it has an address, after tabs: the address, the
 * number and the name of its AS, its country; with holders also the holder of the narrowest network around it that
 * has one, and the abuse contact up the chain; '-' where unknown. Many at once: their rows lie far apart
 * in memory, and loads of one do not wait for those of another. 0; -ENOMEM. */
MUST_USE int attribute_lines(const struct attributor *a, struct attribute_ready *r, bool holders,
    struct attribute_item *v, size_t n, struct buf *out);

/* attribute_text - for people */
void attribute_text(const struct attributor *a, struct addr addr, struct buf *out);

/* attribute_network_json, attribute_network_text - the same of one network and those around it
 * name  as it is called: "net:RIPE/HANDLE" */
void attribute_network_json(
    const struct attributor *a, const char *name, uint32_t network, struct buf *out);
void attribute_network_text(
    const struct attributor *a, const char *name, uint32_t network, struct buf *out);

#endif
