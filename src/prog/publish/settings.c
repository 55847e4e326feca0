/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people have set (doc/settings.md), on its way from the hub to those who never ask it. */
#include <errno.h>

#include "prog/publish/publish.h"
#include "util/file.h"
#include "util/grow.h"

/* Own networks of the configuration are own networks for everybody who reads serve/. */
static int add_own(struct settings_nets *own, struct range left, struct err *e)
{
	bool more = true;

	while (more) {
		struct settings_net x = { .until_s = 0 };

		more = range_take_prefix(&left, &x.net);
		if (own->n == SETTINGS_NETS_MAX)
			return err_set(e, -E2BIG, "more than %u own networks", SETTINGS_NETS_MAX);
		if (grow(&own->v, &own->cap, own->n + 1, sizeof(*own->v)) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		own->v[own->n++] = x;
	}
	return 0;
}

int settings_gather(struct publishing *p, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	int r = hub_settings_read(p->hub, &p->settings, e);

	if (r == 0)
		r = addrset_parse(span_str(p->conf->own_networks), &own, e);
	for (size_t i = 0; i < own.n && r == 0; i++)
		r = add_own(&p->settings.own, own.v[i], e);
	if (r < 0)
		return r;
	p->settings_rev = p->settings.rev;
	if (settings_never(&p->settings, NULL, p->now_s, &p->never) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	return warrants_read(&p->warrants, &p->settings, p->conf->operator_keys, p->registry->r,
	    &p->never, p->now_s, e);
}

int settings_write(const struct publishing *p, const char *dir, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	char path[PATH_MAX];

	buf_init(&b, SETTINGS_BYTES_MAX);
	settings_format(&p->settings, &b);
	if (!buf_ok(&b))
		return err_set(
		    e, -E2BIG, "the settings have more than %u bytes", SETTINGS_BYTES_MAX);
	if ((size_t)snprintf(path, sizeof(path), "%s/" SETTINGS_NAME, dir) >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "%s: name too long", dir);
	return file_write(path, buf_text(&b), e);
}
