/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the abuse contacts are reached, as far as DNS says: asked of the system's name server, or of dns_server. */
#include "prog/onus/enrich.h"

#include <arpa/inet.h>
#include <errno.h>
#include <resolv.h>
#include <string.h>

#include "holders/enrich/mailboxes.h"
#include "holders/enrich/mx.h"
#include "holders/readers.h"
#include "holders/tell.h"
#include "util/num.h"
#include "util/progress.h"

#define DNS_TRIES    2
#define DNS_SECONDS  3
#define ORG_ASES_MAX 16u /* looked at for a contact of an organisation */
#define UNSURE_MAX   10u /* in a row: it is the name server that does not answer */
#define MAIL_BYTES   (4u << 20)

struct checking {
	struct enrich *x;
	struct mailboxes *known;
	struct buf mails; /* those to check, one a line */
	unsigned n, max;
	int32_t today;
};

/* --- DNS ---------------------------------------------------------------------------------------------- */

/* "192.0.2.53:53": what a resolver of libc takes; IPv4 alone. */
static int dns_server(const char *text, struct __res_state *dns, struct err *e)
{
	struct span port = span_str(text), host;
	struct addr a;
	uint32_t number;

	if (!span_cut(&port, ':', &host) || addr_parse(host, &a) < 0 || !addr_is_v4(a) ||
	    num_u32(port, 65535, &number) < 0 || number == 0)
		return err_set(e, -EINVAL, "dns_server wants IPv4-ADDRESS:PORT, not \"%s\"", text);
	dns->nscount = 1;
	dns->nsaddr_list[0] = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)number),
		.sin_addr.s_addr = htonl(addr_v4(a)) };
	return 0;
}

static int dns_open(const struct conf *conf, struct __res_state *dns, struct err *e)
{
	memset(dns, 0, sizeof(*dns));
	if (res_ninit(dns) < 0)
		return err_set(e, -EIO, "cannot set up the asking of name servers");
	dns->retry = DNS_TRIES;
	dns->retrans = DNS_SECONDS;
	return *conf->dns_server ? dns_server(conf->dns_server, dns, e) : 0;
}

/* A dns_ask_fn. */
static size_t dns_ask(void *ctx, const char *name, int type, uint8_t *answer, size_t room)
{
	uint8_t query[NS_PACKETSZ];
	int n =
	    res_nmkquery(ctx, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, query, sizeof(query));

	if (n > 0)
		n = res_nsend(ctx, query, n, answer, (int)room);
	return n > 0 ? MIN_OF((size_t)n, room) : 0;
}

/* --- whose mailboxes ---------------------------------------------------------------------------------- */

/* One more to check, if it is due, and one that the registry file can hold. */
static void add(struct checking *c, struct span mail)
{
	struct span rest = buf_text(&c->mails), line;

	for (const char *p = mail.p; p < mail.end; p++)
		if (*p <= ' ' || *p > '~')
			return;
	if (span_empty(mail) || span_len(mail) > MAILBOX_MAX || c->n == c->max ||
	    !mailboxes_due(c->known, mail, c->today))
		return;
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		if (span_eq(line, mail))
			return;
	}
	buf_span(&c->mails, mail);
	buf_byte(&c->mails, '\n');
	c->n++;
}

static void add_whom(struct checking *c, uint32_t network, uint32_t as)
{
	struct whom whom;

	if (tell_whom(c->x->registry, network, as, &whom))
		add(c, whom.mail);
}

static void add_range(struct checking *c, struct range range)
{
	const struct registry *r = c->x->registry;
	struct attribution at;

	registry_lookup(r, range.first, &at);
	add_whom(c, registry_network(r, range.first), at.as);
}

static void add_org(struct checking *c, const char *handle)
{
	const struct registry *r = c->x->registry;
	uint32_t org = registry_find_org(r, span_str(handle)), first, n;

	if (org == REGISTRY_NONE)
		return;
	n = registry_org_ases(r, org, &first);
	for (uint32_t i = 0; i < MIN_OF(n, ORG_ASES_MAX); i++)
		add_whom(c, REGISTRY_NONE, registry_org_as(r, first + i));
}

