/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over its corpus, each file whole, cut at a few places and with a few bytes
 * flipped, so that a fixed crash cannot return unseen on machines without a fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "util/file.h"

static void variants(const char *p, size_t n)
{
	uint8_t *copy;

	LLVMFuzzerTestOneInput((const uint8_t *)p, n);
	for (size_t k = 1; k <= 16; k++) {
		size_t cut = n * k / 17, at = n ? (n * k * 7919) % n : 0;

		copy = malloc(n + 1);
		if (!copy)
			abort();
		memcpy(copy, p, n);
		LLVMFuzzerTestOneInput(copy, cut);
		if (n)
			copy[at] ^= (uint8_t)(1u << k % 8);
		LLVMFuzzerTestOneInput(copy, n);
		free(copy);
	}
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned n = 0;

	if (!dir) {
		(void)fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(dir))) {
		char path[4096];
		struct buf b;
		struct err e;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		buf_init(&b, 16u << 20);
		if (file_read(path, &b, &e) < 0) {
			(void)fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		variants(b.p ? b.p : "", b.len);
		buf_done(&b);
		n++;
	}
	(void)closedir(dir);
	(void)printf("%u corpus files replayed\n", n);
	return n ? 0 : 1;
}
