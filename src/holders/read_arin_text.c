/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARIN's whois as text: its bulk data ("arin_db.txt"), and what its server answers. Records are lines of
 * "Name:   value" with an empty line behind them; the first name tells what a record is.
 *   NetHandle:      NET-192-0-2-0-1        bulk: each record stands for itself, and refers by handle
 *   NetRange:       192.0.2.0 - 192.0.2.255   an answer: records that follow one another belong together:
 *   OrgName:        Example                    a network or AS number, whose it is,
 *   OrgAbuseHandle: ABUSE1-ARIN                and contacts, which go by "Last, First" when they are persons
 * Names differ a little between the two, and between years; letters count in either case. */
#include <errno.h>
#include <strings.h>

#include "holders/arin.h"

#define ATTRIBUTE_NAME_MAX 64

static const struct attribute {
	const char *name;
	enum arin_slot slot;
	bool ends; /* "a - b": this slot and the next */
} attributes[] = {
	{ "NetHandle", ARIN_HANDLE },
	{ "V6NetHandle", ARIN_HANDLE },
	{ "ASHandle", ARIN_HANDLE },
	{ "POCHandle", ARIN_HANDLE },
	{ "OrgAbuseHandle", ARIN_ABUSE },
	{ "AbuseHandle", ARIN_ABUSE },
	{ "NetName", ARIN_NAME },
	{ "ASName", ARIN_NAME },
	{ "OrgName", ARIN_NAME },
	{ "CustName", ARIN_NAME },
	{ "LastName", ARIN_NAME },
	{ "Organization", ARIN_ORG },
	{ "Customer", ARIN_ORG },
	{ "Parent", ARIN_PARENT },
	{ "NetRange", ARIN_FIRST, true },
	{ "ASNumber", ARIN_FIRST, true },
	{ "NetType", ARIN_TYPE },
	{ "RegDate", ARIN_CREATED },
	{ "Updated", ARIN_CHANGED },
	{ "Street", ARIN_STREET },
	{ "Address", ARIN_STREET },
	{ "City", ARIN_CITY },
	{ "State/Prov", ARIN_STATE },
	{ "StateProv", ARIN_STATE },
	{ "PostalCode", ARIN_POSTCODE },
	{ "Country", ARIN_COUNTRY },
	{ "IsRole", ARIN_IS_ROLE },
	{ "IsRoleAcct", ARIN_IS_ROLE },
	{ "IsRoleAccount", ARIN_IS_ROLE },
	{ "FirstName", ARIN_GIVEN_NAME },
	{ "Mailbox", ARIN_MAIL },
	{ "Comment", ARIN_COMMENT },
};

/* What a block of lines is, by its first name. */
enum block_kind {
	BULK,	  /* a record that stands for itself */
	RESOURCE, /* parts of an answer */
	OWNER,
	CONTACT, /* of the owner, for abuse */
	CONTACT_OF_RESOURCE,
	OTHER,
};

static const struct first {
	const char *name;
	enum block_kind block;
	arin_make_fn *make;
	const char *leave; /* why a block makes no fact */
} firsts[] = {
	{ "NetHandle", BULK, arin_net },
	{ "V6NetHandle", BULK, arin_net },
	{ "ASHandle", BULK, arin_as },
	{ "POCHandle", BULK, arin_poc },
	{ "OrgID", BULK, arin_org },
	{ "NetRange", RESOURCE, arin_net },
	{ "ASNumber", RESOURCE, arin_as },
	{ "OrgName", OWNER, arin_org },
	{ "CustName", OWNER, arin_org },
	{ "OrgAbuseHandle", CONTACT, arin_poc },
	{ "RAbuseHandle", CONTACT_OF_RESOURCE, arin_poc },
	{ "OrgTechHandle", OTHER, .leave = "a contact for other matters" },
	{ "OrgNOCHandle", OTHER, .leave = "a contact for other matters" },
	{ "OrgAdminHandle", OTHER, .leave = "a contact for other matters" },
	{ "OrgDNSHandle", OTHER, .leave = "a contact for other matters" },
	{ "OrgRoutingHandle", OTHER, .leave = "a contact for other matters" },
	{ "RTechHandle", OTHER, .leave = "a contact for other matters" },
	{ "RNOCHandle", OTHER, .leave = "a contact for other matters" },
	{ "RAdminHandle", OTHER, .leave = "a contact for other matters" },
	{ "RDNSHandle", OTHER, .leave = "a contact for other matters" },
	{ "RRoutingHandle", OTHER, .leave = "a contact for other matters" },
	{ "Name", OTHER, .leave = "a contact that may be a person" },
};

