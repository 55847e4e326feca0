/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file laid out: tables in, bytes out. */
#include <errno.h>

#include "holders/build_format.h"
#include "util/file.h"

static struct reg_text text_put(struct buf *to, struct span s)
{
	struct reg_text at = { (uint32_t)to->len, (uint32_t)span_len(s) };

	buf_span(to, s);
	return at;
}

static void inputs_put(const struct registry_build *b, struct tables *t, struct reg_input *in)
{
	struct reg_text said[KIND_N] = { { 0, 0 } };
	uint32_t start = (uint32_t)t->text.len;
	/* where there are any, the file is of their day */
	bool origins = b->records[KIND_ASN].n > 0 || b->routes.n > 0;

	for (enum input_kind k = 0; k < KIND_N; k++) {
		bool used = false;

		for (unsigned i = 0; i < b->n_input; i++)
			used |= b->input[i].kind == k;
		if (span_empty(build_kind_attribution(k)))
			continue;
		if (used && t->text.len > start)
			buf_byte(&t->text, ' ');
		if (used)
			said[k] = text_put(&t->text, build_kind_attribution(k));
	}
	t->head.attribution = (struct reg_text){ start, (uint32_t)t->text.len - start };
	for (unsigned i = 0; i < b->n_input; i++) {
		const struct build_input *from = &b->input[i];

		in[i] = (struct reg_input){ .name = text_put(&t->text, span_str(from->name)),
			.kind = text_put(&t->text, span_str(build_kind_name(from->kind))),
			.attribution = said[from->kind],
			.date_s = from->date_s,
			.records = from->records,
			.refused = from->refused,
			.crossing = from->crossing };
		memcpy(in[i].sha256, from->sha256, sizeof(in[i].sha256));
		if (from->kind != KIND_MERGES && from->kind != KIND_MAILBOXES &&
		    (build_kind_origins(from->kind) || !origins))
			t->head.date_s = MAX_OF(t->head.date_s, from->date_s);
	}
}

