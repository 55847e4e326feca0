/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readiness and watchdog towards systemd: datagrams to $NOTIFY_SOCKET. Without one everything is a
 * no-op. Source: sd_notify(3), sd_watchdog_enabled(3), which say that the protocol may be
 * re-implemented. */
#ifndef ONUS_SVC_NOTIFY_H
#define ONUS_SVC_NOTIFY_H

#include <stdint.h>

struct notify {
	int fd;		     /* connected, or -1 */
	int64_t interval_us; /* between signs of life; 0: no watchdog */
	int64_t last_us;
};

void notify_init(struct notify *n); /* reads and removes the environment variables */
void notify_done(struct notify *n);
void notify_send(struct notify *n, const char *text);
void notify_alive(struct notify *n); /* WATCHDOG=1 when it is time; cheap */

static inline int64_t notify_interval_ms(const struct notify *n)
{
	return n->interval_us / 1000;
}

#endif
