/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All readers of registry inputs, and which of them an input is for. */
#ifndef ONUS_HOLDERS_READERS_H
#define ONUS_HOLDERS_READERS_H

#include "holders/fact.h"

#define FACT_HEAD_MAX 4096u

/* fact_reader_of - the reader that claims an input which begins with these bytes; NULL when none does */
const struct fact_reader *fact_reader_of(struct span head);

/* fact_reader_named - the reader of that name, as facts are counted under; NULL: there is none */
const struct fact_reader *fact_reader_named(struct span name);

/* fact_read_file - recognise a file by its content and read all of it
 *
 * path   or "-" for stdin; gzip, zstd, xz and bzip2 are unpacked
 * ret    its reader, set as soon as it is known
 * Returns 0; what take returned below 0; -errno with a text that names the path; -EINVAL when no reader
 * claims it. */
MUST_USE int fact_read_file(
    const char *path, const struct fact_to *to, const struct fact_reader **ret, struct err *e);

#endif
