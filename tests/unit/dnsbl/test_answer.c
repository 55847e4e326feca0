/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus-dnsbl's answers about a publication, asked and read back through ldns: who is listed and who is not, scores, names
 * of the other zones, the test entries of RFC 5782, what is in the middle of longer names, how long answers may be kept,
 * and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ldns/ldns.h>
#undef INLINE /* that of ldns; we have our own */

#include "prog/dnsbl/answer.h"
#include "publication/manifest.h"

#define NOW	 (INT64_C(20000) * 86400)
#define EXPIRES	 (NOW + 86400)
#define SITE_URL "https://rep.example"
#define ZONE	 "bl.example"

/* --- a publication -------------------------------------------------------------------------------------- */

static const struct {
	const char *entity, *parent;
	char grade; /* 0: not scored */
	float score, family[FAMILY_SCORED_N];
	enum level level;
	enum action action;
	int until_s; /* after NOW */
	const char *why;
} standings[] = {
	{ "addr:45.0.0.7", "block:45.0.0.0/24", 'F', 3, { 3, 0, 0, 0 }, LEVEL_BLOCK, ACTION_DROP,
	    3600, "brute-force on 3 days" },
	{ "addr:45.0.0.8", "block:45.0.0.0/24", 'E', 12, { 1, 2, 0, .2f }, LEVEL_BLOCK,
	    ACTION_REJECT, 30, "spam" },
	{ "addr:45.0.0.9", "block:45.0.0.0/24", 'D', 40, { 1 }, LEVEL_FRICTION, ACTION_GREYLIST,
	    3600, "seen once" },
	{ "addr:45.0.0.10", "block:45.0.0.0/24", 'E', 20, { 1 }, LEVEL_WATCH, ACTION_TAG, 3600,
	    "" },
	{ "addr:45.0.0.11", "block:45.0.0.0/24", 'F', 1, { 1 }, LEVEL_BLOCK, ACTION_DROP, 0,
	    "over" },
	{ "addr:45.0.0.12", "block:45.0.0.0/24", 0, 0, { 0 }, LEVEL_BLOCK, ACTION_DROP, 3600,
	    "by hand" },
	{ "addr:1.2.3.4", NULL, 'A', 99, { 0 }, 0, 0, 0, "" },
	{ "addr:1.2.3.5", NULL, 'F', 2, { 0, 0, 1, 0 }, LEVEL_BLOCK, ACTION_DROP, 3600,
	    "phishing" },
	{ "block:45.0.0.0/24", "prefix:45.0.0.0/23", 'C', 55, { 4 }, 0, 0, 0, "" },
	{ "block:45.0.1.0/24", "prefix:45.0.0.0/23", 'D', 26.6f, { 0, 0, 1, 1 }, LEVEL_BLOCK,
	    ACTION_REJECT, 1800, "3 hosts in 7 days" },
	{ "prefix:45.0.0.0/23", "as:3333", 'C', 50, { 4 }, 0, 0, 0, "" },
	{ "prefix:46.0.0.0/16", "as:3333", 'B', 80, { 4 }, 0, 0, 0, "" },
	{ "addr:2a00:1:2:3::/64", NULL, 'F', 5, { 0, 0, 0, 1 }, LEVEL_BLOCK, ACTION_DROP, 600,
	    "proxy" },
	{ "as:3333", "org:RIPE/ORG-X1-RIPE", 'D', 30, { 4 }, LEVEL_BLOCK, ACTION_REJECT, 3600,
	    "a warrant" },
	{ "as:3334", NULL, 'B', 90, { 1 }, LEVEL_FRICTION, ACTION_GREYLIST, 3600, "slow" },
	{ "org:RIPE/ORG-X1-RIPE", NULL, 'E', 24, { 4 }, LEVEL_BLOCK, ACTION_DROP, 3600,
	    "a warrant" },
	{ "org:DBIP/example-hosting", NULL, 'D', 49, { 4 }, 0, 0, 0, "" },
	{ "org:ARIN/Mixed.Case", NULL, 'F', 0, { 4 }, 0, 0, 0, "" },
};

