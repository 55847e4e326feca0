/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON in, for readers of registry inputs: nothing too deep reaches the parser. */
#ifndef ONUS_HOLDERS_JSON_IN_H
#define ONUS_HOLDERS_JSON_IN_H

#include <jansson.h>

#include "util/err.h"
#include "util/span.h"

#define JSON_IN_DEPTH_MAX 32u /* arrays and objects within one another */

/* json_in - one value out of text, of whatever size the caller allows; members that are told twice are an error
 *
 * ret   owned by the caller (json_decref); set only on success
 * why   set on -EINVAL: a constant text
 * cut   set to whether the text is JSON that does not end; may be NULL
 * Returns 0, -EINVAL or -ENOMEM. */
MUST_USE int json_in(struct span text, json_t **ret, const char **why, bool *cut);

/* json_in_text - a member's text, or that of the value itself when key is NULL; empty when it is none */
struct span json_in_text(const json_t *v, const char *key);

#endif
