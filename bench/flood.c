/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flood.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "util/num.h"

#define NS	 INT64_C(1000000000)
#define TREE_MAX 256u /* processes of a server */

int64_t flood_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- delays --------------------------------------------------------------------------------------- */

static unsigned shift_of(uint64_t ns)
{
	return ns >> (DELAY_BITS + 1) ? 63u - (unsigned)__builtin_clzll(ns) - DELAY_BITS : 0;
}

void delays_add(struct delays *d, int64_t ns)
{
	uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
	unsigned shift = shift_of(v);

	d->at[((uint64_t)shift << DELAY_BITS) + (v >> shift)]++;
	d->n++;
}

double delays_us(const struct delays *d, double share)
{
	uint64_t want = (uint64_t)(share * (double)d->n), seen = 0;

	for (uint64_t i = 0; i < NELEM(d->at); i++) {
		uint64_t row = i >> DELAY_BITS, shift = row ? row - 1 : 0;

		seen += d->at[i];
		if (seen > want)
			return (double)((i - (shift << DELAY_BITS)) << shift) / 1e3;
	}
	return 0;
}

/* --- what the server costs -------------------------------------------------------------------------- */

struct tree {
	pid_t v[TREE_MAX];
	unsigned n;
};

static void add_children(struct tree *t, const char *task)
{
	char path[512];
	long child;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/children", task);
	f = fopen(path, "re");
	while (f && t->n < TREE_MAX && fscanf(f, "%ld", &child) == 1)
		t->v[t->n++] = (pid_t)child;
	if (f)
		(void)fclose(f);
}

static void add_task(const char *task, struct cost *c)
{
	char path[512];
	int64_t ns;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/schedstat", task);
	f = fopen(path, "re");
	if (f && fscanf(f, "%" SCNd64, &ns) == 1)
		c->cpu_ns += ns;
	if (f)
		(void)fclose(f);
}

static void add_memory(pid_t pid, struct cost *c)
{
	char path[64], line[256];
	uint64_t kib;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
			c->rss_kib += kib;
		else if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1)
			c->peak_kib += kib;
	}
	if (f)
		(void)fclose(f);
}

void cost_of(pid_t server, struct cost *ret)
{
	struct tree t = { .v = { server }, .n = server > 0 };

	*ret = (struct cost){ 0 };
	for (unsigned i = 0; i < t.n; i++) {
		char tasks[64], task[400];
		struct dirent *d;
		DIR *dir;

		add_memory(t.v[i], ret);
		(void)snprintf(tasks, sizeof(tasks), "/proc/%d/task", (int)t.v[i]);
		dir = opendir(tasks);
		while (dir && (d = readdir(dir))) {
			if (*d->d_name == '.')
				continue;
			(void)snprintf(task, sizeof(task), "%s/%s", tasks, d->d_name);
			add_task(task, ret);
			add_children(&t, task);
		}
		if (dir)
			(void)closedir(dir);
	}
}

/* --- a run ------------------------------------------------------------------------------------------ */

void flood_default(struct flood *f)
{
	*f = (struct flood){ .time_ns = 5 * NS, .warm_ns = NS / 2, .patience_ns = NS };
}

static int number(const char *text, double least, double most, double *ret)
{
	double v;

	if (num_real(span_str(text), &v) < 0 || v < least || v > most)
		return -EINVAL;
	*ret = v;
	return 0;
}

int flood_option(struct flood *f, int letter, const char *value)
{
	double v;
	int r = letter == 'h' ? 0 : number(value, 0, 1e9, &v);

	if (r < 0)
		return r;
	switch (letter) {
	case 'r':
		f->rate = v;
		return 0;
	case 't':
		f->time_ns = (int64_t)(v * NS);
		return 0;
	case 'w':
		f->warm_ns = (int64_t)(v * NS);
		return 0;
	case 'x':
		f->patience_ns = (int64_t)(v * 1e6);
		return 0;
	case 'p':
		f->server = (pid_t)v;
		return 0;
	case 'h':
		f->head = true;
		return 0;
	default:
		return -EINVAL;
	}
}

void flood_begin(struct flood *f)
{
	f->phase = FLOOD_WARM;
	f->began_ns = flood_ns();
	f->counts_ns = f->began_ns + f->warm_ns;
}

bool flood_goes_on(struct flood *f, int64_t now_ns)
{
	if (f->phase == FLOOD_WARM && now_ns >= f->counts_ns) {
		cost_of(f->server, &f->before);
		f->phase = FLOOD_COUNTS;
		f->counts_ns = flood_ns();
		f->ends_ns = f->counts_ns + f->time_ns;
		f->idle_ns = 0;
	} else if (f->phase == FLOOD_COUNTS && now_ns >= f->ends_ns) {
		f->took_ns = now_ns - f->counts_ns;
		cost_of(f->server, &f->after);
		f->phase = FLOOD_OVER;
	}
	return f->phase != FLOOD_OVER;
}

int64_t flood_due_ns(const struct flood *f)
{
	return f->began_ns + (int64_t)((double)f->due * 1e9 / f->rate);
}

uint64_t flood_owes(struct flood *f, int64_t now_ns)
{
	uint64_t all = (uint64_t)((double)(now_ns - f->began_ns) * f->rate / 1e9);
	uint64_t late = (uint64_t)((double)FLOOD_LATE_NS * f->rate / 1e9) + 1;

	while (all > f->due + late)
		flood_passed(f);
	return all > f->due ? all - f->due : 0;
}

void flood_asked(struct flood *f)
{
	f->due++;
	f->all_asked++;
	f->asked += f->phase == FLOOD_COUNTS;
}

void flood_passed(struct flood *f)
{
	f->due++;
	f->passed += f->phase == FLOOD_COUNTS;
}

void flood_answered(struct flood *f, int64_t asked_ns, int64_t now_ns)
{
	f->all_right++;
	if (f->phase != FLOOD_COUNTS)
		return;
	f->answered++;
	delays_add(&f->delays, now_ns - asked_ns);
}

void flood_print(const struct flood *f)
{
	double s = (double)f->took_ns / 1e9;
	double cpu_s = (double)(f->after.cpu_ns - f->before.cpu_ns) / 1e9;

	if (f->head)
		(void)printf("asked/s\tanswered/s\tlost\twrong\tpassed\tp50 us\tp99 us\tp99.9 us\t"
			     "server\tanswers/cpu s\tidle\tKiB\tKiB at most\tasked\tright\n");
	(void)printf("%.0f\t%.0f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.0f\t%.0f\t%.0f",
	    (double)f->asked / s, (double)f->answered / s, f->lost, f->wrong, f->passed,
	    delays_us(&f->delays, 0.5), delays_us(&f->delays, 0.99), delays_us(&f->delays, 0.999));
	(void)printf("\t%.2f\t%.0f\t%.2f\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
	    cpu_s / s, cpu_s > 0 ? (double)f->answered / cpu_s : 0, (double)f->idle_ns / 1e9 / s,
	    f->after.rss_kib, f->after.peak_kib, f->all_asked, f->all_right);
}
