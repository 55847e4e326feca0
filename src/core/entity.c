/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/entity.h"

#include <errno.h>

#include "util/num.h"

static const char *const kind_names[] = {
	[ENTITY_ADDR] = "addr",
	[ENTITY_BLOCK] = "block",
	[ENTITY_NET] = "net",
	[ENTITY_PREFIX] = "prefix",
	[ENTITY_AS] = "as",
	[ENTITY_ORG] = "org",
	[ENTITY_COUNTRY] = "country",
};
_Static_assert(NELEM(kind_names) == ENTITY_KIND_N, "kind_names out of step");

const char *entity_kind_name(enum entity_kind k)
{
	return (unsigned)k < ENTITY_KIND_N ? kind_names[k] : "?";
}

int entity_kind_parse(struct span s, enum entity_kind *ret)
{
	for (unsigned i = 0; i < ENTITY_KIND_N; i++) {
		if (!span_is(s, kind_names[i]))
			continue;
		*ret = (enum entity_kind)i;
		return 0;
	}
	return -EINVAL;
}

struct entity entity_addr(struct addr a)
{
	struct prefix p = prefix_make(a, addr_is_v4(a) ? 128 : 64);

	return (struct entity){ .kind = ENTITY_ADDR, .range = prefix_range(p) };
}

struct entity entity_block(struct addr a)
{
	return (struct entity){ .kind = ENTITY_BLOCK, .range = prefix_range(addr_block(a)) };
}

struct entity entity_prefix(struct range merged)
{
	return (struct entity){ .kind = ENTITY_PREFIX, .range = merged };
}

struct entity entity_as(uint32_t asn)
{
	return (struct entity){ .kind = ENTITY_AS, .asn = asn };
}

struct entity entity_org(const char *source, struct span handle)
{
	struct entity en = { .kind = ENTITY_ORG };

	(void)snprintf(en.handle, sizeof(en.handle), "%s/%.*s", source, SPAN_ARG(handle)); /* cut */
	return en;
}

struct entity entity_country(const char *alpha2)
{
	struct entity en = { .kind = ENTITY_COUNTRY };

	(void)snprintf(en.handle, sizeof(en.handle), "%.2s", alpha2); /* two letters fit */
	return en;
}

/* SOURCE/HANDLE: letters, digits, '.', '_', '-' and UTF-8; one slash. A network may be named by its ends, which
 * are addresses. */
static bool handle_ok(struct span s, bool net)
{
	unsigned slashes = 0;

	for (const char *p = s.p; p < s.end; p++) {
		unsigned char c = (unsigned char)*p;
		bool word =
		    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		slashes += c == '/';
		if (!word && c < 0x80 && !strchr("._-/", c) && !(net && c == ':'))
			return false;
	}
	return slashes == 1 && span_len(s) < ENTITY_HANDLE_MAX && *s.p != '/' && s.end[-1] != '/' &&
	       span_utf8(s);
}

static int parse_handle(struct span s, struct entity *en)
{
	if (span_len(s) < 3 || !handle_ok(s, en->kind == ENTITY_NET))
		return -EINVAL;
	memcpy(en->handle, s.p, span_len(s));
	return 0;
}

static int parse_range(struct span s, struct entity *en)
{
	struct range r;

	if (range_parse(s, &r) < 0)
		return -EINVAL;
	if (en->kind == ENTITY_ADDR) {
		struct entity host = entity_addr(r.first);

		if (addr_cmp(r.last, host.range.last) > 0)
			return -EINVAL;
		r = host.range;
	}
	if (en->kind == ENTITY_BLOCK) {
		struct range blk = prefix_range(addr_block(r.first));

		if (!addr_eq(blk.first, r.first) || !addr_eq(blk.last, r.last))
			return -EINVAL;
	}
	en->range = r;
	return 0;
}

static int parse_country(struct span s, struct entity *en)
{
	if (span_len(s) != 2 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < 'A' || s.p[1] > 'Z')
		return -EINVAL;
	memcpy(en->handle, s.p, 2);
	return 0;
}

int entity_parse(struct span s, struct entity *ret, struct err *e)
{
	struct entity en = { 0 };
	struct span rest = s, kind;
	int r;

	if (!span_cut(&rest, ':', &kind) || entity_kind_parse(kind, &en.kind) < 0)
		return err_set(e, -EINVAL,
		    "\"%.*s\" is no entity name; write addr:, block:, net:, "
		    "prefix:, as:, org: or country: in front",
		    (int)MIN_OF(span_len(s), (size_t)80), s.p);
	switch (en.kind) {
	case ENTITY_AS:
		r = num_u32(rest, UINT32_MAX, &en.asn);
		r = r < 0 || en.asn == 0 ? -EINVAL : 0;
		break;
	case ENTITY_NET:
	case ENTITY_ORG:
		r = parse_handle(rest, &en);
		break;
	case ENTITY_COUNTRY:
		r = parse_country(rest, &en);
		break;
	default:
		r = parse_range(rest, &en);
	}
	if (r < 0)
		return err_set(e, r, "\"%.*s\" does not name %s",
		    (int)MIN_OF(span_len(s), (size_t)80), s.p, kind_names[en.kind]);
	*ret = en;
	return 0;
}

size_t entity_format(const struct entity *en, char ret[ENTITY_NAME_MAX])
{
	char text[RANGE_TEXT_MAX];
	int n;

	if (en->kind == ENTITY_AS) {
		n = snprintf(ret, ENTITY_NAME_MAX, "as:%u", en->asn);
	} else if (en->kind == ENTITY_NET || en->kind == ENTITY_ORG || en->kind == ENTITY_COUNTRY) {
		n = snprintf(ret, ENTITY_NAME_MAX, "%s:%s", kind_names[en->kind], en->handle);
	} else {
		struct prefix p;

		if (en->kind == ENTITY_PREFIX && range_prefix(en->range, &p))
			(void)prefix_format(p, text); /* a lone address keeps its /32 */
		else
			(void)range_format(en->range, text);
		n = snprintf(ret, ENTITY_NAME_MAX, "%s:%s", entity_kind_name(en->kind), text);
	}
	return (size_t)n;
}

size_t entity_slug(struct span name, char ret[ENTITY_HANDLE_MAX])
{
	size_t n = 0, max = ENTITY_HANDLE_MAX - 16; /* the source and its slash go in front */
	bool valid = span_utf8(name), gap = false;

	for (const char *p = name.p; p < name.end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 0x80 && valid))) {
			gap = n > 0;
			continue;
		}
		if (n + 2 > max)
			break;
		if (gap)
			ret[n++] = '-';
		gap = false;
		ret[n++] = (char)c;
	}
	while (n > 0 && valid && !span_utf8(span_of(ret, n)))
		n--; /* a character cut in two at the maximum */
	ret[n] = '\0';
	return n;
}
