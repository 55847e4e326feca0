/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus status - how this host's onus is doing, in one screen: what waits, what flows, who is up, what was published,
 * what is not well and what to do about it. It asks no program: it reads what they leave. */
#include <errno.h>

#include "core/health.h"
#include "prog/onus/commands.h"
#include "publication/standing_now.h"
#include "util/clock.h"
#include "util/jout.h"
#include "util/opt.h"

#define RESULTS_MAX 64u
#define JSON_MAX    (4u << 20)

static const char about[] =
    "How this host's onus is doing, in one screen: each program, what waits in the spool, what "
    "flows, the newest\n"
    "publication, and for all that is not well what to do next. It works when programs are down: "
    "it reads the status\n"
    "files that they leave (status_dir), the spool where it may, and the manifest in serve_dir.\n"
    "Exit code: 0 all is well, 1 warning, 2 critical (a program is down, too much waits …), 3 no "
    "program has ever told\n"
    "anything here, or wrong usage. `check_onus` judges one thing at a time, with limits of your "
    "own.";
static const char more[] = "  onus status                        this host\n"
			   "  onus status --json | jq .checks    for programs\n"
			   "  onus status -c onus-run/*/onus.conf   what `onus run` started\n";

struct status {
	struct health h;
	struct health_result result[RESULTS_MAX];
	unsigned n;
	enum health_verdict verdict;
};

static int judge(struct status *s, struct err *e)
{
	for (s->n = 0; s->n < health_n_measures && s->n < RESULTS_MAX; s->n++) {
		struct health_result *j = &s->result[s->n];
		int r = health_judge(&s->h, &health_measures[s->n], NULL, NULL, j, e);

		if (r < 0)
			return r;
		if (j->known) /* what is not there cannot be ill: a host may have only some of the programs */
			s->verdict = MAX_OF(s->verdict, j->verdict);
	}
	if (s->h.programs.n == 0)
		s->verdict = HEALTH_UNKNOWN;
	return 0;
}

/* --- for people ----------------------------------------------------------------------------------------- */

static void age_of(int64_t now_s, int64_t then_s, char ret[32])
{
	if (then_s <= 0)
		(void)snprintf(ret, 32, "-"); /* it fits */
	else
		health_span(now_s - then_s, ret);
}

static void print_program(const struct status *s, const char *name)
{
	const struct status_program *p = status_program(&s->h.programs, name);
	const struct status_file *f = p ? p->file : NULL;
	char since[32] = "-", said[32] = "-", pid[24] = "-";
	const char *what = f ? f->message : p ? p->why.text : "it has never run here";

	if (f) {
		age_of(s->h.now_s, f->started_s, since);
		age_of(s->h.now_s, f->updated_s, said);
		(void)snprintf(pid, sizeof(pid), "%jd", (intmax_t)f->pid); /* it fits */
	}
	(void)printf("%-14s %-10s %8s %8s %8s  %.200s\n", name,
	    status_life_name[p ? p->life : LIFE_ABSENT], pid, since, said, what);
}

static void print_programs(const struct status *s)
{
	(void)printf(
	    "%-14s %-10s %8s %8s %8s  %s\n", "PROGRAM", "STATE", "PID", "STARTED", "SAID", "WHAT");
	/* of those of the road that are not needed everywhere, only who has run */
	for (unsigned i = 0; status_road[i]; i++)
		if (i < 5 || status_program(&s->h.programs, status_road[i]))
			print_program(s, status_road[i]);
	for (unsigned i = 0; i < s->h.programs.n; i++) {
		const char *name = s->h.programs.program[i].name;
		bool road = false;

		for (unsigned k = 0; status_road[k]; k++)
			road = road || strcmp(status_road[k], name) == 0;
		if (!road)
			print_program(s, name);
	}
	if (s->h.programs.more)
		(void)printf("and %u more\n", s->h.programs.more);
}

static void print_room(const struct status *s, const char *name, const struct spool_room *r)
{
	char oldest[32];

	age_of(s->h.now_s, r->oldest_s, oldest);
	(void)printf("%-14s %10ju %10ju %8s\n", name, (uintmax_t)r->batches,
	    (uintmax_t)(r->bytes + 1023) / 1024, oldest);
}

static void print_inbox(const struct status *s)
{
	if (s->h.inbox_known)
		print_room(s, "inbox  sensors", &s->h.inbox);
}

static void print_spool(const struct status *s)
{
	char age[32];

	(void)printf("\n%-14s %10s %10s %8s", "SPOOL", "BATCHES", "KiB", "OLDEST");
	if (!s->h.spool_known) {
		(void)printf("\nit cannot be looked at from here, and no program tells of it\n");
		return;
	}
	if (*s->h.spool_from) {
		age_of(s->h.now_s, s->h.spool_at_s, age);
		(void)printf("  (told by %s %s ago)", s->h.spool_from, age);
	}
	(void)printf("\n");
	print_room(s, "new/  waiting", &s->h.spool.waiting);
	print_room(s, "bad/  refused", &s->h.spool.bad);
	print_inbox(s);
}

