/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sensor's loader: its batches go into the hub's inbox as they are, and each is out of the spool once the hub has it
 * for good. Whoever is killed in between sends it again: the hub knows it. */
#include <errno.h>

#include "prog/load/load.h"
#include "util/log.h"

/* 1: it is sent, or there already, or refused; 0: it is gone, or not this sensor's; -ENODATA: it cannot be read now. */
static int send_one(struct load *l, const struct spool_item *it, struct err *e)
{
	CLEANUP(buf_done) struct buf packed = { 0 };
	struct err why = { "" };
	struct batch b;
	uint64_t lines;
	int64_t now_s;
	int r = spool_read_packed(it, &packed, &b, &why);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		r = load_unread(l, it, r, &why, e);
		return r < 0 ? r : 1;
	}
	lines = b.count;
	batch_done(&b);
	now_s = clock_now_s(&l->clock);
	r = inbox_send(l->sender, &it->name, buf_text(&packed), now_s, e);
	if (r < 0)
		return r;
	l->folded_s = now_s;
	l->sum.batches += r == 1;
	l->sum.duplicates += r == 0;
	l->sum.lines += r == 1 ? lines : 0;
	r = load_keep(l, it, now_s, e);
	if (r == 0)
		r = spool_finish(it, e);
	return r < 0 ? r : 1;
}

/* The hub takes the name of the database's user for the host's: it would refuse what says another. */
static int strangers(const struct load *l, const struct spool_item *it, size_t n, struct err *e)
{
	return err_set(e, -EINVAL,
	    "%zu batches of host \"%s\" wait in %s, but the hub knows this sensor as \"%s\", the "
	    "name "
	    "of the database's user: set host_name to that, and move those batches aside, or "
	    "connect as "
	    "a user of their name",
	    n, it->name.host, it->dir, inbox_sender_host(l->sender));
}

/* room: how many may go now. Where the hub's loader does not follow, the spool is the better place to wait: it is this sensor's own disk. */
static int check_room(struct load *l, size_t *room, struct err *e)
{
	uint64_t waiting = 0;
	int r = inbox_sender_waiting(l->sender, &waiting, e);

	if (r == 0 && !l->untold)
		log_info(
		    "the hub does not tell how much of this sensor's waits in its inbox: nothing "
		    "bounds it (onus sensor grants)");
	l->untold = r == 0;
	if (r < 0 || waiting < l->conf->inbox_max) {
		*room = l->conf->inbox_max - (size_t)waiting;
		return MIN_OF(r, 0);
	}
	return err_set(e, -EDQUOT,
	    "%ju batches of this sensor wait in the hub's inbox (inbox_max), whose loader does not "
	    "follow; the others stay in the spool",
	    (uintmax_t)waiting);
}

int send_some(struct load *l, const struct spool_list *list, struct err *e)
{
	const struct spool_item *strange = NULL;
	size_t n = 0, done = 0, unread = 0, room = 0;
	int r = 0;

	if (!l->sender)
		r = inbox_sender_open(l->conf->hub, &l->sender, e);
	if (r == 0)
		r = check_room(l, &room, e);
	for (size_t i = 0; i < list->n && done < room && r == 0; i++) {
		if (strcmp(list->v[i].name.host, inbox_sender_host(l->sender)) != 0) {
			strange = &list->v[i];
			n++;
			continue;
		}
		r = send_one(l, &list->v[i], e);
		done += r == 1;
		unread += r == -ENODATA;
		r = r == -ENODATA ? 0 : MIN_OF(r, 0);
		daemon_alive(l->d);
	}
	if (r == 0)
		waiting_took(&l->waiting, list->n, unread);
	if (r == 0 && strange && done == 0)
		return strangers(l, strange, n, e);
	return r == 0 && unread && done == 0 ? -EIO : r; /* told when there is nothing else to do */
}
