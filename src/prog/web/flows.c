/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus's own flows, as onus-graph drew them: only in a private view, for they are the administrator's business. */
#include "core/picture.h"
#include "prog/web/site.h"
#include "util/file.h"

#define PICTURE_BYTES_MAX (1u << 20)

static void free_model(struct model **m)
{
	(void)model_free(*m);
}

static bool path_of(const struct page *p, struct span file, struct buf *path)
{
	buf_init(path, 4096);
	buf_fmt(path, "%s/%.*s", p->site->conf->graph_dir, SPAN_ARG(file));
	return buf_ok(path);
}

static void say_pictures(struct page *p, struct model *m, enum picture_period period)
{
	struct value *list = model_list(m, model_root(m), "pictures");

	for (unsigned i = 0; i < PICTURE_N; i++) {
		CLEANUP(buf_done) struct buf path = { 0 };
		char file[PICTURE_FILE_MAX];
		struct value *o;

		picture_file((enum picture)i, period, file);
		if (!path_of(p, span_str(file), &path) || access(path.p, R_OK) < 0)
			continue;
		o = model_object(m, list, NULL);
		model_str(m, o, "file", file);
		model_str(m, o, "title", pictures[i].title);
	}
}

void page_flows(struct page *p)
{
	CLEANUP(free_model) struct model *m = NULL;
	enum picture_period period = PERIOD_DAY;
	struct value *list;

	if (p->site->conf->web_public) {
		page_message(p, 404);
		return;
	}
	m = model_new(MODEL_BYTES_MAX);
	if (!m)
		abort();
	for (unsigned k = 0; k < PERIOD_N; k++)
		if (span_is(http_arg(p->target, "period"), periods[k].name))
			period = (enum picture_period)k;
	model_str(m, model_root(m), "page_title", "Flows");
	list = model_list(m, model_root(m), "periods");
	for (unsigned k = 0; k < PERIOD_N; k++) {
		struct value *o = model_object(m, list, NULL);

		model_str(m, o, "name", periods[k].name);
		model_bool(m, o, "chosen", k == (unsigned)period);
	}
	say_pictures(p, m, period);
	page_render(p, "flows", m);
}

bool flow_picture(struct page *p)
{
	static const char head[] = "/flows/";
	CLEANUP(buf_done) struct buf path = { 0 }, body = { 0 };
	struct span file = p->target->path;

	if (p->site->conf->web_public || !span_starts(file, head))
		return false;
	file.p += sizeof(head) - 1;
	buf_init(&body, PICTURE_BYTES_MAX);
	if (!picture_known(file) || !path_of(p, file, &path) || file_read(path.p, &body, NULL) < 0)
		return false;
	p->reply->type = "image/svg+xml";
	p->reply->max_age_s = 60;
	buf_span(&p->reply->body, buf_text(&body));
	return true;
}