static char dir[] = "/tmp/onus-dnsbl-XXXXXX";
static struct edition *edition;
static struct zone zone;

static void add(struct reputation_writer *w, unsigned i)
{
	struct entity en, parent;
	struct err e;
	struct standing s = { .entity = &en,
		.hosts = 1,
		.events = 5,
		.first_day = 19990,
		.last_day = 20000,
		.scored = standings[i].grade != 0,
		.expected = 1,
		.ratio = 4,
		.score = (double)standings[i].score,
		.low = (double)standings[i].score / 2,
		.high = (double)standings[i].score,
		.grade = standings[i].grade,
		.decision = { standings[i].level, standings[i].action, NOW - 100,
		    NOW + standings[i].until_s, span_str(standings[i].why) } };

	assert_int_equal(entity_parse(span_str(standings[i].entity), &en, &e), 0);
	for (unsigned f = 0; f < FAMILY_SCORED_N; f++)
		s.family[f] = (double)standings[i].family[f];
	if (standings[i].parent) {
		assert_int_equal(entity_parse(span_str(standings[i].parent), &parent, &e), 0);
		s.parent = &parent;
	}
	assert_int_equal(reputation_writer_add(w, &s, &e), 0);
}

static int set_up(void **state)
{
	static const char *const names[] = { "reputation" };
	const struct publication_head head = { .generation = 4711,
		.created_s = NOW,
		.expires_s = EXPIRES,
		.as_of_s = NOW,
		.formula = SPAN("onus-1"),
		.site = SPAN("example"),
		.attribution = SPAN("") };
	struct conf *conf = conf_new();
	struct reputation_writer *w;
	struct sign_key key;
	char path[64];
	struct err e = { "" };

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/reputation", dir);
	assert_int_equal(reputation_writer_new(&head, &w, &e), 0);
	for (unsigned i = 0; i < NELEM(standings); i++)
		add(w, i);
	if (reputation_writer_write(w, path, &e) < 0 || sign_key_open(dir, &key, &e) < 0 ||
	    manifest_write(dir, "", &head, names, 1, &key, &e) < 0 ||
	    edition_open(dir, NULL, NULL, &edition, &e) < 0)
		fail_msg("%s", e.text);
	(void)reputation_writer_free(w);
	sign_key_done(&key);
	assert_int_equal(conf_set(conf, "dnsbl_zone=" ZONE, &e), 0);
	assert_int_equal(conf_set(conf, "dnsbl_ns=ns1.example, ns2.example.", &e), 0);
	assert_int_equal(conf_set(conf, "site_url=" SITE_URL, &e), 0);
	if (zone_open(conf, &zone, &e) < 0)
		fail_msg("%s", e.text);
	(void)conf_free(conf);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "reputation", "manifest", "publish.key",
		"publish.pub" };
	char path[64];

	edition = edition_free(edition);
	zone_done(&zone);
	for (unsigned i = 0; i < NELEM(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	return rmdir(dir);
}

/* --- asking --------------------------------------------------------------------------------------------- */

struct way {
	const struct edition *edition;
	int64_t now_s;
	bool tcp, refused, brief;
};

static struct counts counts;

/* Asked through ldns, read back through ldns; the caller frees it. */
static ldns_pkt *ask_of(const struct way *y, ldns_pkt *query)
{
	struct asked a = { .zone = &zone,
		.edition = y->edition,
		.now_s = y->now_s,
		.tcp = y->tcp,
		.refused = y->refused };
	static uint8_t out[ANSWER_MAX];
	ldns_pkt *answer = NULL;
	uint8_t *wire;
	size_t n;

	assert_int_equal(ldns_pkt2wire(&wire, query, &n), LDNS_STATUS_OK);
	n = answer_make(&a, rd_of(wire, n), y->brief, out, &counts);
	free(wire);
	assert_true(n > 0 && n <= (y->tcp ? ANSWER_MAX : DNS_UDP_MAX));
	assert_int_equal(ldns_wire2pkt(&answer, out, n), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(answer), ldns_pkt_id(query));
	assert_true(ldns_pkt_qr(answer));
	return answer;
}

static ldns_pkt *query_of(const char *name, ldns_rr_type type, ldns_rr_class class)
{
	ldns_pkt *q = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, class, LDNS_RD);

	assert_non_null(q);
	ldns_pkt_set_id(q, 0x1234);
	return q;
}

