/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/zone.h"

#include <errno.h>

#include "util/num.h"

#define V4_LABELS 4u
#define V6_LABELS 32u

/* --- the configuration ---------------------------------------------------------------------------------- */

static int read_servers(struct span text, struct zone *z, struct err *e)
{
	unsigned labels;
	struct span one;

	while (!span_empty(text)) {
		(void)span_cut(&text, ',', &one); /* the last one has no comma behind it */
		one = span_trim(one);
		if (span_empty(one))
			continue;
		if (z->n_servers == ZONE_SERVERS_MAX)
			return err_set(
			    e, -EINVAL, "dnsbl_ns wants %u names at most", ZONE_SERVERS_MAX);
		if (dns_name_of(one, &z->server[z->n_servers]) < 0)
			return err_set(e, -EINVAL,
			    "dnsbl_ns wants names of hosts, comma-separated, not \"%.*s\"",
			    (int)MIN_OF(span_len(one), (size_t)60), one.p);
		if (dns_name_below(&z->server[z->n_servers], &z->name, &labels))
			return err_set(e, -EINVAL,
			    "dnsbl_ns: \"%.*s\" is in the zone, which has addresses of no host: "
			    "take a name outside of it, or leave dnsbl_ns empty where the zone "
			    "is not delegated",
			    (int)MIN_OF(span_len(one), (size_t)60), one.p);
		z->n_servers++;
	}
	return 0;
}

/* contact_of - hostmaster of the zone, as a name */
static int contact_of(const char *zone, struct dns_name *ret)
{
	char text[DNS_NAME_MAX + 1];
	int n = snprintf(text, sizeof(text), "hostmaster.%s", zone);

	return (size_t)n < sizeof(text) ? dns_name_of(span_str(text), ret) : -EINVAL;
}

int zone_open(const struct conf *c, struct zone *ret, struct err *e)
{
	struct zone z = { .ttl_s = c->dnsbl_ttl_s,
		.style = c->dnsbl_mask ? LISTING_MASK : LISTING_LIST };

	if (dns_name_of(span_str(c->dnsbl_zone), &z.name) < 0 ||
	    contact_of(c->dnsbl_zone, &z.contact) < 0)
		return err_set(e, -EINVAL,
		    "dnsbl_zone wants the name of a zone, as in bl.example.org, not \"%.60s\"",
		    c->dnsbl_zone);
	if (read_servers(span_str(c->dnsbl_ns), &z, e) < 0)
		return -EINVAL;
	z.site_url = strdup(c->site_url);
	if (!z.site_url)
		return err_set(e, -ENOMEM, "out of memory");
	*ret = z;
	return 0;
}

void zone_done(struct zone *z)
{
	free(z->site_url);
	z->site_url = NULL;
}

/* --- names ---------------------------------------------------------------------------------------------- */

static bool octet(struct span label, uint32_t *ret)
{
	size_t n = span_len(label);

	return n <= 3 && (n == 1 || *label.p != '0') && num_u32(label, 255, ret) == 0;
}

