/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any order of callbacks with any words in them, as a mail server that is broken or hostile could have libmilter make: what is
 * handed back must be what libmilter takes, and each session that was admitted leaves. In place of libmilter and of the porter
 * stand the functions below.
 *
 * The input: pieces that end with a NUL; the first byte of each is what is called, the rest its word. */
#include "fuzz.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "prog/milter/session.h"

struct smfi_str {
	void *priv;
	const char *word;
	unsigned ours; /* headers of our name in the mail under way */
	bool end;      /* headers may be changed */
};

static int inside; /* sessions */

int smfi_setpriv(SMFICTX *ctx, void *p)
{
	ctx->priv = p;
	return MI_SUCCESS;
}

void *smfi_getpriv(SMFICTX *ctx)
{
	return ctx->priv;
}

char *smfi_getsymval(SMFICTX *ctx, char *name)
{
	return strlen(ctx->word) % 3 ? (char *)ctx->word : NULL;
}

int smfi_setsymlist(SMFICTX *ctx, int where, char *macros)
{
	return *ctx->word & 1 ? MI_SUCCESS : MI_FAILURE;
}

int smfi_setreply(SMFICTX *ctx, char *code, char *status, char *text)
{
	if ((*code != '4' && *code != '5') || *status != *code || strlen(text) > 980 ||
	    strpbrk(text, "\r\n"))
		abort();
	for (; *text; text++)
		if (*text == '%' && *++text != '%')
			abort();
	return *ctx->word & 1 ? MI_SUCCESS : MI_FAILURE;
}

int smfi_chgheader(SMFICTX *ctx, char *name, int at, char *value)
{
	if (!ctx->end || value || strcmp(name, DOOR_HEADER) != 0 || at < 1 ||
	    (unsigned)at > ctx->ours || ctx->ours > SESSION_FORGED_MAX)
		abort();
	return *ctx->word & 1 ? MI_SUCCESS : MI_FAILURE;
}

int smfi_insheader(SMFICTX *ctx, int at, char *name, char *value)
{
	if (!ctx->end || at != 0 || strcmp(name, DOOR_HEADER) != 0 || !*value)
		abort();
	return MI_SUCCESS;
}

bool porter_admit(struct porter *p)
{
	return inside < 2 && ++inside;
}

void porter_leave(struct porter *p)
{
	if (--inside < 0)
		abort();
}

void porter_judge(struct porter *p, struct addr addr, const struct door_mail *m,
    struct door_answer *ret, bool *spared)
{
	size_t n = MIN_OF(span_len(m->recipient) * 7, sizeof(ret->text) - 1);

	*ret = (struct door_answer){ .verdict = (enum door_verdict)(
					 span_len(m->recipient) % DOOR_VERDICT_N) };
	if (ret->verdict != DOOR_PASS)
		ret->len = MAX_OF(n, (size_t)1);
	memset(ret->text, '%', ret->len);
	*spared = span_len(m->sender) % 5 == 1;
}

void porter_fault(struct porter *p)
{
}

void porter_forged(struct porter *p, unsigned n)
{
	if (n > SESSION_FORGED_MAX)
		abort();
}

static void connect_it(const struct smfiDesc *calls, SMFICTX *ctx)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr other = { .sa_family = AF_UNIX };
	struct sockaddr *at[] = { (struct sockaddr *)&v4, (struct sockaddr *)&v6, &other, NULL };

	(void)calls->xxfi_connect(ctx, (char *)ctx->word, at[strlen(ctx->word) % NELEM(at)]);
}

static void call(const struct smfiDesc *calls, SMFICTX *ctx, char what)
{
	char *word = (char *)ctx->word, *argv[] = { *word ? word : NULL, NULL };
	unsigned long actions, steps = 0, f2, f3;

	switch (what) {
	case 'O':
		(void)calls->xxfi_negotiate(
		    ctx, strlen(word) * 7, 0, 0, 0, &actions, &steps, &f2, &f3);
		break;
	case 'C':
		connect_it(calls, ctx);
		break;
	case 'M':
		(void)calls->xxfi_envfrom(ctx, argv);
		ctx->ours = 0;
		break;
	case 'R':
		(void)calls->xxfi_envrcpt(ctx, argv);
		break;
	case 'L':
		ctx->ours += strcasecmp(word, DOOR_HEADER) == 0;
		(void)calls->xxfi_header(ctx, word, word);
		break;
	case 'E':
		ctx->end = true;
		(void)calls->xxfi_eom(ctx);
		ctx->end = false;
		break;
	case 'A':
		(void)calls->xxfi_abort(ctx);
		break;
	default:
		(void)calls->xxfi_close(ctx);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct smfiDesc calls = session_calls(NULL);
	struct span rest = span_of((const char *)data, size), piece;
	struct smfi_str ctx = { .word = "" };

	while (!span_empty(rest)) {
		char *word;

		(void)span_cut(&rest, '\0', &piece);
		if (span_empty(piece))
			continue;
		word = span_dup(span_of(piece.p + 1, span_len(piece) - 1));
		if (!word)
			abort();
		ctx.word = word;
		call(&calls, &ctx, *piece.p);
		free(word);
		ctx.word = "";
	}
	(void)calls.xxfi_close(&ctx);
	if (inside || ctx.priv)
		abort();
	return 0;
}
