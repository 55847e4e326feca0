/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char fuzz_path[64];

static void forget(void)
{
	(void)unlink(fuzz_path);
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	int fd;

	if (!*fuzz_path) {
		(void)snprintf(fuzz_path, sizeof(fuzz_path), "/tmp/onus-fuzz-%ld", (long)getpid());
		(void)atexit(forget);
	}
	fd = open(fuzz_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
	return fuzz_path;
}
