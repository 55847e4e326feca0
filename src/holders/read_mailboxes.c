/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which mailboxes are reached: what `onus registry enrich` found out (holders/mailbox.h). */
#include "holders/fact_text.h"
#include "holders/mailbox.h"
#include "util/clock.h"

static int line_read(const struct line *line, const struct fact_to *to)
{
	struct mailbox_line m;
	struct fact f = { .kind = FACT_MAILBOX, .line = line->number, .source = SPAN("DNS") };

	if (line->cut || !mailbox_line_parse(line->text, &m)) {
		fact_refuse(to, line->number, "not a day, a state and a mailbox");
		return 0;
	}
	f.mail = m.mail;
	f.status = span_str(mailbox_key(m.state));
	f.changed_s = (int64_t)m.day * DAY_S;
	return to->take(to->ctx, &f);
}

static int mailboxes_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct line line;
	int code = 0, got = 0;

	while (code == 0 && (got = input_line(in, &line, e)) > 0)
		if (!span_empty(line.text) && *line.text.p != '#')
			code = line_read(&line, to);
	return code < 0 ? code : got;
}

static bool mailboxes_claims(struct span head)
{
	return span_starts(head, MAILBOXES_HEAD "\n");
}

const struct fact_reader fact_reader_mailboxes = {
	.name = "mailboxes",
	.claims = mailboxes_claims,
	.read = mailboxes_read,
};
