/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/health.h"

#include <errno.h>
#include <unistd.h>

#include "util/clock.h"

const char *const health_verdict_name[HEALTH_VERDICT_N] = {
	[HEALTH_OK] = "OK",
	[HEALTH_WARNING] = "WARNING",
	[HEALTH_CRITICAL] = "CRITICAL",
	[HEALTH_UNKNOWN] = "UNKNOWN",
};

void health_span(int64_t seconds, char ret[32])
{
	static const struct {
		int64_t from_s, unit_s;
		const char *name;
	} steps[] = { { 2 * DAY_S, DAY_S, "days" }, { 7200, 3600, "h" }, { 120, 60, "min" },
		{ 0, 1, "s" } };
	const char *minus = seconds < 0 ? "-" : "";
	int64_t s = seconds < 0 ? -seconds : seconds;
	unsigned i = 0;

	while (i + 1 < NELEM(steps) && s < steps[i].from_s)
		i++;
	(void)snprintf(ret, 32, "%s%jd %s", minus, (intmax_t)(s / steps[i].unit_s),
	    steps[i].name); /* it fits */
}

/* --- what is known -------------------------------------------------------------------------------------- */

static double figure(const struct status_file *s, enum status_part part, const char *key)
{
	double v = 0;

	return status_find(s, part, key, &v) ? v : 0;
}

/* Nobody may look into the spool but its owner: then who was there last tells. */
static void spool_as_told(struct health *h)
{
	for (unsigned i = 0; i < h->programs.n; i++) {
		const struct status_file *s = h->programs.program[i].file;
		double batches;

		if (!s || !status_find(s, PART_GAUGE, "queue_batches", &batches) ||
		    (h->spool_known && s->updated_s <= h->spool_at_s))
			continue;
		h->spool_known = true;
		h->spool_at_s = s->updated_s;
		(void)snprintf(
		    h->spool_from, sizeof(h->spool_from), "%s", s->program); /* same size */
		h->spool = (struct spool_depth){
			.waiting = { (uint64_t)batches,
			    (uint64_t)figure(s, PART_GAUGE, "queue_bytes"),
			    (int64_t)figure(s, PART_TIME, "queue_oldest") },
			.bad = { (uint64_t)figure(s, PART_GAUGE, "bad_batches"), 0,
			    (int64_t)figure(s, PART_TIME, "bad_oldest") },
		};
	}
}

static void inbox_as_told(struct health *h)
{
	const struct status_program *p = status_program(&h->programs, "onus-load");
	double batches;

	if (!p || !status_find(p->file, PART_GAUGE, "inbox_batches", &batches))
		return;
	h->inbox_known = true;
	h->inbox = (struct spool_room){ (uint64_t)batches,
		(uint64_t)figure(p->file, PART_GAUGE, "inbox_bytes"),
		(int64_t)figure(p->file, PART_TIME, "inbox_oldest") };
}

int health_gather(struct health *h, const struct conf *conf, int64_t now_s, struct err *e)
{
	int r;

	h->now_s = now_s;
	(void)snprintf(h->status_dir, sizeof(h->status_dir), "%s",
	    conf->status_dir); /* for words: may be cut */
	(void)snprintf(h->registry_old, sizeof(h->registry_old), "%ju",
	    (uintmax_t)conf->registry_max_age_days * DAY_S);
	(void)snprintf(h->registry_too_old, sizeof(h->registry_too_old), "%ju",
	    (uintmax_t)conf->registry_max_age_days * 2 * DAY_S);
	r = status_read_all(conf->status_dir, now_s, STATUS_STALE_S, &h->programs, e);
	if (r < 0)
		return r;
	if (access(conf->spool_dir, R_OK | X_OK) == 0 &&
	    spool_depth(conf->spool_dir, &h->spool, NULL) == 0) {
		h->spool_known = true;
		h->spool_at_s = now_s;
	} else
		spool_as_told(h);
	inbox_as_told(h);
	(void)snprintf(h->published_why, sizeof(h->published_why), "nothing is published in %s yet",
	    conf->serve_dir);
	return 0;
}

void health_done(struct health *h)
{
	status_all_done(&h->programs);
}

/* --- judged --------------------------------------------------------------------------------------------- */

/* The limits of a row; how old a registry may be is configured. */
static void limits_of(const struct health *h, const struct health_measure *m, const char **warning,
    const char **critical)
{
	bool configured = strcmp(m->name, "registry") == 0 && h->registry_old[0];

	if (!*warning)
		*warning = configured ? h->registry_old : m->warning;
	if (!*critical)
		*critical = configured ? h->registry_too_old : m->critical;
}

int health_judge(const struct health *h, const struct health_measure *m, const char *warning,
    const char *critical, struct health_result *ret, struct err *e)
{
	struct health_result j = { .measure = m, .verdict = HEALTH_OK };
	int r;

	limits_of(h, m, &warning, &critical);
	r = limit_parse(span_str(warning), &j.warning, e);
	if (r < 0)
		return err_wrap(e, r, "-w");
	r = limit_parse(span_str(critical), &j.critical, e);
	if (r < 0)
		return err_wrap(e, r, "-c");
	j.known = m->of(h, &j.value, j.text);
	if (!j.known)
		j.verdict = HEALTH_UNKNOWN;
	else if (limit_alert(&j.critical, j.value))
		j.verdict = HEALTH_CRITICAL;
	else if (limit_alert(&j.warning, j.value))
		j.verdict = HEALTH_WARNING;
	*ret = j;
	return 0;
}

const struct health_measure *health_measure(const char *name)
{
	for (unsigned i = 0; i < health_n_measures; i++)
		if (strcmp(health_measures[i].name, name) == 0)
			return &health_measures[i];
	return NULL;
}
