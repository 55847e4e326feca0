/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DNS says of a mailbox: whether a host takes mail for its domain. This module asks nobody; it says what to ask
 * for, and reads answers.
 * Source: RFC 5321 section 5.1 (which host), RFC 7505 (null MX), RFC 1035 section 4 (messages). */
#ifndef ONUS_HOLDERS_MX_H
#define ONUS_HOLDERS_MX_H

#include <stddef.h>
#include <stdint.h>

#include "holders/mailbox.h"

#define MX_HOSTS_MAX 10u

enum mx_found {
	MX_HOSTS,   /* some */
	MX_NONE,    /* the name exists, and has none */
	MX_NO_NAME, /* the name does not exist */
	MX_NULL,
	MX_UNSURE /* no answer that says anything */
};

/* mx_read - an answer about MX; dns_address - one about A or AAAA
 *
 * p, n    the message as it came; n 0: there was no answer
 * host    MX_HOSTS: their names, most preferred first, the rest left out
 * dns_address: MX_HOSTS when there is an address that is routed on the Internet, MX_NONE, MX_NO_NAME, MX_UNSURE */
enum mx_found mx_read(
    const uint8_t *p, size_t n, char host[MX_HOSTS_MAX][IDN_NAME_MAX + 1], unsigned *n_host);
enum mx_found dns_address(const uint8_t *p, size_t n);

/* dns_ask_fn - one question of a type (1 A, 15 MX, 28 AAAA); the answer's length, 0 when there was none */
typedef size_t dns_ask_fn(void *ctx, const char *name, int type, uint8_t *answer, size_t room);

/* mailbox_check - ask for what is needed and say what is known then; at most 1 + 2 * MX_HOSTS_MAX questions */
enum mailbox_state mailbox_check(struct span mail, dns_ask_fn *ask, void *ctx);

#endif