static ldns_pkt *ask(const struct way *y, const char *name, ldns_rr_type type)
{
	ldns_pkt *q = query_of(name, type, LDNS_RR_CLASS_IN), *a = ask_of(y, q);

	ldns_pkt_free(q);
	return a;
}

/* "A 127.0.0.3 A 127.0.0.4": type and data of every record of a section; their TTL, which is one */
static void words(const ldns_rr_list *l, struct buf *ret, uint32_t *ttl_s)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(l); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(l, i);
		char *type = ldns_rr_type2str(ldns_rr_get_type(rr));

		buf_fmt(ret, "%s%s", ret->len ? " " : "", type);
		free(type);
		for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
			char *data = ldns_rdf2str(ldns_rr_rdf(rr, k));

			buf_fmt(ret, " %s", data);
			free(data);
		}
		*ttl_s = ldns_rr_ttl(rr);
	}
}

static const struct way now = { NULL, NOW, false, false, false };

static struct way published(void)
{
	struct way y = now;

	y.edition = edition;
	return y;
}

/* --- what is asked, and what is said -------------------------------------------------------------------- */

#define SOA   "SOA ns1.example. hostmaster." ZONE ". 4711 3600 600 604800 120"
#define UPPER "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
#define LONG  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *type;
	int rcode;
	const char *answer; /* "": none, but the SOA in authority */
} cases[] = {
	/* addresses: refusals, and nothing less */
	{ "7.0.0.45." ZONE, "A", 0, "A 127.0.0.3" },
	{ "7.0.0.45." ZONE, "TXT", 0,
	    "TXT \"brute-force on 3 days; scope=addr until=2024-10-04T01:00:00Z " SITE_URL
	    "/addr/45.0.0.7\"" },
	{ "7.0.0.45." ZONE, "ANY", 0, "HINFO \"RFC8482\" \"\"" },
	{ "7.0.0.45." ZONE, "MX", 0, "" },
	{ "7.0.0.45." ZONE, "AAAA", 0, "" },
	{ "8.0.0.45." ZONE, "A", 0,
	    "A 127.0.0.3 A 127.0.0.4" },	      /* a family of 6 % is not told of */
	{ "9.0.0.45." ZONE, "A", 3, "" },	      /* friction */
	{ "10.0.0.45." ZONE, "A", 3, "" },	      /* a tag */
	{ "11.0.0.45." ZONE, "A", 3, "" },	      /* over */
	{ "12.0.0.45." ZONE, "A", 0, "A 127.0.0.2" }, /* by hand, without a score */
	{ "13.0.0.45." ZONE, "A", 3, "" },
	{ "13.1.0.45." ZONE, "A", 0, "A 127.0.0.5 A 127.0.0.6" }, /* its block */
	{ "13.1.0.45." ZONE, "TXT", 0,
	    "TXT \"3 hosts in 7 days; scope=block until=2024-10-04T00:30:00Z " SITE_URL
	    "/block/45.0.1.0/24\"" },
	{ "5.3.2.1." ZONE, "A", 0, "A 127.0.0.5" },
	{ "4.3.2.1." ZONE, "A", 0, "" }, /* not listed, and the middle of IPv6 */
	{ "4.3.2.1." ZONE, "TXT", 0, "" },
	{ "99.3.2.1." ZONE, "A", 3, "" },
	{ "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0"
	  ".3.0.0.0.2.0.0.0.1.0.0.0.0.0.a.2." ZONE,
	    "A", 0, "A 127.0.0.6" },
	{ "F.e.d.c.b.A.9.8.7.6.5.4.3.2.1.0"
	  ".3.0.0.0.2.0.0.0.1.0.0.0.0.0.A.2.BL.eXample",
	    "A", 0, "A 127.0.0.6" },
	{ "f.e.d.c.b.a.9.8.7.6.5.4.3.2.1.0"
	  ".4.0.0.0.2.0.0.0.1.0.0.0.0.0.a.2." ZONE,
	    "A", 3, "" },
	/* the middle of longer names, and no names at all */
	{ "0.45." ZONE, "A", 0, "" },
	{ "255." ZONE, "A", 0, "" },
	{ "a.2." ZONE, "A", 0, "" },
	{ "3.0.0.0.2.0.0.0.1.0.0.0.0.0.a.2." ZONE, "TXT", 0, "" },
	{ "256." ZONE, "A", 3, "" },
	{ "07.0.0.45." ZONE, "A", 3, "" },
	{ "1.7.0.0.45." ZONE, "A", 3, "" },
	{ "g." ZONE, "A", 3, "" },
	{ "aa.2." ZONE, "A", 3, "" },
	{ "www." ZONE, "A", 3, "" },
	{ "0." UPPER "." UPPER "." ZONE, "A", 3, "" },
	/* RFC 5782, section 5 */
	{ "2.0.0.127." ZONE, "A", 0, "A 127.0.0.2" },
	{ "2.0.0.127." ZONE, "TXT", 0, "TXT \"a test entry of RFC 5782: nobody is meant\"" },
	{ "1.0.0.127." ZONE, "A", 3, "" },
	{ "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." ZONE, "A", 0,
	    "A 127.0.0.2" },
	{ "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0." ZONE, "A", 3, "" },
	{ "2.0.0.127.score." ZONE, "A", 0, "A 127.1.6.0" },
	{ "1.0.0.127.score." ZONE, "A", 3, "" },
	{ "TEST.as." ZONE, "A", 0, "A 127.0.0.2" },
	{ "INVALID.as." ZONE, "A", 3, "" },
	{ "test.org." ZONE, "A", 0, "A 127.0.0.2" },
	{ "invalid.org." ZONE, "A", 0, "" }, /* it may be a source's: nothing is listed under it */
	{ "TEST.as.score." ZONE, "A", 0, "A 127.1.6.0" },
	/* scores: the narrowest level that has a grade; of the good ones no address */
	{ "7.0.0.45.score." ZONE, "A", 0, "A 127.1.6.3" },
	{ "7.0.0.45.score." ZONE, "TXT", 0,
	    "TXT \"grade=F score=3 low=2 high=3 scope=addr entity=addr:45.0.0.7 " SITE_URL
	    "/addr/45.0.0.7\"" },
	{ "9.0.0.45.score." ZONE, "A", 0, "A 127.1.4.40" },
	{ "12.0.0.45.score." ZONE, "A", 0, "" },
	{ "12.0.0.45.score." ZONE, "TXT", 0,
	    "TXT \"grade=C score=55 low=28 high=55 scope=block entity=block:45.0.0.0/24 " SITE_URL
	    "/block/45.0.0.0/24\"" },
	{ "13.1.0.45.score." ZONE, "A", 0, "A 127.1.4.27" },
	{ "1.2.0.46.score." ZONE, "TXT", 0,
	    "TXT \"grade=B score=80 low=40 high=80 scope=prefix entity=prefix:46.0.0.0/16 " SITE_URL
	    "/prefix/46.0.0.0/16\"" },
	{ "4.3.2.1.score." ZONE, "A", 0, "" },
	{ "10.10.10.47.score." ZONE, "TXT", 3, "" },
	{ "score." ZONE, "A", 0, "" },
	{ "0.46.score." ZONE, "A", 0, "" },
	{ "x.score." ZONE, "A", 3, "" },
	/* ASes and organisations */
	{ "3333.as." ZONE, "A", 0, "A 127.0.0.3" },
	{ "3333.as." ZONE, "TXT", 0,
	    "TXT \"a warrant; scope=as until=2024-10-04T01:00:00Z " SITE_URL "/as/3333\"" },
	{ "3334.as." ZONE, "A", 3, "" },
	{ "03333.as." ZONE, "A", 3, "" },
	{ "4294967296.as." ZONE, "A", 3, "" },
	{ "0.as." ZONE, "A", 3, "" },
	{ "1.3333.as." ZONE, "A", 3, "" },
	{ "as." ZONE, "A", 0, "" },
	{ "3333.as.score." ZONE, "A", 0, "A 127.1.4.30" },
	{ "3334.as.score." ZONE, "TXT", 0,
	    "TXT \"grade=B score=90 low=45 high=90 scope=as entity=as:3334 " SITE_URL
	    "/as/3334\"" },
	{ "ORG-X1-RIPE.RIPE.org." ZONE, "A", 0, "A 127.0.0.3" },
	{ "org-x1-ripe.ripe.org." ZONE, "TXT", 0,
	    "TXT \"a warrant; scope=org until=2024-10-04T01:00:00Z " SITE_URL
	    "/org/RIPE/ORG-X1-RIPE\"" },
	{ "Example-Hosting.dbip.ORG.score." ZONE, "A", 0, "A 127.1.4.49" },
	{ "example-hosting.DBIP.org." ZONE, "A", 0, "" }, /* not listed, and maybe a middle */
	{ "case.arin.org.score." ZONE, "A", 0, "" },	  /* the middle of Mixed.Case */
	{ "case.arin.org.score." ZONE, "TXT", 0, "" },
	{ "Mixed.Case.ARIN.org.score." ZONE, "A", 0, "A 127.1.6.0" },
	{ "Mixed\\046Case.ARIN.org.score." ZONE, "A", 0, "A 127.1.6.0" },
	{ "mixed.case.arin.org.score." ZONE, "A", 0,
	    "" }, /* neither as it is written nor of one case */
	{ LONG "." LONG "." LONG "."
	       "RIPE.org." ZONE,
	    "A", 3, "" }, /* than a handle is */
	{ "a\\000b.RIPE.org." ZONE, "A", 3, "" },
	{ "RIPE.org." ZONE, "A", 0, "" },
	{ "org.score." ZONE, "A", 0, "" },
	/* the zone itself */
	{ ZONE, "SOA", 0, SOA },
	{ ZONE, "NS", 0, "NS ns1.example. NS ns2.example." },
	{ ZONE, "ANY", 0, SOA },
	{ ZONE, "A", 0, "" },
	{ ZONE, "AXFR", 5, NULL },
	{ "7.0.0.45." ZONE, "IXFR", 5, NULL },
	/* elsewhere */
	{ "7.0.0.45.bl.example.org", "A", 5, NULL },
	{ "example", "SOA", 5, NULL },
	{ ".", "NS", 5, NULL },
	{ "xbl.example", "A", 5, NULL },
};

