/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of svc/confine.h that closes system calls. A list of what is closed, not of what is open: it stops
 * other programs, debuggers, new kernel doors and listening; it is no cage for all a C library may call. For who is
 * bare it is a list of what is open. */
#ifndef ONUS_SVC_CONFINE_CALLS_H
#define ONUS_SVC_CONFINE_CALLS_H

#include "svc/confine.h"

/* confine_calls - needs no_new_privs before it; missing is set where there is no filter for this machine */
MUST_USE int confine_calls(const struct confine *c, struct err *missing, struct err *e);

#endif
