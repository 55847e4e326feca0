/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/mailbox.h"

#include <errno.h>

#include "util/clock.h"
#include "util/num.h"

#define LOCAL_MAX 64u /* RFC 5321 section 4.5.3.1.1 */

static const struct {
	const char *key, *word, *reason;
} states[MAILBOX_STATE_N] = {
	[MAILBOX_UNCHECKED] = { "unchecked", NULL, NULL },
	[MAILBOX_OK] = { "ok", "ok", NULL },
	[MAILBOX_UNSURE] = { "unsure", "unknown", "the name servers of its domain do not answer" },
	[MAILBOX_SYNTAX] = { "syntax", "dead", "no mailbox" },
	[MAILBOX_NO_DOMAIN] = { "no-domain", "dead", "its domain does not exist" },
	[MAILBOX_NO_HOST] = { "no-host", "dead", "its domain has no host that takes mail" },
	[MAILBOX_NULL_MX] = { "null-mx", "dead", "its domain says that it takes no mail" },
	[MAILBOX_NOWHERE] = { "nowhere", "dead", "the hosts that take its mail have no address" },
};

const char *mailbox_word(enum mailbox_state s)
{
	return states[s].word;
}

const char *mailbox_reason(enum mailbox_state s)
{
	return states[s].reason;
}

const char *mailbox_key(enum mailbox_state s)
{
	return states[s].key;
}

bool mailbox_parse(struct span s, enum mailbox_state *ret)
{
	for (unsigned i = 0; i < MAILBOX_STATE_N; i++)
		if (span_is(s, states[i].key)) {
			*ret = (enum mailbox_state)i;
			return true;
		}
	return false;
}

/* A dot-string; quoted ones are lawful, and registries' readers drop them before. */
static bool local_ok(struct span s)
{
	static const char extra[] = "!#$%&'*+-/=?^_`{|}~";
	bool dot = true; /* none may stand first, last, or beside another */

	for (const char *p = s.p; p < s.end; p++) {
		bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || (*p && strchr(extra, *p));

		if (!word && (*p != '.' || dot))
			return false;
		dot = *p == '.';
	}
	return !dot && span_len(s) <= LOCAL_MAX;
}

bool mailbox_domain(struct span mail, char ret[IDN_NAME_MAX + 1])
{
	struct span local, last;
	char name[IDN_NAME_MAX + 1];
	uint32_t number;

	if (!span_cut(&mail, '@', &local) || !local_ok(local) || !idn_ascii(mail, name) ||
	    mail.end[-1] == '.')
		return false;
	last = span_str(name);
	for (const char *p = name; *p; p++)
		if (*p == '.')
			last.p = p + 1;
	if (last.p == name || num_u32(last, UINT32_MAX, &number) != -EINVAL)
		return false; /* a name within the own network; an address */
	memcpy(ret, name, sizeof(name));
	return true;
}

bool mailbox_line_parse(struct span line, struct mailbox_line *ret)
{
	struct span day, state, mail = line;
	int64_t time_s;

	if (!span_cut(&mail, '\t', &day) || !span_cut(&mail, '\t', &state) || span_len(day) != 10 ||
	    utc_parse(day, &time_s) < 0 || !mailbox_parse(state, &ret->state) ||
	    ret->state == MAILBOX_UNCHECKED || span_empty(mail) || span_len(mail) > MAILBOX_MAX ||
	    !memchr(mail.p, '@', span_len(mail)))
		return false;
	for (const char *p = mail.p; p < mail.end; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	ret->day = day_of(time_s);
	ret->mail = mail;
	return ret->day > 0;
}
