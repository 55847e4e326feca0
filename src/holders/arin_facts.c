/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Facts out of records of ARIN's whois. */
#include <errno.h>
#include <strings.h>

#include "holders/arin.h"
#include "util/num.h"

#define KEY_BYTES 512u /* kept of what is no text: longer ones break the record */

static const struct {
	unsigned max;
	bool text, many; /* what is too long is cut; every value is kept, a line each */
} slots[ARIN_SLOT_N] = {
	[ARIN_HANDLE] = { KEY_BYTES },
	[ARIN_NAME] = { FACT_TEXT_MAX, .text = true },
	[ARIN_ORG] = { KEY_BYTES },
	[ARIN_PARENT] = { KEY_BYTES },
	[ARIN_FIRST] = { KEY_BYTES },
	[ARIN_LAST] = { KEY_BYTES },
	[ARIN_VERSION] = { KEY_BYTES },
	[ARIN_TYPE] = { KEY_BYTES },
	[ARIN_BLOCK_FIRST] = { KEY_BYTES },
	[ARIN_BLOCK_LAST] = { KEY_BYTES },
	[ARIN_BLOCK_LENGTH] = { KEY_BYTES },
	[ARIN_CREATED] = { KEY_BYTES },
	[ARIN_CHANGED] = { KEY_BYTES },
	[ARIN_STREET] = { FACT_ADDRESS_MAX, .text = true, .many = true },
	[ARIN_CITY] = { FACT_TEXT_MAX, .text = true },
	[ARIN_STATE] = { FACT_TEXT_MAX, .text = true },
	[ARIN_POSTCODE] = { FACT_TEXT_MAX, .text = true },
	[ARIN_COUNTRY] = { KEY_BYTES },
	[ARIN_ABUSE] = { KEY_BYTES },
	[ARIN_IS_ROLE] = { KEY_BYTES },
	[ARIN_GIVEN_NAME] = { FACT_TEXT_MAX, .text = true },
	[ARIN_MAIL] = { KEY_BYTES },
	[ARIN_COMMENT] = { FACT_TEXT_MAX, .text = true },
};

void arin_record_init(struct arin_record *r)
{
	r->begun = false;
	r->n_block = 0;
	for (unsigned i = 0; i < ARIN_SLOT_N; i++)
		buf_init(&r->slot[i], slots[i].max);
}

void arin_record_done(struct arin_record *r)
{
	for (unsigned i = 0; i < ARIN_SLOT_N; i++)
		buf_done(&r->slot[i]);
}

void arin_record_begin(struct arin_record *r, uint64_t line)
{
	for (unsigned i = 0; i < ARIN_SLOT_N; i++)
		buf_reset(&r->slot[i]);
	r->n_block = 0;
	r->begun = true;
	r->geofeed = false;
	r->broken = NULL;
	r->line = line;
}

bool arin_open(struct arin_record *r, enum arin_slot s)
{
	struct buf *to = &r->slot[s];

	if (span_empty(arin_slot(r, s))) {
		buf_reset(to);
		return true;
	}
	if (slots[s].many && to->len < slots[s].max)
		buf_byte(to, '\n');
	return slots[s].many;
}

void arin_add(struct arin_record *r, enum arin_slot s, struct span piece)
{
	struct buf *to = &r->slot[s];
	size_t room = slots[s].max - to->len;

	if (span_len(piece) > room && !slots[s].text)
		r->broken = "an attribute is too long";
	buf_span(to, fact_head(piece, room));
}

void arin_comment_end(struct arin_record *r)
{
	r->geofeed |= fact_geofeed(arin_slot(r, ARIN_COMMENT));
	buf_reset(&r->slot[ARIN_COMMENT]);
}

/* --- what stands in every record -------------------------------------------------------------------- */

struct span arin_handle(struct span s)
{
	const char *from;

	s = span_trim(s);
	if (span_empty(s))
		return s;
	if (s.end[-1] == ')') {
		from = memrchr(s.p, '(', span_len(s));
		return from ? span_trim((struct span){ from + 1, s.end - 1 }) : SPAN("");
	}
	return memchr(s.p, ' ', span_len(s)) ? SPAN("") : s;
}

