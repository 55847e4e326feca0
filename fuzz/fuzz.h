/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every fuzz target gives: libFuzzer's entry, called by the fuzzer or by replay.c. */
#ifndef ONUS_FUZZ_H
#define ONUS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_file - the input as a file, for readers that want a path. Returns its name (static, the same
 * for every call of one process; it is removed at exit). */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
