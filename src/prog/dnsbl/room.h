/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much may wait at a socket: what is answered within ROOM_WAIT_MS, so that a socket that is asked more than can be answered does
 * not answer everything too late. Whoever asks a name server waits a few tenths of a second and asks again, and an answer
 * behind a buffer full of questions is worth nothing to him by then. */
#ifndef ONUS_PROG_DNSBL_ROOM_H
#define ONUS_PROG_DNSBL_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#define ROOM_MOST_BYTES	 (4 << 20) /* of SO_RCVBUF; the kernel may give less */
#define ROOM_LEAST_BYTES (64 << 10)
#define ROOM_WAIT_MS	 200

/* struct room - of one socket; {0} before anything came */
struct room {
	int bytes;	  /* of SO_RCVBUF; 0: ROOM_MOST_BYTES */
	int64_t since_us; /* what follows is counted from here */
	uint32_t taken;
	bool emptied; /* since then, or just before */
};

/* room_open - for a socket that has just got, or will get, a struct room that is {0} */
void room_open(int fd);

/* room_took - n datagrams were taken off the socket; emptied: and it had no more
 *
 * Returns true when there is half of the room that there was, or less: see room_over. */
bool room_took(struct room *r, int fd, uint32_t n, bool emptied, int64_t now_us);

/* room_over - does more wait than there is room for? What is at the front has waited too long, and is to be taken off. */
bool room_over(const struct room *r, int fd);

#endif
