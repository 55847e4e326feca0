/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every behaviour that the mustache specification names (its modules comments, delimiters,
 * interpolation, inverted, partials, sections), in cases of our own under the specification's labels,
 * and what it leaves open: limits, errors with their line, hostile templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>

#include "svc/template.h"

static void fill(struct model *m, struct value *to, const char *key, const json_t *j)
{
	struct value *v;
	const char *k;
	json_t *x;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		v = key || to != model_root(m) ? model_object(m, to, key) : to;
		json_object_foreach((json_t *)j, k, x) fill(m, v, k, x);
		break;
	case JSON_ARRAY:
		v = model_list(m, to, key);
		json_array_foreach(j, i, x) fill(m, v, NULL, x);
		break;
	case JSON_STRING:
		model_str(m, to, key, json_string_value(j));
		break;
	case JSON_INTEGER:
		model_fmt(m, to, key, "%lld", (long long)json_integer_value(j));
		break;
	case JSON_REAL:
		model_fmt(m, to, key, "%g", json_real_value(j));
		break;
	case JSON_TRUE:
		model_bool(m, to, key, true);
		break;
	case JSON_FALSE:
	case JSON_NULL:
		model_bool(m, to, key, false);
		break;
	}
}

struct spec_case {
	const char *label, *data, *text, *partial_name, *partial, *want;
};

