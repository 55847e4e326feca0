/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "door/door.h"

#include <errno.h>

#include "door/say.h"
#include "net/addrset.h"
#include "util/clock.h"

struct door {
	struct door_rules *rules;
	struct grey *grey;
	struct addrset own; /* networks */
	struct say say;
	char tag_grade; /* 0: none */
};

struct door *door_free(struct door *d)
{
	if (!d)
		return NULL;
	(void)door_rules_free(d->rules);
	(void)grey_free(d->grey);
	addrset_done(&d->own);
	free(d);
	return NULL;
}

static int read_url(const char *text, struct say *ret, struct err *e)
{
	struct span s = span_str(text);

	while (!span_empty(s) && s.end[-1] == '/')
		s.end--;
	if (span_len(s) > SAY_URL_MAX)
		return err_set(e, -EINVAL,
		    "site_url has more than %u bytes: no reply of SMTP holds it", SAY_URL_MAX);
	memcpy(ret->url, s.p, span_len(s));
	ret->url[span_len(s)] = '\0';
	return 0;
}

static int read_grade(const char *text, char *ret, struct err *e)
{
	if (*text && (*text < 'A' || *text > 'F' || text[1]))
		return err_set(
		    e, -EINVAL, "tag_grade is a letter A to F, or empty, not \"%s\"", text);
	*ret = *text;
	return 0;
}

static int read_grey(const struct conf *c, struct grey **ret, struct err *e)
{
	const struct grey_conf g = { c->greylist_delay_s, c->greylist_window_s,
		c->greylist_keep_days * (uint32_t)DAY_S, c->greylist_known, c->greylist_entries };

	if (g.window_s <= g.delay_s)
		return err_set(e, -EINVAL,
		    "greylist_window_s (%u) must be more than greylist_delay_s (%u): else nobody "
		    "ever passes",
		    g.window_s, g.delay_s);
	*ret = grey_new(&g);
	return *ret ? 0 : err_set(e, -ENOMEM, "no memory for %u greylist_entries", g.entries);
}

int door_new(const struct conf *c, struct door **ret, struct err *e)
{
	struct door *d = calloc(1, sizeof(*d));
	int r = d ? 0 : err_set(e, -ENOMEM, "out of memory");

	if (r == 0)
		r = read_url(c->site_url, &d->say, e);
	if (r == 0)
		r = read_grade(c->tag_grade, &d->tag_grade, e);
	if (r == 0)
		r = door_rules_new(c, &d->rules, e);
	if (r == 0)
		r = addrset_parse(span_str(c->own_networks), &d->own, e);
	if (r == 0)
		r = read_grey(c, &d->grey, e);
	if (r < 0) {
		(void)door_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct grey *door_grey(struct door *d)
{
	return d->grey;
}

/* --- judging -------------------------------------------------------------------------------------------- */

static enum door_action by_decision(const struct door_client *c)
{
	if (!c->decided || c->action == ACTION_TAG)
		return DOOR_TAG_ONLY;
	return c->level == LEVEL_BLOCK && c->action >= ACTION_REJECT ? DOOR_REFUSED
								     : DOOR_GREYLISTED;
}

static void tag(const struct door *d, const struct door_client *c, struct door_answer *ret)
{
	if (!c->decided && !(c->grade && d->tag_grade && c->grade >= d->tag_grade))
		return;
	ret->verdict = DOOR_TAG;
	say_header(&d->say, c, ret);
}

static void greylist(struct door *d, const struct door_client *c, const struct door_mail *m,
    int64_t now_s, struct door_answer *ret)
{
	ret->greyed = true;
	ret->grey = grey_ask(d->grey, c->addr, m->sender, m->recipient, now_s, &ret->grey_s);
	if (ret->grey != GREY_WAIT) {
		tag(d, c, ret);
		return;
	}
	ret->verdict = DOOR_GREYLIST;
	say_greylisted(&d->say, c, ret);
}

void door_judge(struct door *d, const struct door_client *c, const struct door_mail *m,
    int64_t now_s, struct door_answer *ret)
{
	enum door_action action;

	ret->verdict = DOOR_PASS;
	ret->rule = NULL;
	ret->exempt = ret->greyed = false;
	ret->grey_s = 0;
	ret->len = 0;
	ret->text[0] = '\0';
	ret->spared = c->spared || addrset_has(&d->own, c->addr);
	if (ret->spared)
		return;
	action = door_rules_match(d->rules, c, m, &ret->rule);
	if (action == DOOR_JUDGE) {
		ret->rule = NULL; /* the decision did */
		action = by_decision(c);
	}
	switch (action) {
	case DOOR_EXEMPT:
		ret->exempt = true;
		return;
	case DOOR_REFUSED:
		ret->verdict = DOOR_REFUSE;
		say_refused(&d->say, c, ret);
		return;
	case DOOR_GREYLISTED:
		greylist(d, c, m, now_s, ret);
		return;
	case DOOR_TAG_ONLY:
	case DOOR_JUDGE:
	case DOOR_ACTION_N:
		tag(d, c, ret);
	}
}
