/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/sender.h"

#include <strings.h>

#include "intake/header.h"
#include "intake/received.h"

#define RESULTS_MAX 8192u /* bytes of one header that are looked at: a longer one says nothing */

/* --- lists ------------------------------------------------------------------------------------------------- */

static bool same(struct span a, struct span b)
{
	return span_len(a) == span_len(b) && strncasecmp(a.p, b.p, span_len(a)) == 0;
}

/* Is it domain, or below it? */
static bool within(struct span s, struct span domain)
{
	size_t n = span_len(domain);

	if (n == 0 || span_len(s) < n || !same((struct span){ s.end - n, s.end }, domain))
		return false;
	return span_len(s) == n || s.end[-(ptrdiff_t)n - 1] == '.';
}

static struct span domain_of(struct span s)
{
	const char *at = span_empty(s) ? NULL : memrchr(s.p, '@', span_len(s));

	return at ? (struct span){ at + 1, s.end } : s;
}

static bool between(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What no mailer writes; blanks and folds are none. */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && !between(c)) || c == 0x7f;
}

bool sender_listed(struct span list, struct span mailbox, struct span *ret)
{
	struct span entry;

	while (!span_empty(list)) {
		entry = list;
		while (!span_empty(list) && !between(*list.p))
			list.p++;
		entry.end = list.p;
		while (!span_empty(list) && between(*list.p))
			list.p++;
		if (span_empty(entry))
			continue;
		*ret = domain_of(entry);
		if (ret->p != entry.p ? same(entry, mailbox) : within(domain_of(mailbox), entry))
			return true;
	}
	return false;
}

/* --- results ------------------------------------------------------------------------------------------------- */

/* Without its comments, which nest, and without the marks of its quoted strings; what stood in these and would divide
 * it, or be taken for a property, becomes '?'. False when it is too long, holds control
 * characters, or its comments do not end. */
static bool plain(struct span s, char ret[RESULTS_MAX + 1])
{
	unsigned comments = 0;
	bool quoted = false;
	size_t n = 0;

	if (span_len(s) > RESULTS_MAX)
		return false;
	for (const char *p = s.p; p < s.end; p++) {
		bool escaped = *p == '\\' && p + 1 < s.end && (comments || quoted);
		char c = *p;

		if (is_control(*p) || (escaped && is_control(p[1])))
			return false;
		if (escaped)
			c = *++p;
		else if (!comments && c == '"') {
			quoted = !quoted;
			continue;
		} else if (!quoted && c == '(') {
			comments++;
			continue;
		} else if (comments && c == ')') {
			comments--;
			c = ' ';
		}
		if (comments)
			continue;
		if (quoted && (c == ';' || c == '=' || between(c)))
			c = '?';
		ret[n++] = between(c) && c != ',' ? ' ' : c;
	}
	ret[n] = '\0';
	return comments == 0 && !quoted;
}

/* The next word of blanks between, '=' with blanks around counting as one. */
static bool word(struct span *rest, struct span *ret)
{
	*rest = span_trim(*rest);
	if (span_empty(*rest))
		return false;
	(void)span_cut(rest, ' ', ret);
	return true;
}

/* Of a method's properties the first one here that is given decides. */
static const struct property {
	const char *method, *name;
	bool mailbox; /* its value may be an address, of which the domain counts */
} properties[] = {
	{ "dkim", "header.d", false },
	{ "dkim", "header.i", true },
	{ "dmarc", "header.from", true },
	{ "spf", "smtp.mailfrom", true },
};

/* Its value among the words of a result; false when there are none or several. */
static bool property(struct span result, const char *name, struct span *ret)
{
	struct span text, key;
	unsigned n = 0;

	while (word(&result, &text))
		if (span_cut(&text, '=', &key) && header_is(key, name) && n++ == 0)
			*ret = text;
	return n == 1;
}

/* "dkim=pass header.d=example.net": one method's result with what it is about. */
static bool vouches(struct span result, struct span domain)
{
	struct span versioned, method, text, value;

	if (!word(&result, &text) || !span_cut(&text, '=', &versioned) || !header_is(text, "pass"))
		return false;
	(void)span_cut(&versioned, '/', &method);
	for (unsigned i = 0; i < NELEM(properties); i++)
		if (header_is(method, properties[i].method) &&
		    property(result, properties[i].name, &value))
			return within(properties[i].mailbox ? domain_of(value) : value, domain);
	return false;
}

bool sender_results_by(struct span results, struct span authserv)
{
	char text[RESULTS_MAX + 1];
	struct span rest, head, id;

	if (span_empty(authserv) || !plain(results, text))
		return false;
	rest = span_str(text);
	(void)span_cut(&rest, ';', &head);
	return word(&head, &id) && same(id, authserv);
}

bool sender_results_pass(struct span results, struct span domain)
{
	char text[RESULTS_MAX + 1];
	struct span rest, result;

	if (!plain(results, text))
		return false;
	rest = span_str(text);
	(void)span_cut(&rest, ';', &result); /* whose they are */
	while (!span_empty(rest)) {
		(void)span_cut(&rest, ';', &result);
		if (vouches(result, domain))
			return true;
	}
	return false;
}

/* --- From --------------------------------------------------------------------------------------------------- */

