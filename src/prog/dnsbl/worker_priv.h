/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread, as worker.c, udp.c and tcp.c share it. */
#ifndef ONUS_PROG_DNSBL_WORKER_PRIV_H
#define ONUS_PROG_DNSBL_WORKER_PRIV_H

#include <pthread.h>

#include "prog/dnsbl/room.h"
#include "prog/dnsbl/worker.h"

#define WORKER_NETWORKS 4096u

enum ear_kind { EAR_STOP, EAR_UDP, EAR_TCP, EAR_CONNECTION };

/* struct ear - something that is waited for */
struct ear {
	enum ear_kind kind;
	int fd;
	bool wild;
	struct room room; /* of EAR_UDP */
};

struct udp_batch;
struct connection;

struct worker {
	const struct service *v;
	const struct sockets *sockets;
	unsigned number;
	pthread_t thread;
	int epoll;
	struct ear stop, udp[SOCKETS_ADDRESSES_MAX], tcp[SOCKETS_ADDRESSES_MAX];
	struct udp_batch *batch;		 /* owned */
	struct connection *connections, *silent; /* the one that spoke last in front, and the end */
	unsigned of_network[WORKER_NETWORKS];	 /* connections, by the hash of who asks */
	_Atomic unsigned n_connections;
	struct asked asked; /* of what is being answered */
	struct counts counts __attribute__((aligned(64)));
};

MUST_USE int worker_wait_for(struct worker *w, struct ear *x, uint32_t events, bool again);

/* worker_lets - may it ask? */
bool worker_lets(const struct worker *w, struct addr a);

struct addr worker_addr(const struct sockaddr_storage *from);

struct udp_batch *udp_batch_new(void); /* NULL: out of memory */
void udp_ready(struct worker *w, struct ear *x);

void tcp_accept(struct worker *w, struct ear *x);
void tcp_ready(struct worker *w, struct ear *x, uint32_t events);
void tcp_sweep(struct worker *w); /* those that were silent for too long */
void tcp_close_all(struct worker *w);

#endif