static const struct spec_case cases[] = {
	/* comments */
	{ "comment inline", "{}", "ab{{! gone }}cd", 0, 0, "abcd" },
	{ "comment over lines", "{}", "ab{{!\n one\n two\n}}cd\n", 0, 0, "abcd\n" },
	{ "comment standalone", "{}", "top\n{{! gone }}\nend\n", 0, 0, "top\nend\n" },
	{ "comment indented standalone", "{}", "top\n  {{! gone }}\nend\n", 0, 0, "top\nend\n" },
	{ "comment standalone CRLF", "{}", "|\r\n{{! gone }}\r\n|", 0, 0, "|\r\n|" },
	{ "comment standalone first", "{}", "  {{! gone }}\n!", 0, 0, "!" },
	{ "comment standalone last", "{}", "!\n  {{! gone }}", 0, 0, "!\n" },
	{ "comment standalone over lines", "{}", "a\n  {{!\n   x\n  }}\nb\n", 0, 0, "a\nb\n" },
	{ "comment keeps blanks", "{}", "  12 {{! 34 }}\n", 0, 0, "  12 \n" },
	{ "comment keeps blanks both sides", "{}", "1 {{! x }} 2", 0, 0, "1  2" },
	{ "comment hides a name", "{\"! x\":1,\"x\":2}", "<{{! x }}>", 0, 0, "<>" },
	/* delimiters */
	{ "delimiters pair", "{\"t\":\"hey\"}", "{{=<% %>=}}(<%t%>)", 0, 0, "(hey)" },
	{ "delimiters special", "{\"t\":\"hey\"}", "({{=[ ]=}}[t])", 0, 0, "(hey)" },
	{ "delimiters and sections", "{\"s\":true,\"d\":\"D\"}",
	    "[\n{{#s}}\n  {{d}}\n  |d|\n{{/s}}\n\n{{= | | =}}\n|#s|\n  {{d}}\n  |d|\n|/s|\n]\n", 0,
	    0, "[\n  D\n  |d|\n\n  {{d}}\n  D\n]\n" },
	{ "delimiters and inverted", "{\"s\":false,\"d\":\"D\"}",
	    "[\n{{^s}}\n  {{d}}\n{{/s}}\n{{= | | =}}\n|^s|\n  |d|\n|/s|\n]\n", 0, 0,
	    "[\n  D\n  D\n]\n" },
	{ "delimiters not inherited", "{\"v\":\"yes\"}", "[ {{>inc}} ]\n{{= | | =}}\n[ |>inc| ]\n",
	    "inc", ".{{v}}.", "[ .yes. ]\n[ .yes. ]\n" },
	{ "delimiters end with a partial", "{\"v\":\"yes\"}", "[ {{>inc}} ]\n[ .{{v}}.  .|v|. ]\n",
	    "inc", ".{{v}}. {{= | | =}} .|v|.", "[ .yes.  .yes. ]\n[ .yes.  .|v|. ]\n" },
	{ "delimiters keep blanks", "{}", "| {{=@ @=}} |", 0, 0, "|  |" },
	{ "delimiters inline", "{}", " | {{=@ @=}}\n", 0, 0, " | \n" },
	{ "delimiters standalone", "{}", "top\n{{=@ @=}}\nend\n", 0, 0, "top\nend\n" },
	{ "delimiters indented", "{}", "top\n  {{=@ @=}}\nend\n", 0, 0, "top\nend\n" },
	{ "delimiters CRLF", "{}", "|\r\n{{= @ @ =}}\r\n|", 0, 0, "|\r\n|" },
	{ "delimiters first", "{}", "  {{=@ @=}}\n=", 0, 0, "=" },
	{ "delimiters last", "{}", "=\n  {{=@ @=}}", 0, 0, "=\n" },
	{ "delimiters padded", "{}", "|{{= @   @ =}}|", 0, 0, "||" },
	/* interpolation */
	{ "no interpolation", "{}", "Hello {Mustache}!\n", 0, 0, "Hello {Mustache}!\n" },
	{ "basic", "{\"s\":\"world\"}", "Hello, {{s}}!\n", 0, 0, "Hello, world!\n" },
	{ "no re-interpolation", "{\"t\":\"{{p}}\",\"p\":\"3\"}", "{{t}}: {{p}}", 0, 0,
	    "{{p}}: 3" },
	{ "escaped", "{\"s\":\"& \\\" < > '\"}", "{{s}}", 0, 0, "&amp; &quot; &lt; &gt; &#39;" },
	{ "triple", "{\"s\":\"& \\\" < >\"}", "{{{s}}}", 0, 0, "& \" < >" },
	{ "ampersand", "{\"s\":\"& \\\" < >\"}", "{{&s}}", 0, 0, "& \" < >" },
	{ "integer", "{\"n\":85}", "\"{{n}}\" \"{{{n}}}\" \"{{&n}}\"", 0, 0,
	    "\"85\" \"85\" \"85\"" },
	{ "decimal", "{\"n\":1.21}", "\"{{n}}\"", 0, 0, "\"1.21\"" },
	{ "null", "{\"n\":null}", "I ({{n}}{{{n}}}{{&n}})", 0, 0, "I ()" },
	{ "context miss", "{}", "I ({{n}}{{{n}}}{{&n}})", 0, 0, "I ()" },
	{ "dotted", "{\"p\":{\"n\":\"Jo\"}}", "{{p.n}}={{#p}}{{n}}{{/p}} {{{p.n}}} {{&p.n}}", 0, 0,
	    "Jo=Jo Jo Jo" },
	{ "dotted deep", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"n\":\"Ph\"}}}}}}",
	    "{{a.b.c.d.e.n}}", 0, 0, "Ph" },
	{ "dotted broken", "{\"a\":{}}", "<{{a.b.c}}>", 0, 0, "<>" },
	{ "dotted broken resolution", "{\"a\":{\"b\":{}},\"c\":{\"n\":\"Jim\"}}", "<{{a.b.c.n}}>",
	    0, 0, "<>" },
	{ "dotted initial resolution", "{\"a\":{\"b\":{\"n\":\"Ph\"}},\"b\":{\"n\":\"no\"}}",
	    "{{#a}}{{b.n}}{{/a}}", 0, 0, "Ph" },
	{ "dotted precedence", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERROR\"}}", "{{#a}}{{b.c}}{{/a}}",
	    0, 0, "" },
	{ "dotted never single", "{\"a.b\":\"no\"}", "<{{a.b}}>", 0, 0, "<>" },
	{ "dotted no masking", "{\"a.b\":\"c\",\"a\":{\"b\":\"d\"}}", "{{a.b}}", 0, 0, "d" },
	{ "implicit iterator text", "{\"l\":[\"<a>\"]}", "{{#l}}{{.}}{{{.}}}{{&.}}{{/l}}", 0, 0,
	    "&lt;a&gt;<a><a>" },
	{ "surrounding blanks", "{\"s\":\"---\"}", "| {{s}} | {{{s}}} | {{&s}} |", 0, 0,
	    "| --- | --- | --- |" },
	{ "never standalone", "{\"s\":\"---\"}", "  {{s}}\n  {{{s}}}\n  {{&s}}\n", 0, 0,
	    "  ---\n  ---\n  ---\n" },
	{ "padding", "{\"s\":\"-\"}", "|{{ s }}|{{{ s }}}|{{& s }}|", 0, 0, "|-|-|-|" },
	/* inverted */
	{ "inverted falsey", "{\"b\":false}", "<{{^b}}x{{/b}}>", 0, 0, "<x>" },
	{ "inverted truthy", "{\"b\":true}", "<{{^b}}x{{/b}}>", 0, 0, "<>" },
	{ "inverted null", "{\"b\":null}", "<{{^b}}x{{/b}}>", 0, 0, "<x>" },
	{ "inverted object", "{\"b\":{\"n\":\"J\"}}", "<{{^b}}x{{/b}}>", 0, 0, "<>" },
	{ "inverted list", "{\"b\":[{\"n\":1}]}", "<{{^b}}x{{/b}}>", 0, 0, "<>" },
	{ "inverted empty list", "{\"b\":[]}", "<{{^b}}x{{/b}}>", 0, 0, "<x>" },
	{ "inverted doubled", "{\"b\":false,\"t\":\"2\"}",
	    "{{^b}}\n* 1\n{{/b}}\n* {{t}}\n{{^b}}\n* 3\n{{/b}}\n", 0, 0, "* 1\n* 2\n* 3\n" },
	{ "inverted nested falsey", "{\"b\":false}", "A {{^b}}B {{^b}}C{{/b}} D{{/b}} E", 0, 0,
	    "A B C D E" },
	{ "inverted nested truthy", "{\"b\":true}", "A {{^b}}B {{^b}}C{{/b}} D{{/b}} E", 0, 0,
	    "A  E" },
	{ "inverted miss", "{}", "[{{^m}}none{{/m}}]", 0, 0, "[none]" },
	{ "inverted dotted", "{\"a\":{\"b\":{\"c\":true,\"d\":false}}}",
	    "<{{^a.b.c}}x{{/a.b.c}}{{^a.b.d}}y{{/a.b.d}}{{^a.q.c}}z{{/a.q.c}}>", 0, 0, "<yz>" },
	{ "inverted blanks", "{\"b\":false}", " | {{^b}}\t|\t{{/b}} | \n", 0, 0, " | \t|\t | \n" },
	{ "inverted inner blanks", "{\"b\":false}", " | {{^b}} {{! x }}\n {{/b}} | \n", 0, 0,
	    " |  \n  | \n" },
	{ "inverted indented inline", "{\"b\":false}", " {{^b}}NO{{/b}}\n {{^b}}WAY{{/b}}\n", 0, 0,
	    " NO\n WAY\n" },
	{ "inverted standalone", "{\"b\":false}", "| a\n{{^b}}\n|\n  {{/b}}\n| b\n", 0, 0,
	    "| a\n|\n| b\n" },
	{ "inverted CRLF", "{\"b\":false}", "|\r\n{{^b}}\r\n{{/b}}\r\n|", 0, 0, "|\r\n|" },
	{ "inverted first", "{\"b\":false}", "  {{^b}}\n^{{/b}}\n/", 0, 0, "^\n/" },
	{ "inverted last", "{\"b\":false}", "^{{^b}}\n/\n  {{/b}}", 0, 0, "^\n/\n" },
	{ "inverted padding", "{\"b\":false}", "|{{^ b }}={{/ b }}|", 0, 0, "|=|" },
	/* partials */
	{ "partial", "{}", "\"{{>p}}\"", "p", "from partial", "\"from partial\"" },
	{ "partial missing", "{}", "\"{{>p}}\"", 0, 0, "\"\"" },
	{ "partial context", "{\"t\":\"c\"}", "\"{{>p}}\"", "p", "*{{t}}*", "\"*c*\"" },
	{ "partial recursion", "{\"c\":\"X\",\"n\":[{\"c\":\"Y\",\"n\":[]}]}", "{{>p}}", "p",
	    "{{c}}<{{#n}}{{>p}}{{/n}}>", "X<Y<>>" },
	{ "partial nested in a section", "{\"a\":\"hi\",\"b\":true}", "{{#b}}{{>p}}{{/b}}", "p",
	    "{{a}} {{#b}}{{a}}{{/b}}", "hi hi" },
	{ "partial blanks", "{}", "| {{>p}} |", "p", "\t|\t", "| \t|\t |" },
	{ "partial inline indentation", "{\"d\":\"|\"}", "  {{d}}  {{> p}}\n", "p", ">\n>",
	    "  |  >\n>\n" },
	{ "partial CRLF", "{}", "|\r\n{{>p}}\r\n|", "p", ">", "|\r\n>|" },
	{ "partial first", "{}", "  {{>p}}\n>", "p", ">\n>", "  >\n  >>" },
	{ "partial last", "{}", ">\n  {{>p}}", "p", ">\n>", ">\n  >\n  >" },
	{ "partial standalone indentation", "{\"c\":\"<\\n->\"}", "\\\n {{>p}}\n/\n", "p",
	    "|\n{{{c}}}\n|\n", "\\\n |\n <\n->\n |\n/\n" },
	{ "partial padding", "{}", "|{{> p }}|", "p", "[]", "|[]|" },
	{ "partial indented sections", "{\"l\":[1,2]}", " {{>p}}\n", "p",
	    "{{#l}}\n{{.}}\n{{/l}}\n.\n", " 1\n 2\n .\n" },
	{ "partial indented inline section", "{\"l\":[]}", " {{>p}}\n", "p", "{{#l}}x{{/l}}y\nz\n",
	    " y\n z\n" },
	/* sections */
	{ "section truthy", "{\"b\":true}", "<{{#b}}x{{/b}}>", 0, 0, "<x>" },
	{ "section falsey", "{\"b\":false}", "<{{#b}}x{{/b}}>", 0, 0, "<>" },
	{ "section null", "{\"b\":null}", "<{{#b}}x{{/b}}>", 0, 0, "<>" },
	{ "section context", "{\"c\":{\"n\":\"Jo\"}}", "{{#c}}Hi {{n}}.{{/c}}", 0, 0, "Hi Jo." },
	{ "section parent contexts",
	    "{\"a\":\"foo\",\"b\":\"no\",\"s\":{\"b\":\"bar\"},\"c\":{\"d\":\"baz\"}}",
	    "{{#s}}{{a}}, {{b}}, {{c.d}}{{/s}}", 0, 0, "foo, bar, baz" },
	{ "section variable test", "{\"f\":\"bar\"}", "{{#f}}{{.}} is {{f}}{{/f}}", 0, 0,
	    "bar is bar" },
	{ "section list contexts",
	    "{\"t\":[{\"n\":{\"u\":\"A\",\"l\":\"a\"},\"m\":[{\"k\":\"1\",\"b\":[{\"x\":\"x\"},{"
	    "\"x\":\"y\"}]}]}]}",
	    "{{#t}}{{#m}}{{n.l}}{{k}}.{{#b}}{{n.u}}{{k}}{{x}}.{{/b}}{{/m}}{{/t}}", 0, 0,
	    "a1.A1x.A1y." },
	{ "section deeply nested",
	    "{\"a\":{\"one\":1},\"b\":{\"two\":2},\"c\":{\"three\":3,\"d\":{\"four\":4}}}",
	    "{{#a}}\n{{one}}\n{{#b}}\n{{one}}{{two}}\n{{#c}}\n{{#d}}\n{{one}}{{two}}{{three}}{{"
	    "four}}\n"
	    "{{/d}}\n{{/c}}\n{{/b}}\n{{one}}\n{{/a}}\n",
	    0, 0, "1\n12\n1234\n1\n" },
	{ "section list", "{\"l\":[{\"i\":1},{\"i\":2},{\"i\":3}]}", "<{{#l}}{{i}}{{/l}}>", 0, 0,
	    "<123>" },
	{ "section empty list", "{\"l\":[]}", "<{{#l}}x{{/l}}>", 0, 0, "<>" },
	{ "section empty text", "{\"l\":\"\"}", "<{{#l}}x{{/l}}{{^l}}y{{/l}}>", 0, 0, "<y>" },
	{ "section doubled", "{\"b\":true,\"t\":\"2\"}",
	    "{{#b}}\n* 1\n{{/b}}\n* {{t}}\n{{#b}}\n* 3\n{{/b}}\n", 0, 0, "* 1\n* 2\n* 3\n" },
	{ "section nested truthy", "{\"b\":true}", "A {{#b}}B {{#b}}C{{/b}} D{{/b}} E", 0, 0,
	    "A B C D E" },
	{ "section nested falsey", "{\"b\":false}", "A {{#b}}B {{#b}}C{{/b}} D{{/b}} E", 0, 0,
	    "A  E" },
	{ "section miss", "{}", "[{{#m}}x{{/m}}]", 0, 0, "[]" },
	{ "iterator text", "{\"l\":[\"a\",\"b\"]}", "{{#l}}({{.}}){{/l}}", 0, 0, "(a)(b)" },
	{ "iterator number", "{\"l\":[1,2.5]}", "{{#l}}({{.}}){{/l}}", 0, 0, "(1)(2.5)" },
	{ "iterator lists", "{\"l\":[[1,2],[\"a\"]]}", "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", 0, 0,
	    "(12)(a)" },
	{ "iterator objects", "{\"l\":[{\"v\":\"a\"},{\"v\":\"b\"}]}",
	    "{{#l}}{{#.}}({{v}}){{/.}}{{/l}}", 0, 0, "(a)(b)" },
	{ "section dotted", "{\"a\":{\"b\":{\"c\":true,\"d\":false}}}",
	    "<{{#a.b.c}}x{{/a.b.c}}{{#a.b.d}}y{{/a.b.d}}{{#a.q.c}}z{{/a.q.c}}>", 0, 0, "<x>" },
	{ "section blanks", "{\"b\":true}", " | {{#b}}\t|\t{{/b}} | \n", 0, 0, " | \t|\t | \n" },
	{ "section inner blanks", "{\"b\":true}", " | {{#b}} {{! x }}\n {{/b}} | \n", 0, 0,
	    " |  \n  | \n" },
	{ "section indented inline", "{\"b\":true}", " {{#b}}YES{{/b}}\n {{#b}}GOOD{{/b}}\n", 0, 0,
	    " YES\n GOOD\n" },
	{ "section standalone", "{\"b\":true}", "| a\n  {{#b}}\n|\n{{/b}}\n| b\n", 0, 0,
	    "| a\n|\n| b\n" },
	{ "section CRLF", "{\"b\":true}", "|\r\n{{#b}}\r\n{{/b}}\r\n|", 0, 0, "|\r\n|" },
	{ "section first", "{\"b\":true}", "  {{#b}}\n#{{/b}}\n/", 0, 0, "#\n/" },
	{ "section last", "{\"b\":true}", "#{{#b}}\n/\n  {{/b}}", 0, 0, "#\n/\n" },
	{ "section padding", "{\"b\":true}", "|{{# b }}={{/ b }}|", 0, 0, "|=|" },
};

