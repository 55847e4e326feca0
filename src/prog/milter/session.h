/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libmilter calls back: a mail server's connection, from its client's address to the end of its last mail. Recipients
 * are judged one by one; of messages only headers of our own name are looked at. Where anything is amiss on our side, the
 * mail passes. */
#ifndef ONUS_PROG_MILTER_SESSION_H
#define ONUS_PROG_MILTER_SESSION_H

#include <libmilter/mfapi.h>

#include "prog/milter/porter.h"

#define SESSION_FORGED_MAX 100u /* headers of our name that one mail may bring along */

/* session_calls - for smfi_register; sessions ask p from now on. libmilter hands callbacks nothing that is the program's, so
 * there is one porter in a process. */
struct smfiDesc session_calls(struct porter *p);

#endif
