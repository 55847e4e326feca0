/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus lookup - who holds an address. */
#include <errno.h>
#include <poll.h>

#include "core/entity.h"
#include "holders/tell.h"
#include "prog/onus/answers.h"
#include "prog/onus/commands.h"
#include "util/input.h"
#include "util/jout.h"
#include "util/num.h"
#include "util/opt.h"

#define OUT_MAX (8u << 20)

struct lookup {
	struct attributor from;
	struct buf out;
	bool json;
	unsigned bad;
};

static bool flush(struct lookup *l)
{
	bool ok = buf_ok(&l->out) &&
		  (l->out.len == 0 || fwrite(l->out.p, 1, l->out.len, stdout) == l->out.len);

	buf_reset(&l->out);
	return fflush(stdout) == 0 && ok;
}

static bool answer_network(struct lookup *l, struct entity *en)
{
	char name[ENTITY_NAME_MAX];
	uint32_t network = tell_find(l->from.registry, en);

	if (network == REGISTRY_NONE)
		return false;
	(void)entity_format(en, name);
	(l->json ? attribute_network_json : attribute_network_text)(
	    &l->from, name, network, &l->out);
	return true;
}

static bool answer_asn(struct lookup *l, uint32_t asn)
{
	uint32_t as = registry_find_as(l->from.registry, asn);

	if (as != REGISTRY_NONE)
		answer_as(&l->from, as, l->json, &l->out);
	return as != REGISTRY_NONE;
}

/* A holder that no other is the same organisation as is one by itself. */
static bool answer_organisation(struct lookup *l, struct entity *en)
{
	uint32_t org = tell_find_org(l->from.registry, en), holder = REGISTRY_NONE;

	if (org != REGISTRY_NONE)
		answer_org(&l->from, org, l->json, &l->out);
	else
		holder = registry_find_holder(l->from.registry, span_str(en->handle));
	if (holder != REGISTRY_NONE)
		answer_holder(&l->from, holder, l->json, &l->out);
	return org != REGISTRY_NONE || holder != REGISTRY_NONE;
}

/* The name of an entity (core/entity.h). NULL: it was answered; else what is wrong. */
static const char *answer_entity(struct lookup *l, struct entity *en)
{
	switch (en->kind) {
	case ENTITY_NET:
		return answer_network(l, en) ? NULL : "no network of the registry";
	case ENTITY_AS:
		return answer_asn(l, en->asn) ? NULL : "an AS that announces nothing";
	case ENTITY_ORG:
		return answer_organisation(l, en) ? NULL : "no organisation of the registry";
	case ENTITY_COUNTRY:
		return "a country, of which a registry knows no holder";
	default:
		answer_range(&l->from, en->range, l->json, &l->out);
		return NULL;
	}
}

/* "AS64500", in whatever case. */
static bool is_as(struct span question, uint32_t *asn)
{
	uint64_t v;

	if (!span_starts(question, "AS") && !span_starts(question, "as"))
		return false;
	question.p += 2;
	if (num_u64(question, UINT32_MAX, &v) < 0)
		return false;
	*asn = (uint32_t)v;
	return true;
}

/* As answer_entity. words: the question may be a name. */
static const char *answer_question(struct lookup *l, struct span question, bool words)
{
	struct entity en = { .kind = ENTITY_AS };
	struct range range;
	struct addr a;

	if (addr_parse(question, &a) == 0) {
		(l->json ? attribute_json : attribute_text)(&l->from, a, &l->out);
		return NULL;
	}
	if (range_parse(question, &range) == 0) {
		answer_range(&l->from, range, l->json, &l->out);
		return NULL;
	}
	if (is_as(question, &en.asn) || entity_parse(question, &en, NULL) == 0)
		return answer_entity(l, &en);
	if (!words)
		return "no address";
	return answer_words(&l->from, question, l->json, &l->out) ? NULL : "nobody's name";
}

static void answer(struct lookup *l, struct span question, bool words)
{
	const char *wrong;
	struct jout j;

	question = span_trim(question);
	wrong = answer_question(l, question, words);
	if (!wrong)
		return;
	l->bad++;
	if (span_len(question) > 100)
		question.end = question.p + 100;
	if (!l->json) {
		struct err e; /* which makes untrusted bytes printable */

		(void)err_set(&e, 0, "\"%.*s\" is %s", SPAN_ARG(question), wrong);
		(void)fprintf(stderr, "onus lookup: %s\n", e.text);
		return;
	}
	jout_init(&j, &l->out);
	jout_object(&j, NULL);
	jout_null(&j, "address");
	jout_span(&j, "question", question);
	jout_str(&j, "error", wrong);
	jout_object_end(&j);
	buf_byte(&l->out, '\n');
}

