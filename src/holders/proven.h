/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stamp beside a registry file, .NAME.proven: this very file passed the check of its rows, so that whoever opens
 * it next need not check them again. It is believed as far as the file itself could be: whoever can write the one
 * could write the other, and change the file under those who have it mapped. doc/contracts/registry-file.md. */
#ifndef ONUS_HOLDERS_PROVEN_H
#define ONUS_HOLDERS_PROVEN_H

#include <sys/stat.h>

#include "holders/registry.h"

/* proven_look - does the stamp beside path fit?
 *
 * file     fstat of what was opened under that path
 * Returns PROOF_STAMP when each of its bytes is what registry_prove would write for that file, it belongs to the
 * file's owner and nobody else may write it; else why not. */
enum registry_proof proven_look(const char *path, const struct stat *file);

#endif
