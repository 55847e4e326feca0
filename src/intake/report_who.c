/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose report it is: a sender against the list of those who are believed, and what one's own receiver found when it
 * checked him (Authentication-Results, RFC 8601). */
#include <strings.h>

#include "intake/report_priv.h"

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

bool report_listed(struct span list, struct span mailbox, struct span *ret)
{
	struct span entry;

	while (!span_empty(list)) {
		(void)span_cut(&list, ',', &entry);
		entry = span_trim(entry);
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
 * it, or be taken for a property, becomes '?'. False when it is too long, or its comments do not end. */
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
		if (quoted && (c == ';' || c == '=' || c == ' ' || c == '\t'))
			c = '?';
		ret[n++] = c == '\t' || c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
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

static const struct property {
	const char *method, *name;
	bool mailbox; /* its value may be an address, of which the domain counts */
} properties[] = {
	{ "dkim", "header.d", false },
	{ "dkim", "header.i", true },
	{ "dmarc", "header.from", true },
	{ "spf", "smtp.mailfrom", true },
};

/* "dkim=pass header.d=example.net": one method's result with what it is about. */
static bool vouches(struct span result, struct span domain)
{
	struct span versioned, method, text;

	if (!word(&result, &text) || !span_cut(&text, '=', &versioned) ||
	    !report_word(text, "pass"))
		return false;
	(void)span_cut(&versioned, '/', &method);
	while (word(&result, &text)) {
		struct span name;

		if (!span_cut(&text, '=', &name))
			continue;
		for (unsigned i = 0; i < NELEM(properties); i++) {
			const struct property *p = &properties[i];

			if (report_word(method, p->method) && report_word(name, p->name) &&
			    within(p->mailbox ? domain_of(text) : text, domain))
				return true;
		}
	}
	return false;
}

bool report_results_by(struct span results, struct span authserv)
{
	char text[RESULTS_MAX + 1];
	struct span rest, head, id;

	if (span_empty(authserv) || !plain(results, text))
		return false;
	rest = span_str(text);
	(void)span_cut(&rest, ';', &head);
	return word(&head, &id) && same(id, authserv);
}

bool report_authentic(struct span results, struct span domain)
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
