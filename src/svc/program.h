/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where our other programs are. */
#ifndef ONUS_SVC_PROGRAM_H
#define ONUS_SVC_PROGRAM_H

#include "util/err.h"

/* program_find - the executable of a program: in dir/NAME-without-onus-/NAME (a build tree) when dir
 * is given, else beside ours, in ../sbin, in our own build tree, in /usr/sbin. -ENOENT names what was tried. */
MUST_USE int program_find(const char *dir, const char *name, char **ret, struct err *e);

#endif
