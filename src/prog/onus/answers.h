/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `onus lookup` answers when it is asked for something other than an address or a network: a range, an
 * AS, an organisation, a holder, or words of a name. For people, or as one JSON object with its LF. */
#ifndef ONUS_PROG_ONUS_ANSWERS_H
#define ONUS_PROG_ONUS_ANSWERS_H

#include "prog/onus/attribute.h"
#include "util/jout.h"

#define ANSWER_ROWS_MAX 10u   /* rows of a kind in the text */
#define ANSWER_JSON_MAX 1000u /* and in JSON, which says how many there are */

/* answer_range - who announces which part of it, the networks that hold all of it, and those inside it */
void answer_range(const struct attributor *a, struct range range, bool json, struct buf *out);

/* answer_as, answer_org - what an AS or the ASes of an organisation announce, and whom to write to
 * as, org  indexes into the registry */
void answer_as(const struct attributor *a, uint32_t as, bool json, struct buf *out);
void answer_org(const struct attributor *a, uint32_t org, bool json, struct buf *out);

/* answer_space_text, answer_space_json - what is announced; prefixes 0: not told */
void answer_space_text(uint64_t v4, uint64_t v6, uint32_t prefixes, struct buf *out);
void answer_space_json(uint64_t v4, uint64_t v6, struct jout *j);

/* answer_holder - an organisation as its registry has it, and the networks and ASes it holds
 * holder  an index into the registry */
void answer_holder(const struct attributor *a, uint32_t holder, bool json, struct buf *out);

/* answer_words - everybody whose name has all the words, in whatever case, those with the most space first;
 * or whose handle they are: when that is one holder alone, the answer is answer_holder's
 * Returns false, with nothing written, when nobody is called so. */
bool answer_words(const struct attributor *a, struct span words, bool json, struct buf *out);

#endif
