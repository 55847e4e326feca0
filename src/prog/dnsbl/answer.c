/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/answer.h"

#include <errno.h>

#include "core/entity_page.h"

#define REFRESH_S 3600 /* of the SOA: nobody transfers this zone, so these three say nothing */
#define RETRY_S	  600
#define EXPIRE_S  604800

#define SCORE_BASE	0x7f010000u /* 127.1.GRADE.SCORE */
#define SCORE_LISTED_AT 'D'
#define SCORE_TEST	(SCORE_BASE | 6u << 8)

const char *const count_name[COUNT_N] = {
	[COUNT_QUERIES] = "queries",
	[COUNT_TCP] = "tcp",
	[COUNT_LISTED] = "listed",
	[COUNT_NXDOMAIN] = "nxdomain",
	[COUNT_REFUSED] = "refused",
	[COUNT_MALFORMED] = "malformed",
	[COUNT_TRUNCATED] = "truncated",
	[COUNT_DROPPED] = "dropped",
	[COUNT_LOST] = "lost",
	[COUNT_SHED] = "shed",
};

/* struct found - what there is under a name; with neither addresses nor a text there is nothing */
struct found {
	bool wants_text; /* of who is listed: for most questions it would be made for nothing */
	uint32_t v4[LISTING_CODES_MAX];
	unsigned n_v4;
	uint32_t ttl_s;
	size_t text_bytes;
	char text[LISTING_TEXT_MAX];
};

static bool is_there(const struct found *f)
{
	return f->n_v4 || f->text_bytes;
}

static void until(struct found *f, int64_t until_s, int64_t now_s)
{
	f->ttl_s = (uint32_t)MIN_OF((int64_t)f->ttl_s, MAX_OF(until_s - now_s, 1));
}

/* --- who is listed -------------------------------------------------------------------------------------- */

static void find_test(const struct asked *a, const struct ask *k, struct found *f)
{
	struct span text = SPAN(LISTING_TEST_TEXT);

	f->n_v4 = 1;
	f->v4[0] = k->score ? SCORE_TEST : LISTING_TEST;
	f->text_bytes = span_len(text);
	memcpy(f->text, text.p, span_len(text));
}

/* One row under a decision that lists it, told of as `scope` */
static void list(const struct asked *a, const struct reputation_row *row,
    const struct entity *scope, struct found *f)
{
	until(f, row->decision.until_s, a->now_s);
	f->n_v4 = listing_codes(row, a->zone->style, f->v4);
	if (f->wants_text)
		f->text_bytes = listing_text(
		    scope, row->decision.reason, row->decision.until_s, a->zone->site_url, f->text);
}

static void find_client(const struct asked *a, struct addr addr, struct found *f)
{
	struct reputation_row row;
	struct client c;

	client_decided(a->edition, addr, a->now_s, &c);
	if (!listing_is(&c))
		return;
	reputation_at(edition_reputation(a->edition), c.row, &row);
	list(a, &row, &c.scope, f);
}

static void find_holder(const struct asked *a, uint32_t index, struct found *f)
{
	struct reputation_row row;

	reputation_at(edition_reputation(a->edition), index, &row);
	if (reputation_in_force(&row, a->now_s) &&
	    listing_takes(row.decision.level, row.decision.action))
		list(a, &row, &row.entity, f);
}

/* --- scores --------------------------------------------------------------------------------------------- */

static unsigned whole(float v)
{
	return (unsigned)(MIN_OF(MAX_OF(v, 0), 100) + 0.5f);
}

