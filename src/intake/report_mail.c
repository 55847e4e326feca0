/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mail, through gmime: who sends it, and which part of it is the report. Messages within the message are what is
 * reported: of them the header is read, and no report is looked for in it, as a forwarded report is none. */
#include <errno.h>
#include <gmime/gmime.h>
#include <string.h>

#include "intake/report_priv.h"

#define DEPTH_MAX 5u   /* multiparts within one another */
#define PARTS_MAX 200u /* of all */
#define FOUND_MAX 50u  /* reports in one mail (X-XARF: BULK) */

enum form { ARF, JSON, YAML, PACKED, TLS, SEALED, FORM_N };

static int refuse_tls(struct report *r, struct span text, struct err *why)
{
	(void)r, (void)text;
	return err_set(why, -EINVAL, REPORT_OF_TLS);
}

/* What can be read of S/MIME and OpenPGP is what is signed beside its text (multipart/signed). */
static int refuse_sealed(struct report *r, struct span text, struct err *why)
{
	(void)r, (void)text;
	return err_set(why, -EINVAL,
	    "a mail that is encrypted, or signed so that only S/MIME or OpenPGP can open it: such "
	    "keys are not had here");
}

static int (*const readers[])(struct report *r, struct span text, struct err *why) = {
	[ARF] = report_arf,
	[JSON] = report_json,
	[YAML] = report_yaml,
	[PACKED] = report_packed,
	[TLS] = refuse_tls,
	[SEALED] = refuse_sealed,
};
_Static_assert(NELEM(readers) == FORM_N, "readers out of step");

/* Which part by its type; where the type says little, by the end of its file's name. */
static const struct {
	const char *type, *subtype, *ends; /* NULL: any */
	enum form form;
} forms[] = {
	{ "message", "feedback-report", NULL, ARF },
	{ "application", "json", NULL, JSON },
	{ "application", "xarf+json", NULL, JSON },
	{ "application", "gzip", NULL, PACKED },
	{ "application", "x-gzip", NULL, PACKED },
	{ "application", "zip", NULL, PACKED },
	{ "application", "x-zip-compressed", NULL, PACKED },
	{ "application", "xml", NULL, PACKED },
	{ "text", "xml", NULL, PACKED },
	{ "application", "octet-stream", ".xml", PACKED },
	{ "application", "octet-stream", ".gz", PACKED },
	{ "application", "octet-stream", ".zip", PACKED },
	{ "application", "octet-stream", ".json", JSON },
	{ "text", "json", NULL, JSON },
	{ "text", "plain", ".json", JSON },
	{ "application", "tlsrpt+gzip", NULL, TLS },
	{ "application", "tlsrpt+json", NULL, TLS },
	{ "application", "pkcs7-mime", NULL, SEALED },
	{ "application", "x-pkcs7-mime", NULL, SEALED },
	{ "application", "pgp-encrypted", NULL, SEALED },
};

struct mail {
	GMimeMessage *message;
	GMimePart *found[FORM_N][FOUND_MAX];
	unsigned n[FORM_N], parts;
	GMimeMessage *original; /* what is reported: the first message in it, */
	GMimePart *headers;	/* or the first header */
	bool xarf;		/* it has the header of an early X-ARF mail */
	unsigned texts;
};

/* --- which part ---------------------------------------------------------------------------------------------- */

static bool ends_in(GMimePart *p, const char *end)
{
	const char *name = g_mime_part_get_filename(p);
	size_t n = name ? strlen(name) : 0, m = strlen(end);

	return n >= m && g_ascii_strcasecmp(name + n - m, end) == 0;
}

static void keep(struct mail *m, enum form f, GMimePart *p)
{
	if (m->n[f] < FOUND_MAX)
		m->found[f][m->n[f]] = p;
	m->n[f]++;
}

/* The second text of an early X-ARF mail is its report, whatever it is called. */
static void look(struct mail *m, GMimePart *p)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(p));

	for (unsigned i = 0; i < NELEM(forms); i++)
		if (g_mime_content_type_is_type(type, forms[i].type, forms[i].subtype) &&
		    (!forms[i].ends || ends_in(p, forms[i].ends))) {
			keep(m, forms[i].form, p);
			return;
		}
	if (!m->headers && g_mime_content_type_is_type(type, "text", "rfc822-headers"))
		m->headers = p;
	if (m->xarf && g_mime_content_type_is_type(type, "text", "plain") && ++m->texts == 2)
		keep(m, YAML, p);
}

/* Of a signed part the text; what stands behind it is the signature, whatever it is called. */
static int signed_count(GMimeMultipart *m)
{
	int count = g_mime_multipart_get_count(m);

	return GMIME_IS_MULTIPART_SIGNED(m) ? MIN_OF(count, 1) : count;
}

