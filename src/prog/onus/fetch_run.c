/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/fetch_run.h"

#include <errno.h>
#include <string.h>

#include "util/clock.h"
#include "util/progress.h"

#define PARALLEL_MAX 8u
#define PAUSE_US     500000 /* between two requests to one server */

struct run {
	struct fetch *f;
	struct fetch_job *jobs;
	bool *asked; /* n of them */
	unsigned n, n_asked, n_done;
};

/* scheme://host:port of a URL */
static struct span server_of(const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return span_of(url, (size_t)(host - url) + strcspn(host, "/?#"));
}

static bool same_server(const struct fetch_job *a, const struct fetch_job *b)
{
	return span_eq(server_of(a->url), server_of(b->url));
}

static bool may_ask(const struct run *r, unsigned i)
{
	const struct fetch_job *j = &r->jobs[i];

	if (j->outcome != FETCHED_NOT_YET || r->asked[i] || r->n_asked == PARALLEL_MAX ||
	    j->not_before_us > clock_monotonic_us())
		return false;
	for (unsigned k = 0; k < r->n; k++)
		if (r->asked[k] && same_server(j, &r->jobs[k]))
			return false;
	return true;
}

static int ask_all(struct run *r, struct err *e)
{
	struct fetch_request q;

	for (unsigned i = 0; i < r->n; i++) {
		int code;

		if (!may_ask(r, i))
			continue;
		fetch_job_request(&r->jobs[i], i + 1, &q);
		code = fetch_ask(r->f, &q, e);
		if (code == -EINVAL) {
			fetch_job_fail(&r->jobs[i], e->text);
			r->n_done++;
			continue;
		}
		if (code < 0)
			return code;
		r->asked[i] = true;
		r->n_asked++;
	}
	return 0;
}

/* How long nobody needs us: until the first job may be asked again. */
static int idle_ms(const struct run *r)
{
	int64_t now_us = clock_monotonic_us(), first_us = now_us + 60000000;

	for (unsigned i = 0; i < r->n; i++)
		if (r->jobs[i].outcome == FETCHED_NOT_YET && !r->asked[i] &&
		    r->jobs[i].not_before_us > now_us)
			first_us = MIN_OF(first_us, r->jobs[i].not_before_us);
	return (int)((first_us - now_us) / 1000) + 1;
}

/* The server has answered: let it breathe, or alone for as long as it said. */
static void pause_server(struct run *r, const struct fetch_job *j)
{
	int64_t until_us = MAX_OF(j->not_before_us, clock_monotonic_us() + PAUSE_US);

	for (unsigned i = 0; i < r->n; i++)
		if (same_server(j, &r->jobs[i]))
			r->jobs[i].not_before_us = MAX_OF(r->jobs[i].not_before_us, until_us);
}

static int take(struct run *r, const struct fetch_answer *a, struct err *e)
{
	struct fetch_job *j = &r->jobs[a->id - 1];
	struct clock clock = clock_system();
	int code;

	r->asked[a->id - 1] = false;
	r->n_asked--;
	pause_server(r, j);
	code = fetch_job_answer(j, a, clock_now_s(&clock), e);
	if (j->outcome == FETCHED_NOT_YET)
		pause_server(r, j);
	else
		r->n_done++;
	return code;
}

static int work(struct run *r, struct err *e)
{
	struct progress bar;
	int worst = 0;

	progress_start(&bar, "fetching, inputs done:", 0);
	while (r->n_done < r->n) {
		struct fetch_answer a;
		struct err why;
		int code = ask_all(r, e);

		if (code == 0 && fetch_waiting(r->f) == 0 && r->n_done < r->n)
			(void)usleep(
			    (useconds_t)idle_ms(r) * 1000); /* woken early, it asks again */
		else if (code == 0)
			code = fetch_wait(r->f, idle_ms(r), &a, e);
		if (code < 0) {
			worst = code;
			break;
		}
		if (code == 1 && take(r, &a, &why) < 0) {
			worst = -EIO;
			*e = why;
		}
		progress_at(&bar, r->n_done, NULL);
	}
	progress_end(&bar);
	return worst;
}

int fetch_run(struct fetch *f, struct fetch_job *jobs, unsigned n, struct err *e)
{
	struct run r = { .f = f, .jobs = jobs, .n = n, .asked = calloc(n, sizeof(bool)) };
	int code;

	if (!r.asked)
		return err_set(e, -ENOMEM, "out of memory");
	code = work(&r, e);
	for (unsigned i = 0; i < n; i++)
		if (jobs[i].outcome == FETCHED_NOT_YET)
			fetch_job_fail(&jobs[i], e->text);
	free(r.asked);
	return code;
}
