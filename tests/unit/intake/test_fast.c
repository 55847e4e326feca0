/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fast matcher against PCRE2: the same answer and the same groups, on generated expressions over
 * generated text, and for the filters that onus ships on lines made to confuse them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "intake/fast_op.h"
#include "intake/scan.h"

static uint64_t state = UINT64_C(0x243f6a8885a308d3);

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(((state * UINT64_C(2685821657736338717)) >> 32) * n >> 32);
}

#define LINE_MAX_ 600

/* A subject with its LF and the slack behind it filled with what would match. */
static unsigned went_on,
    were_plain; /* subjects that were gone on in behind a known head; and simply */

struct subject {
	char text[LINE_MAX_ + 64];
	size_t n;
};

static void add(struct subject *s, const char *t, size_t n)
{
	if (s->n + n < LINE_MAX_) {
		memcpy(s->text + s->n, t, n);
		s->n += n;
	}
}

static struct span finish(struct subject *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->text[i] == '\n' || s->text[i] == '\0')
			s->text[i] = ' ';
	s->text[s->n] = '\n';
	memcpy(s->text + s->n + 1, "1.2.3.4 8.8.8.8 from ", 20);
	return span_of(s->text, s->n + 1);
}

/* What a known head says of the subject, of which re makes r, and a where that is a match. */
static void compare_after(struct regex *re, const char *pattern, struct span subject, uint32_t head,
    int r, const struct regex_match *a)
{
	struct span known = span_of(subject.p, head);
	uint64_t bad = FAST_ODD;
	enum fast_result got;
	const char *content = NULL;
	struct fast_plain plain;
	struct fast_from from;
	struct regex_match b;

	if (!fast_after(re->fast, known, &from)) {
		if (r > 0)
			fail_msg("%s: nothing matches behind \"%.*s\", but \"%.*s\" does", pattern,
			    SPAN_ARG(known), SPAN_ARG(subject));
		return;
	}
	if (!from.op)
		return;
	went_on++;
	assert_in_range(from.skip, 1, head);
	got = fast_exec_from(re->fast, &from, subject, &b);
	if (got == FAST_UNDECIDED)
		return;
	if ((int)got != r ||
	    (r > 0 && (memcmp(a->group, b.group, REGEX_PLAIN_N * sizeof(b.group[0])) != 0 ||
			  a->v4_known != b.v4_known)))
		fail_msg("%s: %d from the beginning, %d from byte %u on, of \"%.*s\"", pattern, r,
		    (int)got, from.skip, SPAN_ARG(subject));
	if (fast_plain(&from, &plain))
		bad = fast_content(&plain, subject.p + from.skip, subject.end, &content);
	if (bad == FAST_ODD)
		return;
	were_plain++;
	if ((bad == 0) != (r > 0) || (r > 0 && a->group[REGEX_CONTENT].p != content))
		fail_msg(
		    "%s: %d, but plain %d, of \"%.*s\"", pattern, r, bad == 0, SPAN_ARG(subject));
}

/* Both matchers on one subject, and what the first bytes say. */
static void compare(
    struct regex *re, const struct regex_head *head, const char *pattern, struct span subject)
{
	struct regex_match a, b;
	int r = regex_exec(re, subject, &a), slow = regex_exec_pcre2(re, subject, &b);

	if (slow < 0)
		return; /* past PCRE2's limits, there is nothing to compare with */
	if (r != slow)
		fail_msg("%s: %d, PCRE2 %d on \"%.*s\"", pattern, r, slow, SPAN_ARG(subject));
	for (unsigned k = 0; r > 0 && k < REGEX_HEAD; k++) /* also behind a short subject */
		if (!head->can[k][(unsigned char)subject.p[k]])
			fail_msg("%s: byte %u cannot be, but \"%.*s\" matches", pattern, k,
			    SPAN_ARG(subject));
	for (unsigned g = 0; r > 0 && g < REGEX_GROUP_N; g++) {
		bool plain = g < REGEX_PLAIN_N; /* rare ones are set only where there are any */
		struct span x = plain ? a.group[g] : regex_group(re, &a, g);
		struct span y = plain ? b.group[g] : regex_group(re, &b, g);

		if (x.p != y.p || x.end != y.end)
			fail_msg("%s: group %u is %td-%td, PCRE2 %td-%td on \"%.*s\"", pattern, g,
			    x.p ? x.p - subject.p : -1, x.p ? x.end - subject.p : -1,
			    y.p ? y.p - subject.p : -1, y.p ? y.end - subject.p : -1,
			    SPAN_ARG(subject));
	}
	if (re->fast && span_len(subject) > 1 && below(2) == 0)
		compare_after(re, pattern, subject,
		    1 + below(MIN_OF((uint32_t)span_len(subject) - 1, 64u)), r, &a);
	if (r > 0 && a.v4_known) {
		struct addr v4;

		assert_int_equal(addr_parse(b.group[REGEX_IP4], &v4), 0);
		assert_int_equal(addr_v4(v4), a.v4);
	}
}