static void check(const ldns_pkt *p, unsigned i)
{
	struct buf answer, authority;
	uint32_t ttl_s = 0;

	buf_init(&answer, 4096);
	buf_init(&authority, 4096);
	words(ldns_pkt_answer(p), &answer, &ttl_s);
	words(ldns_pkt_authority(p), &authority, &ttl_s);
	if ((int)ldns_pkt_get_rcode(p) != cases[i].rcode ||
	    !span_is(buf_text(&answer), cases[i].answer ? cases[i].answer : "") ||
	    !span_is(buf_text(&authority), cases[i].answer && !*cases[i].answer ? SOA : "") ||
	    (bool)ldns_pkt_aa(p) != (cases[i].rcode != LDNS_RCODE_REFUSED))
		fail_msg("%s %s: rcode %d, answer \"%s\", authority \"%s\"", cases[i].name,
		    cases[i].type, ldns_pkt_get_rcode(p), answer.p ? answer.p : "",
		    authority.p ? authority.p : "");
	buf_done(&answer);
	buf_done(&authority);
}

static void test_cases(void **state)
{
	for (unsigned i = 0; i < NELEM(cases); i++) {
		struct way y = published();
		ldns_pkt *p = ask(&y, cases[i].name, ldns_get_rr_type_by_name(cases[i].type));

		check(p, i);
		ldns_pkt_free(p);
		y.tcp = true;
		p = ask(&y, cases[i].name, ldns_get_rr_type_by_name(cases[i].type));
		check(p, i);
		ldns_pkt_free(p);
	}
}