/* What flows: one row a counter that people ask for. */
static const struct {
	const char *program, *key, *label;
} flows[] = {
	{ "onus-collect", "events", "events accepted" },
	{ "onus-collect", "refused", "lines refused" },
	{ "onus-collect", "datagrams_lost", "datagrams lost" },
	{ "onus-load", "batches", "batches loaded" },
	{ "onus-load", "lines", "events loaded" },
	{ "onus-load", "refused", "events refused" },
	{ "onus-load", "rows", "rows written" },
	{ "onus-score", "updates", "scores updated" },
	{ "onus-publish", "publications", "publications" },
	{ "onus-web", "requests", "pages served" },
	{ "onus-dnsbl", "queries", "DNS queries" },
	{ "onus-dnsbl", "listed", "of these listed" },
	{ "onus-dnsbl", "dropped", "of these dropped" },
	{ "onus-dnsbl", "refused", "of these refused" },
	{ "onus-dnsbl", "malformed", "of these no DNS" },
	{ "onus-policy", "requests", "policy requests" },
	{ "onus-policy", "refused", "mails refused" },
	{ "onus-policy", "greylisted", "mails put off" },
	{ "onus-policy", "shed", "mails unjudged" },
	{ "onus-milter", "connections", "milter clients" },
	{ "onus-milter", "refused", "mails refused" },
	{ "onus-milter", "greylisted", "mails put off" },
};

static void print_flows(const struct status *s)
{
	(void)printf("\n%-18s %-14s %12s %14s\n", "FLOW", "OF", "A SECOND", "SINCE STARTED");
	for (unsigned i = 0; i < NELEM(flows); i++) {
		const struct status_program *p = status_program(&s->h.programs, flows[i].program);
		bool up = p && (p->life == LIFE_UP || p->life == LIFE_TROUBLE);
		double sum, rate = 0;
		char text[32] = "-"; /* nothing flows through who is down */

		if (!p || !status_find(p->file, PART_COUNTER, flows[i].key, &sum))
			continue;
		if (up && status_find(p->file, PART_RATE, flows[i].key, &rate))
			(void)snprintf(text, sizeof(text), "%.2f", rate); /* it fits, or is cut */
		(void)printf(
		    "%-18s %-14s %12s %14.0f\n", flows[i].label, flows[i].program, text, sum);
	}
}

static void print_results(const struct status *s)
{
	(void)printf("\n%-14s %-9s %s\n", "CHECK", "VERDICT", "WHAT");
	for (unsigned i = 0; i < s->n; i++) {
		const struct health_result *j = &s->result[i];

		(void)printf("%-14s %-9s %s\n", j->measure->name,
		    j->known ? health_verdict_name[j->verdict] : "-", j->text);
		if (j->known && j->verdict != HEALTH_OK)
			(void)printf("%-14s %-9s -> %s\n", "", "", j->measure->next);
	}
}

static void print_screen(const struct status *s)
{
	char at[UTC_TEXT_MAX];

	utc_format(s->h.now_s, at);
	(void)printf("onus: %s at %s\n\n", health_verdict_name[s->verdict], at);
	print_programs(s);
	print_spool(s);
	print_flows(s);
	print_results(s);
	if (s->h.programs.n == 0)
		(void)printf("\nNo program has told anything in %s. Start them (`onus run`, or "
			     "their systemd units), or\n"
			     "say where their configuration is: onus status -c FILE\n",
		    s->h.status_dir);
}

/* --- for programs --------------------------------------------------------------------------------------- */

static void put_time(struct jout *j, const char *key, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	utc_format(time_s, text);
	jout_str(j, key, time_s > 0 ? text : NULL);
}

static void put_part(
    struct jout *j, const char *name, const struct status_file *f, enum status_part part)
{
	jout_object(j, name);
	for (unsigned i = 0; i < f->n; i++) {
		const struct status_figure *g = &f->figure[i];

		if (g->part != part)
			continue;
		if (part == PART_TIME)
			put_time(j, g->key, (int64_t)g->value);
		else
			jout_real(j, g->key, g->value, part == PART_RATE ? 3 : 0);
	}
	jout_object_end(j);
}

static void put_program(struct jout *j, const struct status_program *p)
{
	const struct status_file *f = p->file;

	jout_object(j, NULL);
	jout_str(j, "program", p->name);
	jout_str(j, "state", status_life_name[p->life]);
	jout_str(j, "message", f ? f->message : p->why.text);
	if (f) {
		jout_str(j, "version", f->version);
		jout_i64(j, "pid", f->pid);
		put_time(j, "started", f->started_s);
		put_time(j, "updated", f->updated_s);
		put_part(j, "counters", f, PART_COUNTER);
		put_part(j, "rates", f, PART_RATE);
		put_part(j, "gauges", f, PART_GAUGE);
		put_part(j, "times", f, PART_TIME);
		put_time(j, "last_error_at", f->error_s);
		jout_str(j, "last_error", f->error_s ? f->error : NULL);
	}
	jout_object_end(j);
}

