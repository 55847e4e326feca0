/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/regex.h"

#include <ctype.h>
#include <errno.h>

#include "intake/fast.h"
#include "intake/pattern.h"
#include "intake/regex_code.h"

struct pcre2 {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
	int number[REGEX_GROUP_N]; /* of the group, -1 where there is none */
	struct {
		enum regex_group to;
		int number;
	} alt[REGEX_ALT_MAX]; /* what stands for a group that is empty, the first first */
	unsigned n_alt;
	int skip[REGEX_SKIP_MAX]; /* <SKIPLINES> */
	unsigned n_skip;
};

const char *const regex_group_names[REGEX_GROUP_N] = { "ip4", "ip6", "dns", "content", "nofail",
	"count", "fid", "cidr", "mlfid", "mlfforget", "mlfgained", "user" };

int regex_code(struct span pattern, uint32_t options, pcre2_code **ret, struct err *e)
{
	pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int code;

	if (!cc)
		return err_set(e, -ENOMEM, "out of memory");
	/* Only LF ends a line in Python; PCRE2 may have been built for others. */
	(void)pcre2_set_newline(cc, PCRE2_NEWLINE_LF);
	(void)pcre2_set_max_pattern_length(cc, PATTERN_MAX * 2);
	(void)pcre2_set_parens_nest_limit(cc, 100);
	*ret = pcre2_compile((PCRE2_SPTR)pattern.p, span_len(pattern),
	    PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | options, &code, &at, cc);
	pcre2_compile_context_free(cc);
	if (!*ret) {
		PCRE2_UCHAR why[120] = { 0 };

		(void)pcre2_get_error_message(code, why, sizeof(why)); /* cut is good enough */
		at = MIN_OF(at, span_len(pattern));
		return err_set(e, -EINVAL, "%s at \"%.*s\"", (const char *)why,
		    (int)MIN_OF(span_len(pattern) - at, (size_t)24), pattern.p + at);
	}
	return 0;
}

static int make_room(struct pcre2 *re, struct err *e)
{
	re->data = pcre2_match_data_create_from_pattern(re->code, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (!re->data || !re->limits)
		return err_set(e, -ENOMEM, "out of memory");
	(void)pcre2_set_match_limit(re->limits, REGEX_MATCH_LIMIT);
	(void)pcre2_set_depth_limit(re->limits, REGEX_DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(re->limits, REGEX_HEAP_KIB);
	/* Without the compiler (or where memory may not be made executable) it is only slower. */
	if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0) {
		re->stack = pcre2_jit_stack_create(32 << 10, REGEX_JIT_STACK, NULL);
		if (!re->stack)
			return err_set(e, -ENOMEM, "out of memory");
		pcre2_jit_stack_assign(re->limits, NULL, re->stack);
	}
	return 0;
}

static void slow_free(struct pcre2 *re)
{
	if (!re)
		return;
	pcre2_jit_stack_free(re->stack);
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->data);
	pcre2_code_free(re->code);
	free(re);
}

/* The group that "alt_user", "alt_user_2" or "tuple_id" stands for, or REGEX_GROUP_N.
 * Source: fail2ban's failregex.py, COMPLNAME_CRE. */
static enum regex_group stands_for(struct span name)
{
	const char *digit;

	if (span_starts(name, "alt_"))
		name.p += 4;
	else if (span_starts(name, "tuple_"))
		name.p += 6;
	else
		return REGEX_GROUP_N;
	for (digit = name.end; digit > name.p && digit[-1] >= '0' && digit[-1] <= '9';)
		digit--;
	if (digit < name.end && digit > name.p && digit[-1] == '_')
		name.end = digit - 1;
	if (span_is(name, "id"))
		return REGEX_ID;
	for (enum regex_group g = 0; g < REGEX_GROUP_N; g++)
		if (span_is(name, regex_group_names[g]))
			return g;
	return REGEX_GROUP_N;
}

static bool is_wanted(enum regex_group g, unsigned flags)
{
	return g != REGEX_USER || flags & REGEX_JOINS;
}

/* Groups by their names, which PCRE2 keeps in alphabetical order. */
static int note_groups(struct pcre2 *re, unsigned flags, struct err *e)
{
	uint32_t n = 0, size = 0;
	PCRE2_SPTR row = NULL;

	for (enum regex_group g = 0; g < REGEX_GROUP_N; g++)
		re->number[g] = -1;
	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &n);
	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	(void)pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, (void *)&row);
	for (; n > 0; n--, row += size) {
		struct span name = span_str((const char *)row + 2);
		int number = row[0] << 8 | row[1];
		enum regex_group alt = stands_for(name);

		for (enum regex_group g = 0; g < REGEX_GROUP_N; g++)
			if (span_is(name, regex_group_names[g]) && is_wanted(g, flags))
				re->number[g] = number;
		if (alt < REGEX_GROUP_N && is_wanted(alt, flags)) {
			if (re->n_alt == REGEX_ALT_MAX)
				return err_set(
				    e, -ENOTSUP, "more than %u <F-ALT_…> tags", REGEX_ALT_MAX);
			re->alt[re->n_alt].to = alt;
			re->alt[re->n_alt++].number = number;
		}
		if (span_starts(name, "skiplines")) {
			if (re->n_skip == REGEX_SKIP_MAX)
				return err_set(
				    e, -ENOTSUP, "more than %u <SKIPLINES> tags", REGEX_SKIP_MAX);
			re->skip[re->n_skip++] = number;
		}
	}
	return 0;
}

