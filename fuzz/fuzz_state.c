/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A state file: as it is, and as evidence in a file whose head and checksum are right. It is refused, or every
 * judgement that follows from it is sound. The first byte: how it is read, and how many of the rows are of
 * listed prefixes. */
#include "fuzz.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "prog/evidence/state.h"

#define ROWS_MAX 512u
#define TODAY	 20000

static uint64_t file[(sizeof(struct state_head) + ROWS_MAX * 16 + 8) / 8];

static bool space(const void *ctx, uint32_t index, struct space *ret)
{
	const uint32_t first = 0x14000000;

	(void)ctx;
	*ret = (struct space){ .range = { addr_of_v4(first), addr_of_v4(first + 0xffff) },
		.country = "NL" };
	return index == 0;
}

static void judge_all(const struct judge_kept *k)
{
	struct judge *j = judge_new(&(struct judge_conf){
	    .today = TODAY, .first_day = TODAY - 500, .guard = true, .measure = true });
	struct judgement g;
	struct err e;
	int r = j ? judge_restore(j, k) : -ENOMEM;

	for (unsigned i = 0; j && i < JUDGE_GROUPS_MAX; i++)
		judge_group(j, i, 0.5, i % 4 == 0);
	if (r == 0)
		r = judge_run(j, space, NULL, &e);
	for (enum entity_kind kind = 0; r == 0 && kind < ENTITY_KIND_N; kind++)
		for (uint32_t i = 0; i < judge_n(j, kind); i++) {
			judge_at(j, kind, i, &g);
			assert(isfinite(g.score) && g.score > 0 && g.score <= 100);
		}
	assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
	(void)judge_free(j);
}

/* Around the rows, what makes a good file of them. */
static size_t make(const uint8_t *rows, size_t n, unsigned n_listed)
{
	struct state_head head = { .magic = STATE_MAGIC, .formula = JUDGE_FORMULA };
	uint8_t *to = (uint8_t *)file;
	uint64_t sum;

	head.n_listed = MIN_OF(n_listed, n);
	head.n_hosts = n - head.n_listed;
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), rows, n * 16);
	sum = XXH3_64bits(file, sizeof(head) + n * 16);
	memcpy(to + sizeof(head) + n * 16, &sum, sizeof(sum));
	return sizeof(head) + n * 16 + sizeof(sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_head head;
	struct judge_kept kept;
	size_t len;

	if (size < 1)
		return 0;
	if (data[0] == 255) {
		len = MIN_OF(size - 1, sizeof(file));
		memcpy(file, data + 1, len);
	} else
		len = make(data + 1, MIN_OF((size - 1) / 16, ROWS_MAX), data[0]);
	if (!state_parts((const uint8_t *)file, len, &head, &kept))
		judge_all(&kept);
	else
		assert(data[0] == 255);
	return 0;
}