/* Comments out, folds to blanks; false for control characters, and for what does not end. */
static bool bare(struct span s, char ret[SENDER_MAILBOX_MAX + 1])
{
	unsigned comments = 0;
	bool quoted = false;
	size_t n = 0;

	if (span_len(s) > SENDER_MAILBOX_MAX)
		return false;
	for (const char *p = s.p; p < s.end; p++) {
		bool pair = *p == '\\' && (comments || quoted);

		if (is_control(*p) || (pair && (p + 1 == s.end || is_control(p[1]))))
			return false;
		if (!pair && !comments && *p == '"')
			quoted = !quoted;
		else if (!pair && !quoted && *p == '(')
			comments++;
		else if (!pair && comments && *p == ')' && --comments == 0) {
			ret[n++] = ' ';
			continue;
		}
		if (!comments)
			ret[n++] = *p == '\r' || *p == '\n' || *p == '\t' ? ' ' : *p;
		if (pair && !comments)
			ret[n++] = *++p;
		else if (pair)
			p++;
	}
	ret[n] = '\0';
	return comments == 0 && !quoted;
}

/* Where c stands outside quotes, or NULL. *n is how often. */
static const char *outside(struct span s, char c, unsigned *n)
{
	const char *at = NULL;
	bool quoted = false;

	*n = 0;
	for (const char *p = s.p; p < s.end; p++) {
		if (quoted && *p == '\\' && p + 1 < s.end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && *p == c && (*n)++ == 0)
			at = p;
	}
	return at;
}

/* local@domain, of nothing that would stand elsewhere */
static bool is_mailbox(struct span s)
{
	unsigned ats, blanks;
	const char *at = outside(s, '@', &ats);

	(void)outside(s, ' ', &blanks);
	if (ats != 1 || blanks || at == s.p || at + 1 == s.end ||
	    s.end - (at + 1) > (ptrdiff_t)SENDER_DOMAIN_MAX)
		return false;
	for (const char *p = at + 1; p < s.end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || *p == '.' || *p == '-' || *p == '_'))
			return false;
	return true;
}

bool sender_mailbox(struct span value, char *ret)
{
	char text[SENDER_MAILBOX_MAX + 1];
	unsigned opens, closes, n;
	const char *open, *close;
	struct span all;

	if (!bare(value, text))
		return false;
	all = span_trim(span_str(text));
	for (const char *c = ",;:"; *c; c++) { /* lists, groups, routes */
		(void)outside(all, *c, &n);
		if (n)
			return false;
	}
	open = outside(all, '<', &opens);
	close = outside(all, '>', &closes);
	if (opens != closes || opens > 1)
		return false;
	if (opens) {
		if (close < open || close + 1 != all.end)
			return false;
		all = span_trim((struct span){ open + 1, close });
	}
	if (!is_mailbox(all))
		return false;
	memcpy(ret, all.p, span_len(all));
	ret[span_len(all)] = '\0';
	return true;
}

/* --- the header --------------------------------------------------------------------------------------------- */

struct seen {
	unsigned senders, lines; /* fields From; lines: Received */
	struct span from, results;
	bool outside; /* what follows the next Received line is not of one's own hosts */
	bool closed;  /* and that line has come */
};

/* Has a host of one's own written the lines below this one, too? Private addresses are one's own where they are named:
 * else anybody within could write results. */
static bool from_within(struct span value, const struct addrset *trusted)
{
	struct addr client;
	enum received is = received_client(value, &client);
	const char *special = is == RECEIVED_CLIENT ? addr_special(client) : NULL;

	return is == RECEIVED_STEP ||
	       (is == RECEIVED_CLIENT &&
		   (addrset_has(trusted, client) || (special && strcmp(special, "loopback") == 0)));
}

static void see(struct seen *s, struct span name, struct span value, const struct sender_options *o)
{
	char text[RESULTS_MAX + 1];

	if (header_is(name, "From") && s->senders++ == 0)
		s->from = value;
	if (header_is(name, "Received")) {
		s->lines++;
		s->closed = s->closed || s->outside;
		s->outside = s->outside || !from_within(value, o->trusted);
	}
	if (s->closed || !span_empty(s->results) || !header_is(name, "Authentication-Results"))
		return;
	if (sender_results_by(value, o->authserv))
		s->results = value;
	else
		s->closed = !plain(value, text); /* it may be ours, and what is below it is not */
}

static bool keep_domain(struct span s, char ret[SENDER_DOMAIN_MAX + 1])
{
	size_t n = 0;

	for (const char *p = s.p; p < s.end; p++)
		ret[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
	ret[n] = '\0';
	return n > 0;
}

void sender_check(struct span message, const struct sender_options *o, struct sender *ret)
{
	struct span rest = header_begin(message), name, value, domain;
	struct seen s = { .from = SPAN(""), .results = SPAN("") };
	char mailbox[SENDER_MAILBOX_MAX + 1];

	*ret = (struct sender){ .state = SENDER_NOBODY };
	if (span_len(rest) > RECEIVED_HEADER_MAX)
		rest.end = rest.p + RECEIVED_HEADER_MAX;
	while (header_next(&rest, &name, &value))
		see(&s, name, value, o);
	if ((span_empty(rest) && span_len(message) > RECEIVED_HEADER_MAX) || s.senders != 1 ||
	    !sender_mailbox(s.from, mailbox) ||
	    !keep_domain(domain_of(span_str(mailbox)), ret->domain))
		return;
	if (!sender_listed(o->reporters, span_str(mailbox), &domain))
		ret->state = SENDER_UNLISTED;
	else if (s.lines == 0 || s.lines > RECEIVED_LINES_MAX || span_empty(s.results) ||
		 !sender_results_pass(s.results, domain))
		ret->state = SENDER_UNPROVEN;
	else
		ret->state = SENDER_VERIFIED;
}

static const char *const state_text[] = {
	[SENDER_VERIFIED] = "it is he",
	[SENDER_NOBODY] = "there is not one sender in one From",
	[SENDER_UNLISTED] = "its sender is none of reporters",
	[SENDER_UNPROVEN] = "authserv does not say that it is from its sender",
};
_Static_assert(NELEM(state_text) == SENDER_N, "state_text out of step");

const char *sender_state_text(enum sender_state s)
{
	return state_text[s];
}
