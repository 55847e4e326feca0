/* SPDX-License-Identifier: GPL-3.0-or-later */
/* X-ARF in JSON: versions 1 to 3 (ReporterInfo, Report) and 4 (xarf_version). The tables hold what their schemas ask
 * for, as far as it says whether somebody wrote the report with care; a report that is not of that form is refused
 * whole. What is kept is the source's address, the type as a category, and the date.
 * Source: github.com/abusix/xarf and github.com/xarf/xarf-spec, schemas. */
#include <errno.h>
#include <jansson.h>
#include <strings.h>

#include "intake/report_check.h"
#include "intake/report_priv.h"
#include "util/clock.h"

/* --- versions 1 to 3 ------------------------------------------------------------------------------------- */

static const struct check_member reporter3[] = {
	{ "ReporterType", CHECK_WORDS, .words = "Org Person" },
	{ "ReporterOrg", CHECK_TEXT },
	{ "ReporterOrgDomain", CHECK_HOST },
	{ "ReporterOrgEmail", CHECK_MAIL },
	{ "ReporterContactEmail", CHECK_MAIL },
	{ "ReporterContactName", CHECK_TEXT },
	{ "ReporterContactPhone", CHECK_TEXT },
	{ NULL },
};
static const struct check_member complainant3[] = {
	{ "ComplainantOrg", CHECK_TEXT },
	{ "ComplainantOrgDomain", CHECK_HOST },
	{ "ComplainantOrgEmail", CHECK_MAIL },
	{ "ComplainantContactEmail", CHECK_MAIL },
	{ "ComplainantContactName", CHECK_TEXT },
	{ "ComplainantContactPhone", CHECK_TEXT },
	{ NULL },
};
static const struct check_member subscriber3[] = {
	{ "ID", CHECK_TEXT },
	{ "SubscriberData", CHECK_FLAT },
	{ NULL },
};
static const struct check_member internal3[] = {
	{ "SubscriberInformation", CHECK_OBJECT, .of = subscriber3 },
	{ "ContractInformation", CHECK_OBJECT },
	{ "EventTags", CHECK_TEXTS },
	{ NULL },
};
static const struct check_member top3[] = {
	{ "Version", CHECK_WORDS, .words = "alpha development 1 2 3 3.0 3.0.0" },
	{ "ReporterInfo", CHECK_OBJECT, true, .of = reporter3, .closed = true },
	{ "OnBehalfOf", CHECK_OBJECT, .of = complainant3 },
	{ "Disclosure", CHECK_FLAG },
	{ "InternalProcessing", CHECK_OBJECT, .of = internal3 },
	{ "Report", CHECK_OBJECT, true },
	{ NULL },
};

static const struct check_member sample3[] = {
	{ "ContentType", CHECK_TEXT, true },
	{ "Base64Encoded", CHECK_FLAG },
	{ "Description", CHECK_TEXT },
	{ "FileName", CHECK_TEXT },
	{ "Payload", CHECK_TEXT, true },
	{ NULL },
};
static const struct check_member cvss3[] = {
	{ "Version", CHECK_WORDS, true, .words = "2.0 3.0 3.1 4.0" },
	{ "Score", CHECK_NUMBER },
	{ "Vector", CHECK_TEXT },
	{ NULL },
};
static const struct check_member source3[] = {
	{ "IP", CHECK_ADDRESS },
	{ "Port", CHECK_PORT },
	{ "URL", CHECK_TEXT },
	{ "Type", CHECK_TEXT },
	{ NULL },
};
static const struct check_member report3[] = {
	{ "ReportClass", CHECK_WORDS, true,
	    .words = "Activity Content Vulnerability Messaging Network System" },
	{ "ReportType", CHECK_TEXT, true },
	{ "ReportSubType", CHECK_TEXT },
	{ "Date", CHECK_DATE, true },
	{ "FirstSeen", CHECK_DATE },
	{ "Source", CHECK_OBJECT, .of = source3 },
	{ "SourceIp", CHECK_ADDRESS },
	{ "SourcePort", CHECK_PORT },
	{ "SourceUrl", CHECK_TEXT },
	{ "DestinationIp", CHECK_ADDRESS },
	{ "DestinationPort", CHECK_PORT },
	{ "AttackerIp", CHECK_ADDRESS },
	{ "ASN", CHECK_COUNT },
	{ "ByteCount", CHECK_COUNT },
	{ "PacketCount", CHECK_COUNT },
	{ "AttackCount", CHECK_COUNT },
	{ "FileSize", CHECK_COUNT },
	{ "Ongoing", CHECK_FLAG },
	{ "SmtpMailFromAddress", CHECK_MAIL },
	{ "SmtpRcptToAddress", CHECK_MAIL },
	{ "FromAddress", CHECK_MAIL },
	{ "RpzDomain", CHECK_HOST },
	{ "ServiceName", CHECK_TEXT },
	{ "ServiceVersion", CHECK_TEXT },
	{ "TransportProtocol", CHECK_WORDS, .words = "tcp udp" },
	{ "BotnetName", CHECK_TEXT },
	{ "MalwareName", CHECK_TEXT },
	{ "ReporterCaseID", CHECK_TEXT },
	{ "ReporterSeverity", CHECK_WORDS, .words = "low medium high critical" },
	{ "ReporterNotes", CHECK_TEXT },
	{ "CVE", CHECK_TEXT },
	{ "CVSS", CHECK_OBJECT, .of = cvss3 },
	{ "Samples", CHECK_LIST, .of = sample3 },
	{ "Custom", CHECK_FLAT },
	{ NULL },
};