/* --- expressions --- */

static const char *const patterns[] = { "^a", "a$", "^$", "^a*b", "a+?b", "a{2,3}", "a{2,3}?b",
	"a{0,0}b", "(?:ab)?c", "(?:ab)*c", "(?:ab){2,3}c", "(?:a|ab)(?:c|bc)d?$", "^(?:a|b|ab)+$",
	"(?P<dns>a*)(?P<count>ab)?(?P<nofail>b*)$", "(?:(?P<dns>a)|(?P<nofail>b))*c",
	"^(?P<dns>.*)(?P<content>b.*)$", "^(?P<dns>.*?)(?P<content>b.*)$", "[^a]b", "[ab-]+1",
	"\\d+", "\\w+\\s\\w+", "\\S+ \\S+$", "^.{1,4}$", "^.{3}", "(?i)AB", "a(?i:B)c", "x*",
	"^<ADDR>$", "<ADDR>", "<ADDR>\\d", "<ADDR>.*$", " <HOST>$", "<HOST>", "^<HOST> b",
	"[[(]?<IP4>[])]?$", "<IP4>\\.1", "<IP6>", "<IP6> ", "^<ADDR> -", "<ADDR>[^a-f]",
	"from <ADDR>(?: b)?$", "^(?P<dns>.*) from <ADDR>$", "^(?P<dns>.*) <ADDR>:?$",
	"\\[<ADDR>\\]:\\d{1,5}", "^(?P<content>(?:a|<ADDR>|b)*)$", "a\\.b|\\[|\\]", "(?:a?b?)?c",
	"(?:(?:a|b){1,2}:)+", "^\\s*b\\s*$", "\\s$", "a\\x62", "[\\x30-\\x39.]+$",
	"(?:1{1,2}\\.){2}1", "(?:^a|b)1", "(?:a$|b)", "a\\Wb", "^(?P<content>.{0,6})$",
	"^b(?P<content>.*)$", "^(?:a (?P<content>.+)|b (?P<dns>.+))$", "(?:[^ab]{1,3})?b",
	"(?:a*)?b" };

static struct span random_text(struct subject *s)
{
	static const char *const words[] = { "a", "b", "ab", "aab", "A", "B", "c", " ", " ", "1",
		"11", ".", ":", "[", "]", "1.2.3.4", "8.8.8.8", "255.1.11.111", "1.2.3", "::1",
		"a:b", "2a01::b", "2001:db8::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9",
		"::", "abcde:1", "64:ff9b::1.2.3.4", ":", "::ffff:1.2.3.4", " from ", " b", "x",
		"-", "\t", "\r", "1.1.1.1111", "999.1.1.1", "\xe9", "d" };

	s->n = 0;
	for (uint32_t n = below(12); n > 0; n--) {
		const char *w = words[below(NELEM(words))];

		add(s, w, strlen(w));
	}
	return finish(s);
}

static void one_pattern(const char *pattern, unsigned texts, unsigned *fast)
{
	struct regex_head head;
	struct regex *re;
	struct subject s;
	struct err e;

	if (regex_new(span_str(pattern), 0, &re, &e) < 0)
		return; /* refused is refused; what is accepted must agree */
	assert_int_equal(regex_head(re, &head), 0);
	*fast += regex_is_fast(re);
	for (unsigned i = 0; i < texts; i++)
		compare(re, &head, pattern, random_text(&s));
	regex_free(re);
}

static void test_patterns(void **state_)
{
	unsigned fast = 0;

	(void)state_;
	for (size_t i = 0; i < NELEM(patterns); i++)
		one_pattern(patterns[i], 3000, &fast);
	assert_int_equal(fast, NELEM(patterns));
}

