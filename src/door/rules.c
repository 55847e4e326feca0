/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "door/rules.h"

#include <errno.h>

#include "net/addrset.h"
#include "util/grow.h"

enum pattern_kind {
	PATTERN_ADDRESS, /* user@domain */
	PATTERN_USER,	 /* user@ */
	PATTERN_DOMAIN,	 /* domain */
	PATTERN_BELOW,	 /* .domain */
	PATTERN_NULL	 /* <> */
};

struct pattern {
	enum pattern_kind kind;
	struct span text; /* lower case, in the rule's own copy; of a user without the '@' */
};

struct patterns {
	struct pattern *v; /* owned */
	size_t n, cap;
	char *text; /* owned */
};

enum wanted { ANY, YES, NO };

struct rule {
	char *name;
	enum door_action action;
	enum wanted authenticated, verified, listed;
	unsigned grades; /* bit 0: 'A'; 0: any */
	bool by_client;
	struct addrset client;
	struct patterns sender, recipient;
};

struct door_rules {
	struct rule *v; /* standard ones first */
	unsigned n;
};

static const struct conf_rule standard[] = {
	{ .name = "authenticated",
	    .place = "built in",
	    .client = "",
	    .sender = "",
	    .recipient = "",
	    .authenticated = "yes",
	    .verified = "",
	    .listed = "",
	    .grade = "",
	    .action = "exempt" },
	{ .name = "complaints",
	    .place = "built in",
	    .client = "",
	    .sender = "",
	    .recipient = "postmaster@, abuse@",
	    .authenticated = "",
	    .verified = "",
	    .listed = "",
	    .grade = "",
	    .action = "exempt" },
};

/* --- reading -------------------------------------------------------------------------------------------- */

static const char *const action_names[] = {
	[DOOR_JUDGE] = "judge",
	[DOOR_EXEMPT] = "exempt",
	[DOOR_TAG_ONLY] = "tag",
	[DOOR_GREYLISTED] = "greylist",
	[DOOR_REFUSED] = "refuse",
};
_Static_assert(NELEM(action_names) == DOOR_ACTION_N, "action_names out of step");

static int read_action(const char *text, enum door_action *ret, struct err *e)
{
	for (unsigned i = 0; i < DOOR_ACTION_N; i++) {
		if (strcmp(text, action_names[i]) != 0)
			continue;
		*ret = (enum door_action)i;
		return 0;
	}
	return err_set(e, -EINVAL, "action is judge|exempt|tag|greylist|refuse, not \"%s\"", text);
}

static int read_wanted(const char *what, const char *text, enum wanted *ret, struct err *e)
{
	*ret = !*text ? ANY : strcmp(text, "yes") == 0 ? YES : NO;
	if (*ret == NO && strcmp(text, "no") != 0)
		return err_set(
		    e, -EINVAL, "%s is yes|no, or empty for both, not \"%s\"", what, text);
	return 0;
}

