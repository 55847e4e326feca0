/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/macros.h"

#include "prog/milter/packet.h"
#include "prog/milter/wire.h"

static const char stages[] = {
	[MACROS_CONNECT] = MILTER_CONNECT,
	[MACROS_HELO] = MILTER_HELO,
	[MACROS_MAIL] = MILTER_MAIL,
};
_Static_assert(NELEM(stages) == MACROS_STAGE_N, "stages out of step");

static const struct {
	const char *name, *good;
	bool head; /* good is how it begins */
} wanted[] = {
	[MACRO_AUTHEN] = { "auth_authen", NULL, false },
	[MACRO_VERIFY] = { "verify", "OK", false },
	[MACRO_SUBJECT] = { "cert_subject", NULL, false },
	[MACRO_VERSION] = { "v", "Postfix", true },
};
_Static_assert(NELEM(wanted) == MACRO_N, "wanted out of step");

static struct span bare(struct span name)
{
	if (span_len(name) >= 2 && *name.p == '{' && name.end[-1] == '}')
		return (struct span){ name.p + 1, name.end - 1 };
	return name;
}

static enum macro_value weigh(unsigned i, struct span value)
{
	if (span_empty(value))
		return MACRO_EMPTY;
	if (!wanted[i].good)
		return MACRO_SAID;
	return (wanted[i].head ? span_starts(value, wanted[i].good)
			       : span_is(value, wanted[i].good))
		   ? MACRO_GOOD
		   : MACRO_SAID;
}

static void note(uint8_t to[MACRO_N], struct span name, struct span value)
{
	for (unsigned i = 0; i < MACRO_N; i++)
		if (span_is(bare(name), wanted[i].name))
			to[i] = (uint8_t)weigh(i, value);
}

bool macros_take(struct macros *m, struct rd body)
{
	uint8_t found[MACRO_N] = { MACRO_UNSAID };
	char what = (char)rd_u8(&body);
	struct span name, value;

	while (!body.bad && !rd_done(&body)) {
		value = SPAN("");
		if (packet_text(&body, &name) && !rd_done(&body) && !packet_text(&body, &value))
			return false;
		if (!body.bad)
			note(found, name, value);
	}
	for (unsigned i = 0; !body.bad && i < MACROS_STAGE_N; i++)
		if (stages[i] == what)
			memcpy(m->value[i], found, sizeof(found));
	return !body.bad;
}

void macros_forget(struct macros *m, enum macro_stage stage)
{
	memset(m->value[stage], MACRO_UNSAID, sizeof(m->value[stage]));
}

/* What was said last. */
static enum macro_value look(const struct macros *m, enum macro which)
{
	for (unsigned i = MACROS_STAGE_N; i-- > 0;)
		if (m->value[i][which] != MACRO_UNSAID)
			return m->value[i][which];
	return MACRO_UNSAID;
}

bool macros_authenticated(const struct macros *m)
{
	return look(m, MACRO_AUTHEN) >= MACRO_SAID;
}

/* Sendmail says of every certificate that there is one, and in {verify} whether it is trusted; Postfix knows no {verify},
 * and names the subject of one that is trusted alone. */
bool macros_certified(const struct macros *m)
{
	if (look(m, MACRO_VERIFY) >= MACRO_SAID)
		return look(m, MACRO_VERIFY) == MACRO_GOOD;
	return look(m, MACRO_VERSION) == MACRO_GOOD && look(m, MACRO_SUBJECT) >= MACRO_SAID;
}
