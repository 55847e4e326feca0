/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARIN's bulk whois as XML ("arin_db.xml"), read as a stream by expat:
 *   <bulkwhois xmlns="http://www.arin.net/bulkwhois/core/v1">
 *     <net><handle>NET-192-0-2-0-1</handle> … <netBlocks><netBlock> … </netBlock></netBlocks></net>
 *     <org> … </org> <poc> … </poc> <asn> … </asn>
 *   </bulkwhois>
 * Document types are not read, so there are no entities but those of XML itself; nesting and the length of one
 * tag are bounded, values are kept up to their maxima as they come. What is no XML ends the reading: there is no
 * telling where the next record begins. */
#include <errno.h>
#include <expat.h>

#include "holders/arin.h"

#define DEPTH_MAX    32u	/* elements within one another */
#define MARKUP_BYTES (1u << 20) /* of one tag with its attributes, or comment */
#define PATH_MAX_LEN 96u	/* longer ones are nothing that is kept */

static const struct element {
	const char *path; /* below the record */
	enum arin_slot slot;
} elements[] = {
	{ "/handle", ARIN_HANDLE },
	{ "/name", ARIN_NAME },
	{ "/lastName", ARIN_NAME },
	{ "/orgHandle", ARIN_ORG },
	{ "/customerHandle", ARIN_ORG },
	{ "/parentNetHandle", ARIN_PARENT },
	{ "/startAddress", ARIN_FIRST },
	{ "/endAddress", ARIN_LAST },
	{ "/startAsNumber", ARIN_FIRST },
	{ "/endAsNumber", ARIN_LAST },
	{ "/version", ARIN_VERSION },
	{ "/netBlocks/netBlock/type", ARIN_TYPE },
	{ "/netBlocks/netBlock/startAddress", ARIN_BLOCK_FIRST },
	{ "/netBlocks/netBlock/endAddress", ARIN_BLOCK_LAST },
	{ "/netBlocks/netBlock/cidrLenth", ARIN_BLOCK_LENGTH }, /* as ARIN writes it */
	{ "/netBlocks/netBlock/cidrLength", ARIN_BLOCK_LENGTH },
	{ "/registrationDate", ARIN_CREATED },
	{ "/updateDate", ARIN_CHANGED },
	{ "/streetAddress/line", ARIN_STREET },
	{ "/city", ARIN_CITY },
	{ "/iso3166-2", ARIN_STATE },
	{ "/postalCode", ARIN_POSTCODE },
	{ "/iso3166-1/code2", ARIN_COUNTRY },
	{ "/isRoleAccount", ARIN_IS_ROLE },
	{ "/firstName", ARIN_GIVEN_NAME },
	{ "/emails/email", ARIN_MAIL },
	{ "/comment/line", ARIN_COMMENT },
};

static const struct class
{
	const char *name;
	arin_make_fn *make;
} classes[] = {
	{ "net", arin_net },
	{ "asn", arin_as },
	{ "org", arin_org },
	{ "poc", arin_poc },
};

struct reading {
	const struct fact_to *to;
	XML_Parser xml;
	struct buf room;
	struct arin_record record;
	const struct class *class; /* of the open record; NULL: none, or of another class */
	enum arin_slot now;	   /* where text goes; ARIN_SLOT_N: nowhere */
	unsigned depth;		   /* open elements: 1 the whole, 2 a record, … */
	char path[PATH_MAX_LEN + 1];
	size_t path_end[DEPTH_MAX + 1]; /* of the elements around; past PATH_MAX_LEN: cut */
	const char *stop;		/* why the reading ended */
	int code;			/* what take returned */
};

/* --- where the parser stands --------------------------------------------------------------------------- */

static uint64_t line_of(const struct reading *r)
{
	return XML_GetCurrentLineNumber(r->xml);
}

static void stop(struct reading *r, const char *why)
{
	if (!r->stop)
		r->stop = why;
	(void)XML_StopParser(r->xml, XML_FALSE); /* fails only where it has stopped */
}

/* The name without its prefix. */
static const char *local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void path_push(struct reading *r, const char *name)
{
	size_t at = r->path_end[r->depth - 1], n = strlen(name);

	if (at + n + 1 <= PATH_MAX_LEN) {
		r->path[at] = '/';
		memcpy(r->path + at + 1, name, n + 1);
	}
	r->path_end[r->depth] = MIN_OF(at + n + 1, (size_t)PATH_MAX_LEN + 1);
}

static enum arin_slot slot_of(const struct reading *r)
{
	for (size_t i = 0; i < NELEM(elements); i++)
		if (strcmp(r->path, elements[i].path) == 0)
			return elements[i].slot;
	return ARIN_SLOT_N;
}

/* --- events of the parser -------------------------------------------------------------------------------- */

static void record_begin(struct reading *r, const char *name)
{
	r->class = NULL;
	r->path_end[r->depth] = 0;
	r->path[0] = '\0';
	for (size_t i = 0; i < NELEM(classes); i++)
		if (strcmp(name, classes[i].name) == 0)
			r->class = &classes[i];
	if (r->class)
		arin_record_begin(&r->record, line_of(r));
	else
		fact_leave(r->to, line_of(r), "of another class");
}