static void test_specification(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(cases); i++) {
		const struct spec_case *c = &cases[i];
		struct template_set *s = template_set_new();
		struct model *m = model_new(1 << 20);
		json_t *j = json_loads(c->data, 0, NULL);
		struct err e = { "" };
		struct buf out;

		buf_init(&out, 1 << 16);
		assert_non_null(j);
		fill(m, model_root(m), NULL, j);
		assert_true(model_ok(m));
		if (c->partial)
			assert_int_equal(
			    template_add(s, span_str(c->partial_name), span_str(c->partial), &e),
			    0);
		if (template_add(s, SPAN("main"), span_str(c->text), &e) < 0 ||
		    template_render(s, "main", model_root(m), &out, &e) < 0)
			fail_msg("%s: %s", c->label, e.text);
		if (!span_is(buf_text(&out), c->want))
			fail_msg("%s: got \"%.*s\"", c->label, SPAN_ARG(buf_text(&out)));
		json_decref(j);
		buf_done(&out);
		template_set_free(s);
		model_free(m);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *label, *text;
		int want;
		const char *message;
	} bad[] = {
		{ "tag not closed", "a\n{{b", -EINVAL, "line 2: a tag is not closed" },
		{ "triple closed by two", "{{{b}}", -EINVAL, "line 1: a tag is not closed" },
		{ "section not closed", "\n\n{{#a}}x", -EINVAL,
		    "line 3: a section is never closed" },
		{ "section not opened", "{{/a}}", -EINVAL,
		    "line 1: a section is closed that was not opened" },
		{ "wrong order", "{{#a}}{{^b}}{{/a}}{{/b}}", -EINVAL,
		    "line 1: sections are closed in the wrong order" },
		{ "empty name", "{{}}", -EINVAL,
		    "line 1: a tag's name is empty, too long or has blanks" },
		{ "blank in name", "{{a b}}", -EINVAL,
		    "line 1: a tag's name is empty, too long or has blanks" },
		{ "one delimiter", "{{=|=}}", -EINVAL,
		    "line 1: delimiters must be two words without '='" },
	};

	(void)state;
	for (size_t i = 0; i < NELEM(bad); i++) {
		struct template_set *s = template_set_new();
		struct err e = { "" };

		if (template_add(s, SPAN("t"), span_str(bad[i].text), &e) != bad[i].want ||
		    strcmp(e.text, bad[i].message) != 0)
			fail_msg("%s: \"%s\"", bad[i].label, e.text);
		template_set_free(s);
	}
}

