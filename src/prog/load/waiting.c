/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/load/waiting.h"

#include "util/clock.h"

#define OLD_US 1000000

void waiting_forget(struct waiting *w)
{
	if (w->list.n)
		w->passed_over = w->unread * w->list.producers;
	spool_list_done(&w->list);
	w->next = w->unread = 0;
}

int waiting_look(struct waiting *w, const char *dir, size_t max, struct err *e)
{
	int64_t now_us = clock_monotonic_us();
	int r;

	if (w->next < w->list.n && now_us - w->listed_us < OLD_US)
		return 0;
	waiting_forget(w);
	r = spool_scan(dir, max + w->passed_over, &w->list, e);
	w->listed_us = now_us;
	return r;
}

struct spool_list waiting_rest(const struct waiting *w)
{
	struct spool_list rest = w->list;

	if (w->next) {
		rest.v += w->next;
		rest.n -= w->next;
		rest.waiting -= w->next - w->unread;
	}
	return rest;
}

void waiting_took(struct waiting *w, size_t n, size_t unread)
{
	w->next += n;
	w->unread += unread;
}

bool waiting_lost(const struct waiting *w)
{
	return w->list.n && w->next == w->list.n && w->unread == w->list.n;
}
