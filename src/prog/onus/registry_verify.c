/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/registry_verify.h"

#include <errno.h>

#include "holders/verify.h"
#include "util/clock.h"
#include "util/jout.h"

#define OUT_MAX	       (1u << 20)
#define EXAMPLES_SHOWN 10u

static const struct {
	const char *name, *words;
} haves[] = {
	[HAS_NETWORK] = { "network", "a network" },
	[HAS_HOLDER] = { "holder", "a holder" },
	[HAS_NAMED_HOLDER] = { "named_holder", "a holder's name" },
	[HAS_COUNTRY] = { "country", "a country" },
	[HAS_ABUSE] = { "abuse", "an abuse contact" },
};
_Static_assert(NELEM(haves) == HAS_N, "haves out of step");

static const struct {
	const char *name, *words;
} orphans[] = {
	[ORPHAN_NETWORK_HOLDER] = { "network_holder", "holders of networks" },
	[ORPHAN_NETWORK_ABUSE] = { "network_abuse", "contacts of networks" },
	[ORPHAN_HOLDER_ABUSE] = { "holder_abuse", "contacts of holders" },
	[ORPHAN_AS_HOLDER] = { "as_holder", "holders of AS" },
	[ORPHAN_AS_ABUSE] = { "as_abuse", "contacts of AS" },
};
_Static_assert(NELEM(orphans) == ORPHAN_KIND_N, "orphans out of step");

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* The network, holder or AS that named a handle, in words. */
static void orphan_of(const struct registry *r, const struct registry_orphan *o, struct buf *out)
{
	char range[RANGE_TEXT_MAX];
	struct registry_holder h;

	switch (o->kind) {
	case ORPHAN_AS_HOLDER:
	case ORPHAN_AS_ABUSE:
		buf_fmt(out, "AS%u", registry_asn(r, o->index));
		break;
	case ORPHAN_HOLDER_ABUSE:
		h = registry_holder_at(r, o->index);
		buf_fmt(out, "%.*s/%.*s", SPAN_ARG(h.source), SPAN_ARG(h.handle));
		break;
	default:
		(void)range_format(registry_network_at(r, o->index).range, range);
		buf_str(out, range);
	}
}

/* --- text ----------------------------------------------------------------------------------------- */

static void orphans_text(
    const struct registry *r, const struct registry_verdict *v, struct buf *out)
{
	for (unsigned k = 0; k < ORPHAN_KIND_N; k++)
		if (v->orphans[k])
			buf_fmt(out, "  %llu %s resolve to nothing\n",
			    (unsigned long long)v->orphans[k], orphans[k].words);
	for (uint32_t i = 0; i < MIN_OF(registry_n_orphan(r), EXAMPLES_SHOWN); i++) {
		struct registry_orphan o = registry_orphan_at(r, i);

		buf_fmt(out, "    %.*s, named by ", SPAN_ARG(o.handle));
		orphan_of(r, &o, out);
		buf_byte(out, '\n');
	}
	if (registry_n_orphan(r) > EXAMPLES_SHOWN)
		buf_str(out, "    …\n");
}

static void arin_text(const struct registry_verdict *v, struct buf *out)
{
	if (v->arin_bulk)
		buf_fmt(out,
		    "ARIN tells of %llu networks: %.2f %% with a holder's name, %.2f %% with an "
		    "abuse contact\n",
		    (unsigned long long)v->arin_networks, percent(v->arin_named, v->arin_networks),
		    percent(v->arin_abuse, v->arin_networks));
	else
		buf_str(out,
		    "the chain for ARIN space is unproven: ARIN's bulk whois is not among the "
		    "inputs. To prove it,\nwith a key of ARIN's (doc/registry.md):\n"
		    "  curl -f -o arin_db.zip "
		    "'https://accountws.arin.net/public/rest/downloads/bulkwhois?apikey=KEY'\n"
		    "  unzip arin_db.zip arin_db.xml\n"
		    "  onus registry build -o registry INPUT… arin_db.xml && onus registry verify "
		    "registry\n");
}

static void joins_text(const struct registry_verdict *v, struct buf *out)
{
	buf_fmt(out, "  %llu organisations, %llu of several ASes or holders\n",
	    (unsigned long long)v->orgs, (unsigned long long)v->joined);
	for (enum org_rule k = 0; k <= ORG_RULE_N; k++)
		if (v->joins[k])
			buf_fmt(out, "    %llu %s %s: %s\n", (unsigned long long)v->joins[k],
			    k == ORG_APART ? "kept" : "joined by", org_rule_name(k),
			    org_rule_words(k));
}

static void space_text(
    const char *words, struct verdict_space s, const struct registry_verdict *v, struct buf *out)
{
	buf_fmt(out, "  %-20s  %15llu  %6.2f %%       %15llu  %6.2f %%\n", words,
	    (unsigned long long)s.v4_addresses, percent(s.v4_addresses, v->announced.v4_addresses),
	    (unsigned long long)s.v6_blocks, percent(s.v6_blocks, v->announced.v6_blocks));
}

