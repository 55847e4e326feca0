/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/decisions.h"

#include <errno.h>
#include <inttypes.h>

#include "publication/text.h"
#include "util/clock.h"
#include "util/num.h"

void decisions_begin(struct decisions_writer *w, struct buf *out)
{
	*w = (struct decisions_writer){ .out = out };
	buf_str(out, DECISIONS_HEADER "\n");
}

void decisions_put(struct decisions_writer *w, const struct decision_line *d)
{
	char name[ENTITY_NAME_MAX];

	(void)entity_format(&d->entity, name);
	buf_fmt(w->out, "%c\t%s\t%s\t%" PRId64 "\t", d->remove ? '-' : '+', name,
	    action_name(d->action), d->until_s);
	text_put(w->out, d->reason, DECISION_REASON_MAX);
	buf_byte(w->out, '\n');
	w->count++;
}

void decisions_end(struct decisions_writer *w)
{
	buf_fmt(w->out, "end\t%" PRIu64 "\n", w->count);
}

static int read_end(struct decisions_reader *rd, struct span count, struct err *e)
{
	uint64_t n;

	if (num_u64(count, DECISIONS_COUNT_MAX, &n) < 0 || n != rd->count)
		return err_set(e, -EBADMSG,
		    "%" PRIu64 " lines, but the end says %.*s: the list "
		    "was cut or joined, nothing of it may be applied",
		    rd->count, (int)MIN_OF(span_len(count), (size_t)20), count.p);
	rd->ended = true;
	return 0;
}

static int read_line(struct span line, struct decision_line *ret, struct err *e)
{
	struct span rest = line, op, entity, action, until;
	struct decision_line d = { 0 };

	if (!span_cut(&rest, '\t', &op) || !(span_is(op, "+") || span_is(op, "-")))
		return err_set(e, -EBADMSG, "a line begins with neither \"+\" nor \"-\" and a tab");
	if (!span_cut(&rest, '\t', &entity) || entity_parse(entity, &d.entity, e) < 0)
		return err_wrap(e, -EBADMSG, "second field is no entity");
	if (!span_cut(&rest, '\t', &action) || action_parse(action, &d.action) < 0)
		return err_set(
		    e, -EBADMSG, "third field is no action (tag, greylist, reject, drop)");
	(void)span_cut(&rest, '\t', &until); /* a reason need not follow */
	if (utc_parse(until, &d.until_s) < 0)
		return err_set(e, -EBADMSG, "fourth field is no time");
	if (span_len(rest) > DECISION_REASON_MAX || !text_clean(rest))
		return err_set(e, -EBADMSG, "reason is too long, or not clean UTF-8");
	d.remove = span_is(op, "-");
	d.reason = rest;
	*ret = d;
	return 1;
}

int decisions_read(
    struct decisions_reader *rd, struct span line, struct decision_line *ret, struct err *e)
{
	struct err why = { "" };
	int r;

	if (rd->ended)
		return span_empty(line) ? 0 : err_set(e, -EBADMSG, "something follows the end");
	if (!rd->header) {
		rd->header = true;
		if (!span_is(line, DECISIONS_HEADER))
			return err_set(e, -EBADMSG, "does not begin with \"" DECISIONS_HEADER "\"");
		return 0;
	}
	if (span_empty(line) || *line.p == '#')
		return 0;
	if (span_starts(line, "end\t"))
		return read_end(rd, span_of(line.p + 4, span_len(line) - 4), e);
	if (span_len(line) >= DECISIONS_LINE_MAX || rd->count == DECISIONS_COUNT_MAX)
		return err_set(e, -EBADMSG, "over a maximum");
	r = read_line(line, ret, &why);
	if (r < 0)
		return err_set(e, r, "line %" PRIu64 " of the list: %s", rd->count + 1, why.text);
	rd->count++;
	return r;
}

int decisions_whole(const struct decisions_reader *rd, struct err *e)
{
	if (rd->ended)
		return 0;
	return err_set(e, -EBADMSG,
	    "the list does not end with \"end COUNT\": it was cut, nothing of it may be applied");
}
