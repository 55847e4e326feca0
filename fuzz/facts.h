/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Readers of registry inputs: whatever they read, the facts they make are fit to be kept. */
#ifndef ONUS_FUZZ_FACTS_H
#define ONUS_FUZZ_FACTS_H

#include <stddef.h>
#include <stdint.h>

#include "holders/fact.h"

/* fuzz_facts - read the bytes as this reader's input; aborts on a fact that breaks holders/fact.h */
void fuzz_facts(const struct fact_reader *reader, const uint8_t *data, size_t size);

#endif
