/* SPDX-License-Identifier: GPL-3.0-or-later */
/* onus warrant - decisions that an operator signs (doc/decide.md, "Signed by an operator"). */
#include <errno.h>
#include <inttypes.h>

#include "prog/evidence/warrants.h"
#include "prog/onus/commands.h"
#include "prog/onus/settings_cmd.h"
#include "publication/manifest.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/jout.h"
#include "util/num.h"

#define NOT_GIVEN INT64_MIN
#define KEY_FILE  ".config/onus/operator.key" /* below the home directory */
#define KEYS_MAX  (PARAM_VALUE_MAX + 256u)

struct warrant_cmd {
	struct settings_cmd x;
	const char *key_file, *action, *by, *length;
	int64_t until_s;
	bool force;
	char default_key[4096];
	char keys[KEYS_MAX]; /* those of the configuration, and one's own */
	struct settings set;
	struct addrset never;
	struct registry *registry;
	struct warrants all;
};

/* --- the key ------------------------------------------------------------------------------------ */

static int key_path(struct warrant_cmd *c, struct err *e)
{
	const char *home = getenv("HOME");

	if (c->key_file)
		return 0;
	if (!home || !*home ||
	    (size_t)snprintf(c->default_key, sizeof(c->default_key), "%s/" KEY_FILE, home) >=
		sizeof(c->default_key))
		return err_set(e, -EINVAL, "there is no home directory: name the key, --key FILE");
	c->key_file = c->default_key;
	return 0;
}

static int key_open(struct warrant_cmd *c, struct sign_key *ret, struct err *e)
{
	int r = key_path(c, e);

	if (r < 0)
		return r;
	r = sign_key_read(c->key_file, ret, e);
	if (r == -ENOENT)
		return err_set(e, -EINVAL,
		    "%s: there is no key to sign with; `onus warrant key` makes one", c->key_file);
	return r < 0 ? -EINVAL : 0;
}

