/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/lanes.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "util/macro.h"

struct lane {
	struct lanes *of;
	pthread_t thread;
};

struct lanes {
	struct lane lane[LANES_MAX];
	bool done[LANES_JOBS_MAX];
	unsigned n, n_jobs, started;
	lanes_work *work;
	void *ctx;
	pthread_mutex_t lock; /* of all below, and done; emptied is the caller's alone */
	pthread_cond_t more, result;
	uint64_t filled, taken, emptied;
	bool stop;
};

static unsigned processors(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)MAX_OF(CPU_COUNT(&set), 1);
}

struct lanes *lanes_new(unsigned n, lanes_work *work, void *ctx)
{
	struct lanes *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->n = MIN_OF(n ? n : processors(), LANES_MAX);
	l->n_jobs = 2 * l->n;
	l->work = work;
	l->ctx = ctx;
	if (pthread_mutex_init(&l->lock, NULL) || pthread_cond_init(&l->more, NULL) ||
	    pthread_cond_init(&l->result, NULL))
		abort(); /* they fail for nothing that can happen here */
	return l;
}

struct lanes *lanes_free(struct lanes *l)
{
	if (!l)
		return NULL;
	(void)pthread_mutex_lock(&l->lock);
	l->stop = true;
	(void)pthread_cond_broadcast(&l->more);
	(void)pthread_mutex_unlock(&l->lock);
	for (unsigned i = 0; i < l->started; i++)
		(void)pthread_join(l->lane[i].thread, NULL);
	(void)pthread_cond_destroy(&l->more);
	(void)pthread_cond_destroy(&l->result);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

unsigned lanes_n(const struct lanes *l)
{
	return l->n;
}

unsigned lanes_n_jobs(const struct lanes *l)
{
	return l->n_jobs;
}

static void *run(void *arg)
{
	struct lane *me = arg;
	struct lanes *l = me->of;

	(void)pthread_mutex_lock(&l->lock);
	for (;;) {
		unsigned job;

		while (l->taken == l->filled && !l->stop)
			(void)pthread_cond_wait(&l->more, &l->lock);
		if (l->stop)
			break;
		job = (unsigned)(l->taken++ % l->n_jobs);
		(void)pthread_mutex_unlock(&l->lock);
		l->work(l->ctx, (unsigned)(me - l->lane), job);
		(void)pthread_mutex_lock(&l->lock);
		l->done[job] = true;
		(void)pthread_cond_signal(&l->result);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return NULL;
}

bool lanes_start(struct lanes *l)
{
	while (l->started < l->n) {
		struct lane *next = &l->lane[l->started];

		next->of = l;
		if (pthread_create(&next->thread, NULL, run, next) != 0)
			break;
		l->started++;
	}
	return l->started > 0;
}

bool lanes_full(const struct lanes *l)
{
	return l->filled - l->emptied == l->n_jobs;
}

bool lanes_busy(const struct lanes *l)
{
	return l->filled != l->emptied;
}

unsigned lanes_next(const struct lanes *l)
{
	return (unsigned)(l->filled % l->n_jobs);
}

void lanes_go(struct lanes *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->filled++;
	(void)pthread_cond_signal(&l->more);
	(void)pthread_mutex_unlock(&l->lock);
}

unsigned lanes_oldest(struct lanes *l)
{
	unsigned job = (unsigned)(l->emptied % l->n_jobs);

	(void)pthread_mutex_lock(&l->lock);
	while (!l->done[job])
		(void)pthread_cond_wait(&l->result, &l->lock);
	l->done[job] = false;
	(void)pthread_mutex_unlock(&l->lock);
	return job;
}

void lanes_emptied(struct lanes *l)
{
	l->emptied++;
}