static void add_entity(struct checking *c, const struct entity *en)
{
	const struct registry *r = c->x->registry;
	uint32_t at;

	switch (en->kind) {
	case ENTITY_ADDR:
	case ENTITY_BLOCK:
	case ENTITY_PREFIX:
		add_range(c, en->range);
		break;
	case ENTITY_NET:
		at = registry_find_network(r, span_str(en->handle));
		if (at != REGISTRY_NONE)
			add_whom(c, at, REGISTRY_NONE);
		break;
	case ENTITY_AS:
		add_whom(c, REGISTRY_NONE, registry_find_as(r, en->asn));
		break;
	case ENTITY_ORG:
		add_org(c, en->handle);
		break;
	case ENTITY_COUNTRY:
	case ENTITY_KIND_N:
		break;
	}
}

/* --- those of answers, which the next registry file has ----------------------------------------------- */

static int on_take(void *ctx, const struct fact *f)
{
	add(ctx, f->mail);
	return 0;
}

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	(void)ctx, (void)line, (void)why; /* the build tells */
}

static int add_answers(struct checking *c, struct err *e)
{
	const struct fact_to to = { on_take, on_refuse, c, NULL };
	const struct fact_reader *reader;
	CLEANUP(free_p) char *path = NULL;

	for (unsigned i = 0; i < cache_n(c->x->cache); i++) {
		if (!cache_at(c->x->cache, i)->answers)
			continue;
		if (asprintf(&path, "%s/%s", cache_dir(c->x->cache), CACHE_ANSWERS) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		return fact_read_file(path, &to, &reader, e);
	}
	return 0;
}

/* --- checking ----------------------------------------------------------------------------------------- */

static int check_all(struct checking *c, struct __res_state *dns, struct err *e)
{
	struct enrich_count *n = &c->x->count;
	struct span rest = buf_text(&c->mails), mail;
	struct progress bar;
	unsigned unsure = 0;
	int r = 0;

	progress_start(&bar, "checking mailboxes", c->n);
	while (r == 0 && !span_empty(rest) && unsure < UNSURE_MAX) {
		enum mailbox_state state;

		(void)span_cut(&rest, '\n', &mail);
		state = mailbox_check(mail, dns_ask, dns);
		r = mailboxes_put(c->known, mail, state, c->today, e);
		n->mailboxes++;
		n->mail_ok += state == MAILBOX_OK;
		n->mail_unsure += state == MAILBOX_UNSURE;
		unsure = state == MAILBOX_UNSURE ? unsure + 1 : 0;
		n->mail_dead += mailbox_dead(state);
		progress_at(&bar, n->mailboxes, NULL);
	}
	progress_end(&bar);
	if (unsure == UNSURE_MAX)
		(void)fprintf(stderr,
		    "onus registry enrich: the name server does not answer; the other "
		    "mailboxes are left to the next run\n");
	return r;
}

int enrich_mailboxes(struct enrich *x, struct err *e)
{
	struct checking c = {
		.x = x, .max = x->conf->rdap_mailboxes, .today = day_of(clock_now_s(&x->clock))
	};
	struct __res_state dns;
	int r = mailboxes_open(cache_dir(x->cache), x->conf->rdap_fresh_days,
	    x->conf->rdap_keep_days, c.today, &c.known, e);

	if (r < 0)
		return r;
	buf_init(&c.mails, MAIL_BYTES);
	for (size_t i = 0; x->registry && i < x->n_entity; i++)
		add_entity(&c, &x->entity[i]);
	r = add_answers(&c, e);
	if (r == 0 && !buf_ok(&c.mails))
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && c.n) {
		r = dns_open(x->conf, &dns, e);
		if (r == 0)
			r = check_all(&c, &dns, e);
		res_nclose(&dns);
	}
	buf_done(&c.mails);
	c.known = mailboxes_free(c.known);
	return r;
}