/* Of one class, or of any (NULL). A type that is no evidence names no attack by the address; it is known, and
 * refused for that. */
static const struct type3 {
	const char *name, *class;
	bool evidence, weak;
	enum category category;
} types3[] = {
	{ "Spam", NULL, true, false, CATEGORY_SPAM },
	{ "LoginAttack", NULL, true, false, CATEGORY_BRUTE_FORCE },
	{ "Login-Attack", NULL, true, false, CATEGORY_BRUTE_FORCE },
	{ "PortScan", NULL, true, true, CATEGORY_SCANNER },
	{ "Port-Scan", NULL, true, true, CATEGORY_SCANNER },
	{ "DOS", NULL, true, true, CATEGORY_DDOS },
	{ "DDoS", NULL, true, true, CATEGORY_DDOS },
	{ "Exploit", NULL, true, false, CATEGORY_EXPLOIT },
	{ "WebCrawler", NULL, true, false, CATEGORY_BOT },
	{ "Botnet", NULL, true, false, CATEGORY_INFECTED_SYSTEM },
	{ "Malware", "Activity", true, false, CATEGORY_INFECTED_SYSTEM },
	{ "Malware", NULL, true, false, CATEGORY_MALWARE_DISTRIBUTION },
	{ "Phishing", NULL, true, false, CATEGORY_PHISHING },
	{ "ChildAbuse", NULL, false, false, CATEGORY_OTHER },
	{ "ChildSexualAbuseMaterial", NULL, false, false, CATEGORY_OTHER },
	{ "Copyright", NULL, false, false, CATEGORY_OTHER },
	{ "Trademark", NULL, false, false, CATEGORY_OTHER },
	{ "Harassment", NULL, false, false, CATEGORY_OTHER },
	{ "OpenService", NULL, false, false, CATEGORY_OTHER },
	{ "PotentiallyCompromisedAccount", NULL, false, false, CATEGORY_OTHER },
};

#define NO_EVIDENCE "a report of %s, which is no evidence against an address"

/* "CVE-2021-44228" */
static bool cve_ok(struct span s)
{
	struct span rest = s, word;
	bool ok = span_cut(&rest, '-', &word) && span_is(word, "CVE") &&
		  span_cut(&rest, '-', &word) && span_len(word) == 4 && span_len(rest) >= 4;

	for (const char *p = s.p + 4; ok && p < s.end; p++)
		ok = (*p >= '0' && *p <= '9') || *p == '-';
	return ok;
}

/* The vector begins with the version that it is of, from 3 on. */
static bool cvss_ok(const json_t *cvss)
{
	struct span version = check_text(cvss, "Version"), vector = check_text(cvss, "Vector"),
		    head;

	if (!span_cut(&vector, '/', &head) || !span_starts(head, "CVSS:"))
		return span_is(version, "2.0") || !json_object_get(cvss, "Vector");
	head.p += 5;
	return span_eq(head, version);
}

