/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program gives up what it will not need: to start another program, to write elsewhere, to read what is not
 * its business, the network. For children that touch what strangers send. Linux: no_new_privs, limits,
 * Landlock (from kernel 5.13), a seccomp filter. What the kernel has not is done without, and said. */
#ifndef ONUS_SVC_CONFINE_H
#define ONUS_SVC_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

/* The leak checker of a sanitizer build traces itself out of a process of its own, and reads /proc; it
 * reserves more address space than there is memory, and needs many times the processor's time. */
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

struct confine {
	const char *const *
	    read; /* directories and files that may be read, NULL-terminated; what is missing is passed over */
	const char *
	    write; /* directory in which files may be made, written, renamed and removed; NULL: nowhere */
	uint64_t max_file_bytes; /* of any file written; 0: none may grow */
	uint64_t max_memory;	 /* bytes of address space; 0: as it was */
	bool network;		 /* sockets may be made */
	bool threads;		 /* threads may be started (processes never) */
	bool programs; /* programs may be started, of what may be read; they are as confined, each
				  * within these limits */
	bool
	    bare; /* nothing is opened from here on: only what is open already can be read and written, and
		    * memory be had; the four above do not count. For a process that only computes. */
};

/* confine_self - from here on, for this process and good. Call it before there are threads.
 * missing  set to what this kernel does not offer, in words for the log; "" when nothing
 * Returns 0; -errno when what the kernel has was refused: do not go on then. */
MUST_USE int confine_self(const struct confine *c, struct err *missing, struct err *e);

/* confine_program - the same for a program that logs what it is told: 0, or -errno, told */
MUST_USE int confine_program(const struct confine *c);

#endif
