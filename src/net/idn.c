/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/idn.h"

/* Source: RFC 3492 section 5 */
#define BASE	     36u
#define TMIN	     1u
#define TMAX	     26u
#define SKEW	     38u
#define DAMP	     700u
#define INITIAL_BIAS 72u
#define INITIAL_N    128u

/* struct label - one label on its way; what does not fit makes it bad */
struct label {
	char text[IDN_LABEL_MAX];
	unsigned n;
	bool bad;
};

static void put(struct label *l, char c)
{
	if (l->n < IDN_LABEL_MAX)
		l->text[l->n++] = c;
	else
		l->bad = true;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* The code points of valid UTF-8; 0 when there are more than a label can hold. */
static unsigned points_of(struct span s, uint32_t ret[IDN_LABEL_MAX])
{
	unsigned n = 0;

	for (const char *p = s.p; p < s.end;) {
		unsigned char c = (unsigned char)*p++;
		unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
		uint32_t v = more == 3 ? c & 7 : more == 2 ? c & 15 : more == 1 ? c & 31 : c;

		for (; more && p < s.end; more--)
			v = v << 6 | ((unsigned char)*p++ & 63);
		if (n == IDN_LABEL_MAX)
			return 0;
		ret[n++] = v < 128 ? (uint32_t)lower((char)v) : v;
	}
	return n;
}

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static char digit(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

/* A generalised variable-length integer. */
static void put_delta(struct label *l, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;

		if (delta < t)
			break;
		put(l, digit(t + (delta - t) % (BASE - t)));
		delta = (delta - t) / (BASE - t);
	}
	put(l, digit(delta));
}

/* At most 63 points below 0x110000: no sum here passes 32 bits. */
static void encode(struct label *l, const uint32_t *v, unsigned n)
{
	uint32_t at = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
	unsigned basic = 0, done;

	for (const char *p = "xn--"; *p; p++)
		put(l, *p);
	for (unsigned i = 0; i < n; i++)
		if (v[i] < INITIAL_N) {
			put(l, (char)v[i]);
			basic++;
		}
	if (basic)
		put(l, '-');
	for (done = basic; done < n; delta++, at++) {
		uint32_t next = UINT32_MAX;

		for (unsigned i = 0; i < n; i++)
			if (v[i] >= at && v[i] < next)
				next = v[i];
		delta += (next - at) * (done + 1);
		at = next;
		for (unsigned i = 0; i < n; i++) {
			delta += v[i] < at;
			if (v[i] != at)
				continue;
			put_delta(l, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

static bool ldh(const struct label *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		char c = l->text[i];
		bool inner = i > 0 && i + 1 < l->n;

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && inner)))
			return false;
	}
	return l->n > 0 && !l->bad;
}

static bool label_ascii(struct span s, struct label *ret)
{
	uint32_t v[IDN_LABEL_MAX];
	unsigned n = points_of(s, v);
	bool plain = true;

	*ret = (struct label){ .n = 0 };
	for (unsigned i = 0; i < n; i++)
		plain = plain && v[i] < INITIAL_N;
	if (!plain)
		encode(ret, v, n);
	else
		for (unsigned i = 0; i < n; i++)
			put(ret, (char)v[i]);
	return ldh(ret);
}

bool idn_ascii(struct span name, char ret[IDN_NAME_MAX + 1])
{
	char text[IDN_NAME_MAX + 1];
	size_t len = 0;
	struct span label;
	bool more = true;

	if (!span_utf8(name))
		return false;
	if (!span_empty(name) && name.end[-1] == '.')
		name.end--;
	while (more) {
		struct label l;

		more = span_cut(&name, '.', &label);
		if (!label_ascii(label, &l) || len + (len > 0) + l.n > IDN_NAME_MAX)
			return false;
		if (len)
			text[len++] = '.';
		memcpy(text + len, l.text, l.n);
		len += l.n;
	}
	text[len] = '\0';
	memcpy(ret, text, len + 1);
	return true;
}