static void one(const struct way *y, const char *name, const char *type, int rcode,
    const char *answer, uint32_t ttl_s)
{
	ldns_pkt *p = ask(y, name, ldns_get_rr_type_by_name(type));
	uint32_t told_s = 0;
	struct buf b;

	buf_init(&b, 4096);
	words(ldns_pkt_answer(p), &b, &told_s);
	if ((int)ldns_pkt_get_rcode(p) != rcode || !span_is(buf_text(&b), answer) ||
	    (*answer && told_s != ttl_s))
		fail_msg(
		    "%s: %d \"%s\" for %u s", name, ldns_pkt_get_rcode(p), b.p ? b.p : "", told_s);
	buf_done(&b);
	ldns_pkt_free(p);
}

/* No answer is kept for longer than what it tells of, and what has ended is told no more. */
static void test_time(void **state)
{
	struct way y = published();

	one(&y, "7.0.0.45." ZONE, "A", 0, "A 127.0.0.3", 120);
	one(&y, "8.0.0.45." ZONE, "A", 0, "A 127.0.0.3 A 127.0.0.4", 30);
	y.now_s = NOW + 29;
	one(&y, "8.0.0.45." ZONE, "A", 0, "A 127.0.0.3 A 127.0.0.4", 1);
	y.now_s = NOW + 30;
	one(&y, "8.0.0.45." ZONE, "A", 3, "", 0);
	one(&y, "8.0.0.45.score." ZONE, "A", 0, "A 127.1.5.12", 120);
	y.now_s = EXPIRES - 10;
	one(&y, "8.0.0.45.score." ZONE, "A", 0, "A 127.1.5.12", 10);
	y.now_s = EXPIRES; /* stale: as if nothing were listed, but the zone is there */
	for (unsigned i = 0; i < 2; i++) {
		one(&y, "7.0.0.45." ZONE, "A", 3, "", 0);
		one(&y, "8.0.0.45.score." ZONE, "TXT", 3, "", 0);
		one(&y, "3333.as." ZONE, "A", 3, "", 0);
		one(&y, "ORG-X1-RIPE.RIPE.org." ZONE, "A", 0, "", 0);
		one(&y, "2.0.0.127." ZONE, "A", 0, "A 127.0.0.2", 120);
		one(&y, "0.45." ZONE, "A", 0, "", 0);
		y = now; /* and so without any */
	}
}

