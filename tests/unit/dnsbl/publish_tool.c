/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publish_tool STATE-DIR SERVE-DIR GENERATION EXPIRES <LINES: a signed publication of what stands in the lines, made current as
 * onus-publish makes one. For tests that want many of them a second, or one of exactly this. Each line, tabs between:
 *
 *	ENTITY  PARENT|-  GRADE|-  SCORE  FAMILY  LEVEL  ACTION  UNTIL  REASON     all that is expected is of one family
 */
#include <errno.h>

#include "publication/manifest.h"
#include "publication/place.h"
#include "publication/reputation.h"
#include "util/clock.h"
#include "util/num.h"

#define INPUT_MAX (256u << 20)

struct making {
	struct publication_head head;
	struct place place;
	struct reputation_writer *writer;
	char dir[PLACE_PATH_MAX];
};

static int bad(struct err *e, const char *what, struct span s)
{
	return err_set(e, -EINVAL, "%s: \"%.*s\"", what, SPAN_ARG(s));
}

static int put(struct making *m, struct span line, struct err *e)
{
	struct span f[9];
	struct entity en, parent;
	struct standing s = { .entity = &en, .hosts = 1, .events = 1, .last_day = 1 };
	enum family family;

	for (unsigned i = 0; i < NELEM(f); i++)
		(void)span_cut(&line, '\t', &f[i]);
	if (entity_parse(f[0], &en, e) < 0 ||
	    (!span_is(f[1], "-") && entity_parse(f[1], &parent, e) < 0))
		return -EINVAL;
	s.parent = span_is(f[1], "-") ? NULL : &parent;
	s.scored = !span_is(f[2], "-");
	s.grade = s.scored ? *f[2].p : 0;
	if (num_real(f[3], &s.score) < 0 || family_parse(f[4], &family) < 0 ||
	    family >= FAMILY_SCORED_N || level_parse(f[5], &s.decision.level) < 0 ||
	    action_parse(f[6], &s.decision.action) < 0 ||
	    num_i64(f[7], 0, UINT32_MAX, &s.decision.until_s) < 0)
		return bad(e, "not as it should be", f[0]);
	s.low = s.high = s.score;
	s.expected = s.family[family] = 1;
	s.decision.reason = f[8];
	return reputation_writer_add(m->writer, &s, e);
}

static int put_all(struct making *m, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct span text, line;
	size_t n;
	int r = 0;

	buf_init(&b, INPUT_MAX);
	while (buf_ok(&b) && buf_room(&b, 65536) && (n = fread(b.p + b.len, 1, 65536, stdin)) > 0)
		buf_grew(&b, n);
	for (text = buf_text(&b); r == 0 && !span_empty(text);) {
		(void)span_cut(&text, '\n', &line);
		r = put(m, line, e);
	}
	return buf_ok(&b) ? r : err_set(e, -E2BIG, "more than %u bytes", INPUT_MAX);
}

static int make(struct making *m, const char *state_dir, const char *serve_dir, struct err *e)
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
	    (r = sign_key_open(state_dir, &key, e)) < 0)
		return r;
	r = manifest_write(m->dir, "", &m->head, names, NELEM(names), &key, e);
	sign_key_done(&key);
	if (r < 0 || (r = place_commit(&m->place, m->head.generation, e)) < 0 ||
	    (r = place_show(&m->place, m->head.generation, e)) < 0)
		return r;
	return place_prune(&m->place, 16, e);
}

int main(int argc, char **argv)
{
	static struct making m;
	struct clock clock = clock_system();
	struct err e = { "" };
	int r;

	if (argc != 5 || num_u64(span_str(argv[3]), INT64_MAX, &m.head.generation) < 0 ||
	    num_i64(span_str(argv[4]), 0, UINT32_MAX, &m.head.expires_s) < 0) {
		(void)fputs("usage: publish_tool STATE-DIR SERVE-DIR GENERATION EXPIRES\n", stderr);
		return 3;
	}
	m.head.created_s = m.head.as_of_s = clock_now_s(&clock);
	m.head.formula = m.head.site = m.head.attribution = SPAN("test");
	r = make(&m, argv[1], argv[2], &e);
	if (r < 0)
		(void)fprintf(stderr, "publish_tool: %s\n", e.text);
	m.writer = reputation_writer_free(m.writer);
	place_done(&m.place);
	return r < 0 ? 2 : 0;
}
