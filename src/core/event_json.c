/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The event as NDJSON, under IntelMQ's field names where they exist. */
#include "core/event.h"

#include <errno.h>
#include <jansson.h>

#include "util/clock.h"
#include "util/jout.h"

static const char *const proof_names[] = { [PROOF_FULL] = "full", [PROOF_WEAK] = "weak" };

void event_format_json(const struct event *ev, uint64_t number, struct buf *out)
{
	char when[UTC_TEXT_MAX], text[PREFIX_TEXT_MAX];
	bool host = event_is_host(ev);
	struct jout j;

	utc_format(ev->time_s, when);
	if (ev->subject.len == 128)
		(void)addr_format(ev->subject.addr, text); /* the length is not needed */
	else
		(void)prefix_format(ev->subject, text);
	jout_init(&j, out);
	jout_object(&j, NULL);
	if (number)
		jout_u64(&j, "line", number);
	jout_str(&j, "time.source", when);
	jout_str(&j, host ? "source.ip" : "source.network", text);
	jout_str(&j, "classification.type", category_name(ev->category));
	if (!span_empty(ev->source))
		jout_span(&j, "feed.name", ev->source);
	if (!span_empty(ev->service))
		jout_span(&j, "protocol.application", ev->service);
	if (!span_empty(ev->detail))
		jout_span(&j, "event_description.text", ev->detail);
	jout_u64(&j, "extra.count", ev->count);
	jout_str(&j, "extra.proof", proof_names[ev->proof]);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

/* A member's text, at most max bytes, copied into room. */
static int text_member(const json_t *o, const char *key, size_t max, char *room, struct span *ret)
{
	const json_t *v = json_object_get(o, key);
	size_t n;

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return -EINVAL;
	n = json_string_length(v);
	if (n > max || memchr(json_string_value(v), '\0', n))
		return -EINVAL;
	memcpy(room, json_string_value(v), n);
	*ret = span_of(room, n);
	return 0;
}

static struct span member(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? span_of(json_string_value(v), json_string_length(v)) : SPAN("");
}

static int subject(const json_t *o, struct prefix *ret)
{
	struct span host = member(o, "source.ip"), net = member(o, "source.network");
	struct addr a;

	if (span_empty(host))
		return prefix_parse(net, false, ret);
	/* An IPv6 host is written as its /64. */
	if (memchr(host.p, '/', span_len(host)))
		return prefix_parse(host, false, ret);
	if (addr_parse(host, &a) < 0)
		return -EINVAL;
	*ret = event_subject(a);
	return 0;
}

/* Every member in turn; the name of the first bad one, or NULL. */
static const char *members(const json_t *o, struct event_room *room, struct event *ev)
{
	const json_t *count = json_object_get(o, "extra.count");
	struct span s;

	if (subject(o, &ev->subject) < 0)
		return "source.ip";
	if (!prefix_is_v4(ev->subject) && ev->subject.len > 64)
		ev->subject = prefix_make(ev->subject.addr, 64);
	s = member(o, "time.source");
	if (!span_empty(s) && utc_parse(s, &ev->time_s) < 0)
		return "time.source";
	s = member(o, "classification.type");
	if (!span_empty(s) && category_parse(s, &ev->category) < 0)
		return "classification.type";
	s = member(o, "extra.proof");
	if (span_is(s, "full"))
		ev->proof = PROOF_FULL;
	else if (!span_empty(s) && !span_is(s, "weak"))
		return "extra.proof";
	if (count) {
		json_int_t n = json_is_integer(count) ? json_integer_value(count) : 0;

		if (n < 1 || n > EVENT_COUNT_MAX)
			return "extra.count";
		ev->count = (uint32_t)n;
	}
	if (text_member(o, "feed.name", EVENT_SOURCE_MAX, room->text, &ev->source) < 0)
		return "feed.name";
	if (text_member(o, "protocol.application", EVENT_SERVICE_MAX, room->text + EVENT_SOURCE_MAX,
		&ev->service) < 0)
		return "protocol.application";
	if (text_member(o, "event_description.text", EVENT_DETAIL_MAX,
		room->text + EVENT_SOURCE_MAX + EVENT_SERVICE_MAX, &ev->detail) < 0)
		return "event_description.text";
	return NULL;
}

int event_parse_json(
    struct span line, int64_t now_s, struct event_room *room, struct event *ret, struct err *e)
{
	struct event ev = {
		.time_s = now_s, .category = CATEGORY_OTHER, .proof = PROOF_WEAK, .count = 1
	};
	const char *bad;
	json_error_t why;
	json_t *o;

	line = span_trim(line);
	if (span_empty(line))
		return 0;
	if (span_len(line) > EVENT_LINE_MAX)
		return err_set(e, -EINVAL, "longer than %u bytes", EVENT_LINE_MAX);
	o = json_loadb(line.p, span_len(line), JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_set(e, -EINVAL, "not a JSON object: %s", o ? "another value" : why.text);
	}
	bad = members(o, room, &ev);
	json_decref(o);
	if (bad)
		return err_set(e, -EINVAL, "bad %s", bad);
	*ret = ev;
	return 1;
}
