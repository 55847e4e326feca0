/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/report.h"

#include <errno.h>
#include <strings.h>

#include "intake/report_priv.h"

bool report_word(struct span s, const char *word)
{
	size_t n = strlen(word);

	return span_len(s) == n && strncasecmp(s.p, word, n) == 0;
}

struct span report_bare(struct span s)
{
	s = span_trim(s);
	if (span_len(s) > 2 && s.p[0] == '[' && s.end[-1] == ']')
		s = (struct span){ s.p + 1, s.end - 1 };
	if (span_len(s) > 5 && strncasecmp(s.p, "IPv6:", 5) == 0)
		s.p += 5;
	return s;
}

int report_add(struct report *r, const struct report_fact *f, struct err *why)
{
	char detail[EVENT_DETAIL_MAX];
	int64_t time_s = f->dated ? f->time_s : r->o->now_s;
	bool verified = r->by.state == SENDER_VERIFIED;
	struct addr from;
	struct event ev;

	if (addr_parse(report_bare(f->from), &from) < 0)
		return err_set(why, -EINVAL, "its source is no address: \"%.*s\"",
		    (int)MIN_OF(span_len(f->from), (size_t)60), f->from.p);
	if (event_date_check(time_s, r->o->now_s, why) < 0)
		return -EINVAL;
	if (r->n == REPORT_EVENTS_MAX)
		return err_set(why, -EINVAL, "more than %u addresses", REPORT_EVENTS_MAX);
	(void)snprintf(detail, sizeof(detail), "%s %s by %s%s%s", f->format, f->kind,
	    *r->by.domain ? r->by.domain : "nobody", verified ? "" : " (not verified)",
	    f->note ? f->note : ""); /* it has room */
	ev = (struct event){ .time_s = MIN_OF(time_s, r->o->now_s),
		.subject = event_subject(from),
		.category = f->category,
		.proof = verified && !f->weak ? PROOF_FULL : PROOF_WEAK,
		.count = (uint32_t)MIN_OF(MAX_OF(f->count, 1), (uint64_t)REPORT_COUNT_MAX),
		.source = SPAN(""),
		.service = span_str(f->service),
		.detail = span_str(detail) };
	event_format(&ev, r->out);
	r->n++;
	return 0;
}

static int read_any(struct report *r, struct span bytes, struct err *why)
{
	struct span text = span_trim(bytes);

	if (span_starts(text, "{"))
		return report_json(r, bytes, why);
	if (span_starts(text, "<") || span_starts(text, "\xef\xbb\xbf<") ||
	    span_starts(bytes, "\x1f\x8b") || span_starts(bytes, "PK\x03\x04"))
		return report_packed(r, bytes, why);
	return report_mail(r, bytes, why);
}

int report_read(struct span bytes, const struct report_options *o, struct buf *out, struct err *why)
{
	struct report r = { .o = o, .out = out, .by = { .state = SENDER_NOBODY } };
	size_t was = out->len;
	int code;

	if (span_len(bytes) > REPORT_BYTES_MAX)
		return err_set(why, -EINVAL, "larger than %u MiB", REPORT_BYTES_MAX >> 20);
	if (span_empty(span_trim(bytes)))
		return err_set(why, -EINVAL, "empty");
	code = read_any(&r, bytes, why);
	if (code == 0 && !buf_ok(out))
		code = err_set(why, -EINVAL, "more events than there is room for");
	if (code < 0 && out->p) {
		out->len = was;
		out->p[was] = '\0';
	}
	return code < 0 ? -EINVAL : (int)r.n;
}
