/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/dnsbl/room.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "util/macro.h"

#define LOOK_US 100000	/* between two looks */
#define IDLE_US 1000000 /* what was known before has nothing to do with now */
#define STEP	8	/* the room changes by this part of it, unless it is twice too much */

/* Of the kernel's, for a short one at least; where one takes more, less waits. */
#define DATAGRAM_BYTES 768

/* The kernel may give less. */
static void set(int fd, int bytes)
{
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

void room_open(int fd)
{
	set(fd, ROOM_MOST_BYTES);
}

static int bytes_of(const struct room *r)
{
	return r->bytes ? r->bytes : ROOM_MOST_BYTES;
}

/* What it answers in ROOM_WAIT_MS, by what it did while it waited for nothing. */
static int bytes_for(uint32_t taken, int64_t us)
{
	uint64_t n = (uint64_t)taken * ROOM_WAIT_MS * 1000 / (uint64_t)us;
	uint64_t bytes = n * DATAGRAM_BYTES / 2; /* the kernel takes twice what it is told */

	return (int)MIN_OF(MAX_OF(bytes, ROOM_LEAST_BYTES), ROOM_MOST_BYTES);
}

/* Two looks a tenth of a second apart differ by a fifth, and what is shed for that was to be answered. */
static int next(const struct room *r, int64_t us)
{
	int have = bytes_of(r), want;

	if (us > IDLE_US)
		return ROOM_MOST_BYTES;
	if (r->emptied)
		return MIN_OF(have + have / STEP, ROOM_MOST_BYTES);
	want = bytes_for(r->taken, us);
	return want > have / 2 ? MAX_OF(want, have - have / STEP) : want;
}

bool room_took(struct room *r, int fd, uint32_t n, bool emptied, int64_t now_us)
{
	int64_t us = now_us - r->since_us;
	int have = bytes_of(r), want;

	r->taken += n;
	r->emptied |= emptied;
	if (us < LOOK_US)
		return false;
	want = next(r, us);
	if (want != have)
		set(fd, want);
	*r = (struct room){ .bytes = want, .since_us = now_us, .emptied = emptied };
	return want <= have / 2;
}

bool room_over(const struct room *r, int fd)
{
	uint32_t v[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(v);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, v, &len) == 0 &&
	       v[SK_MEMINFO_RMEM_ALLOC] > 2 * (uint64_t)bytes_of(r);
}
