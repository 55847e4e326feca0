/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make_log ADDRESSES BYTES LOG… - a large syslog file that no branch predictor can learn: the lines of real
 * ones as templates in random order, with random real attacker addresses, user names of the logs, ports and
 * process ids, and a clock that runs. The same arguments give the same bytes. */
#include <ctype.h>
#include <inttypes.h>

#include "net/addr.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/input.h"
#include "util/num.h"

#define TEMPLATES_MAX 16384u
#define ADDRS_MAX     (1u << 20)
#define START_S	      INT64_C(1762300800) /* 2025-11-05, so that it runs on for weeks */
#define LINES_A_S     120u
#define DATE_LEN      (sizeof("Dec 10 06:55:46 ") - 1)

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

static uint64_t next(void) /* xorshift64*: enough to shuffle a log */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)((next() >> 32) * n >> 32);
}

struct texts {
	char **v;
	uint32_t n, max;
};

static void add(struct texts *t, struct span s)
{
	if (t->n == t->max || span_empty(s))
		return;
	t->v[t->n] = span_dup(s);
	if (!t->v[t->n++])
		abort();
}

/* A dotted quad at p? Its end, or NULL. */
static const char *quad_end(const char *p, const char *end)
{
	const char *q = p;
	struct addr a;

	while (q < end && (isdigit((unsigned char)*q) || *q == '.'))
		q++;
	return addr_parse((struct span){ p, q }, &a) == 0 ? q : NULL;
}

/* What a template has before its message, and that: \1 address, \2 port, \3 user name, \4 process id. */
static void add_template(struct texts *t, struct texts *users, struct span head, struct span s)
{
	struct buf b;
	bool user = false;

	buf_init(&b, 4096);
	buf_put(&b, head.p, span_len(head));
	buf_str(&b, "\4]: ");
	while (!span_empty(s)) {
		const char *q = isdigit((unsigned char)*s.p) ? quad_end(s.p, s.end) : NULL;

		if (q) {
			buf_byte(&b, '\1');
			s.p = q;
		} else if (span_starts(s, "port ")) {
			buf_str(&b, "port \2");
			for (s.p += 5; s.p < s.end && isdigit((unsigned char)*s.p);)
				s.p++;
		} else if (!user && (span_starts(s, "nvalid user "))) {
			const char *name = s.p += 12,
				   *stop = memchr(name, ' ', (size_t)(s.end - name));

			user = true;
			buf_str(&b, "nvalid user \3");
			s.p = stop ? stop : s.end;
			add(users, (struct span){ name, s.p });
		} else {
			buf_byte(&b, *s.p++);
		}
	}
	add(t, buf_text(&b));
	buf_done(&b);
}

static void read_log(const char *path, struct texts *t, struct texts *users)
{
	struct input *in;
	struct line l;
	struct err e;

	if (input_open(path, &in, &e) < 0)
		abort();
	while (input_line(in, &l, &e) > 0) {
		const char *p = memmem(l.text.p, span_len(l.text), "]: ", 3),
			   *pid = p ? memrchr(l.text.p, '[', (size_t)(p - l.text.p)) : NULL;

		if (pid && pid >= l.text.p + DATE_LEN)
			add_template(t, users, (struct span){ l.text.p + DATE_LEN, pid + 1 },
			    (struct span){ p + 3, l.text.end });
	}
	(void)input_free(in);
}

static void read_addrs(const char *path, struct texts *t)
{
	struct input *in;
	struct line l;
	struct err e;

	if (input_open(path, &in, &e) < 0)
		abort();
	while (input_line(in, &l, &e) > 0) {
		const char *q = quad_end(l.text.p, l.text.end);

		if (q)
			add(t, (struct span){ l.text.p, q });
	}
	(void)input_free(in);
}

static void date(int64_t time_s, struct buf *b)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char utc[UTC_TEXT_MAX];
	unsigned month;

	utc_format(time_s, utc);
	month = (unsigned)(utc[5] - '0') * 10 + (unsigned)(utc[6] - '0') - 1;
	buf_fmt(b, "%.3s %c%c %.8s ", months + 3 * month, utc[8] == '0' ? ' ' : utc[8], utc[9],
	    utc + 11);
}

int main(int argc, char **argv)
{
	struct texts templates = { calloc(TEMPLATES_MAX, sizeof(char *)), 0, TEMPLATES_MAX };
	struct texts users = { calloc(TEMPLATES_MAX, sizeof(char *)), 0, TEMPLATES_MAX };
	struct texts addrs = { calloc(ADDRS_MAX, sizeof(char *)), 0, ADDRS_MAX };
	uint64_t want, done = 0;
	int64_t now_s = START_S;
	struct buf b;

	if (argc < 4 || num_u64(span_str(argv[2]), UINT64_MAX, &want) < 0) {
		(void)fprintf(stderr, "Usage: make_log ADDRESSES BYTES LOG… >OUT\n");
		return 3;
	}
	read_addrs(argv[1], &addrs);
	for (int i = 3; i < argc; i++)
		read_log(argv[i], &templates, &users);
	if (!templates.n || !addrs.n || !users.n)
		return 2;
	buf_init(&b, 2 << 20);
	while (done < want) {
		const char *t = templates.v[below(templates.n)];

		now_s += below(LINES_A_S) == 0;
		date(now_s, &b);
		for (; *t; t++)
			if (*t == '\1')
				buf_str(&b, addrs.v[below(addrs.n)]);
			else if (*t == '\2')
				buf_u64(&b, 1024 + below(64511));
			else if (*t == '\3')
				buf_str(&b, users.v[below(users.n)]);
			else if (*t == '\4')
				buf_u64(&b, 1000 + below(31767));
			else
				buf_byte(&b, *t);
		buf_byte(&b, '\n');
		if (b.len > 1 << 20) {
			done += b.len;
			if (fwrite(b.p, 1, b.len, stdout) != b.len)
				return 2;
			buf_reset(&b);
		}
	}
	buf_done(&b);
	return fflush(stdout) == 0 ? 0 : 2;
}