static int read_grades(const char *text, unsigned *ret, struct err *e)
{
	for (; *text; text++) {
		if (*text >= 'A' && *text <= 'F')
			*ret |= 1u << (*text - 'A');
		else if (*text != ',' && *text != ' ')
			return err_set(e, -EINVAL, "grade is letters A to F, not \"%s\"", text);
	}
	return 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Could a mail have it? What is written for another program's patterns (*@example.org, <a@example.org>) never comes, and whoever wrote it
 * waits in vain. */
static bool is_domain(struct span s)
{
	char before = '.';

	for (const char *p = s.p; p < s.end; before = *p++) {
		bool good = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			    strchr("-_[]:", *p) || (unsigned char)*p >= 0x80;

		if (!good && (*p != '.' || before == '.'))
			return false;
	}
	return before != '.';
}

static bool is_user(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if (strchr("*<>", *p))
			return false;
	return true;
}

static bool can_match(const struct pattern *p)
{
	const char *at = memrchr(p->text.p, '@', span_len(p->text));

	switch (p->kind) {
	case PATTERN_ADDRESS:
		return is_user((struct span){ p->text.p, at }) &&
		       is_domain((struct span){ at + 1, p->text.end });
	case PATTERN_USER:
		return is_user(p->text);
	case PATTERN_DOMAIN:
		return is_domain(p->text);
	case PATTERN_BELOW:
		return is_domain((struct span){ p->text.p + 1, p->text.end });
	case PATTERN_NULL:
		break;
	}
	return true;
}

static int read_pattern(struct span s, bool of_senders, struct pattern *ret)
{
	const char *at = memrchr(s.p, '@', span_len(s));

	*ret = (struct pattern){ PATTERN_DOMAIN, s };
	if (span_is(s, "<>"))
		ret->kind = PATTERN_NULL;
	else if (at == s.p)
		return -EINVAL;
	else if (at && at + 1 == s.end)
		*ret = (struct pattern){ PATTERN_USER, { s.p, at } };
	else if (at)
		ret->kind = PATTERN_ADDRESS;
	else if (*s.p == '.')
		ret->kind = PATTERN_BELOW;
	return can_match(ret) && (of_senders || ret->kind != PATTERN_NULL) ? 0 : -EINVAL;
}

static int read_patterns(
    const char *what, const char *text, bool of_senders, struct patterns *ret, struct err *e)
{
	struct span rest, word;
	struct pattern p;

	ret->text = strdup(text);
	if (!ret->text)
		return err_set(e, -ENOMEM, "out of memory");
	for (char *c = ret->text; *c; c++)
		*c = *c == ',' || *c == '\t' ? ' ' : lower(*c);
	rest = span_str(ret->text);
	while (!span_empty(rest)) {
		(void)span_cut(&rest, ' ', &word); /* the last one has none behind it */
		if (span_empty(word))
			continue;
		if (read_pattern(word, of_senders, &p) < 0)
			return err_set(e, -EINVAL,
			    "%s is addresses (user@example.org), first halves (user@), domains "
			    "(example.org, .example.org for what is below it)%s, not \"%.*s\"",
			    what, of_senders ? " or <>" : "", SPAN_ARG(word));
		if (grow(&ret->v, &ret->cap, ret->n + 1, sizeof(*ret->v)) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		ret->v[ret->n++] = p;
	}
	return 0;
}

static int read_client(const char *text, struct rule *r, struct err *e)
{
	int rc;

	if (!*text)
		return 0;
	rc = addrset_parse(span_str(text), &r->client, e);
	r->by_client = rc == 0;
	return rc < 0 ? err_wrap(e, rc, "client") : 0;
}

static int read_rule(const struct conf_rule *c, struct rule *r, struct err *e)
{
	int rc = read_action(c->action, &r->action, e);

	r->name = strdup(c->name);
	if (!r->name)
		return err_set(e, -ENOMEM, "out of memory");
	if (rc == 0)
		rc = read_client(c->client, r, e);
	if (rc == 0)
		rc = read_patterns("sender", c->sender, true, &r->sender, e);
	if (rc == 0)
		rc = read_patterns("recipient", c->recipient, false, &r->recipient, e);
	if (rc == 0)
		rc = read_wanted("authenticated", c->authenticated, &r->authenticated, e);
	if (rc == 0)
		rc = read_wanted("verified", c->verified, &r->verified, e);
	if (rc == 0)
		rc = read_wanted("listed", c->listed, &r->listed, e);
	if (rc == 0)
		rc = read_grades(c->grade, &r->grades, e);
	return rc < 0 ? err_wrap(e, rc, "%s: rule %s", c->place, c->name) : 0;
}

static void patterns_done(struct patterns *p)
{
	free(p->v);
	free(p->text);
}

struct door_rules *door_rules_free(struct door_rules *r)
{
	if (!r)
		return NULL;
	for (unsigned i = 0; i < r->n; i++) {
		free(r->v[i].name);
		addrset_done(&r->v[i].client);
		patterns_done(&r->v[i].sender);
		patterns_done(&r->v[i].recipient);
	}
	free(r->v);
	free(r);
	return NULL;
}

int door_rules_new(const struct conf *c, struct door_rules **ret, struct err *e)
{
	struct door_rules *r = calloc(1, sizeof(*r));
	unsigned n = c->n_rules + (unsigned)NELEM(standard);
	int rc = 0;

	if (r)
		r->v = calloc(n, sizeof(*r->v));
	if (!r || !r->v) {
		(void)door_rules_free(r);
		return err_set(e, -ENOMEM, "out of memory");
	}
	for (; rc == 0 && r->n < n; r->n++)
		rc = read_rule(
		    r->n < NELEM(standard) ? &standard[r->n] : &c->rules[r->n - NELEM(standard)],
		    &r->v[r->n], e);
	if (rc < 0) {
		(void)door_rules_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

/* --- matching ------------------------------------------------------------------------------------------- */

/* low is in lower case */
static bool same(struct span s, struct span low)
{
	if (span_len(s) != span_len(low))
		return false;
	for (const char *p = s.p, *q = low.p; p < s.end; p++, q++)
		if (lower(*p) != *q)
			return false;
	return true;
}

static bool ends_with(struct span s, struct span low)
{
	size_t n = span_len(low);

	return span_len(s) > n && same(span_of(s.end - n, n), low);
}

static bool pattern_matches(
    const struct pattern *p, struct span whole, struct span user, struct span domain)
{
	switch (p->kind) {
	case PATTERN_ADDRESS:
		return same(whole, p->text);
	case PATTERN_USER:
		return same(user, p->text);
	case PATTERN_DOMAIN:
		return same(domain, p->text);
	case PATTERN_BELOW:
		return ends_with(domain, p->text);
	case PATTERN_NULL:
		return span_empty(whole);
	}
	return false;
}

/* mailbox - is it one of them? known: it is a mailbox, if only the null sender */
static bool mailbox(const struct patterns *p, struct span s, bool known)
{
	const char *at = span_empty(s) ? NULL : memrchr(s.p, '@', span_len(s));
	struct span user = at ? (struct span){ s.p, at } : s;
	struct span domain = at ? (struct span){ at + 1, s.end } : (struct span){ s.end, s.end };

	for (size_t i = 0; known && i < p->n; i++)
		if (pattern_matches(&p->v[i], s, user, domain))
			return true;
	return p->n == 0;
}

static bool wanted(enum wanted w, bool is)
{
	return w == ANY || (w == YES) == is;
}

static bool matches(const struct rule *r, const struct door_client *c, const struct door_mail *m)
{
	bool listed = c->decided && c->action > ACTION_TAG && !c->spared;

	return wanted(r->authenticated, m->authenticated) && wanted(r->verified, m->verified) &&
	       wanted(r->listed, listed) &&
	       (!r->grades || (c->grade >= 'A' && r->grades >> (c->grade - 'A') & 1)) &&
	       mailbox(&r->sender, m->sender, true) &&
	       mailbox(&r->recipient, m->recipient, !span_empty(m->recipient)) &&
	       (!r->by_client || addrset_has(&r->client, c->addr));
}

/* names_recipient - itself, not only its domain, nor by asking for none */
static bool names_recipient(const struct rule *r, struct span s)
{
	const char *at = span_empty(s) ? NULL : memrchr(s.p, '@', span_len(s));
	struct span user = at ? (struct span){ s.p, at } : s;

	for (size_t i = 0; i < r->recipient.n; i++) {
		const struct pattern *p = &r->recipient.v[i];

		if ((p->kind == PATTERN_ADDRESS && same(s, p->text)) ||
		    (p->kind == PATTERN_USER && same(user, p->text)))
			return true;
	}
	return false;
}

/* goes_before - does an own rule stand before a standard one, of a mail that both match? */
static bool goes_before(const struct rule *own, const struct rule *of_ours, struct span recipient)
{
	return of_ours->authenticated != ANY ? own->authenticated != ANY
					     : names_recipient(own, recipient);
}

enum door_action door_rules_match(const struct door_rules *r, const struct door_client *c,
    const struct door_mail *m, const char **name)
{
	const struct rule *first[NELEM(standard)], *found = NULL;
	unsigned n = 0, i = 0, k;

	for (; i < NELEM(standard); i++)
		if (matches(&r->v[i], c, m))
			first[n++] = &r->v[i];
	for (; !found && i < r->n; i++) {
		if (!matches(&r->v[i], c, m))
			continue;
		for (k = 0; k < n && goes_before(&r->v[i], first[k], m->recipient); k++)
			;
		found = k == n ? &r->v[i] : NULL;
	}
	if (!found && n)
		found = first[0];
	*name = found ? found->name : NULL;
	return found ? found->action : DOOR_JUDGE;
}