/* Prefixes over lines that begin alike, as those of one daemon do. */
static void test_prefixes(void **state_)
{
	static const char *const prefixes[] = { "^ab\\d{1,3}: (?:e: )?(?P<content>.{2,9})$",
		"^ab\\d{2,}\\]?: (?P<content>.{1,})$", "^abx?\\d{1,10}:(?P<content>.*)$",
		"^ab(?:\\[\\d{1,5}\\])?: (?:e: )?(?P<content>.{0,6})$", "^ab\\d+: <ADDR>",
		"^\\S+\\d{1,3}: (?P<content>.{2,9})$",
		"^abcdefghijklmnopqrstuvwxyz\\d{3,7}: e: <ADDR>$",
		"^abcdefghijklmnopqrstuvwxyz.* <ADDR>x?$",
		/* with a choice at the beginning: what no way of it can take */
		("^(?:(?:<\\d{1,3}>)?\\s*\\S{1,9}x(?:\\[\\d{1,5}\\])?: "
		 "|\\s*)(?P<content>(?:[a-z]{1,9}\\[?: ){0,2}12.+)$"),
		"^(?:ab|abx|\\S+1)\\d{1,3}: (?P<content>.{2,9})$",
		"^(?:ab\\w{1,9}(?:\\]: |: )|\\s*)e: (?P<content>.*)$",
		/* parts that are counted, or may be missing */
		("^(?:<\\d{1,3}>)?\\s*\\S{1,4} ab(?:-[\\w-]{1,3})?/(?:[\\w-]{1,4}/)?(?:bc|cd|b)"
		 "(?:\\[\\d{1,10}\\])?: (?:e: )?(?P<content>.+)$"),
		"^ ?[a-h]{2,4} ab/(?:bc\\[)?\\d{2,9}\\]: e: (?P<content>.{2,9})$" };
	static const char *const heads[] = { "ab", "abcdefghijklmnopqrstuvwxyz", "ab[", "abx", "a",
		" h ab/bc[", "hosts ab/bc[", "h ab-xy/abcd/cd[", "h ab/bcbcb/b[", " gh ab/bc[" };
	static const char *const tails[] = { ": ", ": e: ", "]: ", ":", ": e: e: ", "]: e: " };
	static const char *const ends[] = { "", "1", "12345678", "123456789", "8.8.8.8", "8.8.8.8x",
		" 1.2.3.4", "\xff", "abcdefghijklmnopqrstuvwxyz 9.9.9.9" };

	(void)state_;
	for (size_t i = 0; i < NELEM(prefixes); i++) {
		struct regex_head head;
		struct regex *re;
		struct err e;

		assert_int_equal(regex_new(span_str(prefixes[i]), 0, &re, &e), 0);
		assert_true(regex_is_fast(re));
		assert_int_equal(regex_head(re, &head), 0);
		for (unsigned n = 0; n < 20000; n++) {
			struct subject s = { .n = 0 };
			const char *h = heads[n / 50 % NELEM(heads)],
				   *t = tails[below(NELEM(tails))], *end = ends[below(NELEM(ends))];

			add(&s, h, strlen(h));
			add(&s, "1234567890123", below(13));
			add(&s, t, strlen(t));
			add(&s, end, strlen(end));
			compare(re, &head, prefixes[i], finish(&s));
		}
		regex_free(re);
	}
	assert_in_range(went_on, 5000, UINT32_MAX);
	assert_in_range(were_plain, 1000, UINT32_MAX);
}