static const struct first unknown = { "", OTHER, .leave = "of another class" };

/* struct reading - one block is open at a time; of an answer, what it is about and whose that is are kept until
 * the next one begins, as contacts come behind */
struct reading {
	const struct fact_to *to;
	struct buf room;
	struct arin_record block, resource, owner; /* block: all but those two */
	const struct first *first, *resource_is;   /* of the open block; NULL: none is open */
	struct arin_record *into;		   /* what its lines fill */
};

static bool name_is(struct span name, const char *is)
{
	return span_len(name) == strlen(is) && strncasecmp(name.p, is, span_len(name)) == 0;
}

static bool name_cut(struct span *line, struct span *name)
{
	if (!span_cut(line, ':', name) || span_empty(*name) || span_len(*name) > ATTRIBUTE_NAME_MAX)
		return false;
	for (const char *p = name->p; p < name->end; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			(*p >= '0' && *p <= '9') || *p == '/' || *p == '-'))
			return false;
	return true;
}

static const struct first *first_of(struct span name)
{
	for (size_t i = 0; i < NELEM(firsts); i++)
		if (name_is(name, firsts[i].name))
			return &firsts[i];
	return NULL;
}

/* --- values ------------------------------------------------------------------------------------------ */

static void put(struct arin_record *r, enum arin_slot s, struct span value)
{
	if (arin_open(r, s))
		arin_add(r, s, span_trim(value));
}

/* "a - b", or a alone. */
static void put_ends(struct arin_record *r, enum arin_slot first, struct span value)
{
	struct span a;

	(void)span_cut(&value, '-', &a);
	put(r, first, a);
	put(r, first + 1, value);
}

/* What is called after the kind of contact: "OrgAbuseHandle", "RAbuseEmail". In an answer a person's name is
 * "Last, First"; that there is a name without a comma has to do for a role. */
static enum arin_slot contact_slot(struct reading *r, struct span name, struct span value)
{
	name.p += r->first->block == CONTACT ? 8 : 6; /* behind OrgAbuse, RAbuse */
	if (name_is(name, "Handle"))
		return ARIN_HANDLE;
	if (name_is(name, "Email"))
		return ARIN_MAIL;
	if (name_is(name, "Name") && !span_empty(span_trim(value))) {
		bool person = memchr(value.p, ',', span_len(value)) != NULL;

		put(&r->block, ARIN_IS_ROLE, person ? SPAN("N") : SPAN("Y"));
		return ARIN_NAME;
	}
	return ARIN_SLOT_N;
}

static enum arin_slot slot_of(struct reading *r, struct span name, struct span value, bool *ends)
{
	bool contact = r->first->block == CONTACT || r->first->block == CONTACT_OF_RESOURCE;

	*ends = false;
	if (contact)
		return span_len(name) > 8 ? contact_slot(r, name, value) : ARIN_SLOT_N;
	if (name_is(name, "OrgID")) /* an organisation's own, or whose it is */
		return r->first->make == arin_org ? ARIN_HANDLE : ARIN_ORG;
	for (size_t i = 0; i < NELEM(attributes); i++)
		if (name_is(name, attributes[i].name)) {
			*ends = attributes[i].ends;
			return attributes[i].slot;
		}
	return ARIN_SLOT_N;
}

/* --- records ----------------------------------------------------------------------------------------- */

/* The answer is over: whose it is first, then what it is about. */
static int answer_end(struct reading *r)
{
	int code = 0;

	if (r->owner.begun && r->resource.begun) { /* which both have it where the other has not */
		put(&r->resource, ARIN_ORG, arin_slot(&r->owner, ARIN_HANDLE));
		put(&r->owner, ARIN_HANDLE, arin_handle(arin_slot(&r->resource, ARIN_ORG)));
	}
	if (r->owner.begun)
		code = arin_org(&r->owner, &r->room, r->to);
	if (code == 0 && r->resource.begun)
		code = r->resource_is->make(&r->resource, &r->room, r->to);
	r->owner.begun = r->resource.begun = false;
	return code;
}

/* A contact's record, and its handle where it belongs, if it is no person's. */
static int contact_end(struct reading *r, enum block_kind kind)
{
	struct arin_record *of = kind == CONTACT ? &r->owner : &r->resource;

	if (of->begun && span_is(arin_slot(&r->block, ARIN_IS_ROLE), "Y"))
		put(of, ARIN_ABUSE, arin_slot(&r->block, ARIN_HANDLE));
	return arin_poc(&r->block, &r->room, r->to);
}

