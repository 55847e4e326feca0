/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of everything that is scored (doc/contracts/entity-names.md):
 *   addr:192.0.2.1  block:192.0.2.0/24  net:RIPE/HANDLE  prefix:192.0.2.0/23  as:64500
 *   org:SOURCE/HANDLE  country:NL
 * A prefix whose merged space is no single CIDR is named by its ends: prefix:1.0.128.0-1.0.196.255.
 * A network without a handle is named by its ends: net:RIPE/192.0.2.0-192.0.2.255.
 * An IPv6 host is named by its /64: addr:2001:db8::/64 . */
#ifndef ONUS_CORE_ENTITY_H
#define ONUS_CORE_ENTITY_H

#include "net/addr.h"
#include "util/err.h"

enum entity_kind { /* stored: never renumber */
	ENTITY_ADDR = 0,
	ENTITY_BLOCK = 1,
	ENTITY_NET = 2,
	ENTITY_PREFIX = 3,
	ENTITY_AS = 4,
	ENTITY_ORG = 5,
	ENTITY_COUNTRY = 6,
	ENTITY_KIND_N
};

#define ENTITY_NAME_MAX	  160u /* bytes, with the kind and NUL */
#define ENTITY_HANDLE_MAX 120u /* bytes of SOURCE/HANDLE, with NUL */

struct entity {
	enum entity_kind kind;
	struct range range;		/* addr, block, prefix */
	uint32_t asn;			/* as */
	char handle[ENTITY_HANDLE_MAX]; /* net, org: SOURCE/HANDLE; country: two letters */
};

const char *entity_kind_name(enum entity_kind k);
MUST_USE int entity_kind_parse(struct span s, enum entity_kind *ret); /* 0 or -EINVAL */

struct entity entity_addr(struct addr a);  /* the host (IPv6: its /64) */
struct entity entity_block(struct addr a); /* the /24 or /48 around it */
struct entity entity_prefix(struct range merged);
struct entity entity_as(uint32_t asn);
struct entity entity_org(const char *source, struct span handle);
struct entity entity_country(const char *alpha2);

/* entity_parse - a full name; -EINVAL with a reason. entity_format - writes the name, returns
 * length */
MUST_USE int entity_parse(struct span s, struct entity *ret, struct err *e);
size_t entity_format(const struct entity *en, char ret[ENTITY_NAME_MAX]);

/* entity_slug - the handle of an organisation known only by its name: lower case, runs of anything
 * but letters and digits become one '-', UTF-8 letters stay. Returns its length (0: nothing left).
 */
size_t entity_slug(struct span name, char ret[ENTITY_HANDLE_MAX]);

#endif