/* <pocLink handle="ABUSE1-ARIN" function="AB" description="Abuse"/> */
static void poc_link(struct reading *r, const char **attributes)
{
	const char *handle = NULL;
	bool abuse = false;

	for (; *attributes; attributes += 2) {
		const char *name = local(attributes[0]);

		if (strcmp(name, "handle") == 0)
			handle = attributes[1];
		else if (strcmp(name, "function") == 0)
			abuse = strcmp(attributes[1], "AB") == 0;
	}
	if (abuse && handle && arin_open(&r->record, ARIN_ABUSE))
		arin_add(&r->record, ARIN_ABUSE, span_str(handle));
}

static void XMLCALL on_start(void *ctx, const char *full_name, const char **attributes)
{
	const char *name = local(full_name);
	struct reading *r = ctx;

	r->now = ARIN_SLOT_N;
	if (r->depth == DEPTH_MAX) {
		stop(r, "XML that is too deep");
		return;
	}
	if (++r->depth == 1 && strcmp(name, "bulkwhois") != 0)
		stop(r, "XML that is no bulk whois");
	if (r->depth == 2)
		record_begin(r, name);
	if (r->depth <= 2 || !r->class)
		return;
	path_push(r, name);
	if (r->path_end[r->depth] > PATH_MAX_LEN)
		return;
	if (strcmp(r->path, "/pocLinks/pocLink") == 0)
		poc_link(r, attributes);
	r->now = slot_of(r);
	if (r->now != ARIN_SLOT_N && !arin_open(&r->record, r->now))
		r->now = ARIN_SLOT_N;
}

static void XMLCALL on_text(void *ctx, const char *s, int len)
{
	struct reading *r = ctx;

	if (r->now != ARIN_SLOT_N)
		arin_add(&r->record, r->now, span_of(s, (size_t)len));
}

static void XMLCALL on_end(void *ctx, const char *name)
{
	struct reading *r = ctx;

	if (r->now == ARIN_COMMENT)
		arin_comment_end(&r->record);
	r->now = ARIN_SLOT_N;
	if (r->class && r->depth == 4 && r->path_end[4] <= PATH_MAX_LEN &&
	    strcmp(r->path, "/netBlocks/netBlock") == 0)
		arin_block_end(&r->record);
	if (r->depth > 2 && r->class && r->path_end[r->depth - 1] <= PATH_MAX_LEN)
		r->path[r->path_end[r->depth - 1]] = '\0';
	if (r->depth-- != 2 || !r->class)
		return;
	r->code = r->class->make(&r->record, &r->room, r->to);
	r->class = NULL;
	if (r->code < 0)
		stop(r, "");
}

static void XMLCALL on_doctype(
    void *ctx, const char *name, const char *system_id, const char *public_id, int internal)
{
	stop(ctx, "XML with a document type, which may hide anything");
}

/* --- the stream ------------------------------------------------------------------------------------------- */

/* Feeds all of the input. Returns 0, or -errno of the input; what the parser finds wrong is in r->stop. */
static int feed(struct reading *r, struct input *in, struct err *e)
{
	struct span bytes = SPAN("");
	uint64_t fed = 0;
	int got = 1;

	while (got > 0 && !r->stop) {
		enum XML_Error error;
		bool ok;

		got = input_bytes(in, &bytes, e);
		if (got < 0)
			return got;
		if (got == 0)
			bytes = SPAN("");
		ok = XML_Parse(r->xml, bytes.p, (int)span_len(bytes), got == 0) == XML_STATUS_OK;
		fed += span_len(bytes);
		error = ok ? XML_ERROR_NONE : XML_GetErrorCode(r->xml);
		if (error == XML_ERROR_NO_MEMORY)
			return -ENOMEM;
		if (error != XML_ERROR_NONE && !r->stop)
			r->stop = XML_ErrorString(error);
		else if (fed - (uint64_t)XML_GetCurrentByteIndex(r->xml) > MARKUP_BYTES && ok &&
			 got)
			r->stop = "a tag is too long";
	}
	return 0;
}

static int arin_xml_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct reading r = { .to = to, .now = ARIN_SLOT_N };
	int code = fact_room_init(&r.room) ? 0 : -ENOMEM;

	arin_record_init(&r.record);
	r.xml = XML_ParserCreate(NULL);
	if (r.xml) {
		XML_SetUserData(r.xml, &r);
		XML_SetElementHandler(r.xml, on_start, on_end);
		XML_SetCharacterDataHandler(r.xml, on_text);
		XML_SetStartDoctypeDeclHandler(r.xml, on_doctype);
	}
	if (code == 0)
		code = r.xml ? feed(&r, in, e) : -ENOMEM;
	if (code == 0)
		code = r.code;
	if (code == 0 && r.stop) {
		fact_refuse(to, line_of(&r), r.stop);
		code = err_set(e, -EBADMSG, "%s:%llu: %s; nothing behind it was read",
		    input_name(in), (unsigned long long)line_of(&r), r.stop);
	}
	if (r.xml)
		XML_ParserFree(r.xml);
	arin_record_done(&r.record);
	buf_done(&r.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code;
}

/* A first element of that name, behind comments and declarations. */
static bool arin_xml_claims(struct span head)
{
	const char *at = span_empty(head) ? NULL : memmem(head.p, span_len(head), "<bulkwhois", 10);
	const char *prefixed =
	    span_empty(head) ? NULL : memmem(head.p, span_len(head), ":bulkwhois", 10);

	if (span_starts(head, "\xef\xbb\xbf"))
		head.p += 3;
	return (at || prefixed) && span_starts(span_trim(head), "<");
}

const struct fact_reader fact_reader_arin_xml = {
	.name = "arin-xml",
	.claims = arin_xml_claims,
	.read = arin_xml_read,
};
