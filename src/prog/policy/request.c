/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/policy/request.h"

#include <errno.h>

#include "util/bytes.h"

#define KIND "smtpd_access_policy"

static const struct {
	struct span name;
	size_t at;
} wanted[] = {
#define W(name)                                                                                    \
	{                                                                                          \
		SPAN(#name), offsetof(struct policy_request, name)                                 \
	}
	W(request),
	W(client_address),
	W(sender),
	W(recipient),
	W(instance),
	W(sasl_username),
	W(ccert_subject),
#undef W
};

/* struct line - one as it is found: eq is NULL until its first '=' */
struct line {
	const char *p, *eq, *end;
};

static void keep(const struct line *l, struct policy_request *ret)
{
	size_t n = (size_t)(l->eq - l->p);

	for (unsigned i = 0; i < NELEM(wanted); i++) {
		if (n != span_len(wanted[i].name) || memcmp(l->p, wanted[i].name.p, n) != 0)
			continue;
		*(struct span *)(void *)((char *)ret + wanted[i].at) =
		    (struct span){ l->eq + 1, l->end };
		return;
	}
}

static int is_none(const struct line *l, struct err *e)
{
	return err_set(e, -EBADMSG, "\"%.*s\" is no name=value",
	    (int)MIN_OF(l->end - l->p, (ptrdiff_t)60), l->p);
}

static int take(struct span *rest, const char *end, const struct policy_request *q,
    struct policy_request *ret, struct err *e)
{
	if (!span_is(q->request, KIND))
		return err_set(e, -EBADMSG, "its request is \"%.*s\", not " KIND,
		    (int)MIN_OF(span_len(q->request), (size_t)60), q->request.p);
	if (memchr(rest->p, '\0', (size_t)(end - rest->p)))
		return err_set(e, -EBADMSG, "a NUL is in it");
	rest->p = end;
	*ret = *q;
	return 1;
}

/* marks - bit i: p[i] is that; beyond the end nothing is */
static uint64_t marks(const char *p, size_t n, char c)
{
	char block[BYTES_WIDE] = { 0 };

	if (n >= BYTES_WIDE)
		return bytes_that_are(p, c);
	memcpy(block, p, n);
	return bytes_that_are(block, c);
}

int request_take(struct span *rest, struct policy_request *ret, struct err *e)
{
	struct policy_request q = { 0 };
	struct line l = { .p = rest->p };

	for (const char *p = rest->p; p < rest->end; p += BYTES_WIDE) {
		size_t n = (size_t)(rest->end - p);
		uint64_t ends = marks(p, n, '\n'), all = ends | marks(p, n, '=');

		for (; all; all &= all - 1) {
			const char *at = p + __builtin_ctzll(all);

			if (!(ends & all & -all)) {
				l.eq = l.eq ? l.eq : at;
				continue;
			}
			if (at == l.p)
				return take(rest, at + 1, &q, ret, e);
			l.end = at;
			if (!l.eq || l.eq == l.p)
				return is_none(&l, e);
			keep(&l, &q);
			l = (struct line){ .p = at + 1 };
		}
	}
	return 0;
}
