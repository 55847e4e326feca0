/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one program leaves for another, or for its next run: wishes, the index of answers, pauses of servers. */
#include "fuzz.h"

#include <assert.h>

#include "core/wishes.h"
#include "holders/enrich/cache.h"
#include "holders/enrich/servers.h"

#define NOW INT64_C(1700000000)

static void rows(struct span rest)
{
	struct cache_row row;
	struct span line;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		if (cache_row_parse(line, &row) < 0)
			continue;
		assert(row.question[0] && (row.answers != NULL) == (row.at_s > 0));
		assert(row.state != CACHE_KEPT || row.answers);
		free(row.answers);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);
	struct entity *wish = calloc(WISHES_MAX, sizeof(*wish));
	struct servers *servers = servers_new(1000);
	unsigned refused;
	struct err e;

	if (!wish || !servers)
		abort();
	assert(wishes_read(path, NOW, wish, &refused, &e) <= (int)WISHES_MAX);
	if (servers_load(servers, path, NOW, 1000, &e) == 0)
		for (uint32_t i = 0; i < SERVERS_MAX && *server_name(servers, i); i++)
			assert(server_asks_ms(servers, i) <= 1000 + (int64_t)SERVER_PAUSE_MAX);
	rows(span_of((const char *)data, size));
	servers = servers_free(servers);
	free(wish);
	return 0;
}
