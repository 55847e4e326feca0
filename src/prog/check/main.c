/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_onus - a Nagios plug-in: judges one thing about this host's onus (core/health.h), prints one line, exits with
 * 0 to 3. It asks no program and needs no rights. Source: Nagios plug-in development guidelines; external commands and
 * send_nsca's line as in Nagios' manual, "External Commands" and "Passive Checks". */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "core/health.h"
#include "publication/standing_now.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/opt.h"

#define LINE_MAX      8192u
#define NAME_MAX_SENT 64u /* of a host or service */
#define ALL	      "status"
#define TIMEOUT_S     10
#define TIMEOUT_MOST  600u

struct check {
	const char *name; /* of the measure, or ALL */
	const char *warning, *critical, *conf_file;
	const char *passive, *nsca, *service;
	struct opt_list set;
	uint32_t timeout_s;
	bool verbose;
	struct health h;
	int64_t now_s;
};

/* --- the line ------------------------------------------------------------------------------------------- */

/* What has a meaning in the line loses it: text may be of anybody who can write a status file. */
static void put_text(struct buf *b, const char *text)
{
	size_t from = b->len;

	buf_str(b, text);
	if (!buf_ok(b))
		return;
	span_tame(b->p + from, b->len - from);
	for (size_t i = from; i < b->len; i++)
		if (b->p[i] == '|')
			b->p[i] = '/';
}

static void put_head(
    const struct check *c, struct buf *b, enum health_verdict verdict, const char *text)
{
	size_t from;

	buf_str(b, "ONUS ");
	from = b->len;
	put_text(b, c->name ? c->name : "");
	for (size_t i = from; i < b->len; i++)
		if (b->p[i] >= 'a' && b->p[i] <= 'z')
			b->p[i] = (char)(b->p[i] - 'a' + 'A');
	buf_fmt(b, "%s%s - ", b->len > from ? " " : "", health_verdict_name[verdict]);
	put_text(b, text);
}

static void put_data(struct buf *b, const struct health_result *j, bool *any)
{
	bool below_0 = strcmp(j->measure->name, "expiry") == 0;

	if (!j->known)
		return;
	buf_fmt(b, "%s '%s'=%.12g%s;%s;%s;%s", *any ? "" : " |", j->measure->name, j->value,
	    j->measure->unit, j->warning.text, j->critical.text, below_0 ? "" : "0");
	*any = true;
}

/* As it is, or as what Nagios' command file or send_nsca take. */
static void put_line(
    const struct check *c, struct buf *b, enum health_verdict verdict, struct span line)
{
	if (c->passive)
		buf_fmt(b, "[%jd] PROCESS_SERVICE_CHECK_RESULT;%s;%s;%d;", (intmax_t)c->now_s,
		    c->passive, c->service, (int)verdict);
	else if (c->nsca)
		buf_fmt(b, "%s\t%s\t%d\t", c->nsca, c->service, (int)verdict);
	buf_span(b, line);
	buf_byte(b, '\n');
}

static int finish(
    const struct check *c, enum health_verdict verdict, struct span line, const char *more)
{
	CLEANUP(buf_done) struct buf b = { 0 };

	buf_init(&b, 2 * LINE_MAX);
	put_line(c, &b, verdict, line);
	if (c->verbose && more && !c->passive && !c->nsca)
		buf_fmt(&b, "%s\n", more);
	if (!buf_ok(&b) || fwrite(b.p, 1, b.len, stdout) != b.len || fflush(stdout) != 0)
		return HEALTH_UNKNOWN;
	return c->passive || c->nsca ? 0 : (int)verdict; /* the verdict is in the line */
}

static int unknown(const struct check *c, const char *why)
{
	CLEANUP(buf_done) struct buf b = { 0 };

	buf_init(&b, LINE_MAX);
	put_head(c, &b, HEALTH_UNKNOWN, why);
	return finish(c, HEALTH_UNKNOWN, buf_text(&b), NULL);
}

/* --- the time limit ------------------------------------------------------------------------------------- */

static char
    late_line[LINE_MAX]; /* made ready before: a signal handler may do no more than write it */
static size_t late_len;
static int late_code;

static void late(int signal)
{
	(void)signal;
	if (write(STDOUT_FILENO, late_line, late_len) < 0)
		_exit(HEALTH_UNKNOWN);
	_exit(late_code);
}