static void put_room(struct jout *j, const char *name, const struct spool_room *r, int64_t now_s)
{
	jout_object(j, name);
	jout_u64(j, "batches", r->batches);
	jout_u64(j, "bytes", r->bytes);
	put_time(j, "oldest", r->oldest_s);
	if (r->oldest_s)
		jout_i64(j, "age_s", now_s - r->oldest_s);
	else
		jout_null(j, "age_s");
	jout_object_end(j);
}

static void put_result(struct jout *j, const struct health_result *r)
{
	jout_object(j, NULL);
	jout_str(j, "check", r->measure->name);
	jout_str(j, "verdict", health_verdict_name[r->verdict]);
	if (r->known)
		jout_real(j, "value", r->value, 3);
	else
		jout_null(j, "value");
	jout_str(j, "unit", r->measure->unit);
	jout_str(j, "warning", r->warning.text);
	jout_str(j, "critical", r->critical.text);
	jout_str(j, "text", r->text);
	jout_str(j, "next", r->known && r->verdict != HEALTH_OK ? r->measure->next : NULL);
	jout_object_end(j);
}

static void put_publication(struct jout *j, const struct health *h)
{
	if (!h->published) {
		jout_null(j, "publication");
		return;
	}
	jout_object(j, "publication");
	jout_u64(j, "generation", h->generation);
	put_time(j, "created", h->created_s);
	put_time(j, "expires", h->expires_s);
	put_time(j, "registry_date", h->registry_s);
	jout_object_end(j);
}

static int print_json(const struct status *s, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	struct jout j;

	buf_init(&b, JSON_MAX);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	put_time(&j, "at", s->h.now_s);
	jout_str(&j, "verdict", health_verdict_name[s->verdict]);
	jout_array(&j, "programs");
	for (unsigned i = 0; i < s->h.programs.n; i++)
		put_program(&j, &s->h.programs.program[i]);
	jout_array_end(&j);
	if (s->h.spool_known) {
		jout_object(&j, "spool");
		jout_str(&j, "told_by", *s->h.spool_from ? s->h.spool_from : NULL);
		put_time(&j, "at", s->h.spool_at_s);
		put_room(&j, "new", &s->h.spool.waiting, s->h.now_s);
		put_room(&j, "bad", &s->h.spool.bad, s->h.now_s);
		jout_object_end(&j);
	} else
		jout_null(&j, "spool");
	if (s->h.inbox_known)
		put_room(&j, "inbox", &s->h.inbox, s->h.now_s);
	else
		jout_null(&j, "inbox");
	put_publication(&j, &s->h);
	jout_array(&j, "checks");
	for (unsigned i = 0; i < s->n; i++)
		put_result(&j, &s->result[i]);
	jout_array_end(&j);
	jout_object_end(&j);
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	(void)printf("%s\n", b.p);
	return 0;
}

static int run(
    struct status *s, const char *file, const struct opt_list *set, bool json, struct err *e)
{
	struct clock clock = clock_system();
	struct conf *conf = conf_open(file, set->v, set->n, e);
	int r = conf ? health_gather(&s->h, conf, clock_now_s(&clock), e) : -EINVAL;

	if (r == 0) {
		standing_now(&s->h, conf->serve_dir);
		r = judge(s, e);
	}
	if (r == 0 && json)
		r = print_json(s, e);
	else if (r == 0)
		print_screen(s);
	health_done(&s->h);
	(void)conf_free(conf);
	return r;
}

int cmd_status(int argc, char **argv)
{
	static struct status s;
	const char *file = NULL;
	struct opt_list set = { .n = 0 };
	bool json = false;
	const struct opt opts[] = {
		{ "config", 'c', OPT_TEXT, &file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &set, "NAME=VALUE", "Set one parameter over the file." },
		{ "json", 'j', OPT_FLAG, &json, NULL, "Print one JSON object." },
	};
	const struct opt_usage usage = { "onus status", "", about, more, opts, NELEM(opts) };
	struct err e = { "" };
	int n = opt_main(&usage, argc, argv);

	if (n < 0)
		return opt_exit(n);
	if (n > 0) {
		(void)fprintf(stderr, "onus status: takes no operands, but got \"%s\"\n", argv[1]);
		return HEALTH_UNKNOWN;
	}
	if (run(&s, file, &set, json, &e) < 0) {
		(void)fprintf(stderr, "onus status: %s\n", e.text);
		return HEALTH_UNKNOWN;
	}
	return (int)s.verdict;
}
