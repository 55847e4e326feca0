/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/entity_page.h"

#include "util/percent.h"

size_t entity_path(const char *name, char ret[ENTITY_PATH_MAX])
{
	const char *colon = strchr(name, ':');
	size_t n = 0;

	ret[n++] = '/';
	for (const char *p = name; *p && n + 3 < ENTITY_PATH_MAX; p++)
		n += percent_byte(p == colon ? '/' : *p, "-._~:/", ret + n);
	ret[n] = '\0';
	return n;
}

size_t entity_url(const char *site_url, const struct entity *en, char *ret, size_t max)
{
	char name[ENTITY_NAME_MAX], path[ENTITY_PATH_MAX];
	size_t n = strlen(site_url), n_path;

	if (n > 0 && site_url[n - 1] == '/')
		n--;
	(void)entity_format(en, name);
	n_path = entity_path(name, path);
	if (n == 0 || n + n_path > max)
		return 0;
	memcpy(ret, site_url, n);
	memcpy(ret + n, path, n_path);
	return n + n_path;
}
