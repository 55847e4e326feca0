/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mustache templates: text with {{names}} in it, compiled once, rendered from a model. It knows
 * variables (HTML-escaped; {{{name}}} and {{&name}} are not), sections, inverted sections, dotted
 * names, the implicit iterator, partials with their indentation, comments, set-delimiter tags, and
 * standalone lines. It knows no lambdas, no inheritance, and nothing about HTTP.
 * Source: mustache(5) and the mustache specification 1.4 (github.com/mustache/spec): the modules
 * comments, delimiters, interpolation, inverted, partials, sections. */
#ifndef ONUS_SVC_TEMPLATE_H
#define ONUS_SVC_TEMPLATE_H

#include "svc/model.h"
#include "util/buf.h"
#include "util/err.h"

#define TEMPLATE_BYTES_MAX 262144u  /* of one template's text */
#define TEMPLATE_NODES_MAX 32768u   /* of one template */
#define TEMPLATE_NAME_MAX  64u	    /* bytes of a name between the braces */
#define TEMPLATE_DEPTH_MAX 48u	    /* sections and partials within each other, rendering */
#define TEMPLATE_STEPS_MAX 1000000u /* nodes visited in one rendering */
#define TEMPLATE_SET_MAX   64u	    /* templates in a set */

struct template_set;

/* template_set_new - an empty set; NULL when out of memory. template_set_free returns NULL. */
struct template_set *template_set_new(void);
struct template_set *template_set_free(struct template_set *s); /* NULL-safe */

/* template_add - compile text and add it under a name; the text is copied
 * Returns 0; -EINVAL with "line N: what"; -E2BIG over a maximum; -EEXIST; -ENOMEM. */
MUST_USE int template_add(
    struct template_set *s, struct span name, struct span text, struct err *e);

/* template_load - add every file DIR/NAME.html as NAME
 * Returns 0; -ENOENT when there is none; as template_add, with the file in front. */
MUST_USE int template_load(struct template_set *s, const char *dir, struct err *e);

/* template_render - append the rendered template to out
 *
 * A name that is not found renders as nothing, a partial that is not in the set likewise (the
 * specification wants both). Rendering is pure: same set, same model, same bytes.
 * Returns 0; -ENOENT when there is no template of that name; -ELOOP over the depth or the steps;
 * -EFBIG when out is over its maximum. After an error out holds a beginning of the page. */
MUST_USE int template_render(const struct template_set *s, const char *name,
    const struct value *root, struct buf *out, struct err *e);

/* template_escape - append text with & < > " ' as HTML entities */
void template_escape(struct buf *out, struct span text);

#endif
