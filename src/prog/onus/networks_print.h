/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of accountability in words: who answers for an address, the narrowest network first. */
#ifndef ONUS_PROG_ONUS_NETWORKS_PRINT_H
#define ONUS_PROG_ONUS_NETWORKS_PRINT_H

#include "holders/registry.h"
#include "util/buf.h"

/* networks_text - the holder of the AS, whom to write to, and the networks, a line or two each, indented; nothing where nothing
 * is known
 * network  the narrowest one; may be REGISTRY_NONE
 * as       whose contact stands in where no network has one; may be REGISTRY_NONE */
void networks_text(const struct registry *r, uint32_t network, uint32_t as, struct buf *out);

/* as_said_text, holder_said_text - what records say of an AS, of a holder besides what holds, a line each */
void as_said_text(const struct registry *r, uint32_t as, struct buf *out);
void holder_said_text(const struct registry *r, uint32_t holder, struct buf *out);

/* holder_line_text - a holder, behind what stands before it: "  holder    "
 * network_line_text - a network and its holder, with a label of at most nine letters
 * rows_left_text - how many there are in all, when more than ANSWER_ROWS_MAX */
void holder_line_text(
    const struct registry *r, const char *before, uint32_t index, struct buf *out);
void network_line_text(
    const struct registry *r, const char *label, uint32_t index, struct buf *out);
void rows_left_text(const char *label, uint64_t all, struct buf *out);

/* contact_state_text - "; dead: its domain does not exist (checked 2026-11-23)", of a contact that is not known to be
 * well; else nothing */
void contact_state_text(const struct registry *r, uint32_t contact, struct buf *out);

#endif
