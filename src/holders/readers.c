/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/readers.h"

#include <errno.h>

static const struct fact_reader *const readers[] = {
	&fact_reader_rir_stats,
	&fact_reader_rpsl,
	&fact_reader_rdap,
	&fact_reader_geofeed,
	&fact_reader_arin_xml,
	&fact_reader_arin_text,
	&fact_reader_arin_whois,
	&fact_reader_as2org,
	&fact_reader_peeringdb,
	&fact_reader_mailboxes,
	&fact_reader_mrt,
	&fact_reader_bgp_lines,
	&fact_reader_ris_whois,
	&fact_reader_pfx2as,
	&fact_reader_as_names,
};

const struct fact_reader *fact_reader_of(struct span head)
{
	for (size_t i = 0; i < NELEM(readers); i++)
		if (readers[i]->claims(head))
			return readers[i];
	return NULL;
}

const struct fact_reader *fact_reader_named(struct span name)
{
	for (size_t i = 0; i < NELEM(readers); i++)
		if (span_is(name, readers[i]->name))
			return readers[i];
	return NULL;
}

int fact_read_file(
    const char *path, const struct fact_to *to, const struct fact_reader **ret, struct err *e)
{
	const struct fact_reader *reader = NULL;
	struct input *in = NULL;
	struct span head;
	int r = input_open(path, &in, e);

	if (r == 0)
		r = input_peek(in, &head, e);
	if (r == 0) {
		head.end = head.p + MIN_OF(span_len(head), (size_t)FACT_HEAD_MAX);
		reader = fact_reader_of(head);
		if (!reader)
			r = err_set(e, -EINVAL, "%s: %s", path,
			    span_starts(head, "PK\003\004")
				? "a zip archive: unpack it first, as in "
				  "unzip -p arin_db.zip arin_db.xml | onus registry read -"
				: "no registry input this program knows; it reads RIR statistics "
				  "(delegated, delegated-extended), RPSL dumps, RDAP answers, "
				  "ARIN's "
				  "bulk whois and answers, CAIDA's AS-to-organisation tables, "
				  "PeeringDB dumps, tables of BGP origins (MRT, bgpdump -m, RIS "
				  "whois "
				  "dumps, pfx2as), lists of AS names and "
				  "geofeeds; tables of ranges (CSV) `onus registry build` alone");
	}
	if (reader) {
		*ret = reader;
		r = reader->read(in, to, e);
	}
	(void)input_free(in);
	return r;
}