static bool nibble(struct span label, uint32_t *ret)
{
	char c = *label.p;

	if (span_len(label) != 1 || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
		return false;
	*ret = (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	return true;
}

static bool octets(const struct dns_name *name, unsigned labels, uint32_t *ret)
{
	uint32_t v4 = 0, v;

	if (labels > V4_LABELS)
		return false;
	for (unsigned i = 0; i < labels; i++) {
		if (!octet(dns_label(name, i), &v))
			return false;
		v4 |= v << 8 * i;
	}
	*ret = v4;
	return true;
}

static bool nibbles(const struct dns_name *name, unsigned labels, struct addr *ret)
{
	struct addr a = { 0, 0 };
	uint32_t v;

	if (labels > V6_LABELS)
		return false;
	for (unsigned i = 0; i < labels; i++) {
		if (!nibble(dns_label(name, i), &v))
			return false;
		if (i < V6_LABELS / 2)
			a.lo |= (uint64_t)v << 4 * i;
		else
			a.hi |= (uint64_t)v << 4 * (i - V6_LABELS / 2);
	}
	*ret = a;
	return true;
}

static enum ask_kind address(struct ask *k, struct addr a)
{
	k->addr = a;
	return addr_is_v4(a) && addr_v4(a) == LISTING_TEST ? ASK_TEST : ASK_ADDR;
}

/* "4.3.2.1", or 32 nibbles; four labels of one digit each may be the upper half of those, too */
static void ask_addr(const struct dns_name *name, unsigned labels, struct ask *k)
{
	struct addr a;
	uint32_t v4;

	if (octets(name, labels, &v4)) {
		k->node = labels < V4_LABELS || nibbles(name, labels, &a);
		k->kind = labels < V4_LABELS ? ASK_NODE : address(k, addr_of_v4(v4));
	} else if (nibbles(name, labels, &a)) {
		k->node = labels < V6_LABELS;
		k->kind = labels < V6_LABELS ? ASK_NODE : address(k, a);
	}
}

static void ask_as(const struct dns_name *name, unsigned labels, struct ask *k)
{
	struct span label = dns_label(name, 0);

	if (labels != 1)
		return;
	if (span_is(label, "test"))
		k->kind = ASK_TEST;
	else if (*label.p != '0' && num_u32(label, UINT32_MAX, &k->asn) == 0)
		k->kind = ASK_AS;
}

/* SOURCE/HANDLE out of the labels HANDLE.SOURCE, of which a handle with dots has several */
static void write_org(
    const uint8_t *wire, const struct dns_name *name, unsigned labels, struct entity *ret)
{
	const uint8_t *source = wire + name->at[labels - 1];
	size_t bytes = name->at[labels - 1] - 1u; /* of the handle, with lengths for dots */
	char *handle = ret->handle + *source + 1;

	*ret = (struct entity){ .kind = ENTITY_ORG };
	memcpy(ret->handle, source + 1, *source);
	handle[-1] = '/';
	memcpy(handle, wire + 1, bytes);
	for (unsigned i = 1; i < labels - 1; i++)
		handle[name->at[i] - 1] = '.';
}

static void to_upper(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - ('a' - 'A'));
}

static void ask_org(const struct dns_question *q, unsigned labels, struct ask *k)
{
	const struct dns_name *name = &q->name;
	struct span source = dns_label(name, labels - 1);
	size_t n = span_len(source) + name->at[labels - 1]; /* SOURCE/HANDLE */

	k->kind = ASK_NODE;
	k->node = labels == 1;
	if (labels == 1 && span_is(source, "test"))
		k->kind = ASK_TEST;
	if (labels == 1)
		return;
	k->kind = ASK_NOBODY;
	if (n >= ENTITY_HANDLE_MAX || memchr(name->wire, '\0', name->at[labels]))
		return;
	k->node = true; /* handles have dots: something longer may be there (RFC 8020) */
	write_org(q->wire, name, labels, &k->org[0]);
	write_org(q->wire, name, labels, &k->org[1]);
	to_upper(k->org[1].handle, n);
	write_org(name->wire, name, labels, &k->org[2]);
	to_upper(k->org[2].handle, span_len(source));
	k->kind = ASK_ORG;
}

/* The last label, when it is this one, is taken off. */
static bool below(const struct dns_name *name, unsigned *labels, const char *word)
{
	if (*labels == 0 || !span_is(dns_label(name, *labels - 1), word))
		return false;
	(*labels)--;
	return true;
}

void zone_ask(const struct dns_question *q, unsigned labels, struct ask *ret)
{
	const struct dns_name *name = &q->name;

	ret->kind = labels ? ASK_NOBODY : ASK_APEX;
	ret->node = false;
	ret->score = below(name, &labels, "score");
	if (below(name, &labels, "as")) {
		if (labels)
			ask_as(name, labels, ret);
		else
			ret->kind = ASK_NODE;
	} else if (below(name, &labels, "org")) {
		if (labels)
			ask_org(q, labels, ret);
		else
			ret->kind = ASK_NODE;
	} else if (labels) {
		ask_addr(name, labels, ret);
	} else if (ret->score) {
		ret->kind = ASK_NODE;
	}
}