/* Lay the sections out behind the head and sum it all up. */
static void lay_out(struct tables *t, const struct rivals *rivals, const struct buf *lpm,
    const struct reg_input *in, unsigned n_in, const uint32_t *space4, struct buf *out)
{
	const struct net_tables *n = &t->net;
	const struct {
		const void *p;
		size_t rows, row_bytes;
	} s[REG_SECTIONS] = {
		[REG_LPM] = { lpm->p, lpm->len / 64, 64 },
		[REG_PLACE] = { t->place, t->n_place, sizeof(*t->place) },
		[REG_SPACE4] = { space4, t->n_space4, sizeof(*space4) },
		[REG_SPACE6] = { t->first + t->n_space4, t->n_space6, sizeof(*t->first) },
		[REG_PREFIX4] = { t->prefix4, t->n_prefix4, sizeof(*t->prefix4) },
		[REG_PREFIX6] = { t->prefix6, t->n_prefix - t->n_prefix4, sizeof(*t->prefix6) },
		[REG_AS] = { t->as, t->n_as, sizeof(*t->as) },
		[REG_ORG] = { t->org, t->n_org, sizeof(*t->org) },
		[REG_AS_PREFIX] = { t->as_prefix, t->n_prefix, sizeof(*t->as_prefix) },
		[REG_ORG_AS] = { t->org_as, t->n_org_as, sizeof(*t->org_as) },
		[REG_ORG_HOLDER] = { t->org_holder, t->n_org_holder, sizeof(*t->org_holder) },
		[REG_ORG_LINK] = { t->org_link, t->n_org_link, sizeof(*t->org_link) },
		[REG_ORG_ALIAS] = { t->org_alias, t->n_org_alias, sizeof(*t->org_alias) },
		[REG_COUNTRY] = { t->country, t->n_country, sizeof(t->country[0]) },
		[REG_INPUT] = { in, n_in, sizeof(*in) },
		[REG_TOP4] = { n->top4, n->top4 ? REG_TOP4_ROWS : 0, sizeof(*n->top4) },
		[REG_CUT4] = { n->cut4, n->n_cut4, sizeof(*n->cut4) },
		[REG_CUT4_AT] = { n->cut4_at, n->n_cut4, sizeof(*n->cut4_at) },
		[REG_LPM6] = { n->lpm6.p, n->lpm6.len / 64, 64 },
		[REG_NET4] = { n->net4, n->n_net4, sizeof(*n->net4) },
		[REG_NET6] = { n->net6, n->n_net6, sizeof(*n->net6) },
		[REG_NETWORK] = { n->network, n->n_net4 + n->n_net6, sizeof(*n->network) },
		[REG_NET_TOLD] = { n->told, n->n_net4 + n->n_net6, sizeof(*n->told) },
		[REG_NET_KEY] = { n->key, n->n_key, sizeof(*n->key) },
		[REG_HOLDER] = { n->holder, n->n_holder, sizeof(*n->holder) },
		[REG_HOLDER_KEY] = { n->holder_key, n->n_holder, sizeof(*n->holder_key) },
		[REG_CONTACT] = { n->contact, n->n_contact, sizeof(*n->contact) },
		[REG_ORPHAN] = { n->orphan, n->n_orphan, sizeof(*n->orphan) },
		[REG_LABEL] = { n->label, n->n_label, sizeof(*n->label) },
		[REG_TEXT] = { t->text.p, t->text.len, 1 },
		[REG_RIVAL] = { rivals->v, rivals->n, sizeof(*rivals->v) },
		[REG_GEOFEED] = { t->geofeed, t->n_geofeed, sizeof(*t->geofeed) },
		[REG_AS_SAID] = { t->as_said, t->n_as_said, sizeof(*t->as_said) },
		[REG_HOLDER_SAID] = { t->holder_said, t->n_holder_said, sizeof(*t->holder_said) },
	};
	static const char zeros[REG_ALIGN];

	buf_put(out, &t->head, sizeof(t->head));
	for (unsigned i = 0; i < REG_SECTIONS; i++) {
		buf_put(out, zeros, (REG_ALIGN - out->len % REG_ALIGN) % REG_ALIGN);
		t->head.section[i] =
		    (struct reg_extent){ out->len, (uint32_t)s[i].rows, (uint32_t)s[i].row_bytes };
		buf_put(out, s[i].p, s[i].rows * s[i].row_bytes);
	}
	memcpy(t->head.magic, REG_MAGIC, sizeof(t->head.magic));
	t->head.version = REG_VERSION;
	t->head.head_bytes = sizeof(t->head);
	t->head.file_bytes = out->len;
	if (!buf_ok(out))
		return;
	memcpy(out->p, &t->head, sizeof(t->head));
	t->head.sum = registry_sum(out->p, out->len);
	memcpy(out->p, &t->head, sizeof(t->head));
}

int tables_write(const struct registry_build *b, struct tables *t, const char *path, struct err *e)
{
	struct reg_input *in = calloc(b->n_input + 1u, sizeof(*in));
	uint32_t *space4 = calloc(t->n_space4 + 1u, sizeof(*space4));
	struct buf lpm, out;
	int r = -ENOMEM;

	buf_init(&lpm, REG_FILE_MAX - 1);
	buf_init(&out, REG_FILE_MAX - 1);
	for (uint32_t i = 0; space4 && i < t->n_space4; i++)
		space4[i] = (uint32_t)t->first[i].lo;
	if (in && space4)
		r = lpm_build(t->entry, t->n_entry, &lpm);
	if (r == 0) {
		buf_put(&lpm, (char[64]){ 0 }, (64 - lpm.len % 64) % 64);
		inputs_put(b, t, in);
		lay_out(t, &b->rivals, &lpm, in, b->n_input, space4, &out);
		r = buf_ok(&lpm) && buf_ok(&out) && buf_ok(&t->text) ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = file_write(path, buf_text(&out), e);
	else
		r = err_set(e, r, "%s: cannot lay it out: %s", path, strerror(-r));
	free(in);
	free(space4);
	buf_done(&lpm);
	buf_done(&out);
	return r;
}