/* Parts of a part wait on a list of ours: no depth of a stranger's is a depth of the stack. */
static int walk(struct mail *m, struct err *why)
{
	struct {
		GMimeObject *o;
		unsigned depth;
	} todo[PARTS_MAX];
	unsigned n = 0;

	todo[n].depth = 0;
	todo[n++].o = g_mime_message_get_mime_part(m->message);
	for (unsigned i = 0; i < n; i++) {
		GMimeObject *o = todo[i].o;

		if (o && GMIME_IS_MULTIPART(o)) {
			int count = signed_count(GMIME_MULTIPART(o));

			if (todo[i].depth == DEPTH_MAX || count < 0 ||
			    n + (unsigned)count > PARTS_MAX)
				return err_set(why, -EINVAL, "more parts than a report has");
			for (int k = 0; k < count; k++, n++) {
				todo[n].o = g_mime_multipart_get_part(GMIME_MULTIPART(o), k);
				todo[n].depth = todo[i].depth + 1;
			}
		} else if (o && GMIME_IS_PART(o)) {
			look(m, GMIME_PART(o));
		} else if (o && GMIME_IS_MESSAGE_PART(o) && !m->original) {
			m->original = g_mime_message_part_get_message(GMIME_MESSAGE_PART(o));
		}
	}
	return 0;
}

static int content(GMimePart *p, struct span *ret, GMimeStream **keep_stream)
{
	GMimeDataWrapper *content = g_mime_part_get_content(p);
	GMimeStream *mem = g_mime_stream_mem_new();
	GByteArray *bytes;

	if (!content || g_mime_data_wrapper_write_to_stream(content, mem) < 0) {
		g_object_unref(mem);
		return -EINVAL;
	}
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	*ret = bytes->len ? span_of((const char *)bytes->data, bytes->len) : SPAN("");
	*keep_stream = mem;
	return 0;
}

static int read_part(struct report *r, enum form f, GMimePart *p, struct err *why)
{
	GMimeStream *mem = NULL;
	struct span text;
	int code = content(p, &text, &mem);

	if (code < 0)
		return err_set(why, -EINVAL, "its report is an empty part");
	code = readers[f](r, text, why);
	g_object_unref(mem);
	return code;
}

/* Of several forms the first one in the order of enum form is the report; only X-ARF has several in a mail. */
static int read_forms(struct report *r, struct mail *m, struct err *why)
{
	int code = 0;
	unsigned f = 0;

	while (f < FORM_N && m->n[f] == 0)
		f++;
	if (f == FORM_N)
		return err_set(why, -EINVAL, "a mail that is no report");
	if (m->n[f] > (f == JSON ? FOUND_MAX : 1))
		return err_set(why, -EINVAL, "%u reports in one mail", m->n[f]);
	for (unsigned i = 0; i < m->n[f] && code == 0; i++)
		code = read_part(r, (enum form)f, m->found[f][i], why);
	return code;
}

/* With the header of what is reported at hand. */
static int read_found(struct report *r, struct mail *m, struct err *why)
{
	char *header =
	    m->original ? g_mime_object_get_headers(GMIME_OBJECT(m->original), NULL) : NULL;
	GMimeStream *mem = NULL;
	int code;

	if (header)
		r->original = span_str(header);
	else if (!m->headers || content(m->headers, &r->original, &mem) < 0)
		r->original = SPAN("");
	code = read_forms(r, m, why);
	r->original = SPAN("");
	if (mem)
		g_object_unref(mem);
	g_free(header);
	return code;
}

int report_mail(struct report *r, struct span bytes, struct err *why)
{
	GMimeStream *from = g_mime_stream_mem_new_with_buffer(bytes.p, span_len(bytes));
	GMimeParser *parser = g_mime_parser_new_with_stream(from);
	struct mail *m = calloc(1, sizeof(*m));
	int code;

	if (!m)
		abort();
	g_mime_parser_set_format(
	    parser, span_starts(bytes, "From ") ? GMIME_FORMAT_MBOX : GMIME_FORMAT_MESSAGE);
	m->message = g_mime_parser_construct_message(parser, NULL);
	if (m->message && g_mime_message_get_mime_part(m->message)) {
		GMimeObject *o = GMIME_OBJECT(m->message);

		m->xarf =
		    g_mime_object_get_header(o, "X-XARF") || g_mime_object_get_header(o, "X-ARF");
		sender_check(bytes, &r->o->sender, &r->by);
		code = walk(m, why);
		if (code == 0)
			code = read_found(r, m, why);
	} else {
		code = err_set(why, -EINVAL, "no mail");
	}
	if (m->message)
		g_object_unref(m->message);
	free(m);
	g_object_unref(parser);
	g_object_unref(from);
	return code;
}

void report_init(void)
{
	g_mime_init();
}
