/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_publication SERVE_DIR KEY_DIR GENERATION LASTS_S: a publication, signed, whole and current, of what stands on stdin, for
 * tests of those that answer by one. A line: ENTITY LEVEL ACTION UNTIL_S GRADE REASON; UNTIL_S from now on, GRADE '-' for none. */
#include <errno.h>
#include <string.h>

#include "publication/manifest.h"
#include "publication/place.h"
#include "publication/reputation.h"
#include "util/clock.h"
#include "util/num.h"

static void die(const struct err *e)
{
	(void)fprintf(stderr, "make_publication: %s\n", e->text);
	exit(2);
}

static int add(struct reputation_writer *w, struct span line, int64_t now_s, struct err *e)
{
	struct entity en;
	struct standing s = { .entity = &en, .hosts = 1, .events = 1, .announced_v4 = 1 };
	struct span field[5];
	uint64_t until;

	for (unsigned i = 0; i < NELEM(field); i++)
		if (!span_cut(&line, ' ', &field[i]))
			return err_set(e, -EINVAL, "a line with %u fields", i);
	if (entity_parse(field[0], &en, e) < 0 || level_parse(field[1], &s.decision.level) < 0 ||
	    action_parse(field[2], &s.decision.action) < 0 ||
	    num_u64(field[3], 1u << 30, &until) < 0)
		return err_set(e, -EINVAL, "what is %.*s?", SPAN_ARG(field[0]));
	s.first_day = s.last_day = day_of(now_s);
	s.decision.since_s = now_s - 60;
	s.decision.until_s = now_s + (int64_t)until;
	s.decision.reason = line;
	s.title = field[0];
	if (*field[4].p != '-') {
		s.scored = true;
		s.grade = *field[4].p;
		s.score = s.high = 100 - 15.0 * (s.grade - 'A');
	}
	return reputation_writer_add(w, &s, e);
}

static void fill(const char *dir, const struct publication_head *head, int64_t now_s)
{
	struct reputation_writer *w = NULL;
	struct err e = { "" };
	char line[2000], path[PLACE_PATH_MAX + 16];

	if (reputation_writer_new(head, &w, &e) < 0)
		die(&e);
	while (fgets(line, sizeof(line), stdin))
		if (add(w, span_trim(span_str(line)), now_s, &e) < 0)
			die(&e);
	(void)snprintf(path, sizeof(path), "%s/reputation", dir);
	if (reputation_writer_write(w, path, &e) < 0)
		die(&e);
	(void)reputation_writer_free(w);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "reputation" };
	struct clock clock = clock_system();
	struct publication_head head = { .created_s = clock_now_s(&clock),
		.as_of_s = clock_now_s(&clock),
		.formula = SPAN("onus-1"),
		.site = SPAN("test"),
		.attribution = SPAN("") };
	struct place place = { .fd = -1 };
	struct sign_key key;
	struct err e = { "" };
	char dir[PLACE_PATH_MAX];
	uint64_t lasts_s;

	if (argc != 5 || num_u64(span_str(argv[3]), INT64_MAX, &head.generation) < 0 ||
	    num_u64(span_str(argv[4]), 1u << 30, &lasts_s) < 0)
		return 3;
	head.expires_s = head.created_s + (int64_t)lasts_s;
	if (sign_key_open(argv[2], &key, &e) < 0 || place_open(argv[1], &place, &e) < 0 ||
	    place_begin(&place, head.generation, dir, &e) < 0)
		die(&e);
	fill(dir, &head, head.created_s);
	if (manifest_write(dir, "", &head, names, NELEM(names), &key, &e) < 0 ||
	    place_commit(&place, head.generation, &e) < 0 ||
	    place_show(&place, head.generation, &e) < 0)
		die(&e);
	sign_key_done(&key);
	place_done(&place);
	return 0;
}