/* Is nothing waiting on stdin? Then whoever asks waits for the answers so far. */
static bool idle(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

static int from_stdin(struct lookup *l, struct err *e)
{
	struct input *in;
	struct line line;
	int r = input_open("-", &in, e);

	if (r < 0)
		return r;
	while ((r = input_line(in, &line, e)) > 0) {
		answer(l, line.text, false);
		if ((l->out.len > OUT_MAX / 16 || idle()) && !flush(l)) {
			r = err_set(e, -EIO, "cannot write to the standard output");
			break;
		}
	}
	in = input_free(in);
	return r;
}

int cmd_lookup(int argc, char **argv)
{
	const char *conf_file = NULL, *registry = NULL;
	struct opt_list set = { .n = 0 };
	struct lookup l = { .json = false };
	int64_t at_s = INT64_MIN;
	bool standing = false;
	const struct opt opts[] = {
		{ "json", 'j', OPT_FLAG, &l.json, NULL, "One JSON object an answer, one a line." },
		{ "standing", 's', OPT_FLAG, &standing, NULL,
		    "Of an address also what the newest publication decides over it, and its "
		    "score." },
		{ "at", 0, OPT_TIME, &at_s, "DATE",
		    "As of that day, from the builds that were kept." },
		{ "registry", 'r', OPT_TEXT, &registry, "FILE", "The registry file." },
		{ "config", 'c', OPT_TEXT, &conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
	};
	const struct opt_usage usage = { "onus lookup", "QUESTION…|-",
		"Who answers for an address: prefix, AS, organisation, country; whom to write to "
		"about "
		"abuse;\n"
		"whether many share it; and the networks around it, the narrowest first, each with "
		"its holder. A question "
		"may "
		"also be\n"
		"  192.0.2.0/24, 192.0.2.0-192.0.2.99  who announces what of it, networks around "
		"and inside\n"
		"  AS64500, org:SOURCE/HANDLE          what it announces, and whom to write to\n"
		"  net:SOURCE/HANDLE                   a network, and those around it\n"
		"  ORG-EX1-RIPE, RIPE/ORG-EX1-RIPE     a holder's handle: what it holds\n"
		"  \"example hosting\"                   everybody whose name has these words\n"
		"With - one question a line is read from the standard input, all but names, and "
		"every "
		"line gets\nits answer.\n\n"
		"With --at, the newest registry file not later than that day answers, of those "
		"that "
		"stand\n"
		"beside the registry file with -YYYYMMDD behind its name; and where a network "
		"around "
		"the\n"
		"address changed hands, who held it when (onus registry tenure).",
		"Examples: onus lookup 8.8.8.8; onus lookup AS15169; onus lookup --at 2026-09-01 "
		"8.8.8.8",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), r = 0;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	if (standing && at_s != INT64_MIN) {
		(void)fprintf(stderr, "onus lookup: --standing is as of now, not --at another day "
				      "(onus explain --at)\n");
		return 3;
	}
	if (n == 0) {
		(void)fprintf(stderr,
		    "onus lookup: name an address or whom you seek, or - for the standard input\n");
		return 3;
	}
	if (at_s == INT64_MIN)
		r = attribute_open(&l.from, "onus lookup", conf_file, set.v, set.n, registry);
	else
		r = attribute_open_at(
		    &l.from, "onus lookup", conf_file, set.v, set.n, registry, at_s);
	if (r < 0)
		return 3;
	if (at_s == INT64_MIN)
		attribute_shared(&l.from, NULL);
	if (standing && attribute_published(&l.from, "onus lookup") < 0) {
		attribute_done(&l.from);
		return 2;
	}
	buf_init(&l.out, OUT_MAX);
	for (int i = 1; i <= n && r == 0; i++) {
		if (strcmp(argv[i], "-") == 0)
			r = from_stdin(&l, &e);
		else
			answer(&l, span_str(argv[i]), true);
	}
	if (r == 0 && !flush(&l))
		r = err_set(&e, -EIO, "cannot write to the standard output");
	if (r < 0)
		(void)fprintf(stderr, "onus lookup: %s\n", e.text);
	buf_done(&l.out);
	attribute_done(&l.from);
	return r < 0 ? 2 : l.bad ? 1 : 0;
}