/* "grade=D score=32 low=20 high=45 scope=block entity=block:192.0.2.0/24 URL" */
static void tell_score(const struct asked *a, const struct reputation_row *row, struct found *f)
{
	char name[ENTITY_NAME_MAX], url[LISTING_TEXT_MAX];
	size_t n_url = entity_url(a->zone->site_url, &row->entity, url, sizeof(url));
	int n;

	(void)entity_format(&row->entity, name);
	n = snprintf(f->text, sizeof(f->text),
	    "grade=%c score=%u low=%u high=%u scope=%s entity=%s", row->grade, whole(row->score),
	    whole(row->low), whole(row->high), entity_kind_name(row->entity.kind), name);
	f->text_bytes = MIN_OF((size_t)n, sizeof(f->text) - 1); /* names are shorter */
	if (n_url == 0 || f->text_bytes + 1 + n_url > sizeof(f->text))
		return;
	f->text[f->text_bytes] = ' ';
	memcpy(f->text + f->text_bytes + 1, url, n_url);
	f->text_bytes += 1 + n_url;
}

static void put_score(const struct asked *a, const struct reputation_row *row, struct found *f)
{
	if (row->grade >= SCORE_LISTED_AT) {
		f->n_v4 = 1;
		f->v4[0] = SCORE_BASE | (uint32_t)(row->grade - 'A' + 1) << 8 | whole(row->score);
	}
	tell_score(a, row, f);
}

/* Without a grade there is nothing to tell. */
static void find_score(const struct asked *a, uint32_t index, struct found *f)
{
	struct reputation_row row;

	reputation_at(edition_reputation(a->edition), index, &row);
	if (row.scored && row.grade)
		put_score(a, &row, f);
}

static void find_client_score(const struct asked *a, struct addr addr, struct found *f)
{
	struct reputation_row row;
	struct client c;

	client_look(a->edition, addr, a->now_s, &c);
	if (client_graded(a->edition, &c, a->now_s, &row))
		put_score(a, &row, f);
}

/* --- one question --------------------------------------------------------------------------------------- */

static uint32_t row_of(const struct reputation *r, const struct ask *k)
{
	uint32_t row = REPUTATION_NONE;

	if (k->kind == ASK_AS)
		return reputation_find_as(r, k->asn);
	for (unsigned i = 0; i < NELEM(k->org) && row == REPUTATION_NONE; i++)
		row = reputation_find(r, &k->org[i]);
	return row;
}

static void find_row(const struct asked *a, const struct ask *k, struct found *f)
{
	uint32_t row = row_of(edition_reputation(a->edition), k);

	if (row == REPUTATION_NONE)
		return;
	if (k->score)
		find_score(a, row, f);
	else
		find_holder(a, row, f);
}

