/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part of svc/confine.h that closes system calls. A list of what is closed, not of what is open: it stops
 * other programs, debuggers, new kernel doors and listening; it is no cage for all a C library may call. For who is
 * bare it is a list of what is open. */
#ifndef ONUS_SVC_CONFINE_CALLS_H
#define ONUS_SVC_CONFINE_CALLS_H

#include "svc/confine.h"

/* The leak checker of a sanitizer build traces itself out of a process of its own, and reads /proc; it
 * reserves more address space than there is memory. */
#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_CHECKED 1
#endif
#endif
#ifndef CONFINE_CHECKED
#define CONFINE_CHECKED 0
#endif

/* confine_calls - needs no_new_privs before it; missing is set where there is no filter for this machine */
MUST_USE int confine_calls(const struct confine *c, struct err *missing, struct err *e);

#endif