/* A handle, or why there is none where the record has one. */
static const char *key_of(
    const struct arin_record *r, struct buf *room, enum arin_slot s, struct span *ret)
{
	struct span handle = arin_handle(arin_slot(r, s));

	*ret = fact_key(room, handle);
	return span_empty(*ret) && !span_empty(handle) ? "not a handle" : NULL;
}

static const char *begin(
    const struct arin_record *r, struct buf *room, enum fact_kind kind, struct fact *f)
{
	const char *why = r->broken;

	fact_room_reset(room);
	*f = (struct fact){ .kind = kind,
		.line = r->line,
		.source = SPAN("ARIN"),
		.created_s = fact_date(arin_slot(r, ARIN_CREATED)),
		.changed_s = fact_date(arin_slot(r, ARIN_CHANGED)) };
	if (!why)
		why = key_of(r, room, ARIN_HANDLE, &f->handle);
	if (!why && span_empty(f->handle))
		why = "no handle";
	if (!why)
		why = key_of(r, room, ARIN_ABUSE, &f->abuse);
	f->name = fact_text(room, arin_slot(r, ARIN_NAME), FACT_TEXT_MAX);
	return why;
}

static bool slots_ok(const struct arin_record *r)
{
	for (unsigned i = 0; i < ARIN_SLOT_N; i++)
		if (!buf_ok(&r->slot[i]))
			return false;
	return true;
}

/* Either refuses the fact or hands it on. */
static int end(const struct arin_record *r, const struct buf *room, const struct fact_to *to,
    const char *why, const struct fact *f)
{
	if (!buf_ok(room) || !slots_ok(r))
		return -ENOMEM;
	if (!why)
		return to->take(to->ctx, f);
	fact_refuse(to, r->line, why);
	return 0;
}

/* --- networks --------------------------------------------------------------------------------------- */

/* Who has what of a type: a holder, or a registry. Codes of the XML, then words of the bulk text, then those of
 * whois answers; what ends in '*' stands for all that begin so. */
static const struct net_type {
	const char *is, *status; /* NULL: as it stands */
	bool registry;
} types[] = {
	{ "A", "Reallocation" },
	{ "S", "Reassignment" },
	{ "DA", "Direct Allocation" },
	{ "DS", "Direct Assignment" },
	{ "AV", "Early Registrations, Maintained by ARIN" },
	{ "AF", .registry = true },
	{ "AP", .registry = true },
	{ "AR", .registry = true },
	{ "FX", .registry = true },
	{ "IR", .registry = true },
	{ "IU", .registry = true },
	{ "LN", .registry = true },
	{ "LX", .registry = true },
	{ "PV", .registry = true },
	{ "PX", .registry = true },
	{ "RN", .registry = true },
	{ "RV", .registry = true },
	{ "RX", .registry = true },
	{ "rir", .registry = true },
	{ "reserved", .registry = true },
	{ "allocation" },
	{ "assignment" },
	{ "reallocation" },
	{ "reassignment" },
	{ "Direct Allocation" },
	{ "Direct Assignment" },
	{ "Reallocated" },
	{ "Reassigned" },
	{ "Early Registrations, Maintained by ARIN" },
	{ "Early Registrations, *", .registry = true },
	{ "Allocated to *", .registry = true },
	{ "Transferred to *", .registry = true },
	{ "IANA *", .registry = true },
};

static const struct net_type *type_of(struct span s)
{
	for (size_t i = 0; i < NELEM(types); i++) {
		size_t n = strlen(types[i].is);
		bool head = n > 1 && types[i].is[n - 1] == '*';

		n -= head;
		if ((head ? span_len(s) >= n : span_len(s) == n) &&
		    strncasecmp(s.p, types[i].is, n) == 0)
			return &types[i];
	}
	return NULL;
}

