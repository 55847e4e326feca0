/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of reach, over a reputation file that has a few of its entities; and as carve-outs, which who reads the
 * one reads too. */
#include "fuzz.h"

#include <stdlib.h>
#include <unistd.h>

#include "publication/carved.h"
#include "publication/reach.h"

static void add(struct reputation_writer *w, const char *name)
{
	struct entity en;
	struct standing s = { .entity = &en };
	struct err e;

	if (entity_parse(span_str(name), &en, &e) < 0 || reputation_writer_add(w, &s, &e) < 0)
		abort();
}

static struct reputation *few(void)
{
	static const char *const names[] = { "as:64500", "net:RIPE/N", "org:X/h", "country:NL" };
	struct publication_head head = { .generation = 1, .created_s = 1, .expires_s = 2 };
	char path[] = "/tmp/onus-fuzz-reach-XXXXXX";
	struct reputation_writer *w;
	struct reputation *r;
	struct err e;
	int fd = mkstemp(path);

	if (fd < 0 || reputation_writer_new(&head, &w, &e) < 0)
		abort();
	(void)close(fd);
	for (size_t i = 0; i < NELEM(names); i++)
		add(w, names[i]);
	if (reputation_writer_write(w, path, &e) < 0 || reputation_open(path, &r, &e) < 0)
		abort();
	(void)reputation_writer_free(w);
	(void)unlink(path);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t asked[] = { 0, 0x01020304, 0x08080808, UINT32_MAX };
	struct span text = span_of((const char *)data, size);
	static struct reputation *rep;
	struct addrset s = { .v = NULL };
	struct reach *r = NULL;
	struct err e;

	if (!rep)
		rep = few();
	if (reach_parse(text, rep, &r, &e) == 0)
		for (size_t i = 0; i < NELEM(asked); i++) {
			const uint32_t *rows;
			uint32_t n = reach_over(r, addr_of_v4(asked[i]), &rows);

			if (n > REACH_OVER_MAX)
				abort();
			while (n--)
				if (rows[n] >= reputation_n(rep))
					abort();
		}
	(void)reach_free(r);
	if (carved_parse(text, 0, &s, &e) == 0)
		addrset_done(&s);
	return 0;
}
