/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_publication SERVE_DIR KEY_DIR GENERATION LASTS_S <LINES: a publication, signed, whole and current, of what stands in the
 * lines. For tests that want many of them a second, or one of exactly this. Each line, blanks between:
 *
 *	ENTITY  PARENT|-  LEVEL  ACTION  UNTIL  GRADE|-  SCORE  FAMILY|-  REASON...
 *
 * UNTIL is in seconds from now on, or, with '@' in front, of the epoch. All that is expected is of FAMILY; '-': nothing is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "publication/manifest.h"
#include "publication/place.h"
#include "publication/reputation.h"
#include "util/clock.h"
#include "util/num.h"

#define KEPT 16u /* generations */

enum { ENTITY, PARENT, LEVEL, ACTION, UNTIL, GRADE, SCORE, FAMILY, FIELD_N };

struct making {
	struct publication_head head;
	struct place place;
	struct reputation_writer *writer;
	char dir[PLACE_PATH_MAX];
};

static bool none(struct span s)
{
	return span_is(s, "-");
}

static int until(struct span s, int64_t now_s, int64_t *ret)
{
	if (!span_empty(s) && *s.p == '@')
		return num_i64(span_of(s.p + 1, span_len(s) - 1), 0, UINT32_MAX, ret);
	if (num_i64(s, 0, 1 << 30, ret) < 0)
		return -EINVAL;
	*ret += now_s;
	return 0;
}

static int expect(struct span s, struct standing *to)
{
	enum family family;

	if (none(s))
		return 0;
	if (family_parse(s, &family) < 0 || family >= FAMILY_SCORED_N)
		return -EINVAL;
	to->expected = to->family[family] = 1;
	return 0;
}

static int put(struct making *m, struct span line, struct err *e)
{
	struct span f[FIELD_N];
	struct entity en, parent;
	struct standing s = { .entity = &en, .hosts = 1, .events = 1, .announced_v4 = 1 };

	for (unsigned i = 0; i < FIELD_N; i++)
		if (!span_cut(&line, ' ', &f[i]))
			return err_set(e, -EINVAL, "a line with %u fields", i);
	if (entity_parse(f[ENTITY], &en, e) < 0 ||
	    (!none(f[PARENT]) && entity_parse(f[PARENT], &parent, e) < 0))
		return -EINVAL;
	if (level_parse(f[LEVEL], &s.decision.level) < 0 ||
	    action_parse(f[ACTION], &s.decision.action) < 0 ||
	    until(f[UNTIL], m->head.created_s, &s.decision.until_s) < 0 ||
	    num_real(f[SCORE], &s.score) < 0 || expect(f[FAMILY], &s) < 0)
		return err_set(e, -EINVAL, "what is %.*s?", SPAN_ARG(f[ENTITY]));
	s.parent = none(f[PARENT]) ? NULL : &parent;
	s.scored = !none(f[GRADE]);
	s.grade = s.scored ? *f[GRADE].p : 0;
	s.low = s.high = s.score;
	s.title = f[ENTITY];
	s.first_day = s.last_day = day_of(m->head.created_s);
	s.decision.since_s = m->head.created_s - 60;
	s.decision.reason = line;
	return reputation_writer_add(m->writer, &s, e);
}

static int put_all(struct making *m, struct err *e)
{
	CLEANUP(free_p) char *line = NULL;
	size_t room = 0;
	int r = 0;

	while (r == 0 && getline(&line, &room, stdin) > 0)
		r = put(m, span_of(line, strcspn(line, "\n")), e);
	return r;
}

static int make(struct making *m, const char *serve_dir, const char *key_dir, struct err *e)
{
	static const char *const names[] = { "reputation" };
	char path[PLACE_PATH_MAX + 16];
	struct sign_key key;
	int r;

	if ((r = place_open(serve_dir, &m->place, e)) < 0 ||
	    (r = place_begin(&m->place, m->head.generation, m->dir, e)) < 0 ||
	    (r = reputation_writer_new(&m->head, &m->writer, e)) < 0 || (r = put_all(m, e)) < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/reputation", m->dir);
	if ((r = reputation_writer_write(m->writer, path, e)) < 0 ||
	    (r = sign_key_open(key_dir, &key, e)) < 0)
		return r;
	r = manifest_write(m->dir, "", &m->head, names, NELEM(names), &key, e);
	sign_key_done(&key);
	if (r < 0 || (r = place_commit(&m->place, m->head.generation, e)) < 0 ||
	    (r = place_show(&m->place, m->head.generation, e)) < 0)
		return r;
	return place_prune(&m->place, KEPT, e);
}

int main(int argc, char **argv)
{
	static struct making m = { .place.fd = -1 };
	struct clock clock = clock_system();
	struct err e = { "" };
	uint64_t lasts_s;
	int r;

	if (argc != 5 || num_u64(span_str(argv[3]), INT64_MAX, &m.head.generation) < 0 ||
	    num_u64(span_str(argv[4]), 1u << 30, &lasts_s) < 0) {
		(void)fputs("usage: make_publication SERVE_DIR KEY_DIR GENERATION LASTS_S <LINES\n",
		    stderr);
		return 3;
	}
	m.head.created_s = m.head.as_of_s = clock_now_s(&clock);
	m.head.expires_s = m.head.created_s + (int64_t)lasts_s;
	m.head.formula = SPAN("onus-1");
	m.head.site = SPAN("test");
	m.head.attribution = SPAN("");
	r = make(&m, argv[1], argv[2], &e);
	if (r < 0)
		(void)fprintf(stderr, "make_publication: %s\n", e.text);
	m.writer = reputation_writer_free(m.writer);
	place_done(&m.place);
	return r < 0 ? 2 : 0;
}