static const char *ends_of(struct span first, struct span last, struct range *ret)
{
	if (!fact_addr(first, &ret->first) || !fact_addr(last, &ret->last))
		return "not a range";
	if (addr_is_v4(ret->first) != addr_is_v4(ret->last))
		return "a range over both families";
	return addr_cmp(ret->first, ret->last) > 0 ? "a range backwards" : NULL;
}

/* A length that is told beside the ends has to fit; it stands in for the last one. */
static const char *block_of(const struct arin_record *r, struct range *ret)
{
	struct span first = arin_slot(r, ARIN_BLOCK_FIRST), last = arin_slot(r, ARIN_BLOCK_LAST);
	struct span text = arin_slot(r, ARIN_BLOCK_LENGTH);
	struct range said;
	struct prefix p;
	uint32_t len;
	const char *why;

	if (span_empty(text))
		return ends_of(first, last, ret);
	if (!fact_addr(first, &said.first) ||
	    num_u32(text, addr_is_v4(said.first) ? 32 : 128, &len) < 0)
		return "not a range";
	p = prefix_make(said.first, len + (addr_is_v4(said.first) ? 96 : 0));
	if (!addr_eq(p.addr, said.first))
		return "a prefix with host bits";
	said = prefix_range(p);
	why = span_empty(last) ? NULL : ends_of(first, last, ret);
	if (!why && !span_empty(last) && !addr_eq(ret->last, said.last))
		why = "a block that is not of its length";
	*ret = said;
	return why;
}

void arin_block_end(struct arin_record *r)
{
	const char *why = NULL;

	if (r->n_block == ARIN_BLOCKS_MAX)
		why = "too many blocks";
	else
		why = block_of(r, &r->block[r->n_block]);
	if (!why)
		r->n_block++;
	else if (!r->broken)
		r->broken = why;
	for (enum arin_slot s = ARIN_BLOCK_FIRST; s <= ARIN_BLOCK_LENGTH; s++)
		buf_reset(&r->slot[s]);
}

static int by_first(const void *pa, const void *pb)
{
	const struct range *a = pa, *b = pb;

	return addr_cmp(a->first, b->first);
}

/* Neighbouring blocks are one range of their net. */
static const char *blocks_join(struct arin_record *r)
{
	unsigned n = 0;

	qsort(r->block, r->n_block, sizeof(*r->block), by_first);
	for (unsigned i = 1; i < r->n_block; i++) {
		struct range *last = &r->block[n], now = r->block[i];

		if (addr_is_v4(last->first) != addr_is_v4(now.first))
			return "a range over both families";
		if (addr_cmp(now.first, last->last) <= 0)
			return "blocks that overlap";
		if (addr_eq(addr_next(last->last), now.first))
			last->last = now.last;
		else
			r->block[++n] = now;
	}
	r->n_block = n + 1;
	return NULL;
}

/* All ranges of a net, in block: its blocks, which lie between its ends, or what is between its ends. */
static const char *ranges_of(struct arin_record *r)
{
	struct span first = arin_slot(r, ARIN_FIRST), last = arin_slot(r, ARIN_LAST);
	struct span version = arin_slot(r, ARIN_VERSION);
	bool has_ends = !span_empty(first) || !span_empty(last);
	const char *why =
	    has_ends || !r->n_block ? ends_of(first, last, &r->block[r->n_block]) : NULL;
	struct range whole = r->block[r->n_block];

	if (!why && !r->n_block)
		r->n_block = 1;
	if (!why)
		why = blocks_join(r);
	if (!why && has_ends &&
	    (!addr_eq(r->block[0].first, whole.first) ||
		!addr_eq(r->block[r->n_block - 1].last, whole.last)))
		why = "blocks that are not between the ends of their network";
	if (!why && !span_empty(version) && span_is(version, "4") != addr_is_v4(r->block[0].first))
		why = "of the other family";
	return why;
}