static void test_mask(void **state)
{
	struct way y = published();

	zone.style = LISTING_MASK;
	one(&y, "7.0.0.45." ZONE, "A", 0, "A 127.0.0.2", 120);
	one(&y, "8.0.0.45." ZONE, "A", 0, "A 127.0.0.6", 30);
	one(&y, "13.1.0.45." ZONE, "A", 0, "A 127.0.0.24", 120);
	one(&y, "12.0.0.45." ZONE, "A", 0, "A 127.0.0.32", 120);
	one(&y, "2.0.0.127." ZONE, "A", 0, "A 127.0.0.2", 120);
	zone.style = LISTING_LIST;
}

/* --- the rest of DNS ------------------------------------------------------------------------------------ */

static void test_refused(void **state)
{
	struct way y = published();
	ldns_pkt *q = query_of("version.bind", LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_CH), *a;
	uint64_t before = counted(&counts, COUNT_REFUSED);

	a = ask_of(&y, q);
	assert_int_equal(ldns_pkt_get_rcode(a), LDNS_RCODE_REFUSED);
	ldns_pkt_free(a);
	ldns_pkt_free(q);
	y.refused = true;
	a = ask(&y, "7.0.0.45." ZONE, LDNS_RR_TYPE_A);
	assert_int_equal(ldns_pkt_get_rcode(a), LDNS_RCODE_REFUSED);
	assert_int_equal(ldns_pkt_ancount(a) + ldns_pkt_nscount(a), 0);
	ldns_pkt_free(a);
	assert_int_equal(counted(&counts, COUNT_REFUSED), before + 2);
}

