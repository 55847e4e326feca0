/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/policy/request.h"

#include <errno.h>

#define KIND "smtpd_access_policy"

static const struct {
	struct span name;
	size_t at;
} wanted[] = {
#define W(name)                                                                                    \
	{                                                                                          \
		{ #name, #name + sizeof(#name) - 1 }, offsetof(struct policy_request, name)        \
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

size_t request_length(struct span text)
{
	const char *end;

	if (span_empty(text))
		return 0;
	if (*text.p == '\n') /* nothing at all, and an end: to be refused */
		return 1;
	end = memmem(text.p, span_len(text), "\n\n", 2);
	return end ? (size_t)(end - text.p) + 2 : 0;
}

static void keep(struct span name, struct span value, struct policy_request *ret)
{
	for (unsigned i = 0; i < NELEM(wanted); i++) {
		if (span_len(name) != span_len(wanted[i].name) ||
		    memcmp(name.p, wanted[i].name.p, span_len(name)) != 0)
			continue;
		*(struct span *)(void *)((char *)ret + wanted[i].at) = value;
		return;
	}
}

int request_parse(struct span text, struct policy_request *ret, struct err *e)
{
	struct policy_request q = { 0 };
	struct span line;

	if (memchr(text.p, '\0', span_len(text)))
		return err_set(e, -EBADMSG, "a NUL is in it");
	while (span_cut(&text, '\n', &line) && !span_empty(line)) {
		struct span value = line, name;

		if (!span_cut(&value, '=', &name) || span_empty(name))
			return err_set(e, -EBADMSG, "\"%.*s\" is no name=value",
			    (int)MIN_OF(span_len(line), (size_t)60), line.p);
		keep(name, value, &q);
	}
	if (!span_is(q.request, KIND))
		return err_set(e, -EBADMSG, "its request is \"%.*s\", not " KIND,
		    (int)MIN_OF(span_len(q.request), (size_t)60), q.request.p);
	*ret = q;
	return 0;
}