/* What one member alone cannot show. */
static int together3(const json_t *top, const json_t *report, struct err *why)
{
	const json_t *who = json_object_get(top, "ReporterInfo"),
		     *cvss = json_object_get(report, "CVSS");
	struct span version = check_text(top, "Version");
	bool person = span_is(check_text(who, "ReporterType"), "Person");
	bool early = !span_is(version, "development") && !span_starts(version, "3");

	if (person ? !json_object_get(who, "ReporterOrg") &&
			 !json_object_get(who, "ReporterContactName")
		   : !json_object_get(who, "ReporterOrg") ||
			 !json_object_get(who, "ReporterOrgDomain") ||
			 !json_object_get(who, "ReporterOrgEmail"))
		return err_set(why, -EINVAL,
		    "nobody answers for it: ReporterInfo names no organisation and no person");
	if (json_object_get(report, "CVE") && !cve_ok(check_text(report, "CVE")))
		return err_set(why, -EINVAL, "CVE in Report is none");
	if (cvss && !cvss_ok(cvss))
		return err_set(why, -EINVAL, "CVSS in Report is of two versions");
	if (early && span_is(check_text(report, "ReportClass"), "Content") &&
	    span_is(check_text(report, "ReportType"), "Malware") &&
	    span_empty(check_text(report, "SourceUrl")))
		return err_set(why, -EINVAL, "no SourceUrl in Report");
	return 0;
}

static const struct type3 *type3(const json_t *report)
{
	struct span class = check_text(report, "ReportClass"),
		    type = check_text(report, "ReportType");

	for (unsigned i = 0; i < NELEM(types3); i++)
		if (report_word(type, types3[i].name) &&
		    (!types3[i].class || report_word(class, types3[i].class)))
			return &types3[i];
	return NULL;
}

/* Two places for the one that is accused: where both are filled, alike. */
static int source3_of(const json_t *report, struct span *ret, struct err *why)
{
	struct span old = check_text(report, "SourceIp"),
		    new = check_text(json_object_get(report, "Source"), "IP");

	*ret = span_empty(old) ? new : old;
	if (span_empty(*ret))
		return err_set(why, -EINVAL, "no SourceIp in Report: no address is accused");
	return span_empty(new) || span_eq(*ret, new)
		   ? 0
		   : err_set(why, -EINVAL, "two sources in Report, SourceIp and IP in Source");
}

static int read3(struct report *r, const json_t *top, struct err *why)
{
	const json_t *report = json_object_get(top, "Report");
	struct report_fact f = { .dated = true, .count = 1, .service = "", .format = "x-arf" };
	const struct type3 *type;
	int code = check_object(top, top3, true, "the report", why);

	if (code == 0)
		code = check_object(report, report3, false, "Report", why);
	if (code == 0)
		code = together3(top, report, why);
	if (code < 0)
		return code;
	type = type3(report);
	if (!type)
		return err_set(why, -EINVAL, "ReportType in Report is not known");
	if (!type->evidence)
		return err_set(why, -EINVAL, NO_EVIDENCE, type->name);
	code = source3_of(report, &f.from, why);
	if (code < 0)
		return code;
	f.kind = type->name;
	f.category = type->category;
	f.weak = type->weak;
	return utc_parse(check_text(report, "Date"), &f.time_s) < 0
		   ? err_set(why, -EINVAL, "Date in Report is none")
		   : report_add(r, &f, why);
}

/* --- version 4 ------------------------------------------------------------------------------------------- */

static const struct check_member contact4[] = {
	{ "org", CHECK_TEXT, true },
	{ "contact", CHECK_MAIL, true },
	{ "domain", CHECK_HOST, true },
	{ NULL },
};
static const struct check_member evidence4[] = {
	{ "content_type", CHECK_TEXT, true },
	{ "description", CHECK_TEXT },
	{ "payload", CHECK_TEXT, true },
	{ "hash", CHECK_TEXT },
	{ "size", CHECK_COUNT },
	{ NULL },
};
static const struct check_member top4[] = {
	{ "xarf_version", CHECK_TEXT, true },
	{ "report_id", CHECK_UUID, true },
	{ "timestamp", CHECK_DATE, true },
	{ "reporter", CHECK_OBJECT, true, .of = contact4 },
	{ "sender", CHECK_OBJECT, true, .of = contact4 },
	{ "source_identifier", CHECK_TEXT, true },
	{ "source_port", CHECK_PORT },
	{ "category", CHECK_TEXT, true },
	{ "type", CHECK_TEXT, true },
	{ "evidence_source", CHECK_TEXT },
	{ "evidence", CHECK_LIST, .of = evidence4 },
	{ "tags", CHECK_TEXTS },
	{ "confidence", CHECK_NUMBER },
	{ "description", CHECK_TEXT },
	{ "first_seen", CHECK_DATE },
	{ "last_seen", CHECK_DATE },
	{ "destination_port", CHECK_PORT },
	{ NULL },
};