static void key_hex(const uint8_t key[WARRANT_KEY], char ret[WARRANT_KEY_HEX])
{
	for (unsigned i = 0; i < WARRANT_KEY; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", key[i]);
}

static int keys_of(const struct warrant_cmd *c, struct operator_keys *ret, struct err *e)
{
	return operator_keys_parse(span_str(c->x.conf->operator_keys), ret, e);
}

/* By whom it is signed: who was named, who the configuration says has the key, or who is at the keyboard. */
static int signer(const struct warrant_cmd *c, const struct sign_key *key,
    char ret[PARAM_NAME_MAX + 1], struct err *e)
{
	struct operator_keys known;
	const char *name = c->by;
	int r = keys_of(c, &known, e);

	if (r < 0)
		return r;
	if (!name)
		name = operator_name(&known, key->public_key);
	if (!name)
		name = c->x.who;
	(void)snprintf(ret, PARAM_NAME_MAX + 1, "%.*s", (int)strcspn(name, " "), name);
	return 0;
}

static int make_dir(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	if (!slash || slash == path)
		return 0;
	(void)snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return file_mkdirs(dir, 0700, e);
}

/* The line that the configuration wants; the key is made where there is none. */
static int show_key(struct warrant_cmd *c, struct err *e)
{
	char hex[WARRANT_KEY_HEX], name[PARAM_NAME_MAX + 1];
	struct sign_key key;
	int r = settings_cmd_conf(&c->x, e);

	if (r == 0)
		r = key_path(c, e);
	if (r < 0)
		return r;
	r = sign_key_read(c->key_file, &key, e);
	if (r == -ENOENT) {
		r = make_dir(c->key_file, e);
		if (r == 0)
			r = sign_key_make(c->key_file, e);
		if (r == 0)
			r = sign_key_read(c->key_file, &key, e);
		if (r == 0)
			(void)fprintf(stderr, "made %s: keep it to yourself\n", c->key_file);
	}
	if (r < 0)
		return -EINVAL;
	r = signer(c, &key, name, e);
	key_hex(key.public_key, hex);
	sign_key_done(&key);
	if (r == 0)
		(void)printf("operator_keys = %s:%s\n", name, hex);
	return r;
}

/* --- signing ------------------------------------------------------------------------------------ */

/* "90m", "12h", "3d" */
static int length_parse(struct span s, int64_t *ret)
{
	static const struct {
		char letter;
		int64_t s;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', DAY_S } };
	uint32_t n;

	for (unsigned i = 0; i < NELEM(units); i++) {
		if (span_empty(s) || s.end[-1] != units[i].letter ||
		    num_u32(span_of(s.p, span_len(s) - 1), 100000, &n) < 0 || n == 0)
			continue;
		*ret = n * units[i].s;
		return 0;
	}
	return -EINVAL;
}

static int times(const struct warrant_cmd *c, struct warrant *w, struct err *e)
{
	int64_t length;

	w->since_s = c->x.by.at_s;
	w->until_s = c->until_s;
	if ((c->length != NULL) == (c->until_s != NOT_GIVEN))
		return err_set(e, -EINVAL, "say for how long: --for 3d, or --until DATE");
	if (c->until_s != NOT_GIVEN)
		return 0;
	if (length_parse(span_str(c->length), &length) < 0)
		return err_set(e, -EINVAL, "--for wants minutes, hours or days: 90m, 12h, 3d");
	w->until_s = w->since_s + length;
	return 0;
}

static int sign(const struct warrant_cmd *c, const struct sign_key *key, const char *entity,
    char ret[WARRANT_TEXT_MAX], struct err *e)
{
	struct warrant w = { .forced = c->force };
	int r = entity_parse(span_str(entity), &w.entity, e);

	if (r < 0)
		return r;
	w.action = warrant_action(w.entity.kind);
	if (c->action && action_parse(span_str(c->action), &w.action) < 0)
		return err_set(e, -EINVAL, "--action is reject or drop");
	if (strlen(c->x.why) > WARRANT_WHY_MAX)
		return err_set(e, -EINVAL, "the reason is longer than %u bytes", WARRANT_WHY_MAX);
	(void)snprintf(w.why, sizeof(w.why), "%s", c->x.why);
	r = signer(c, key, w.by, e);
	if (r == 0)
		r = times(c, &w, e);
	return r < 0 ? r : warrant_sign(&w, key->secret, ret, e);
}

static int print_signed(struct warrant_cmd *c, int n, char **entities, struct err *e)
{
	char text[WARRANT_TEXT_MAX];
	struct sign_key key;
	int r = settings_cmd_why(&c->x, e);

	if (r == 0)
		r = settings_cmd_conf(&c->x, e);
	if (r == 0)
		r = key_open(c, &key, e);
	if (r < 0)
		return r;
	for (int i = 0; i < n && r == 0; i++) {
		r = sign(c, &key, entities[i], text, e);
		if (r == 0)
			(void)printf("%s\n", text);
	}
	sign_key_done(&key);
	return r;
}

/* --- filing ------------------------------------------------------------------------------------- */

static int setting_name(const struct entity *en, char ret[HUB_SETTING_NAME_MAX + 1], struct err *e)
{
	char name[ENTITY_NAME_MAX];

	(void)entity_format(en, name);
	if ((size_t)snprintf(ret, HUB_SETTING_NAME_MAX + 1, SETTING_WARRANT "%s", name) >
	    HUB_SETTING_NAME_MAX)
		return err_set(e, -EINVAL, "%s: the name is too long for a warrant", name);
	return 0;
}

/* All that are set, as they stand in the transaction, by the keys that this host trusts and `keys`. */
static int judge_all(struct warrant_cmd *c, struct err *e)
{
	CLEANUP(addrset_done) struct addrset own = { .v = NULL };
	const struct conf *conf = c->x.conf;
	struct err why = { "" };
	int r = registry_open(conf->registry_file, &c->registry, &why);

	if (r == 0)
		r = hub_settings_read(c->x.hub, &c->set, &why);
	if (r == 0)
		r = addrset_parse(span_str(conf->own_networks), &own, &why);
	if (r == 0 && settings_never(&c->set, &own, c->x.by.at_s, &c->never) < 0)
		r = err_set(&why, -ENOMEM, "out of memory");
	if (r == 0)
		r = warrants_read(
		    &c->all, &c->set, c->keys, c->registry, &c->never, c->x.by.at_s, &why);
	return r < 0 ? err_set(e, -EIO, "%s", why.text) : 0;
}

/* What would not stand is not filed. */
static int check_one(const struct warrant_cmd *c, const char *filed, struct err *e)
{
	struct err why;

	for (size_t i = 0; i < c->all.n; i++) {
		const struct warrant_case *x = &c->all.v[i];

		if (strcmp(x->set->entity, filed) != 0 || x->verdict == WARRANT_GOOD)
			continue;
		warrants_said(x, &why);
		return err_set(e, -EINVAL, "%s: %s", filed, why.text);
	}
	return 0;
}

static int check_all(struct warrant_cmd *c, const struct opt_list *filed, struct err *e)
{
	char covered[WARRANT_SPACE_TEXT];
	int r = judge_all(c, e);

	if (r == 0 && c->all.beyond)
		r = err_set(e, -E2BIG, "more than %u warrants; remove those that have ended",
		    SETTINGS_WARRANTS);
	for (unsigned i = 0; i < filed->n && r == 0; i++)
		r = check_one(c, filed->v[i], e);
	warrants_covered(c->all.covered, covered);
	if (r == 0 && (double)MAX_OF(c->all.covered.v4, c->all.covered.v6) >
			  c->set.levels.v[THRESHOLD_BUDGET])
		(void)fprintf(
		    stderr, "note: warrants cover %s, more than all rules may\n", covered);
	return r;
}

static int file_one(struct warrant_cmd *c, const char *text, struct opt_list *filed, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1];
	struct hub_author by = c->x.by;
	struct warrant w;
	int64_t rev = 0;
	int r = warrant_parse(span_str(text), &w, e);

	if (r < 0)
		return -EINVAL;
	r = setting_name(&w.entity, name, e);
	if (r < 0)
		return r;
	if (!*by.why)
		by.why = w.why;
	r = hub_setting_put(c->x.hub, name, text, &by, &rev, e);
	if (r < 0)
		return r;
	if (r == 1)
		settings_cmd_tell(
		    &c->x, rev, "walled off by warrant", name + strlen(SETTING_WARRANT));
	filed->v[filed->n] = strdup(name + strlen(SETTING_WARRANT));
	if (!filed->v[filed->n++])
		abort();
	return 0;
}

static void filed_done(struct opt_list *filed)
{
	while (filed->n)
		free((void *)(uintptr_t)filed->v[--filed->n]);
}

/* The key with which it is signed here need not be trusted here: it has to be where scores are made. */
static int keys_with(struct warrant_cmd *c, const struct sign_key *key, struct err *e)
{
	char hex[WARRANT_KEY_HEX], by[PARAM_NAME_MAX + 1];
	struct operator_keys known;
	int r = keys_of(c, &known, e);

	(void)snprintf(c->keys, sizeof(c->keys), "%s", c->x.conf->operator_keys); /* fits */
	if (r == 0 && key)
		r = signer(c, key, by, e);
	if (r < 0 || !key)
		return r;
	key_hex(key->public_key, hex);
	if (!operator_name(&known, key->public_key)) {
		(void)fprintf(stderr,
		    "note: operator_keys of this host does not have this key; it counts only where "
		    "it says: operator_keys = %s:%s\n",
		    by, hex);
		(void)snprintf(c->keys, sizeof(c->keys), "%s, %s:%s", c->x.conf->operator_keys, by,
		    hex); /* fits */
	}
	return 0;
}

/* text NULL: of these entities; else what was signed elsewhere */
static int add(struct warrant_cmd *c, bool sealed, int n, char **args, struct err *e)
{
	CLEANUP(filed_done) struct opt_list filed = { .n = 0 };
	char text[WARRANT_TEXT_MAX];
	struct sign_key key = { { 0 }, { 0 } };
	int r = sealed ? 0 : settings_cmd_why(&c->x, e);

	if (n > OPT_LIST_MAX)
		return err_set(e, -EINVAL, "more than %d at once", OPT_LIST_MAX);
	if (r == 0)
		r = settings_cmd_open(&c->x, true, e);
	if (r == 0 && !sealed)
		r = key_open(c, &key, e);
	if (r == 0)
		r = keys_with(c, sealed ? NULL : &key, e);
	for (int i = 0; i < n && r == 0; i++) {
		if (!sealed)
			r = sign(c, &key, args[i], text, e);
		if (r == 0)
			r = file_one(c, sealed ? args[i] : text, &filed, e);
	}
	sign_key_done(&key);
	if (r == 0)
		r = check_all(c, &filed, e);
	return r < 0 ? r : settings_cmd_commit(&c->x, e);
}

/* By its entity, or as it is filed: what somebody else has written may be called anything. */
static int drop_one(struct warrant_cmd *c, const char *arg, struct err *e)
{
	char name[HUB_SETTING_NAME_MAX + 1];
	struct entity en;
	int64_t rev = 0;
	int r = 0;

	if (entity_parse(span_str(arg), &en, NULL) == 0)
		r = setting_name(&en, name, e);
	else if ((size_t)snprintf(name, sizeof(name), SETTING_WARRANT "%s", arg) >= sizeof(name))
		r = err_set(e, -EINVAL, "\"%.60s\" is no entity", arg);
	if (r < 0)
		return r;
	r = hub_setting_put(c->x.hub, name, NULL, &c->x.by, &rev, e);
	if (r == 0)
		return err_set(e, -ENOENT,
		    "there is no warrant about %.100s; `onus warrant list` shows them", arg);
	if (r == 1)
		settings_cmd_tell(
		    &c->x, rev, "no warrant any more", name + strlen(SETTING_WARRANT));
	return MIN_OF(r, 0);
}

static int take_back(struct warrant_cmd *c, int n, char **args, struct err *e)
{
	int r = settings_cmd_why(&c->x, e);

	if (r == 0)
		r = settings_cmd_open(&c->x, true, e);
	for (int i = 0; i < n && r == 0; i++)
		r = drop_one(c, args[i], e);
	return r < 0 ? r : settings_cmd_commit(&c->x, e);
}

/* --- showing ------------------------------------------------------------------------------------ */

static void row_json(const struct warrant_case *x, const char *covered, const char *why)
{
	CLEANUP(buf_done) struct buf b;
	char since[UTC_TEXT_MAX], until[UTC_TEXT_MAX];
	bool read = x->verdict != WARRANT_NONE;
	struct jout j;

	utc_format(x->w.since_s, since);
	utc_format(x->w.until_s, until);
	buf_init(&b, 65536);
	jout_init(&j, &b);
	jout_object(&j, NULL);
	jout_str(&j, "entity", x->set->entity);
	jout_str(&j, "state", warrant_verdict_name(x->verdict));
	jout_str(&j, "said", why);
	jout_str(&j, "action", read ? action_name(x->w.action) : NULL);
	jout_str(&j, "since", read ? since : NULL);
	jout_str(&j, "until", read ? until : NULL);
	jout_bool(&j, "forced", x->w.forced);
	jout_str(&j, "by", read ? x->w.by : NULL);
	jout_str(&j, "why", read ? x->w.why : NULL);
	jout_str(&j, "covers", covered);
	jout_object_end(&j);
	(void)printf("%.*s\n", SPAN_ARG(buf_text(&b)));
}

static void row(const struct warrant_cmd *c, const struct warrant_case *x)
{
	bool measured = x->size.v4 || x->size.v6;
	char covered[WARRANT_SPACE_TEXT], until[UTC_TEXT_MAX] = "-";
	struct err why;

	warrants_said(x, &why);
	warrants_covered(x->size, covered);
	if (c->x.json) {
		row_json(x, measured ? covered : NULL, why.text);
		return;
	}
	if (x->verdict != WARRANT_NONE)
		utc_format(x->w.until_s, until);
	(void)printf("%-28s %-8s %-6s %-20s %s%s%s%s", x->set->entity,
	    warrant_verdict_name(x->verdict),
	    x->verdict == WARRANT_NONE ? "-" : action_name(x->w.action), until, x->w.by,
	    *x->w.by ? ": " : "", x->w.why, x->w.forced ? " (forced)" : "");
	if (x->verdict > WARRANT_ENDED)
		(void)printf(" [%s]", why.text);
	if (measured)
		(void)printf(" (%s)", covered);
	(void)printf("\n");
}

static int list(struct warrant_cmd *c, struct err *e)
{
	int r = settings_cmd_open(&c->x, false, e);

	if (r == 0)
		r = keys_with(c, NULL, e);
	if (r == 0)
		r = judge_all(c, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c->set.warrants.n; i++)
		span_tame(c->set.warrants.v[i].entity, strlen(c->set.warrants.v[i].entity));
	if (!c->x.json)
		(void)printf("%-28s %-8s %-6s %-20s %s\n", "ENTITY", "STATE", "ACTION", "UNTIL",
		    "WHO AND WHY");
	for (size_t i = 0; i < c->all.n; i++)
		row(c, &c->all.v[i]);
	return 0;
}

static int run(struct warrant_cmd *c, int argc, char **argv, struct err *e)
{
	const char *word = argc ? argv[0] : "";
	bool given = c->length || c->until_s != NOT_GIVEN || c->action || c->force;

	if (given && strcmp(word, "add") != 0 && strcmp(word, "sign") != 0)
		return err_set(
		    e, -EINVAL, "--for, --until, --action and --force belong to add and sign");
	if (argc == 1 && strcmp(word, "key") == 0)
		return show_key(c, e);
	if (argc == 1 && strcmp(word, "list") == 0)
		return list(c, e);
	if (argc > 1 && strcmp(word, "add") == 0)
		return add(c, false, argc - 1, argv + 1, e);
	if (argc > 1 && strcmp(word, "sign") == 0)
		return print_signed(c, argc - 1, argv + 1, e);
	if (argc > 1 && strcmp(word, "put") == 0)
		return add(c, true, argc - 1, argv + 1, e);
	if (argc > 1 && strcmp(word, "remove") == 0)
		return take_back(c, argc - 1, argv + 1, e);
	return err_set(e, -EINVAL, "say key, list, add, sign or remove ENTITY…, or put LINE…");
}

int cmd_warrant(int argc, char **argv)
{
	struct warrant_cmd c = { .x = { .name = "onus warrant" }, .until_s = NOT_GIVEN };
	const struct opt opts[] = {
		{ "for", 'f', OPT_TEXT, &c.length, "LENGTH",
		    "It stands so long: 90m, 12h, 3d; 7d at most." },
		{ "until", 'u', OPT_TIME, &c.until_s, "DATE", "Or until then (UTC)." },
		{ "action", 'a', OPT_TEXT, &c.action, "ACTION",
		    "reject, or of an address or block drop. Default: drop of an address, else "
		    "reject." },
		{ "by", 'b', OPT_TEXT, &c.by, "NAME",
		    "Who signs, as operator_keys calls him. Default: what it says of the key, or "
		    "your name." },
		{ "key", 'k', OPT_TEXT, &c.key_file, "FILE",
		    "Sign with the key in it. Default: ~/" KEY_FILE "." },
		{ "force", 0, OPT_FLAG, &c.force, NULL,
		    "It may cover more than 1/256 of what anybody announces; that is signed too." },
		SETTINGS_CMD_WHY(c.x),
		SETTINGS_CMD_OPTS(c.x),
	};
	const struct opt_usage usage = { "onus warrant",
		"key|list|add|sign|put|remove [ENTITY…|LINE…]",
		"Wall off a whole AS, organisation or country, or anything less, by a decision "
		"that an "
		"operator\nsigns: no rule does that to a holder. It counts where operator_keys of "
		"the "
		"configuration names his key,\nfor at most 7 days; to prolong it is to sign again. "
		"One's own "
		"networks, the allow list and special space\nbound it, and max_good_loss does.\n\n"
		"`add` signs and files it in the hub, `sign` prints it, and `put` files what was "
		"signed "
		"elsewhere: the key\nneed not be where the hub is. `remove` ends it. `list` shows "
		"all, and "
		"why one does not stand. `key`\nmakes a key where there is none, and prints the "
		"line for the "
		"configuration.",
		"Examples:\n"
		"  onus warrant key\n"
		"  onus warrant add as:64500 --for 3d --why 'answers nobody, ticket 17'\n"
		"  onus warrant list\n"
		"  onus warrant remove as:64500 --why 'has cleaned up'\n"
		"  onus warrant sign country:XX --for 12h --why drill >line     # on another "
		"machine\n"
		"  onus warrant put \"$(cat line)\"\n\n"
		"Exit codes: 1 there is no such warrant, 2 the hub cannot be had, 3 it would not "
		"stand.",
		opts, NELEM(opts) };
	int n = opt_main(&usage, argc, argv), code;
	struct err e = { "" };

	if (n < 0)
		return opt_exit(n);
	settings_init(&c.set);
	code = settings_cmd_code(&c.x, run(&c, n, argv + 1, &e), &e);
	settings_cmd_close(&c.x);
	warrants_done(&c.all);
	addrset_done(&c.never);
	settings_done(&c.set);
	c.registry = registry_free(c.registry);
	return code;
}