/* Of all classes nobody can speak for more than one (RFC 1035, section 6.2). */
static void test_any_class(void **state)
{
	struct way y = published();
	ldns_pkt *q = query_of("7.0.0.45." ZONE, LDNS_RR_TYPE_A, LDNS_RR_CLASS_ANY),
		 *a = ask_of(&y, q);

	assert_int_equal(ldns_pkt_get_rcode(a), LDNS_RCODE_NOERROR);
	assert_int_equal(ldns_pkt_ancount(a), 1);
	assert_false(ldns_pkt_aa(a));
	ldns_pkt_free(a);
	ldns_pkt_free(q);
}

/* What is counted as listed is who is: not the test entries, not the zone, not the scores, good ones least of all. */
static void test_counted(void **state)
{
	static const struct {
		const char *name, *type;
		unsigned listed;
	} of[] = {
		{ "7.0.0.45." ZONE, "A", 1 },
		{ "7.0.0.45." ZONE, "TXT", 1 },
		{ "7.0.0.45." ZONE, "ANY", 1 },
		{ "7.0.0.45." ZONE, "MX", 0 },
		{ "3333.as." ZONE, "A", 1 },
		{ "ORG-X1-RIPE.RIPE.org." ZONE, "A", 1 },
		{ "9.0.0.45." ZONE, "A", 0 },
		{ "2.0.0.127." ZONE, "A", 0 },
		{ "TEST.as." ZONE, "A", 0 },
		{ "test.org." ZONE, "TXT", 0 },
		{ "3334.as.score." ZONE, "TXT", 0 },
		{ "7.0.0.45.score." ZONE, "A", 0 },
		{ ZONE, "SOA", 0 },
	};
	struct way y = published();

	for (unsigned i = 0; i < NELEM(of); i++) {
		uint64_t before = counted(&counts, COUNT_LISTED);

		ldns_pkt_free(ask(&y, of[i].name, ldns_get_rr_type_by_name(of[i].type)));
		if (counted(&counts, COUNT_LISTED) != before + of[i].listed)
			fail_msg("%s %s", of[i].name, of[i].type);
	}
}

static void test_opcode(void **state)
{
	struct way y = published();
	ldns_pkt *q = query_of(ZONE, LDNS_RR_TYPE_SOA, LDNS_RR_CLASS_IN), *a;

	ldns_pkt_set_opcode(q, LDNS_PACKET_NOTIFY);
	a = ask_of(&y, q);
	assert_int_equal(ldns_pkt_get_rcode(a), LDNS_RCODE_NOTIMPL);
	assert_int_equal(ldns_pkt_get_opcode(a), LDNS_PACKET_NOTIFY);
	ldns_pkt_free(a);
	ldns_pkt_free(q);
}