/* An expression of the subset, put together at random; deeper ones are rarer. */
static void random_pattern(char *p, size_t max)
{
	static const char *const atoms[] = { "a", "b", ".", "\\d", "\\S", "\\s", "[ab]", "[^a]",
		"<ADDR>", "<HOST>", "<IP4>", " ", ":", "\\.", "1", "ab", "\\[", "^", "$" };
	static const char *const repeats[] = { "*", "+", "?", "*?", "+?", "??", "{1,2}", "{2}",
		"{0,3}?" };
	static const char *const opens[] = { "(?:", "(?:", "(?P<dns>", "(?P<count>",
		"(?P<nofail>" };
	unsigned depth = 0, last_atom = 0;
	bool named[5] = { false };

	*p = '\0';
	if (below(2))
		strcat(p, "^");
	for (uint32_t n = 2 + below(9); n > 0 && strlen(p) + 64 < max; n--) {
		uint32_t kind = below(10), i;

		if (kind < 2 && depth < 3) {
			i = below(NELEM(opens));
			if (named[i] && i > 1)
				i = 0;
			named[i] = true;
			strcat(p, opens[i]);
			strcat(p, atoms[below(NELEM(atoms) - 2)]);
			depth++;
		} else if (kind < 4 && depth > 0) {
			strcat(p, ")");
			depth--;
			last_atom = 1;
		} else if (kind == 4) {
			strcat(p, "|");
			strcat(p, atoms[below(NELEM(atoms) - 2)]);
		} else {
			strcat(p, atoms[below(NELEM(atoms))]);
			last_atom = p[strlen(p) - 1] != '^' && p[strlen(p) - 1] != '$';
		}
		if (last_atom && below(3) == 0 && strlen(p) > 0 && !strchr("(|", p[strlen(p) - 1]))
			strcat(p, repeats[below(NELEM(repeats))]);
		last_atom = 0;
	}
	while (depth-- > 0)
		strcat(p, ")");
	if (below(2))
		strcat(p, "$");
}

static void test_random_patterns(void **state_)
{
	char p[512];
	unsigned fast = 0;

	(void)state_;
	for (unsigned i = 0; i < 4000; i++) {
		random_pattern(p, sizeof(p));
		one_pattern(p, 40, &fast);
	}
	/* The generator must not only make what is refused. */
	assert_true(fast > 1500);
}

/* --- the filters that we ship --- */

static const char *const heads[] = { "Nov 30 06:55:46 LabSZ sshd[24200]: ",
	"Nov 30 06:55:46 h sshd[1]: ", "Nov 30 06:55:46 mail postfix/smtpd[21277]: ",
	"Nov 30 06:55:46 mail postfix/postscreen[2]: ", "Nov 30 06:55:47 LabSZ sshd: ",
	"<38>Nov 30 06:55:46 LabSZ sshd-session[3]: error: ", "Nov 30 06:55:46 LabSZ CRON[11]: ",
	"2025-11-30T06:55:46+01:00 h sshd[1]: ", "Nov 30 06:55:46 " };
static const char *const parts[] = { "Failed password for ", "Failed none for ", "invalid user ",
	"root", " from ", "8.8.8.8", "1.2.3.4", "2a01:4f8::1", "::ffff:9.9.9.9", "host.example",
	" port ", "22", "4711", " ssh2", "Invalid user ",
	" not allowed because not listed in AllowUsers", "User ", "message repeated ", "5",
	" times: [ ", "]", "[", "NOQUEUE: reject: RCPT from ", "unknown[8.8.8.8]", ": 554 5.7.1 ",
	"<a@b.c>: ", "Relay access denied",
	("Service unavailable; Client host [8.8.8.8] blocked "
	 "using zen.spamhaus.org"),
	"Helo command rejected: Host not found", "; from=<> to=<x>", "warning: ",
	": SASL LOGIN authentication failed: ", "Connection lost to authentication server",
	" [preauth]", "Connection closed by ", "authenticating user ", "Unable to negotiate with ",
	": no matching ", "improper command pipelining after EHLO from ",
	"PREGREET 14 after 0.22 from [1.2.3.4]:25: ", " ", ":", "\t", "\r", "\xff",
	"A1B2C3: ", "error: ", "ROOT LOGIN REFUSED FROM ", "\\n" };

static const char *const bodies[] = {
	"Failed password for invalid user x from 1.2.3.4 port 22 ssh2 from "
	"8.8.8.8 port 2 ssh2",
	"Failed password for root from 192.0.43.1 port 38926 ssh2",
	"Invalid user admin from 8.8.8.8 port 4022", "Invalid user  from 2a01:4f8::1 port 1",
	"message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 ssh2]",
	"User root from 8.8.8.8 not allowed because not listed in AllowUsers",
	"Connection closed by invalid user x 1.2.3.4 port 1 [preauth] 8.8.8.8 port 33 [preauth]",
	"NOQUEUE: reject: RCPT from unknown[8.8.8.8]: 554 5.7.1 Service unavailable; Client host "
	"[8.8.8.8] "
	"blocked using zen.spamhaus.org; from=<a@b> to=<c@d> proto=ESMTP helo=<e>",
	"NOQUEUE: reject: RCPT from h.example[2a01::9]:25: 454 4.7.1 <x@y.z>: Relay access denied; "
	"from=<a@b>",
	"warning: unknown[8.8.8.8]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
	"warning: h[8.8.8.8]: SASL LOGIN authentication failed: Connection lost to authentication "
	"server",
	"PREGREET 14 after 0.22 from [8.8.8.8]:61450: EHLO ylmf-pc",
	"too many errors after AUTH from unknown[8.8.8.8]", "Connection closed by 8.8.8.8 [preauth]"
};