static int block_end(struct reading *r)
{
	const struct first *first = r->first;

	r->first = NULL;
	if (!first || first->block == RESOURCE || first->block == OWNER)
		return 0;
	if (first->block == BULK)
		return first->make(&r->block, &r->room, r->to);
	if (first->block != OTHER)
		return contact_end(r, first->block);
	if (r->block.broken)
		fact_refuse(r->to, r->block.line, r->block.broken);
	else
		fact_leave(r->to, r->block.line, first->leave);
	return 0;
}

/* In answers of today the owner comes behind, in those of before 2011 ahead of what he has. */
static int block_begin(struct reading *r, const struct first *first, uint64_t line)
{
	bool next = first->block == BULK || (first->block == RESOURCE && r->resource.begun) ||
		    (first->block == OWNER && r->owner.begun);
	int code = next ? answer_end(r) : 0;

	r->first = first;
	r->into = first->block == RESOURCE ? &r->resource
		  : first->block == OWNER  ? &r->owner
					   : &r->block;
	if (first->block == RESOURCE)
		r->resource_is = first;
	arin_record_begin(r->into, line);
	return code;
}

/* --- lines ------------------------------------------------------------------------------------------- */

static int attribute(struct reading *r, struct span text, uint64_t number)
{
	struct span name;
	bool is = name_cut(&text, &name), ends;
	enum arin_slot slot;
	int code = 0;

	if (!r->first) {
		const struct first *first = is ? first_of(name) : NULL;

		code = block_begin(r, first ? first : &unknown, number);
	}
	if (!is) {
		r->into->broken = "a line is no attribute";
		return code;
	}
	slot = slot_of(r, name, text, &ends);
	if (slot != ARIN_SLOT_N && ends)
		put_ends(r->into, slot, text);
	else if (slot != ARIN_SLOT_N)
		put(r->into, slot, text);
	if (slot == ARIN_COMMENT)
		arin_comment_end(r->into);
	if (name_is(name, "V6NetHandle"))
		put(r->into, ARIN_VERSION, SPAN("6"));
	return code;
}

/* "# end" stands behind each answer where there are several. */
static int comment(struct reading *r, struct span text)
{
	int code;

	text.p++;
	if (!span_is(span_trim(text), "end"))
		return 0;
	code = block_end(r);
	return code == 0 ? answer_end(r) : code;
}

static int line_read(struct reading *r, const struct line *line)
{
	struct span text = line->text;

	if (line->number == 1 && span_starts(text, "\xef\xbb\xbf"))
		text.p += 3;
	if (span_empty(span_trim(text)))
		return block_end(r);
	if (*text.p == '#')
		return comment(r, text);
	if (*text.p == ' ' || *text.p == '\t') {
		if (r->first) /* more of a comment: nothing that is kept goes on */
			return 0;
		text = span_trim(text);
	}
	return attribute(r, text, line->number);
}

static int arin_text_read(struct input *in, const struct fact_to *to, struct err *e)
{
	struct reading r = { .to = to };
	struct line line;
	int code = fact_room_init(&r.room) ? 0 : -ENOMEM, got = 0;

	arin_record_init(&r.block);
	arin_record_init(&r.resource);
	arin_record_init(&r.owner);
	while (code == 0 && (got = input_line(in, &line, e)) > 0)
		code = line_read(&r, &line);
	if (code == 0 && got == 0)
		code = block_end(&r);
	if (code == 0 && got == 0)
		code = answer_end(&r);
	arin_record_done(&r.block);
	arin_record_done(&r.resource);
	arin_record_done(&r.owner);
	buf_done(&r.room);
	if (code == -ENOMEM)
		return err_set(e, code, "%s: out of memory", input_name(in));
	return code < 0 ? code : got;
}

/* What the first line that is no comment begins; NULL: no record of ARIN's. */
static const struct first *first_in(struct span head)
{
	struct span line, name;

	if (span_starts(head, "\xef\xbb\xbf"))
		head.p += 3;
	while (!span_empty(head)) {
		(void)span_cut(&head, '\n', &line);
		line = span_trim(line);
		if (span_empty(line) || *line.p == '#')
			continue;
		return name_cut(&line, &name) ? first_of(name) : NULL;
	}
	return NULL;
}

static bool arin_text_claims(struct span head)
{
	const struct first *first = first_in(head);

	return first && first->block == BULK;
}

static bool arin_whois_claims(struct span head)
{
	const struct first *first = first_in(head);

	return first && first->block != BULK && first->block != OTHER;
}

const struct fact_reader fact_reader_arin_text = {
	.name = "arin-text",
	.claims = arin_text_claims,
	.read = arin_text_read,
};

const struct fact_reader fact_reader_arin_whois = {
	.name = "arin-whois",
	.claims = arin_whois_claims,
	.read = arin_text_read,
};