/* A type of NULL stands for all others of its category. What is vulnerable, copied or on somebody's list has attacked
 * nobody. */
static const struct type4 {
	const char *category, *type;
	bool evidence, weak;
	enum category as;
} types4[] = {
	{ "messaging", "spam", true, false, CATEGORY_SPAM },
	{ "messaging", "bulk_messaging", true, false, CATEGORY_OTHER },
	{ "connection", "login_attack", true, false, CATEGORY_BRUTE_FORCE },
	{ "connection", "port_scan", true, true, CATEGORY_SCANNER },
	{ "connection", "ddos", true, true, CATEGORY_DDOS },
	{ "connection", "infected_host", true, false, CATEGORY_INFECTED_SYSTEM },
	{ "connection", "reconnaissance", true, false, CATEGORY_SCANNER },
	{ "connection", "scraping", true, false, CATEGORY_BOT },
	{ "connection", "sql_injection", true, false, CATEGORY_EXPLOIT },
	{ "connection", "vuln_scanning", true, false, CATEGORY_SCANNER },
	{ "connection", "vulnerability_scan", true, false, CATEGORY_SCANNER },
	{ "infrastructure", "botnet", true, false, CATEGORY_INFECTED_SYSTEM },
	{ "infrastructure", "compromised_server", true, false, CATEGORY_INFECTED_SYSTEM },
	{ "content", "phishing", true, false, CATEGORY_PHISHING },
	{ "content", "fraud", true, false, CATEGORY_PHISHING },
	{ "content", "malware", true, false, CATEGORY_MALWARE_DISTRIBUTION },
	{ "content", "remote_compromise", true, false, CATEGORY_INFECTED_SYSTEM },
	{ "content", NULL, false, false, CATEGORY_OTHER },
	{ "copyright", NULL, false, false, CATEGORY_OTHER },
	{ "vulnerability", NULL, false, false, CATEGORY_OTHER },
	{ "reputation", NULL, false, false, CATEGORY_OTHER },
};

static const struct type4 *type4(const json_t *top)
{
	struct span category = check_text(top, "category"), type = check_text(top, "type");

	for (unsigned i = 0; i < NELEM(types4); i++)
		if (span_is(category, types4[i].category) &&
		    (!types4[i].type || span_is(type, types4[i].type)))
			return &types4[i];
	return NULL;
}

static bool version4(struct span s)
{
	struct span rest = s, number;
	unsigned dots = 0;

	while (span_cut(&rest, '.', &number))
		dots += !span_empty(number);
	for (const char *p = s.p; p < s.end; p++)
		if (*p != '.' && (*p < '0' || *p > '9'))
			return false;
	return span_starts(s, "4.") && dots == 2 && s.end[-1] != '.';
}

static int read4(struct report *r, const json_t *top, struct err *why)
{
	struct report_fact f = { .dated = true, .count = 1, .service = "", .format = "x-arf" };
	const struct type4 *type;
	int code = check_object(top, top4, false, "the report", why);

	if (code < 0)
		return code;
	if (!version4(check_text(top, "xarf_version")))
		return err_set(why, -EINVAL, "xarf_version is none of 4");
	type = type4(top);
	if (!type)
		return err_set(why, -EINVAL, "its category and type are not known");
	if (!type->evidence)
		return err_set(why, -EINVAL, NO_EVIDENCE, type->category);
	f.from = check_text(top, "source_identifier");
	f.kind = type->type;
	f.category = type->as;
	f.weak = type->weak;
	return utc_parse(check_text(top, "timestamp"), &f.time_s) < 0
		   ? err_set(why, -EINVAL, "timestamp is none")
		   : report_add(r, &f, why);
}

/* --- which -------------------------------------------------------------------------------------------------- */

int report_json(struct report *r, struct span text, struct err *why)
{
	json_error_t bad;
	json_t *top = json_loadb(text.p, span_len(text), JSON_REJECT_DUPLICATES, &bad);
	int code;

	if (!top)
		return err_set(
		    why, -EINVAL, "JSON that is broken in line %d: %s", bad.line, bad.text);
	if (json_object_get(top, "xarf_version"))
		code = read4(r, top, why);
	else if (json_object_get(top, "ReporterInfo") || json_object_get(top, "Report"))
		code = read3(r, top, why);
	else if (json_object_get(top, "policies") && json_object_get(top, "organization-name"))
		code = err_set(why, -EINVAL, REPORT_OF_TLS);
	else
		code = err_set(why, -EINVAL, "JSON that is no X-ARF");
	json_decref(top);
	return code;
}
