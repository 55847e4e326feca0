/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/milter/session.h"

#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "util/log.h"

#define MACROS_MAIL "i {auth_authen} {verify} {cert_subject} v"

static struct porter *porter;

/* struct session - one connection; strings are owned */
struct session {
	struct addr client;

	/* of the mail that is under way */
	char *sender;
	bool authenticated, verified;
	bool ours;		    /* its client may bring headers of our name along */
	char header[DOOR_TEXT_MAX]; /* to be added; "": none */
	unsigned forged;
};

static void mail_begin(struct session *s)
{
	free(s->sender);
	s->sender = NULL;
	s->authenticated = s->verified = false;
	s->ours = true;
	s->header[0] = '\0';
	s->forged = 0;
}

static bool client_address(const struct sockaddr *at, struct addr *ret)
{
	uint8_t b[16];

	if (at && at->sa_family == AF_INET) {
		*ret = addr_of_v4(ntohl(((const struct sockaddr_in *)at)->sin_addr.s_addr));
		return true;
	}
	if (at && at->sa_family == AF_INET6) {
		memcpy(b, &((const struct sockaddr_in6 *)at)->sin6_addr, sizeof(b));
		*ret = addr_of_bytes(b);
		return true;
	}
	return false;
}

/* ---- the callbacks ---- */

/* HELO, DATA and the body are not wanted, nor are answers to what is only noted. What an older mail server cannot leave out it
 * may send; libmilter answers it. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps,
    unsigned long f2, unsigned long f3, unsigned long *ret_actions, unsigned long *ret_steps,
    unsigned long *ret_f2, unsigned long *ret_f3)
{
	*ret_actions = actions & (SMFIF_ADDHDRS | SMFIF_CHGHDRS);
	if (actions & SMFIF_SETSYMLIST &&
	    smfi_setsymlist(ctx, SMFIM_ENVFROM, (char *)MACROS_MAIL) == MI_SUCCESS)
		*ret_actions |= SMFIF_SETSYMLIST;
	*ret_steps = (*ret_steps | SMFIP_NR_MAIL | SMFIP_NR_HDR) & steps;
	*ret_f2 = *ret_f3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_CONTINUE;
	(void)smfi_setpriv(ctx, NULL); /* it fails without a context alone */
	mail_begin(s);
	free(s);
	porter_leave(porter);
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, struct sockaddr *at)
{
	struct session *s;

	(void)on_close(ctx); /* a mail server may use its connection for one client after another */
	if (!porter_admit(porter))
		return SMFIS_ACCEPT;
	s = calloc(1, sizeof(*s));
	if (!s) {
		porter_leave(porter);
		porter_fault(porter);
		return SMFIS_ACCEPT;
	}
	mail_begin(s);
	(void)smfi_setpriv(ctx, s);
	return client_address(at, &s->client) ? SMFIS_CONTINUE : SMFIS_ACCEPT;
}

static const char *macro(SMFICTX *ctx, const char *name)
{
	const char *value = smfi_getsymval(ctx, (char *)name);

	return value ? value : "";
}

/* Sendmail says of every certificate that there is one, and in {verify} whether it is trusted; Postfix knows no {verify},
 * and names the subject of one that is trusted alone. */
static bool certified(SMFICTX *ctx)
{
	if (*macro(ctx, "{verify}"))
		return strcmp(macro(ctx, "{verify}"), "OK") == 0;
	return strncmp(macro(ctx, "v"), "Postfix", 7) == 0 && *macro(ctx, "{cert_subject}");
}

static sfsistat on_mail(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_NOREPLY;
	mail_begin(s);
	s->sender = strdup(argv[0] ? argv[0] : "");
	s->authenticated = *macro(ctx, "{auth_authen}");
	s->verified = certified(ctx);
	return SMFIS_NOREPLY;
}

/* Without its brackets. */
static struct span mailbox(const char *text)
{
	struct span m = span_trim(span_str(text ? text : ""));

	if (span_len(m) >= 2 && *m.p == '<' && m.end[-1] == '>')
		return (struct span){ m.p + 1, m.end - 1 };
	return m;
}

/* libmilter hands the text on to a mail server that takes it for a format, in which % is written twice. */
static sfsistat tell(SMFICTX *ctx, const char *code, const char *status, const char *text)
{
	char twice[2 * DOOR_TEXT_MAX];
	size_t n = 0;

	for (; *text; text++) {
		twice[n++] = *text;
		if (*text == '%')
			twice[n++] = '%';
	}
	twice[n] = '\0';
	if (smfi_setreply(ctx, (char *)code, (char *)status, twice) != MI_SUCCESS)
		porter_fault(porter); /* it is refused in the mail server's words */
	return *code == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

static sfsistat on_recipient(SMFICTX *ctx, char **argv)
{
	struct session *s = smfi_getpriv(ctx);
	struct door_answer a;
	struct door_mail m;
	bool spared;

	if (!s)
		return SMFIS_ACCEPT;
	m = (struct door_mail){ .sender = mailbox(s->sender),
		.recipient = mailbox(argv[0]),
		.authenticated = s->authenticated,
		.verified = s->verified };
	porter_judge(porter, s->client, &m, &a, &spared);
	s->ours = spared || s->authenticated;
	switch (a.verdict) {
	case DOOR_REFUSE:
		return tell(ctx, "550", "5.7.1", a.text);
	case DOOR_GREYLIST:
		return tell(ctx, "450", "4.7.1", a.text);
	case DOOR_TAG:
		if (!s->header[0])
			memcpy(s->header, a.text, a.len + 1);
		break;
	case DOOR_PASS:
	case DOOR_VERDICT_N:
		break;
	}
	return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct session *s = smfi_getpriv(ctx);

	if (s && !s->ours && strcasecmp(name, DOOR_HEADER) == 0)
		s->forged++;
	return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (!s)
		return SMFIS_CONTINUE;
	if (s->forged > SESSION_FORGED_MAX)
		return tell(ctx, "550", "5.7.1", "Too many headers named " DOOR_HEADER);
	porter_forged(porter, s->forged);
	for (; s->forged > 0; s->forged--) /* from the last one on: the others keep their number */
		if (smfi_chgheader(ctx, (char *)DOOR_HEADER, (int)s->forged, NULL) != MI_SUCCESS)
			porter_fault(porter);
	if (s->header[0] && smfi_insheader(ctx, 0, (char *)DOOR_HEADER, s->header) != MI_SUCCESS)
		porter_fault(porter);
	mail_begin(s);
	return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *ctx)
{
	struct session *s = smfi_getpriv(ctx);

	if (s)
		mail_begin(s);
	return SMFIS_CONTINUE;
}

struct smfiDesc session_calls(struct porter *p)
{
	porter = p;
	return (struct smfiDesc){
		.xxfi_name = (char *)"onus-milter",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
		.xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
	};
}
