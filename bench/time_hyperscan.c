/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_hyperscan regex|line|literals FILE - one pass of Hyperscan over an sshd log in memory, as a peer of time_scan: five
 * expressions for what the sshd filter counts, over blocks of many lines (regex) or line by line (line), and the
 * address taken out of what they find, or their literals alone. The sum shows that the work was done. */
#include <hs.h>
#include <inttypes.h>

#include "intake/quad.h"
#include "kept.h"

#define HEAD "sshd\\[\\d{1,10}\\]: (?:error: )?"
#define METHOD                                                                                     \
	"Failed (?:password|keyboard-interactive(?:/\\w{1,20})?|hostbased|gssapi-with-mic) for "
#define ADDRESS "\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}"
#define PORT	"(?: port \\d{1,5})?"
#define END	"\\r?\\n"

static const char *const expressions[] = {
	HEAD METHOD "[^\\n]* from " ADDRESS " port \\d{1,5}(?: ssh2?)?" END,
	HEAD "message repeated \\d{1,4} times: \\[ " METHOD "[^\\n]* from " ADDRESS
	     " port \\d{1,5}(?: ssh2?)?\\]" END,
	HEAD "Invalid user [^\\n]* from " ADDRESS PORT END,
	HEAD "User [^\\n]* from " ADDRESS " not allowed because [^\\n]*" END,
	HEAD "ROOT LOGIN REFUSED FROM " ADDRESS PORT END,
};
#define N (sizeof(expressions) / sizeof(expressions[0]))

static const char *const literals[N] = { "Failed password for ", "message repeated ",
	"Invalid user ", " not allowed because ", "ROOT LOGIN REFUSED FROM " };

struct sum {
	const char *text;
	bool addresses;
	uint64_t n, sum;
};

/* The last address of the line that ends at `to`, which is what the expressions found. */
static void take_address(struct sum *s, const char *end)
{
	const char *p = end - 1;
	struct quad q;

	for (; p > s->text && p[-1] != '\n'; p--)
		if (p[-1] == ' ' && *p >= '0' && *p <= '9' && quad_read(p, &q) > 0) {
			s->sum += q.value;
			return;
		}
}

static int found(
    unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	struct sum *s = ctx;

	(void)id;
	(void)from;
	(void)flags;
	s->n++;
	if (s->addresses)
		take_address(s, s->text + to);
	return 0;
}

static hs_database_t *compile(bool literal)
{
	unsigned flags[N] = { 0 }, ids[N];
	size_t len[N];
	hs_compile_error_t *why = NULL;
	hs_database_t *db = NULL;

	for (unsigned i = 0; i < N; i++) {
		ids[i] = i;
		len[i] = strlen(literals[i]);
	}
	if ((literal ? hs_compile_lit_multi(
			   literals, flags, ids, len, N, HS_MODE_BLOCK, NULL, &db, &why)
		     : hs_compile_multi(expressions, flags, ids, N, HS_MODE_BLOCK, NULL, &db,
			   &why)) != HS_SUCCESS)
		(void)fprintf(stderr, "time_hyperscan: %s\n", why ? why->message : "no expression");
	return db;
}

static void scan(
    hs_database_t *db, hs_scratch_t *scratch, struct sum *s, const char *p, const char *end)
{
	s->text = p;
	if (hs_scan(db, p, (unsigned)(end - p), 0, scratch, found, s) != HS_SUCCESS)
		abort();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	bool by_line = strcmp(how, "line") == 0, literal = strcmp(how, "literals") == 0;
	struct sum s = { .addresses = !literal };
	hs_scratch_t *scratch = NULL;
	struct input *in = NULL;
	hs_database_t *db;
	struct kept kept;
	struct err e;
	int64_t us;

	if (argc != 3 || input_open(argv[2], &in, &e) < 0) {
		(void)fprintf(stderr, "Usage: time_hyperscan regex|line|literals FILE\n");
		return 3;
	}
	db = compile(literal);
	if (!db || hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
		return 2;
	if (kept_read(in, &kept, &e) < 0)
		return 2;
	us = kept_clock();
	for (size_t i = 0; i < kept.n; i++) {
		struct span b = kept.v[i].text;

		if (by_line)
			for (const char *p = b.p; p < b.end;) {
				const char *lf = memchr(p, '\n', (size_t)(b.end - p)),
					   *next = lf ? lf + 1 : b.end;

				scan(db, scratch, &s, p, next);
				p = next;
			}
		else
			scan(db, scratch, &s, b.p, b.end);
	}
	us = kept_clock() - us;
	(void)printf(
	    "%s %" PRIu64 " events %.3f s sum %" PRIx64 "\n", how, s.n, (double)us / 1e6, s.sum);
	hs_free_scratch(scratch);
	hs_free_database(db);
	kept_free(&kept);
	(void)input_free(in);
	return 0;
}
