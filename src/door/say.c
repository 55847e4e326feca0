/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "door/say.h"

#include "core/entity_page.h"
#include "util/clock.h"

/* struct line - an answer's text as it grows; what is over its end is not written */
struct line {
	char *p;
	size_t n, max;
};

static struct line line_of(struct door_answer *a)
{
	return (struct line){ a->text, 0, sizeof(a->text) - 1 };
}

static void finish(struct line *l, struct door_answer *a)
{
	l->p[l->n] = '\0';
	a->len = l->n;
}

static void put(struct line *l, struct span s)
{
	for (; s.p < s.end && l->n < l->max; s.p++)
		l->p[l->n++] = *s.p >= ' ' && *s.p <= '~' ? *s.p : '?';
}

static void word(struct line *l, const char *s)
{
	put(l, span_str(s));
}

static void number(struct line *l, uint32_t v)
{
	char digits[10];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	put(l, span_of(digits + n, sizeof(digits) - n));
}

static void url(struct line *l, const struct say *s, const char *name)
{
	char path[ENTITY_PATH_MAX];

	(void)entity_path(name, path);
	word(l, s->url);
	word(l, path);
}

static void entity(struct line *l, const struct entity *en)
{
	char name[ENTITY_NAME_MAX];

	(void)entity_format(en, name);
	word(l, name);
}

static void instant(struct line *l, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	utc_format(time_s, text);
	word(l, text);
}

/* --- replies -------------------------------------------------------------------------------------------- */

/* "; REASON; scope block:192.0.2.0/24 until 2026-11-28T09:00:00Z; see URL": reason is written last into the room that
 * the rest leaves. */
static void say_decision(struct line *l, const struct say *s, const struct door_client *c)
{
	char rest[2 * ENTITY_NAME_MAX + ENTITY_NAME_MAX * 2 + SAY_URL_MAX + 64],
	    name[ENTITY_NAME_MAX];
	struct line behind = { rest, 0, MIN_OF(sizeof(rest), l->max - l->n) };
	struct span reason = c->reason;
	size_t room;

	(void)entity_format(c->scope, name);
	word(&behind, "; scope ");
	word(&behind, name);
	word(&behind, " until ");
	instant(&behind, c->until_s);
	if (*s->url) {
		word(&behind, "; see ");
		url(&behind, s, name);
	}
	room = l->max - l->n - behind.n;
	if (!span_empty(reason) && room > 5) {
		word(l, ": ");
		room -= 2;
		if (span_len(reason) > room) {
			put(l, span_of(reason.p, room - 3));
			word(l, "...");
		} else {
			put(l, reason);
		}
	}
	put(l, span_of(rest, behind.n));
}

static void say_client(struct line *l, const struct door_client *c)
{
	char text[ADDR_TEXT_MAX];

	put(l, span_of(text, addr_format(c->addr, text)));
}

/* A rule refuses and puts off whom no decision is about. */
static bool by_decision(const struct door_client *c)
{
	return c->decided && c->action > ACTION_TAG;
}

void say_refused(const struct say *s, const struct door_client *c, struct door_answer *a)
{
	struct line l = line_of(a);

	word(&l, "client ");
	say_client(&l, c);
	word(&l, " refused");
	if (a->rule) {
		word(&l, " by a rule of this site, ");
		word(&l, a->rule);
	}
	if (by_decision(c))
		say_decision(&l, s, c);
	finish(&l, a);
}

void say_greylisted(const struct say *s, const struct door_client *c, struct door_answer *a)
{
	struct line l = line_of(a);

	word(&l, "greylisted, try again in ");
	number(&l, a->grey_s);
	word(&l, " seconds");
	if (by_decision(c))
		say_decision(&l, s, c);
	finish(&l, a);
}

/* --- the header ----------------------------------------------------------------------------------------- */

/* "192.0.2.1; grade=E; score=23; graded=as:64500; level=friction; action=greylist; scope=as:64500; until=…; waited=301;
 * rule=NAME; page=URL; reason=…" */
void say_header(const struct say *s, const struct door_client *c, struct door_answer *a)
{
	const struct entity *whose = c->decided ? c->scope : c->grade ? c->graded : NULL;
	char name[ENTITY_NAME_MAX];
	struct line l = line_of(a);

	say_client(&l, c);
	if (c->grade) {
		word(&l, "; grade=");
		put(&l, span_of(&c->grade, 1));
		word(&l, "; score=");
		number(&l, (uint32_t)MAX_OF(MIN_OF(c->score + 0.5f, 100.0f), 0.0f));
		word(&l, "; graded=");
		entity(&l, c->graded);
	}
	if (c->decided) {
		word(&l, "; level=");
		word(&l, level_name(c->level));
		word(&l, "; action=");
		word(&l, action_name(c->action));
		word(&l, "; scope=");
		entity(&l, c->scope);
		word(&l, "; until=");
		instant(&l, c->until_s);
	}
	if (a->greyed && a->grey == GREY_BACK) {
		word(&l, "; waited=");
		number(&l, a->grey_s);
	}
	if (a->rule) {
		word(&l, "; rule=");
		word(&l, a->rule);
	}
	if (whose && *s->url) {
		(void)entity_format(whose, name);
		word(&l, "; page=");
		url(&l, s, name);
	}
	if (c->decided && !span_empty(c->reason)) {
		word(&l, "; reason=");
		put(&l, c->reason);
	}
	finish(&l, a);
}