/* A line that would be good, but for up to four things done to it. */
static struct span random_line(struct subject *s)
{
	const char *h = heads[below(NELEM(heads))], *b = bodies[below(NELEM(bodies))];

	s->n = 0;
	add(s, h, strlen(h));
	add(s, b, strlen(b));
	for (uint32_t n = below(5); n > 0; n--) {
		size_t at = below((uint32_t)s->n), want = below(12), len = MIN_OF(s->n - at, want);
		const char *part = parts[below(NELEM(parts))];
		size_t room = strlen(part);

		if (below(3) == 0) { /* take something out */
			memmove(s->text + at, s->text + at + len, s->n - at - len);
			s->n -= len;
		} else if (below(2) == 0 && s->n + room < LINE_MAX_) { /* put something in */
			memmove(s->text + at + room, s->text + at, s->n - at);
			memcpy(s->text + at, part, room);
			s->n += room;
		} else {
			s->text[at] = below(4) ? "0123456789 :[]<>.f"[below(18)] : (char)below(256);
		}
		if (s->n == 0)
			break;
	}
	return finish(s);
}

struct events {
	uint64_t hash;
	unsigned n;
};

static void hash_event(void *ctx, const struct event *ev, uint64_t number)
{
	struct events *t = ctx;
	const char *d = ev->detail.p;

	t->n++;
	t->hash = t->hash * 1099511628211u + ev->subject.addr.lo + ev->subject.addr.hi + number +
		  ev->count + (uint64_t)ev->time_s + (uint64_t)ev->category;
	for (; d < ev->detail.end; d++)
		t->hash = (t->hash ^ (unsigned char)*d) * 1099511628211u;
}

static void test_filters(void **state_)
{
	static const char *const names[] = { "sshd[mode=aggressive]", "sshd", "postfix",
		"postfix-sasl" };
	struct clock clock = clock_fixed(1764547200);
	struct scan_options fast = { .clock = &clock }, slow = { .clock = &clock, .pcre2 = true };
	struct scan *a, *b;
	struct filters f;
	struct err e;
	char dir[4096];
	unsigned events = 0;

	(void)state_;
	(void)snprintf(dir, sizeof(dir), "%s/etc/filter.d", getenv("ONUS_SOURCE"));
	assert_int_equal(filters_load(&f, names, NELEM(names), dir, &e), 0);
	for (unsigned i = 0; i < f.n; i++) {
		assert_true(regex_is_fast(f.v[i]->prefix));
		for (unsigned j = 0; j < f.v[i]->n_fail; j++)
			if (!regex_is_fast(f.v[i]->fail[j]))
				fail_msg("%s: expression %u is not fast", names[i], j + 1);
	}
	assert_int_equal(scan_new(f.v, f.n, &fast, &a, &e), 0);
	assert_int_equal(scan_new(f.v, f.n, &slow, &b, &e), 0);
	for (uint64_t i = 1; i <= 100000; i++) {
		struct subject s;
		struct span t = random_line(&s);
		struct block blk = { .text = t, .first_number = i };
		struct events x = { 0, 0 }, y = { 0, 0 };

		assert_int_equal(scan_block(a, &blk, hash_event, &x), 1);
		assert_int_equal(scan_block(b, &blk, hash_event, &y), 1);
		if (x.n != y.n || x.hash != y.hash)
			fail_msg("%u events, PCRE2 %u from \"%.*s\"", x.n, y.n, SPAN_ARG(t));
		events += x.n;
	}
	assert_memory_equal(scan_counts(a), scan_counts(b), sizeof(struct scan_counts));
	assert_true(events > 1000); /* the lines must not all be nonsense */
	scan_free(a);
	scan_free(b);
	filters_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_random_patterns),
		cmocka_unit_test(test_filters),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