static void limit_time(const struct check *c)
{
	CLEANUP(buf_done) struct buf head = { 0 }, b = { 0 };
	char why[64];

	buf_init(&head, LINE_MAX);
	buf_init(&b, LINE_MAX);
	(void)snprintf(why, sizeof(why), "no answer within %u s", c->timeout_s); /* it fits */
	put_head(c, &head, HEALTH_UNKNOWN, why);
	put_line(c, &b, HEALTH_UNKNOWN, buf_text(&head));
	if (!buf_ok(&b))
		return;
	memcpy(late_line, b.p, b.len);
	late_len = b.len;
	late_code = c->passive || c->nsca ? 0 : HEALTH_UNKNOWN;
	(void)signal(SIGALRM, late); /* valid arguments */
	(void)alarm(c->timeout_s);
}

/* --- checks --------------------------------------------------------------------------------------------- */

static int check_one(const struct check *c, const struct health_measure *m, struct err *e)
{
	CLEANUP(buf_done) struct buf b = { 0 };
	struct health_result j;
	bool any = false;
	int r = health_judge(&c->h, m, c->warning, c->critical, &j, e);

	if (r < 0)
		return unknown(c, e->text);
	buf_init(&b, LINE_MAX);
	put_head(c, &b, j.verdict, j.text);
	put_data(&b, &j, &any);
	return finish(c, j.verdict, buf_text(&b), j.verdict == HEALTH_OK ? NULL : m->next);
}

/* All of them with the limits of their rows, as `onus status`; the figures of all that is known. */
static int check_all(const struct check *c, struct err *e)
{
	CLEANUP(buf_done) struct buf line = { 0 }, text = { 0 }, data = { 0 };
	enum health_verdict worst = HEALTH_OK;
	unsigned known = 0;
	bool any = false;

	buf_init(&line, LINE_MAX);
	buf_init(&text, LINE_MAX / 2);
	buf_init(&data, LINE_MAX / 2);
	for (unsigned i = 0; i < health_n_measures; i++) {
		struct health_result j;

		if (health_judge(&c->h, &health_measures[i], NULL, NULL, &j, e) < 0)
			return unknown(c, e->text);
		put_data(&data, &j, &any);
		known += j.known;
		if (!j.known || j.verdict == HEALTH_OK)
			continue;
		worst = MAX_OF(worst, j.verdict);
		buf_fmt(&text, "%s%s: %.200s", text.len ? "; " : "", j.measure->name, j.text);
	}
	if (c->h.programs.n == 0 && c->h.n_expected == 0)
		return unknown(c, "no program has told anything here");
	if (!text.len)
		buf_fmt(&text, "%u checks, all is well", known);
	put_head(c, &line, worst, buf_ok(&text) ? text.p : "more is wrong than fits into a line");
	buf_span(&line, buf_text(&data));
	return finish(c, worst, buf_text(&line), NULL);
}

static int run(struct check *c)
{
	const struct health_measure *m = health_measure(c->name);
	struct err e = { "" };
	struct conf *conf = conf_open(c->conf_file, c->set.v, c->set.n, &e);
	int r;

	if (!conf || health_gather(&c->h, conf, c->now_s, &e) < 0)
		r = unknown(c, e.text);
	else {
		standing_now(&c->h, conf->serve_dir);
		r = m ? check_one(c, m, &e) : check_all(c, &e);
	}
	health_done(&c->h);
	(void)conf_free(conf);
	return r;
}

/* --- the command line ----------------------------------------------------------------------------------- */

static bool sendable(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == ';' || name[i] == '|' ||
		    name[i] == 0x7f)
			return false;
	return n > 0 && n <= NAME_MAX_SENT;
}

/* 0, or a sentence of what is wrong in e */
static int operands(struct check *c, int n, char **argv, struct err *e)
{
	if (n < 1)
		return err_set(e, -EINVAL, "which check? try check_onus --help");
	c->name = argv[1];
	if (strcmp(c->name, ALL) != 0 && !health_measure(c->name))
		return err_set(e, -EINVAL, "no such check; check_onus --help lists them");
	if (strcmp(c->name, ALL) == 0 && (c->warning || c->critical))
		return err_set(e, -EINVAL,
		    "-w and -c are for one check; " ALL " takes all with their own limits");
	if (n > 1 && strcmp(c->name, "programs") != 0 && strcmp(c->name, "trouble") != 0)
		return err_set(e, -EINVAL, "only programs and trouble take names of programs");
	if ((unsigned)n - 1 > HEALTH_EXPECTED_MAX)
		return err_set(e, -EINVAL, "more than %u programs", HEALTH_EXPECTED_MAX);
	for (int i = 2; i <= n; i++)
		c->h.expected[c->h.n_expected++] = argv[i];
	if (c->timeout_s < 1 || c->timeout_s > TIMEOUT_MOST)
		return err_set(e, -EINVAL, "-t wants 1 to %u seconds", TIMEOUT_MOST);
	if (c->passive && c->nsca)
		return err_set(e, -EINVAL, "--passive or --nsca, not both");
	if (!c->service)
		c->service = c->name;
	if ((c->passive && !sendable(c->passive)) || (c->nsca && !sendable(c->nsca)) ||
	    !sendable(c->service))
		return err_set(e, -EINVAL,
		    "a host or service name is 1 to %u characters without ; and |", NAME_MAX_SENT);
	return 0;
}

