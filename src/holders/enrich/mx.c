/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/enrich/mx.h"

#include <arpa/nameser.h>

#include "net/addr.h"

/* What the head of an answer says already; MX_HOSTS: look into it. */
static enum mx_found head_of(ns_msg *m, const uint8_t *p, size_t n)
{
	if (n < NS_HFIXEDSZ || n > NS_MAXMSG || ns_initparse(p, (int)n, m) < 0 ||
	    !ns_msg_getflag(*m, ns_f_qr))
		return MX_UNSURE;
	switch (ns_msg_getflag(*m, ns_f_rcode)) {
	case ns_r_noerror:
		return ns_msg_getflag(*m, ns_f_tc) ? MX_UNSURE : MX_HOSTS;
	case ns_r_nxdomain:
		return MX_NO_NAME;
	default:
		return MX_UNSURE;
	}
}

/* struct mx - while an answer is read; sorted by preference as they come */
struct mx {
	uint16_t preference[MX_HOSTS_MAX];
	char (*host)[IDN_NAME_MAX + 1];
	unsigned n;
};

static void mx_put(struct mx *mx, uint16_t preference, const char *name)
{
	unsigned at = mx->n;

	if (mx->n == MX_HOSTS_MAX && preference >= mx->preference[mx->n - 1])
		return;
	if (mx->n < MX_HOSTS_MAX)
		mx->n++;
	else
		at--;
	for (; at > 0 && preference < mx->preference[at - 1]; at--) {
		mx->preference[at] = mx->preference[at - 1];
		memcpy(mx->host[at], mx->host[at - 1], sizeof(mx->host[at]));
	}
	mx->preference[at] = preference;
	memcpy(mx->host[at], name, strlen(name) + 1);
}

/* One MX record: 1 a host, 0 the root ("."), -1 nothing that can be asked about. */
static int mx_record(const ns_msg *m, const ns_rr *rr, struct mx *mx)
{
	char text[NS_MAXDNAME], name[IDN_NAME_MAX + 1];
	const uint8_t *data = ns_rr_rdata(*rr);

	if (ns_rr_rdlen(*rr) < 3 ||
	    ns_name_uncompress(ns_msg_base(*m), ns_msg_end(*m), data + 2, text, sizeof(text)) < 0)
		return -1;
	if (text[0] == '\0' || strcmp(text, ".") == 0)
		return 0;
	if (!idn_ascii(span_str(text), name))
		return -1;
	mx_put(mx, (uint16_t)ns_get16(data), name);
	return 1;
}

enum mx_found mx_read(
    const uint8_t *p, size_t n, char host[MX_HOSTS_MAX][IDN_NAME_MAX + 1], unsigned *n_host)
{
	struct mx mx = { .host = host };
	ns_msg m;
	enum mx_found found = head_of(&m, p, n);
	unsigned any = 0, null = 0;

	*n_host = 0;
	if (found != MX_HOSTS)
		return found;
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		ns_rr rr;

		if (ns_parserr(&m, ns_s_an, i, &rr) < 0)
			return MX_UNSURE;
		if (ns_rr_type(rr) != ns_t_mx || ns_rr_class(rr) != ns_c_in)
			continue;
		any++;
		null += mx_record(&m, &rr, &mx) == 0;
	}
	*n_host = mx.n;
	if (mx.n)
		return MX_HOSTS;
	return any == 0	     ? MX_NONE
	       : null == any ? MX_NULL
			     : MX_HOSTS; /* with none that can be asked */
}

/* An address that is reached from elsewhere. */
static bool address_record(const ns_rr *rr)
{
	uint8_t b[16] = { [10] = 0xff, [11] = 0xff };

	if (ns_rr_class(*rr) != ns_c_in)
		return false;
	if (ns_rr_type(*rr) == ns_t_a && ns_rr_rdlen(*rr) == 4)
		memcpy(b + 12, ns_rr_rdata(*rr), 4);
	else if (ns_rr_type(*rr) == ns_t_aaaa && ns_rr_rdlen(*rr) == 16)
		memcpy(b, ns_rr_rdata(*rr), 16);
	else
		return false;
	return addr_special(addr_of_bytes(b)) == NULL;
}

enum mx_found dns_address(const uint8_t *p, size_t n)
{
	ns_msg m;
	enum mx_found found = head_of(&m, p, n);

	if (found != MX_HOSTS)
		return found;
	for (int i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		ns_rr rr;

		if (ns_parserr(&m, ns_s_an, i, &rr) < 0)
			return MX_UNSURE;
		if (address_record(&rr))
			return MX_HOSTS;
	}
	return MX_NONE;
}

/* Has a host an address of either family? */
static enum mx_found host_address(const char *host, dns_ask_fn *ask, void *ctx)
{
	static const int types[] = { ns_t_a, ns_t_aaaa };
	enum mx_found ret = MX_NONE;
	uint8_t answer[NS_PACKETSZ * 8];

	for (size_t i = 0; i < NELEM(types); i++) {
		enum mx_found found =
		    dns_address(answer, ask(ctx, host, types[i], answer, sizeof(answer)));

		if (found == MX_HOSTS || found == MX_NO_NAME)
			return found;
		if (found == MX_UNSURE)
			ret = found;
	}
	return ret;
}

enum mailbox_state mailbox_check(struct span mail, dns_ask_fn *ask, void *ctx)
{
	char domain[IDN_NAME_MAX + 1], host[MX_HOSTS_MAX][IDN_NAME_MAX + 1];
	enum mailbox_state ret = MAILBOX_NOWHERE;
	uint8_t answer[NS_PACKETSZ * 8];
	enum mx_found found;
	unsigned n;

	if (!mailbox_domain(mail, domain))
		return MAILBOX_SYNTAX;
	found = mx_read(answer, ask(ctx, domain, ns_t_mx, answer, sizeof(answer)), host, &n);
	if (found == MX_NONE) { /* then the domain is the host */
		found = host_address(domain, ask, ctx);
		return found == MX_HOSTS    ? MAILBOX_OK
		       : found == MX_UNSURE ? MAILBOX_UNSURE
					    : MAILBOX_NO_HOST;
	}
	if (found != MX_HOSTS)
		return found == MX_NO_NAME ? MAILBOX_NO_DOMAIN
		       : found == MX_NULL  ? MAILBOX_NULL_MX
					   : MAILBOX_UNSURE;
	for (unsigned i = 0; i < n; i++) {
		found = host_address(host[i], ask, ctx);
		if (found == MX_HOSTS)
			return MAILBOX_OK;
		if (found == MX_UNSURE)
			ret = MAILBOX_UNSURE;
	}
	return ret;
}
