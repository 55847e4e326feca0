/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/own.h"

#include <errno.h>

int own_parse(const char *text, struct own *ret, struct err *e)
{
	struct span s = span_str(text ? text : "");
	struct own o = { NULL, 0 };

	while (s = span_trim(s), !span_empty(s)) {
		const char *q = s.p;
		struct prefix *v = o.v;

		while (q < s.end && *q != ',' && *q != ' ' && *q != '\t')
			q++;
		if (q == s.p) {
			s.p++;
			continue;
		}
		if ((o.n & 63) == 0)
			v = o.n < OWN_MAX ? realloc(o.v, (o.n + 64) * sizeof(*v)) : NULL;
		if (!v) {
			own_done(&o);
			return err_set(
			    e, -ENOMEM, "more than %u own networks, or out of memory", OWN_MAX);
		}
		o.v = v;
		if (prefix_parse((struct span){ s.p, q }, false, &o.v[o.n]) < 0) {
			own_done(&o);
			return err_set(e, -EINVAL,
			    "own_networks: \"%.*s\" is no address and no prefix", (int)(q - s.p),
			    s.p);
		}
		o.n++;
		s.p = q;
	}
	*ret = o;
	return 0;
}

void own_done(struct own *o)
{
	if (!o)
		return;
	free(o->v);
	*o = (struct own){ NULL, 0 };
}

bool own_has(const struct own *o, struct addr a)
{
	for (unsigned i = 0; o && i < o->n; i++)
		if (prefix_has(o->v[i], a))
			return true;
	return false;
}

bool own_overlaps(const struct own *o, struct prefix p)
{
	for (unsigned i = 0; o && i < o->n; i++)
		if (prefix_has(o->v[i], p.addr) || prefix_has(p, o->v[i].addr))
			return true;
	return false;
}