static void test_limits(void **state)
{
	struct template_set *s = template_set_new();
	struct model *m = model_new(1 << 22), *tiny = model_new(1000);
	struct value *l = model_list(m, model_root(m), "l");
	struct err e = { "" };
	struct buf out, deep;

	(void)state;
	buf_init(&out, 100);
	buf_init(&deep, 1 << 16);
	for (int i = 0; i < 1200; i++)
		model_str(m, l, NULL, "x");
	for (int i = 0; i < 33; i++)
		buf_str(&deep, "{{#a}}");
	for (int i = 0; i < 33; i++)
		buf_str(&deep, "{{/a}}");
	assert_int_equal(template_add(s, SPAN("deep"), buf_text(&deep), &e), -E2BIG);
	assert_int_equal(template_add(s, SPAN("self"), SPAN("{{>self}}"), &e), 0);
	assert_int_equal(template_add(s, SPAN("self"), SPAN("x"), &e), -EEXIST);
	assert_int_equal(
	    template_add(s, SPAN("cube"), SPAN("{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}"), &e), 0);
	assert_int_equal(template_add(s, SPAN("long"), SPAN("{{#l}}{{.}}{{/l}}"), &e), 0);
	assert_int_equal(template_render(s, "self", model_root(m), &out, &e), -ELOOP);
	assert_int_equal(template_render(s, "cube", model_root(m), &out, &e), -ELOOP);
	assert_int_equal(template_render(s, "long", model_root(m), &out, &e), -EFBIG);
	assert_int_equal(template_render(s, "none", model_root(m), &out, &e), -ENOENT);

	for (int i = 0; i < 100; i++)
		model_str(tiny, model_root(tiny), "k", "0123456789");
	assert_false(model_ok(tiny));
	assert_null(model_object(tiny, NULL, "x"));
	buf_done(&out);
	buf_done(&deep);
	model_free(m);
	model_free(tiny);
	template_set_free(s);
}

static void test_count(void **state)
{
	static const struct {
		uint64_t v;
		const char *want;
	} counts[] = { { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1234567, "1,234,567" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" } };
	struct model *m = model_new(1 << 16);

	(void)state;
	for (size_t i = 0; i < NELEM(counts); i++) {
		struct value *o = model_object(m, model_root(m), "o");

		model_count(m, o, "n", counts[i].v);
		assert_true(span_is(value_get(o, SPAN("n"))->text, counts[i].want));
	}
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specification),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