static void describe(struct buf *b)
{
	buf_str(b,
	    "A Nagios plug-in that judges one thing about this host's onus. Prints one line with "
	    "performance data; exit code\n"
	    "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: it cannot be told, or wrong usage. It "
	    "reads the status files in\n"
	    "status_dir, the manifest in serve_dir, and the spool where it may; it asks no "
	    "program and needs no rights.\n"
	    "CHECK is one of these, with its limits when -w and -c are not given:\n\n");
	for (unsigned i = 0; i < health_n_measures; i++) {
		const struct health_measure *m = &health_measures[i];

		buf_fmt(b, "  %-12s %s%s", m->name, m->help,
		    strcmp(m->unit, "s") == 0 ? ", in seconds" : "");
		if (*m->warning || *m->critical)
			buf_fmt(b, " (%s%s%s%s%s)", *m->warning ? "-w " : "", m->warning,
			    *m->warning && *m->critical ? " " : "", *m->critical ? "-c " : "",
			    m->critical);
		buf_byte(b, '\n');
	}
	buf_str(b, "  " ALL "       all of them, each with its own limits; those that are not "
		   "known here do not count\n\n"
		   "PROGRAM: programs and trouble look at these, which must be there; else at all "
		   "that ever ran here.\n"
		   "Ranges are those of Nagios: 10 alerts below 0 and above 10, 10: below 10, ~:10 "
		   "above 10, 10:20 outside,\n"
		   "@10:20 within.");
}

static const char examples[] =
    "  check_onus lag -w 60 -c 600\n"
    "  check_onus programs onus-collect onus-load onus-score onus-publish\n"
    "  check_onus events -w 0.01:                 nothing is collected any more\n"
    "  check_onus status --passive HOST >/var/lib/nagios4/rw/nagios.cmd\n"
    "  check_onus status --nsca HOST | send_nsca -H MONITOR\n\n"
    "Set up step by step: doc/monitoring.md.";

int main(int argc, char **argv)
{
	static char help[] = "--help";
	static struct check c = { .timeout_s = TIMEOUT_S };
	const struct opt opts[] = {
		{ "warning", 'w', OPT_TEXT, &c.warning, "RANGE",
		    "WARNING when the value is outside of it." },
		{ "critical", 'c', OPT_TEXT, &c.critical, "RANGE",
		    "CRITICAL when the value is outside of it." },
		{ "timeout", 't', OPT_COUNT, &c.timeout_s, "SECONDS", "UNKNOWN after that (10)." },
		{ "config", 'C', OPT_TEXT, &c.conf_file, "FILE", "Read this configuration file." },
		{ "option", 'o', OPT_LIST, &c.set, "NAME=VALUE",
		    "Set one parameter over the file." },
		{ "passive", 0, OPT_TEXT, &c.passive, "HOST",
		    "Print a line for Nagios' command file; exit code 0." },
		{ "nsca", 0, OPT_TEXT, &c.nsca, "HOST",
		    "Print a line for send_nsca; exit code 0." },
		{ "service", 0, OPT_TEXT, &c.service, "NAME",
		    "The service in such a line (CHECK)." },
		{ "verbose", 'v', OPT_FLAG, &c.verbose, NULL, "Say on a second line what to do." },
	};
	CLEANUP(buf_done) struct buf about = { 0 };
	struct opt_usage usage = { "check_onus", "CHECK [PROGRAM…]", NULL, examples, opts,
		NELEM(opts) };
	struct clock clock = clock_system();
	struct err e = { "" };
	int n;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-h") == 0)
			argv[i] = help;
		if (strcmp(argv[i], "-V") == 0 || strcmp(argv[i], "--version") == 0) {
			(void)printf("check_onus (onus " ONUS_VERSION ")\n");
			return 0;
		}
	}
	buf_init(&about, 65536);
	describe(&about);
	usage.about = about.p;
	c.now_s = clock_now_s(&clock);
	n = opt_parse(&usage, argc, argv, &e);
	if (n == -ECANCELED)
		return 0;
	if (n < 0 || operands(&c, n, argv, &e) < 0) {
		c.passive = c.nsca = NULL; /* to who calls it: a wrong line would reach nobody */
		return unknown(&c, e.text);
	}
	limit_time(&c);
	return run(&c);
}
