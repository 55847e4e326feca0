/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/settings_cmd.h"

#include <errno.h>
#include <pwd.h>
#include <unistd.h>

#include "prog/evidence/sources.h"
#include "util/clock.h"
#include "util/jout.h"

#define PATIENCE 20u /* times DB_LOCK_WAIT_MS for another writer */

/* Who is at the keyboard. What sudo says is believed of root alone: anybody may set a variable. */
static void who_is_it(char ret[HUB_SETTING_WHO_MAX + 1])
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;

	if (sudo && *sudo && strcmp(sudo, "root") != 0)
		(void)snprintf(ret, HUB_SETTING_WHO_MAX + 1, "%.64s via sudo", sudo);
	else if (pw && *pw->pw_name)
		(void)snprintf(ret, HUB_SETTING_WHO_MAX + 1, "%.64s", pw->pw_name);
	else
		(void)snprintf(ret, HUB_SETTING_WHO_MAX + 1, "uid %ju", (uintmax_t)getuid());
	span_tame(ret, strlen(ret));
}

static int open_hub(struct settings_cmd *x, bool write, struct err *e)
{
	int r = hub_open(x->conf->hub, HUB_READ, &x->hub, e);

	if (!write || r == -ENOENT)
		return r;
	x->hub = hub_free(x->hub);
	for (unsigned i = 0; i < PATIENCE; i++) {
		r = hub_open(x->conf->hub, HUB_WRITE, &x->hub, e);
		if (r != -EAGAIN)
			break;
	}
	return r;
}

/* With the lock in hand nobody else's transaction can come in between. */
static int begin(struct settings_cmd *x, struct err *e)
{
	int r = -EAGAIN;

	for (unsigned i = 0; r == -EAGAIN && i < PATIENCE; i++)
		r = hub_begin(x->hub, e);
	return r;
}

int settings_cmd_conf(struct settings_cmd *x, struct err *e)
{
	struct clock clock = clock_system();

	buf_init(&x->told, 16u << 20);
	who_is_it(x->who);
	x->by = (struct hub_author){ x->who, x->why ? x->why : "", clock_now_s(&clock) };
	x->conf = conf_open(x->conf_file, x->set.v, x->set.n, e);
	return x->conf ? 0 : -EINVAL;
}

int settings_cmd_open(struct settings_cmd *x, bool write, struct err *e)
{
	struct err why = { "" };
	int r = settings_cmd_conf(x, e);

	if (r < 0)
		return r;
	r = open_hub(x, write, &why);
	if (r == 0 && write)
		r = begin(x, &why);
	/* whatever it is: the hub cannot be had */
	return r < 0 ? err_set(e, -EIO, "%s", why.text) : 0;
}

void settings_cmd_close(struct settings_cmd *x)
{
	x->hub = hub_free(x->hub);
	x->conf = conf_free(x->conf);
	buf_done(&x->told);
}

int settings_cmd_commit(struct settings_cmd *x, struct err *e)
{
	struct err why = { "" };
	int r = hub_commit(x->hub, &why);

	if (r < 0)
		return err_set(e, -EIO, "%s; nothing was changed", why.text);
	if (x->told.len)
		(void)fputs(x->told.p, stdout);
	return 0;
}

int settings_cmd_why(const struct settings_cmd *x, struct err *e)
{
	if (x->why && *x->why)
		return 0;
	return err_set(e, -EINVAL, "say why: --why TEXT is kept with the change");
}

int settings_cmd_code(const struct settings_cmd *x, int r, const struct err *e)
{
	if (r >= 0)
		return 0;
	(void)fprintf(stderr, "%s: %s\n", x->name, e->text[0] ? e->text : strerror(-r));
	if (r == -ENOENT)
		return 1;
	return r == -EINVAL || r == -ESTALE || r == -E2BIG ? 3 : 2;
}

void settings_cmd_tell(struct settings_cmd *x, int64_t rev, const char *verb, const char *what)
{
	struct jout j;

	if (!x->json) {
		buf_fmt(&x->told, "%s %s (revision %jd)\n", verb, what, (intmax_t)rev);
		return;
	}
	jout_init(&j, &x->told);
	jout_object(&j, NULL);
	jout_str(&j, "done", verb);
	jout_str(&j, "what", what);
	settings_cmd_json(&j, rev, x->by.at_s, span_str(x->by.who), span_str(x->by.why));
	jout_object_end(&j);
	buf_byte(&x->told, '\n');
}

