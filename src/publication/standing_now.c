/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publication/standing_now.h"

#include <errno.h>

#include "publication/manifest.h"

void standing_now(struct health *h, const char *serve_dir)
{
	struct manifest *m = calloc(1, sizeof(*m));
	struct err e = { "" };
	int r = m ? manifest_current(serve_dir, m, &e) : err_set(&e, -ENOMEM, "out of memory");

	h->published = r == 0;
	if (r == 0) {
		h->generation = m->head.generation;
		h->created_s = m->head.created_s;
		h->expires_s = m->head.expires_s;
		h->registry_s = m->head.registry_date_s;
	} else if (r != -ENOENT) /* what health_gather says of it stays */
		(void)snprintf(
		    h->published_why, sizeof(h->published_why), "%s", e.text); /* may be cut */
	free(m);
}
