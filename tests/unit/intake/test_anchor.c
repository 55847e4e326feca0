/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which filters can be led astray by what a stranger writes: by their form, and, where one is called anchored,
 * by lines that try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "intake/filter.h"

#define ONE(re)	     "[Definition]\nfailregex = " re "\n"
#define TWO(pre, re) "[Definition]\nprefregex = " pre "\nfailregex = " re "\n"

static const struct {
	const char *label, *text;
	bool want;
} cases[] = {
	{ "spelled out to the end", ONE("^ \\S+ app: failed for .* from <ADDR> port \\d+$"), true },
	{ "the same, in alternatives", ONE("^ app: (?:a .* from <IP4>|b .* by <IP6> x)$"), true },
	{ "the end may be missing a part", ONE("^ app: .* from <HOST>(?: port \\d{1,5})?$"), true },
	{ "the address comes first", ONE("^<HOST> - \\S+ .* GET"), true },
	{ "only what is spelled out comes first", ONE("^ \\[client <HOST>(?::\\d+)?\\] .* x"),
	    true },
	{ "digits come first", ONE("^ \\[\\d+\\]: \\*\\d+ client: <HOST>, .*"), true },
	{ "a sharp end behind a prefix",
	    TWO("^ \\S+ app: <F-CONTENT>.+</F-CONTENT>$", "^failed for .* from <ADDR>$"), true },
	{ "address in the prefix", TWO("^<ADDR> <F-CONTENT>.+</F-CONTENT>$", "^x"), true },
	{ "another line has the address",
	    TWO("^ app\\[<F-MLFID>\\d+</F-MLFID>\\]: <F-CONTENT>.+</F-CONTENT>$", "^bad$"), true },

	{ "no ^", ONE(" app: failed from <ADDR>$"), false },
	{ "an alternative without ^", ONE("(?:^ app:|app:) failed from <ADDR>$"), false },
	{ "an optional ^", ONE("(?:^ app: )?failed from <ADDR>$"), false },
	{ "no end", ONE("^ \\S+ app: failed for .* from <ADDR>"), false },
	{ "an open end", ONE("^ \\S+ app: failed for .* from <ADDR>.*$"), false },
	{ "an end that takes a word", ONE("^ \\S+ app: failed for .* from <ADDR> via \\S+$"),
	    false },
	{ "an end that takes any bytes", ONE("^ app: \\S+ from <ADDR> [^x]{1,90}$"), false },
	{ "an end in one alternative only", ONE("^ app: \\S+ from <ADDR>(?: x$| y)"), false },
	{ "a user of one word and an open end", ONE("^ app: \\S+ from <ADDR>"), false },
	{ "any line that quotes it", ONE("^.*app: failed from <ADDR>$"), false },
	{ "any line, said otherwise", ONE("^[^\\n]* app: failed from <ADDR>$"), false },
	{ "any line that quotes it, prefix",
	    TWO("^.* app: <F-CONTENT>.+</F-CONTENT>$", "^failed from <ADDR>$"), false },
	{ "an open end behind a prefix",
	    TWO("^ \\S+ app: <F-CONTENT>.+</F-CONTENT>$", "^failed for .* from <ADDR>"), false },
	{ "a prefix that cuts the end off",
	    TWO("^ \\S+ app: <F-CONTENT>.+</F-CONTENT> .*$", "^failed for .* from <ADDR>$"),
	    false },
	{ "not at the beginning of the content",
	    TWO("^ \\S+ app: <F-CONTENT>.+</F-CONTENT>$", "failed from <ADDR>$"), false },
	{ "an id anywhere",
	    TWO("^.*id=<F-MLFID>\\d+</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$", "^bad <ADDR>$"),
	    false },
	{ "one of two", ONE("^ app: .* from <ADDR>$\n  ^ app: .* by <ADDR>"), false },
	{ "several lines",
	    "[Definition]\nmaxlines = 2\nfailregex = ^ app: a\\n app: from <ADDR>$\n", false },
	{ "what a group said before", ONE("^ app: (?P<x>.) (?P=x) <ADDR>.*"), false },
	{ "an address by another name", ONE("^ app: (?P<alt_ip4>\\S+)$"), false },
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		struct filter *f = NULL;
		struct err e;

		if (filter_parse("t", span_str(cases[i].text), &f, &e) < 0)
			fail_msg("%s: %s", cases[i].label, e.text);
		if (f->anchored != cases[i].want)
			fail_msg(
			    "%s: %s", cases[i].label, f->anchored ? "anchored" : "not anchored");
		filter_free(f);
	}
}

/* Whose word on the proof counts: that of who wrote the expressions. */
static void test_proof(void **state)
{
	static const struct {
		const char *label, *conf, *local;
		enum proof want;
	} rows[] = {
		{ "the author's", ONE("^ app: <ADDR>.*") "[Onus]\nproof = full\n", NULL,
		    PROOF_FULL },
		{ "nobody's", ONE("^ app: .* <ADDR>$"), NULL, PROOF_WEAK },
		{ "another's, anchored", ONE("^ app: .* <ADDR>$"), "[Onus]\nproof = full\n",
		    PROOF_FULL },
		{ "another's, not anchored", ONE("^ app: .* <ADDR>"), "[Onus]\nproof = full\n",
		    PROOF_WEAK },
		{ "another's, with other expressions", ONE("^ app: .* <ADDR>"),
		    ONE("^ app: .* <ADDR>") "[Onus]\nproof = full\n", PROOF_FULL },
	};
	char dir[] = "/tmp/anchor.XXXXXX", conf[64], local[64];

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(conf, sizeof(conf), "%s/t.conf", dir);
	(void)snprintf(local, sizeof(local), "%s/t.local", dir);
	for (size_t i = 0; i < NELEM(rows); i++) {
		const struct {
			const char *path, *text;
		} files[] = { { conf, rows[i].conf }, { local, rows[i].local } };
		struct filter *f = NULL;
		struct err e;

		for (size_t k = 0; k < NELEM(files); k++) {
			FILE *out;

			(void)unlink(files[k].path);
			if (!files[k].text)
				continue;
			assert_non_null(out = fopen(files[k].path, "w"));
			assert_true(fputs(files[k].text, out) >= 0);
			assert_int_equal(fclose(out), 0);
		}
		if (filter_load("t", dir, &f, &e) < 0)
			fail_msg("%s: %s", rows[i].label, e.text);
		if (f->proof != rows[i].want)
			fail_msg("%s: %s", rows[i].label, f->proof == PROOF_FULL ? "full" : "weak");
		filter_free(f);
	}
	(void)unlink(conf);
	(void)unlink(local);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