void settings_cmd_json(struct jout *j, int64_t rev, int64_t at_s, struct span who, struct span why)
{
	char at[UTC_TEXT_MAX];

	utc_format(at_s, at);
	jout_i64(j, "revision", rev);
	jout_span(j, "who", who);
	jout_str(j, "at", at_s ? at : NULL);
	jout_span(j, "why", why);
}

/* --- sources ------------------------------------------------------------------------------------ */

struct finding {
	const char *name;
	struct hub_source *to;
	char group[256];
	bool found;
};

static int find(void *ctx, const struct hub_source *s)
{
	struct finding *f = ctx;

	if (strcmp(s->name, f->name) != 0)
		return 0;
	*f->to = *s;
	f->to->name = f->name;
	(void)snprintf(f->group, sizeof(f->group), "%s", s->group);
	f->to->group = f->group;
	f->found = true;
	return 0;
}

/* Of a source that the configuration does not have: what was set before is gone when it is not set any more. */
static void take_back(const struct settings_source *was, struct hub_source *s)
{
	struct hub_source fresh;

	source_newcomer(s->name, &fresh);
	if (was->has_trust && !s->anchor)
		s->trust = fresh.trust;
	if (was->group[0])
		s->group = fresh.group;
	if (was->has_redistribute)
		s->redistribute = fresh.redistribute;
}

int settings_cmd_source(
    struct settings_cmd *x, const char *name, const struct settings_source *was, struct err *e)
{
	struct settings_source over;
	struct hub_source s;
	struct finding f = { .name = name, .to = &s };
	int r = hub_settings_source(x->hub, name, &over, e);

	if (r == 0)
		r = hub_each_source(x->hub, find, &f, e);
	if (r < 0)
		return r;
	if (f.found)
		take_back(was, &s);
	for (unsigned i = 0; i < x->conf->n_sources; i++) {
		const struct conf_source *c = &x->conf->sources[i];

		if (strcmp(c->name, name) != 0 || !conf_is_evidence(c))
			continue;
		source_of_conf(c, &s);
		f.found = true;
	}
	if (!f.found)
		return 0;
	source_override(&over, &s);
	return hub_source_set(x->hub, &s, day_of(x->by.at_s), NULL, e);
}

/* --- disputes ----------------------------------------------------------------------------------- */

static const char *const state_names[] = { [HUB_DISPUTE_OPEN] = "open",
	[HUB_DISPUTE_UPHELD] = "upheld",
	[HUB_DISPUTE_REJECTED] = "rejected" };
_Static_assert(NELEM(state_names) == HUB_DISPUTE_STATE_N, "state_names out of step");

const char *settings_dispute_state(enum hub_dispute_state s)
{
	return state_names[s];
}

void settings_dispute_id(const struct hub_dispute *d, char ret[SETTINGS_DISPUTE_ID + 1])
{
	_Static_assert(SETTINGS_DISPUTE_ID == 2 * sizeof(d->line_id), "two digits a byte");
	for (size_t i = 0; i < sizeof(d->line_id); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", d->line_id[i]);
}

struct disputed {
	const char *id;
	struct hub_dispute d;
	bool found;
};

static int find_dispute(void *ctx, const struct hub_dispute *d)
{
	struct disputed *x = ctx;
	char id[SETTINGS_DISPUTE_ID + 1];

	settings_dispute_id(d, id);
	if (strcmp(id, x->id) != 0)
		return 0;
	x->d = *d;
	x->found = true;
	return 0;
}

int settings_cmd_dispute(struct settings_cmd *x, const char *id, struct err *e)
{
	CLEANUP(free_p) char *value = NULL;
	char name[HUB_SETTING_NAME_MAX + 1];
	struct disputed f = { .id = id };
	int r;

	(void)snprintf(name, sizeof(name), SETTING_DISPUTE "%s", id);
	r = hub_setting_get(x->hub, name, &value, e);
	if (r >= 0)
		r = hub_each_dispute(x->hub, find_dispute, &f, e);
	if (r < 0 || !f.found)
		return MIN_OF(r, 0);
	f.d.state = HUB_DISPUTE_OPEN;
	for (unsigned s = 0; value && s < HUB_DISPUTE_STATE_N; s++)
		if (strcmp(value, state_names[s]) == 0)
			f.d.state = (enum hub_dispute_state)s;
	f.d.closed_s = f.d.state == HUB_DISPUTE_OPEN ? 0 : x->by.at_s;
	return hub_dispute_put(x->hub, &f.d, e);
}