int arin_net(struct arin_record *r, struct buf *room, const struct fact_to *to)
{
	struct span type = arin_slot(r, ARIN_TYPE);
	const struct net_type *is = type_of(type);
	struct fact f;
	const char *why = begin(r, room, FACT_NETWORK, &f);
	int code = 0;

	if (is && is->registry) {
		fact_leave(to, r->line, "space of a registry, not of a holder");
		return 0;
	}
	if (!why)
		why = ranges_of(r);
	if (!why && !is && !span_empty(type))
		why = "a network of an unknown type";
	if (!why)
		why = key_of(r, room, ARIN_ORG, &f.org);
	if (is && is->status)
		type = span_str(is->status);
	f.status = fact_text(room, type, FACT_TEXT_MAX);
	(void)key_of(r, room, ARIN_PARENT, &f.parent); /* not worth a network */
	f.geofeed = r->geofeed;
	if (why)
		return end(r, room, to, why, &f);
	for (unsigned i = 0; i < r->n_block && code == 0; i++) {
		f.range = r->block[i];
		code = end(r, room, to, NULL, &f);
	}
	return code;
}

/* --- the other kinds -------------------------------------------------------------------------------- */

int arin_as(struct arin_record *r, struct buf *room, const struct fact_to *to)
{
	struct span first = arin_slot(r, ARIN_FIRST), last = arin_slot(r, ARIN_LAST);
	struct fact f;
	const char *why = begin(r, room, FACT_AS, &f);

	if (!why && (num_u32(first, UINT32_MAX, &f.as[0]) < 0 ||
			num_u32(span_empty(last) ? first : last, UINT32_MAX, &f.as[1]) < 0))
		why = "not an AS number";
	else if (!why && f.as[0] == 0)
		why = "AS0, which is nobody's";
	else if (!why && f.as[0] > f.as[1])
		why = "a range backwards";
	if (!why)
		why = key_of(r, room, ARIN_ORG, &f.org);
	return end(r, room, to, why, &f);
}

/* "Private Customer" stands for somebody whose name and street ARIN's customers need not tell. */
static bool is_private(struct span name)
{
	return span_len(name) >= 16 && strncasecmp(name.p, "Private Customer", 16) == 0;
}

/* Street, city, state, code: a line each, as RDAP has them. */
static struct span address_of(const struct arin_record *r, struct buf *room)
{
	CLEANUP(buf_done) struct buf b;
	struct span ret;

	buf_init(&b, 2 * FACT_ADDRESS_MAX);
	for (enum arin_slot s = ARIN_STREET; s <= ARIN_POSTCODE; s++) {
		if (s == ARIN_STREET && is_private(arin_slot(r, ARIN_NAME)))
			continue;
		buf_span(&b, arin_slot(r, s));
		buf_byte(&b, '\n');
	}
	ret = fact_lines(room, buf_text(&b), FACT_ADDRESS_MAX);
	room->bad |= b.bad;
	return ret;
}

int arin_org(struct arin_record *r, struct buf *room, const struct fact_to *to)
{
	struct fact f;
	const char *why = begin(r, room, FACT_ORG, &f);

	(void)fact_country(arin_slot(r, ARIN_COUNTRY), f.country); /* not worth an organisation */
	f.address = address_of(r, room);
	return end(r, room, to, why, &f);
}

/* Of a contact its mailbox alone is kept, and that only if it says that it is no person. */
int arin_poc(struct arin_record *r, struct buf *room, const struct fact_to *to)
{
	struct span role = arin_slot(r, ARIN_IS_ROLE);
	struct fact f;
	const char *why;

	if (span_len(role) != 1 || (*role.p != 'Y' && *role.p != 'y') ||
	    !span_empty(arin_slot(r, ARIN_GIVEN_NAME))) {
		fact_leave(to, r->line, "a contact that may be a person");
		return 0;
	}
	why = begin(r, room, FACT_CONTACT, &f);
	f.mail = fact_mail(room, arin_slot(r, ARIN_MAIL));
	if (!why && span_empty(f.mail)) {
		fact_leave(to, r->line, "a contact without a mailbox");
		return 0;
	}
	return end(r, room, to, why, &f);
}
