/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loaded before the program under test (LD_PRELOAD): what it sleeps passes at once, and its clock is as much further. So an
 * hour of trying again takes a moment. The file that ONUS_FAULT_CLOCK names is mapped: it begins with the microseconds that
 * were slept, for the test to read. Waiting for a peer takes its real time; where that would be minutes, a thousandth of it. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 100000 /* nobody answers */

static _Atomic int64_t own, *slept_us = &own;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("ONUS_FAULT_CLOCK");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED
			 : mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		_exit(99);
	slept_us = p;
	close(fd);
}

#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

int poll(struct pollfd *fds, nfds_t n, int ms)
{
	int real_ms = n != 1 ? 1 : ms < LONG_MS ? ms : ms / 1000;
	int r = NEXT(poll)(fds, n, ms < 1 ? ms : real_ms);

	if (r == 0 && ms > real_ms)
		*slept_us += (int64_t)(ms - real_ms) * 1000;
	return r;
}

int usleep(useconds_t us)
{
	*slept_us += us;
	return NEXT(usleep)(us / 1000 + 1);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r = NEXT(clock_gettime)(id, t);
	int64_t us = t->tv_nsec / 1000 + *slept_us;

	t->tv_sec += us / 1000000;
	t->tv_nsec = us % 1000000 * 1000 + t->tv_nsec % 1000;
	return r;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*t = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