static void verdict_text(
    const struct registry *r, const struct registry_verdict *v, struct buf *out)
{
	char day[UTC_TEXT_MAX];

	utc_format_day(day_of(registry_date_s(r)), day);
	buf_fmt(out, "of %s: %llu records of networks, %llu ranges\n", day,
	    (unsigned long long)v->records, (unsigned long long)v->ranges);
	buf_fmt(out,
	    "  %llu ranges have several records: %llu tell different countries, %llu different "
	    "holders\n  %llu records were refused because they cross a wider network\n",
	    (unsigned long long)v->several, (unsigned long long)v->countries_differ,
	    (unsigned long long)v->holders_differ, (unsigned long long)v->crossing);
	orphans_text(r, v, out);
	joins_text(v, out);
	buf_fmt(out, "of the announced space  %15llu IPv4 addresses  %15llu IPv6 /48s\n",
	    (unsigned long long)v->announced.v4_addresses,
	    (unsigned long long)v->announced.v6_blocks);
	for (unsigned k = 0; k < HAS_N; k++)
		space_text(haves[k].words, v->has[k], v, out);
	if (registry_n_rival(r)) {
		space_text("several origins", v->several_origins, v, out);
		space_text("tables disagree", v->outdone, v, out);
	}
	if (v->checked)
		buf_fmt(out,
		    "of %llu abuse contacts %llu were checked: at %llu nobody is reached\n",
		    (unsigned long long)v->contacts, (unsigned long long)v->checked,
		    (unsigned long long)v->dead);
	arin_text(v, out);
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void orphans_json(const struct registry *r, const struct registry_verdict *v, struct jout *j)
{
	jout_object(j, "orphans");
	for (unsigned k = 0; k < ORPHAN_KIND_N; k++)
		jout_u64(j, orphans[k].name, v->orphans[k]);
	jout_object_end(j);
	jout_array(j, "orphan_examples");
	for (uint32_t i = 0; i < MIN_OF(registry_n_orphan(r), EXAMPLES_SHOWN); i++) {
		struct registry_orphan o = registry_orphan_at(r, i);
		struct buf of;

		buf_init(&of, OUT_MAX);
		orphan_of(r, &o, &of);
		jout_object(j, NULL);
		jout_str(j, "kind", orphans[o.kind].name);
		jout_span(j, "handle", o.handle);
		jout_span(j, "of", buf_text(&of));
		jout_object_end(j);
		buf_done(&of);
	}
	jout_array_end(j);
}

static void space_json(struct jout *j, const char *key, struct verdict_space s)
{
	jout_object(j, key);
	jout_u64(j, "v4_addresses", s.v4_addresses);
	jout_u64(j, "v6_blocks", s.v6_blocks);
	jout_object_end(j);
}

static void verdict_json(
    const struct registry *r, const struct registry_verdict *v, struct buf *out)
{
	char day[UTC_TEXT_MAX];
	struct jout j;

	utc_format_day(day_of(registry_date_s(r)), day);
	jout_init(&j, out);
	jout_object(&j, NULL);
	jout_str(&j, "registry_date", day);
	jout_u64(&j, "networks", v->records);
	jout_u64(&j, "ranges", v->ranges);
	jout_u64(&j, "ranges_of_several", v->several);
	jout_u64(&j, "countries_differ", v->countries_differ);
	jout_u64(&j, "holders_differ", v->holders_differ);
	jout_u64(&j, "crossing", v->crossing);
	orphans_json(r, v, &j);
	jout_u64(&j, "organisations", v->orgs);
	jout_u64(&j, "organisations_joined", v->joined);
	jout_object(&j, "joins");
	for (enum org_rule k = 0; k <= ORG_RULE_N; k++)
		jout_u64(&j, org_rule_name(k), v->joins[k]);
	jout_object_end(&j);
	space_json(&j, "announced", v->announced);
	space_json(&j, "several_origins", v->several_origins);
	space_json(&j, "outdone", v->outdone);
	jout_object(&j, "has");
	for (unsigned k = 0; k < HAS_N; k++)
		space_json(&j, haves[k].name, v->has[k]);
	jout_object_end(&j);
	jout_object(&j, "contacts");
	jout_u64(&j, "all", v->contacts);
	jout_u64(&j, "checked", v->checked);
	jout_u64(&j, "dead", v->dead);
	jout_object_end(&j);
	jout_object(&j, "arin");
	jout_str(&j, "chain", v->arin_bulk ? "bulk whois read" : "unproven");
	jout_u64(&j, "networks", v->arin_networks);
	jout_u64(&j, "named_holder", v->arin_named);
	jout_u64(&j, "abuse", v->arin_abuse);
	jout_object_end(&j);
	jout_object_end(&j);
	buf_byte(out, '\n');
}

int verify_print(const struct registry *r, bool json)
{
	struct registry_verdict v;
	struct buf out;
	int code = registry_verify(r, &v);

	if (code < 0)
		return code;
	buf_init(&out, OUT_MAX);
	(json ? verdict_json : verdict_text)(r, &v, &out);
	if (!buf_ok(&out))
		code = -ENOMEM;
	else if (fwrite(out.p, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
		code = -EIO;
	buf_done(&out);
	return code;
}
