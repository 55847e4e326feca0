/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/copy_state.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/param.h"
#include "util/file.h"

#define STATE_MAX 65536u

#define T(field)                                                                                   \
	{                                                                                          \
#field, PARAM_TEXT, offsetof(struct copy_state, field), "", 0, 0, "text", NULL     \
	}
#define N(field)                                                                                   \
	{                                                                                          \
#field, PARAM_LARGE, offsetof(struct copy_state, field), "0", 0, 0, "number", NULL \
	}
static const struct param params[] = { T(url), T(etag), T(why), N(modified_s), N(fetched_s),
	N(checked_s), N(bytes), N(time_s), N(records), N(refused) };

static int state_path(const char *path, char **ret)
{
	if (asprintf(ret, "%s.state", path) >= 0)
		return 0;
	*ret = NULL;
	return -ENOMEM;
}

void copy_state_done(struct copy_state *s)
{
	if (!s)
		return;
	params_done(params, NELEM(params), s);
	*s = (struct copy_state){ .url = NULL };
}

static int read_settings(const char *path, struct copy_state *s)
{
	CLEANUP(buf_done) struct buf b;
	struct setting line = { 0 };
	struct span text;
	int r;

	buf_init(&b, STATE_MAX);
	r = file_read(path, &b, NULL);
	text = buf_text(&b);
	while (r == 0 && (r = setting_next(&text, &line, NULL)) == 1) {
		const struct param *p =
		    line.section ? NULL : param_find(params, NELEM(params), line.name);

		r = p ? param_assign(p, s, line.value, NULL) : -EINVAL;
	}
	return r;
}

int copy_state_read(const char *path, struct copy_state *ret, bool *there, bool *known)
{
	CLEANUP(free_p) char *state = NULL;
	struct stat st;

	*ret = (struct copy_state){ .url = NULL };
	*there = stat(path, &st) == 0 && S_ISREG(st.st_mode);
	if (params_standard(params, NELEM(params), ret) < 0 || state_path(path, &state) < 0)
		return -ENOMEM;
	*known = *there && read_settings(state, ret) == 0 && ret->bytes == (uint64_t)st.st_size &&
		 ret->time_s == (uint64_t)st.st_mtim.tv_sec;
	if (*known)
		return 0;
	copy_state_done(ret);
	return params_standard(params, NELEM(params), ret);
}

int copy_state_write(const char *path, struct copy_state *s, struct err *e)
{
	CLEANUP(free_p) char *state = NULL;
	struct file_new n = { .f = NULL };
	struct stat st;
	int r;

	if (state_path(path, &state) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	if (stat(path, &st) < 0)
		return err_set(e, -errno, "cannot look at %s: %s", path, strerror(errno));
	s->bytes = (uint64_t)st.st_size;
	s->time_s = (uint64_t)st.st_mtim.tv_sec;
	r = file_new_open(state, &n, e);
	if (r == 0) {
		params_print(params, NELEM(params), s, n.f);
		r = file_new_commit(&n, e);
	}
	file_new_done(&n);
	return r;
}

int copy_state_text(char **text, const char *v)
{
	char *copy = strdup(v ? v : "");

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}
