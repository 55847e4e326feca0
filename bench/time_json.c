/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_json newlines|map|jansson FILE MAP - one pass over a JSON log and how fast it went: line ends only,
 * through a map to events, or every line into a tree by jansson and no more than that. */
#include <inttypes.h>
#include <jansson.h>

#include "intake/jlog.h"

struct pass {
	struct jlog *map;
	uint64_t events, sum;
};

static void add(void *ctx, const struct event *ev, uint64_t number)
{
	struct pass *p = ctx;

	p->events++;
	p->sum += ev->subject.addr.lo + number;
}

static uint64_t newlines(struct pass *p, const struct block *b)
{
	struct span rest = b->text, line;
	uint64_t n = 0;

	for (; !span_empty(rest); n++)
		p->sum += span_cut(&rest, '\n', &line);
	return n;
}

static uint64_t through_map(struct pass *p, const struct block *b)
{
	return jlog_block(p->map, b, add, p);
}

static uint64_t trees(struct pass *p, const struct block *b)
{
	struct span rest = b->text, line;
	uint64_t n = 0;

	for (; !span_empty(rest); n++) {
		json_t *tree;

		(void)span_cut(&rest, '\n', &line); /* a block ends with LF */
		tree = json_loadb(line.p, span_len(line), 0, NULL);
		p->sum += json_object_size(tree);
		json_decref(tree);
	}
	return n;
}

static const struct {
	const char *name;
	uint64_t (*block)(struct pass *p, const struct block *b);
} ways[] = { { "newlines", newlines }, { "map", through_map }, { "jansson", trees } };

int main(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct scan_options o = { .clock = &clock };
	struct pass p = { .map = NULL };
	struct jmap *map;
	struct input *in;
	struct block b;
	uint64_t lines = 0, bytes = 0;
	size_t way = 0;
	int64_t us;
	struct err e;

	while (argc == 4 && way < NELEM(ways) && strcmp(argv[1], ways[way].name) != 0)
		way++;
	if (argc != 4 || way == NELEM(ways)) {
		(void)fprintf(stderr, "Usage: time_json newlines|map|jansson FILE MAP\n");
		return 3;
	}
	if (jmap_load(argv[3], ".", &map, &e) < 0 || jlog_new(map, &o, &p.map, &e) < 0 ||
	    input_open(argv[2], &in, &e) < 0) {
		(void)fprintf(stderr, "%s\n", e.text);
		return 2;
	}
	us = clock_monotonic_us();
	while (input_block(in, &b, &e) > 0) {
		uint64_t n = ways[way].block(&p, &b);

		input_block_lines(in, n);
		lines += n;
		bytes += span_len(b.text);
	}
	us = clock_monotonic_us() - us;
	(void)printf("%s %" PRIu64 " lines %" PRIu64 " bytes %" PRIu64 " events %.4f s sum %" PRIx64
		     "\n",
	    ways[way].name, lines, bytes, p.events, (double)us / 1e6, p.sum);
	(void)input_free(in);
	(void)jlog_free(p.map);
	return 0;
}