static int slow_new(struct span marked, unsigned flags, struct pcre2 **ret, struct err *e)
{
	struct pcre2 *re = calloc(1, sizeof(*re));
	struct buf full;
	int r = -ENOMEM;

	buf_init(&full, PATTERN_MAX * 2);
	pattern_expand(marked, &full);
	if (!re)
		(void)err_set(e, r, "out of memory");
	else
		r = buf_ok(&full) ? regex_code(buf_text(&full),
					flags & REGEX_LINES ? PCRE2_MULTILINE : 0, &re->code, e)
				  : err_set(e, -EFBIG, "the expression is too long");
	if (r == 0)
		r = make_room(re, e);
	if (r == 0)
		r = note_groups(re, flags, e);
	buf_done(&full);
	if (r < 0)
		slow_free(re);
	else
		*ret = re;
	return r;
}

/* Are there alternatives outside of all groups? */
static bool has_alternatives(struct span s)
{
	unsigned depth = 0;
	bool in_class = false;

	for (const char *p = s.p; p < s.end; p++)
		if (*p == '\\')
			p++;
		else if (in_class)
			in_class = *p != ']';
		else if (*p == '[')
			in_class = true;
		else if (*p == '(')
			depth++;
		else if (*p == ')')
			depth -= depth > 0;
		else if (*p == '|' && depth == 0)
			return true;
	return false;
}

/* The plain bytes that an expression with ^ begins with. */
static void note_head(struct regex *re, struct span marked)
{
	const char *p = marked.p;

	if (span_empty(marked) || *p++ != '^' || has_alternatives(marked))
		return;
	while (p < marked.end && re->head_len < sizeof(re->head) &&
	       (isalnum((unsigned char)*p) || strchr(" _:,;'\"=<>@/~!-", *p)) && *p != '\0') {
		if (p + 1 < marked.end && strchr("?*{", p[1]) && p[1] != '\0')
			break;
		re->head[re->head_len++] = *p++;
	}
}

int regex_new(struct span python, unsigned flags, struct regex **ret, struct err *e)
{
	struct regex *re = calloc(1, sizeof(*re));
	struct buf marked;
	int r;

	if (!re)
		return err_set(e, -ENOMEM, "out of memory");
	buf_init(&marked, PATTERN_MAX);
	r = pattern_translate(python, &marked, e);
	if (r == 0)
		r = slow_new(buf_text(&marked), flags, &re->pcre2, e);
	if (r == 0)
		re->anchor = anchor_read(buf_text(&marked));
	/* PCRE2 has accepted it: our own reading may be laxer, and must not be. */
	if (r == 0 && !(flags & REGEX_LINES) && re->pcre2->n_alt == 0 &&
	    fast_new(buf_text(&marked), flags, &re->fast) == -ENOMEM)
		r = err_set(e, -ENOMEM, "out of memory");
	if (r == 0 && !re->fast && !(flags & REGEX_LINES))
		note_head(re, buf_text(&marked));
	buf_done(&marked);
	if (r < 0) {
		regex_free(re);
		return r;
	}
	*ret = re;
	return 0;
}

struct regex *regex_free(struct regex *re)
{
	if (!re)
		return NULL;
	(void)fast_free(re->fast);
	slow_free(re->pcre2);
	free(re);
	return NULL;
}

bool regex_has(const struct regex *re, enum regex_group g)
{
	if (re->pcre2->number[g] > 0)
		return true;
	for (unsigned i = 0; i < re->pcre2->n_alt; i++)
		if (re->pcre2->alt[i].to == g)
			return true;
	return false;
}

int regex_head(const struct regex *re, struct regex_head *ret)
{
	if (re->fast)
		return fast_head(re->fast, ret);
	memset(ret, 1, sizeof(*ret));
	for (unsigned k = 0; k < re->head_len; k++) {
		memset(ret->can[k], 0, sizeof(ret->can[k]));
		ret->can[k][(unsigned char)re->head[k]] = 1;
	}
	return 0;
}

/* Group i of the last match, of which n took part. */
static struct span taken(const struct pcre2 *re, struct span subject, int i, int n)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->data);

	if (i < 0 || i >= n || at[2 * i] == PCRE2_UNSET || at[2 * i] > at[2 * i + 1])
		return (struct span){ NULL, NULL };
	return (struct span){ subject.p + at[2 * i], subject.p + at[2 * i + 1] };
}

void regex_extent(const struct regex *regex, struct span subject, struct regex_extent *ret)
{
	const struct pcre2 *re = regex->pcre2;
	int n = (int)pcre2_get_ovector_count(re->data);

	ret->whole = taken(re, subject, 0, n);
	ret->n_skipped = re->n_skip;
	for (unsigned i = 0; i < re->n_skip; i++)
		ret->skipped[i] = taken(re, subject, re->skip[i], n);
}

int regex_exec_pcre2(struct regex *regex, struct span subject, struct regex_match *ret)
{
	struct pcre2 *re = regex->pcre2;
	int n = pcre2_match(
	    re->code, (PCRE2_SPTR)subject.p, span_len(subject), 0, 0, re->data, re->limits);

	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n <= 0)
		return -E2BIG;
	ret->v4_known = false;
	for (int g = 0; g < REGEX_GROUP_N; g++)
		ret->group[g] = taken(re, subject, re->number[g], n);
	for (unsigned i = 0; i < re->n_alt; i++) {
		struct span *to = &ret->group[re->alt[i].to];

		if (!to->p || span_empty(*to))
			*to = taken(re, subject, re->alt[i].number, n);
	}
	return 1;
}