static void test_edns(void **state)
{
	struct way y = published();
	ldns_pkt *q = query_of("7.0.0.45." ZONE, LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN), *a;

	a = ask_of(&y, q);
	assert_false(ldns_pkt_edns(a)); /* who has none is not told of it */
	ldns_pkt_free(a);
	ldns_pkt_set_edns_udp_size(q, 4096);
	ldns_pkt_set_edns_do(q, true);
	a = ask_of(&y, q);
	assert_true(ldns_pkt_edns(a));
	assert_int_equal(ldns_pkt_edns_udp_size(a), DNS_UDP_MAX);
	assert_int_equal(ldns_pkt_edns_version(a), 0);
	assert_true(ldns_pkt_edns_do(a));
	assert_int_equal(ldns_pkt_ancount(a), 1);
	ldns_pkt_free(a);
	ldns_pkt_set_edns_version(q, 1);
	a = ask_of(&y, q);
	assert_int_equal(ldns_pkt_get_rcode(a), 0);
	assert_int_equal(ldns_pkt_edns_extended_rcode(a), 1); /* 16: BADVERS */
	assert_int_equal(ldns_pkt_ancount(a), 0);
	ldns_pkt_free(a);
	ldns_pkt_free(q);
}

/* What does not fit: a zone whose SOA alone is too long for 512 bytes is asked again over TCP. */
static void test_truncated(void **state)
{
	static const char l63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct way y = published();
	struct dns_name kept = zone.server[0], kept_contact = zone.contact;
	uint64_t before = counted(&counts, COUNT_TRUNCATED);
	char name[256];
	ldns_pkt *a;

	(void)snprintf(name, sizeof(name), "%s.%s.%s.%s", l63, l63, l63, l63 + 20);
	assert_int_equal(dns_name_of(span_str(name), &zone.server[0]), 0);
	zone.contact = zone.server[0];
	a = ask(&y, ZONE, LDNS_RR_TYPE_SOA);
	assert_true(ldns_pkt_tc(a));
	assert_int_equal(ldns_pkt_ancount(a) + ldns_pkt_nscount(a), 0);
	ldns_pkt_free(a);
	assert_int_equal(counted(&counts, COUNT_TRUNCATED), before + 1);
	y.tcp = true;
	a = ask(&y, ZONE, LDNS_RR_TYPE_SOA);
	assert_false(ldns_pkt_tc(a));
	assert_int_equal(ldns_pkt_ancount(a), 1);
	ldns_pkt_free(a);
	zone.server[0] = kept;
	zone.contact = kept_contact;
	y = published();
	y.brief = true;
	a = ask(&y, "7.0.0.45." ZONE, LDNS_RR_TYPE_A);
	assert_true(ldns_pkt_tc(a));
	assert_int_equal(ldns_pkt_ancount(a), 0);
	assert_int_equal(ldns_pkt_qdcount(a), 1);
	ldns_pkt_free(a);
}

static void test_silence(void **state)
{
	struct asked a = { .zone = &zone, .edition = edition, .now_s = NOW };
	static const uint8_t answer[] = "\x12\x34\x81\0\0\1\0\0\0\0\0\0\2bl\7example\0\0\6\0";
	uint64_t before = counted(&counts, COUNT_MALFORMED);
	uint8_t out[ANSWER_MAX];

	assert_int_equal(answer_make(&a, rd_of(answer, sizeof(answer)), false, out, &counts), 0);
	assert_int_equal(answer_make(&a, rd_of(answer, 11), false, out, &counts), 0);
	assert_int_equal(answer_make(&a, rd_of(answer, 0), false, out, &counts), 0);
	assert_int_equal(counted(&counts, COUNT_MALFORMED), before + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_any_class),
		cmocka_unit_test(test_counted),
		cmocka_unit_test(test_opcode),
		cmocka_unit_test(test_edns),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