static void find(const struct asked *a, const struct ask *k, struct found *f)
{
	f->n_v4 = 0;
	f->text_bytes = 0;
	f->ttl_s = a->zone->ttl_s;
	if (k->kind == ASK_TEST)
		find_test(a, k, f);
	if (k->kind < ASK_ADDR || !a->edition || edition_stale(a->edition, a->now_s))
		return;
	until(f, edition_head(a->edition)->expires_s, a->now_s);
	if (k->kind != ASK_ADDR)
		find_row(a, k, f);
	else if (k->score)
		find_client_score(a, k->addr, f);
	else
		find_client(a, k->addr, f);
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static void put_soa(
    const struct asked *a, struct dns_answer *out, enum dns_section s, unsigned skip)
{
	const struct zone *z = a->zone;
	struct dns_soa soa = { .server = z->n_servers ? &z->server[0] : &z->name,
		.contact = &z->contact,
		.serial = a->edition ? (uint32_t)edition_head(a->edition)->generation : 0,
		.refresh_s = REFRESH_S,
		.retry_s = RETRY_S,
		.expire_s = EXPIRE_S,
		.negative_s = z->ttl_s };

	dns_answer_soa(out, s, skip, z->ttl_s, &soa);
}

static void answer_apex(const struct asked *a, struct dns_answer *out)
{
	const struct dns_question *q = out->q;
	const struct zone *z = a->zone;

	if (q->type == DNS_TYPE_SOA || q->type == DNS_TYPE_ANY)
		put_soa(a, out, DNS_ANSWER, 0);
	for (unsigned i = 0; q->type == DNS_TYPE_NS && i < z->n_servers; i++)
		dns_answer_ns(out, DNS_ANSWER, 0, z->ttl_s, &z->server[i]);
}

static void answer_found(const struct found *f, struct dns_answer *out)
{
	uint16_t type = out->q->type;

	for (unsigned i = 0; type == DNS_TYPE_A && i < f->n_v4; i++)
		dns_answer_a(out, DNS_ANSWER, 0, f->ttl_s, f->v4[i]);
	if (type == DNS_TYPE_TXT && f->text_bytes)
		dns_answer_txt(out, DNS_ANSWER, 0, f->ttl_s, span_of(f->text, f->text_bytes));
	if (type == DNS_TYPE_ANY)
		dns_answer_hinfo(out, DNS_ANSWER, 0, f->ttl_s, SPAN("RFC8482"), SPAN(""));
}

static void answer_in_zone(
    const struct asked *a, unsigned labels, struct dns_answer *out, struct counts *c)
{
	struct found f;
	struct ask k;

	out->authoritative = out->q->class == DNS_CLASS_IN; /* RFC 1035, section 6.2 */
	zone_ask(out->q, labels, &k);
	f.wants_text = out->q->type == DNS_TYPE_TXT;
	find(a, &k, &f);
	if (k.kind == ASK_APEX)
		answer_apex(a, out);
	else if (is_there(&f))
		answer_found(&f, out);
	else if (k.kind != ASK_NODE && !k.node)
		out->rcode = DNS_NXDOMAIN;
	if (out->rcode == DNS_NXDOMAIN)
		count(c, COUNT_NXDOMAIN);
	else if (k.kind > ASK_TEST && !k.score && out->records[DNS_ANSWER])
		count(c, COUNT_LISTED);
	if (!out->records[DNS_ANSWER] && !out->truncated)
		put_soa(a, out, DNS_AUTHORITY, labels);
}

static void refuse(struct dns_answer *out, struct counts *c)
{
	out->rcode = DNS_REFUSED;
	count(c, COUNT_REFUSED);
}

static void answer_question(const struct asked *a, struct dns_answer *out, struct counts *c)
{
	const struct dns_question *q = out->q;
	unsigned labels;

	if (a->refused || (q->class != DNS_CLASS_IN && q->class != DNS_CLASS_ANY) ||
	    q->type == DNS_TYPE_AXFR || q->type == DNS_TYPE_IXFR || q->type == DNS_TYPE_OPT ||
	    !dns_name_below(&q->name, &a->zone->name, &labels))
		refuse(out, c);
	else
		answer_in_zone(a, labels, out, c);
}

static size_t room(const struct asked *a, const struct dns_question *q)
{
	return a->tcp ? ANSWER_MAX : MIN_OF(MAX_OF(q->edns_bytes, DNS_UDP_PLAIN), DNS_UDP_MAX);
}

size_t answer_make(
    const struct asked *a, struct rd message, bool brief, uint8_t *out, struct counts *c)
{
	struct dns_question q;
	struct dns_answer w;
	int r = dns_question_read(message, &q);

	count(c, COUNT_QUERIES);
	if (a->tcp)
		count(c, COUNT_TCP);
	if (r < 0 && r != -EPROTO)
		count(c, COUNT_MALFORMED);
	if (r == -ENOMSG)
		return 0;
	dns_answer_begin(&w, out, room(a, &q), &q);
	if (r == -EBADMSG)
		w.rcode = DNS_FORMERR;
	else if (r == -EOPNOTSUPP)
		w.rcode = DNS_NOTIMP;
	else if (r == -EPROTO)
		w.rcode = DNS_BADVERS;
	else if (brief)
		dns_answer_cut(&w);
	else
		answer_question(a, &w, c);
	if (w.truncated && !brief)
		count(c, COUNT_TRUNCATED);
	return dns_answer_end(&w);
}
