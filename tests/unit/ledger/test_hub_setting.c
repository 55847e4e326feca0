/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of the hub: who changed what, when and why; undo; revisions that only grow. */
#include "scratch.h"

#include "ledger/hub_setting.h"
#include "util/buf.h"

static const struct hub_author alice = { "alice", "they asked for it", NOW };
static const struct hub_author bob = { "bob", "", NOW + 5 };

static int64_t rev_of(struct hub *h)
{
	int64_t rev = -1;

	ok(hub_settings_rev(h, &rev, &e));
	return rev;
}

static void put(struct hub *h, const char *name, const char *value, const struct hub_author *by,
    int want, int64_t rev)
{
	struct err e = { "" };
	int64_t got = -1;
	int r = hub_setting_put(h, name, value, by, &got, &e);

	if (r != want)
		fail_msg("%s: %d %s", name, r, e.text);
	assert_int_equal(got, r == 1 ? rev : -1);
}

static int see_setting(void *ctx, const struct hub_setting *s)
{
	buf_fmt(ctx, "%.*s=%.*s %jd %jd %.*s: %.*s\n", SPAN_ARG(s->name), SPAN_ARG(s->value),
	    (intmax_t)s->rev, (intmax_t)s->at_s, SPAN_ARG(s->who), SPAN_ARG(s->why));
	return 0;
}

static int see_revision(void *ctx, const struct hub_change *c)
{
	struct span none = SPAN("(none)");
	struct span was = c->old_value.p ? c->old_value : none;
	struct span is = c->new_value.p ? c->new_value : none;

	buf_fmt(ctx, "%jd %.*s %.*s %.*s>%.*s %.*s\n", (intmax_t)c->rev, SPAN_ARG(c->who),
	    SPAN_ARG(c->name), SPAN_ARG(was), SPAN_ARG(is), SPAN_ARG(c->why));
	return 0;
}

static void test_changes(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct buf b;
	char *value = NULL;

	buf_init(&b, 4096);
	assert_int_equal(rev_of(h), 0);
	assert_int_equal(hub_setting_get(h, "own/20.0.0.0/8", &value, NULL), 0);
	put(h, "own/20.0.0.0/8", "", &alice, 1, 1);
	put(h, "own/20.0.0.0/8", "", &bob, 0, 0); /* as it was: no revision */
	put(h, "allow/45.0.0.1/32", "1790000000", &alice, 1, 2);
	put(h, "allow/45.0.0.1/32", "", &bob, 1, 3);
	put(h, "own/20.0.0.0/8", NULL, &bob, 1, 4);
	put(h, "own/20.0.0.0/8", NULL, &bob, 0, 0);
	assert_int_equal(rev_of(h), 4); /* also when what had the newest one is gone */
	assert_int_equal(hub_setting_get(h, "own/20.0.0.0/8", &value, NULL), 0);
	assert_int_equal(hub_setting_get(h, "allow/45.0.0.1/32", &value, NULL), 1);
	assert_string_equal(value, "");
	free(value);
	put(h, "level/budget", "4096", &alice, 1, 5);
	ok(hub_each_setting(h, "", see_setting, &b, &e));
	assert_string_equal(b.p, "allow/45.0.0.1/32= 3 1790000005 bob: \n"
				 "level/budget=4096 5 1790000000 alice: they asked for it\n");
	buf_reset(&b);
	ok(hub_each_setting(h, "level/", see_setting, &b, &e));
	assert_string_equal(b.p, "level/budget=4096 5 1790000000 alice: they asked for it\n");
	buf_reset(&b);
	ok(hub_each_revision(h, see_revision, &b, &e));
	assert_string_equal(b.p, "5 alice level/budget (none)>4096 they asked for it\n"
				 "4 bob own/20.0.0.0/8 >(none) \n"
				 "3 bob allow/45.0.0.1/32 1790000000> \n"
				 "2 alice allow/45.0.0.1/32 (none)>1790000000 they asked for it\n"
				 "1 alice own/20.0.0.0/8 (none)> they asked for it\n");
	buf_done(&b);
	(void)hub_free(h);
}

static void test_refused(void **state)
{
	static char long_why[HUB_SETTING_WHY_MAX + 2], long_name[HUB_SETTING_NAME_MAX + 2];
	const struct hub_author nobody = { "", "x", NOW }, lines = { "a", "x\ny", NOW },
				much = { "a", long_why, NOW }, raw = { "a", "\xff", NOW };
	struct hub *h = scratch_hub(HUB_WRITE);

	memset(long_why, 'x', sizeof(long_why) - 1);
	memset(long_name, 'x', sizeof(long_name) - 1);
	put(h, "", "x", &alice, -EINVAL, 0);
	put(h, long_name, "x", &alice, -EINVAL, 0);
	put(h, "a\tb", "x", &alice, -EINVAL, 0);
	put(h, "a", "x\n", &alice, -EINVAL, 0);
	put(h, "a", "x", &nobody, -EINVAL, 0);
	put(h, "a", "x", &lines, -EINVAL, 0);
	put(h, "a", "x", &much, -EINVAL, 0);
	put(h, "a", "x", &raw, -EINVAL, 0);
	assert_int_equal(rev_of(h), 0);
	long_why[HUB_SETTING_WHY_MAX] = '\0';
	long_name[HUB_SETTING_NAME_MAX] = '\0';
	put(h, long_name, "x", &much, 1, 1);
	(void)hub_free(h);
}

static int undo(struct hub *h, int64_t rev, int64_t *ret)
{
	char name[HUB_SETTING_NAME_MAX + 1] = "";
	struct err e = { "" };
	int r = hub_setting_undo(h, rev, &bob, ret, name, &e);

	assert_int_equal(e.text[0] != '\0', r < 0);
	assert_int_equal(name[0] != '\0', r == 0);
	return r;
}

static void want(struct hub *h, const char *name, const char *value)
{
	char *got = NULL;
	int r = hub_setting_get(h, name, &got, NULL);

	assert_int_equal(r, value != NULL);
	if (value)
		assert_string_equal(got, value);
	free(got);
}

static void test_undo(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	int64_t rev = 0;

	put(h, "level/budget", "4096", &alice, 1, 1);
	put(h, "level/budget", "8192", &alice, 1, 2);
	put(h, "own/20.0.0.0/8", "", &alice, 1, 3);
	assert_int_equal(undo(h, 9, &rev), -ENOENT);
	assert_int_equal(undo(h, 0, &rev), -ENOENT);
	assert_int_equal(undo(h, 1, &rev), -ESTALE);
	assert_int_equal(rev_of(h), 3);
	assert_int_equal(undo(h, 2, &rev), 0);
	assert_int_equal(rev, 4);
	want(h, "level/budget", "4096");
	assert_int_equal(undo(h, 4, &rev), 0); /* the undo of an undo */
	assert_int_equal(rev, 5);
	want(h, "level/budget", "8192");
	assert_int_equal(undo(h, 3, &rev), 0); /* back to not being set */
	want(h, "own/20.0.0.0/8", NULL);
	assert_int_equal(undo(h, 3, &rev), -ESTALE);
	assert_int_equal(undo(h, rev, &rev), 0);
	want(h, "own/20.0.0.0/8", "");
	assert_int_equal(rev_of(h), 7);
	(void)hub_free(h);
}

/* A change and its record are one: undone together when the caller's transaction is. */
static void test_whole(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE), *other;

	ok(hub_begin(h, &e));
	put(h, "level/budget", "4096", &alice, 1, 1);
	other = scratch_hub(HUB_READ);
	assert_int_equal(rev_of(other), 0);
	hub_rollback(h);
	assert_int_equal(rev_of(h), 0);
	want(h, "level/budget", NULL);
	put(h, "level/budget", "4096", &alice, 1, 1);
	assert_int_equal(rev_of(other), 1);
	(void)hub_free(other);
	(void)hub_free(h);
}

static void test_read(void **state)
{
	struct hub *h = scratch_hub(HUB_WRITE);
	struct settings_source src;
	struct settings s;

	put(h, "own/20.0.0.0/8", "", &alice, 1, 1);
	put(h, "allow/45.0.0.1/32", "1790000000", &alice, 1, 2);
	put(h, "level/budget", "4096", &alice, 1, 3);
	put(h, "source/drop", "trust=0.5 group=x", &alice, 1, 4);
	put(h, "of-tomorrow", "x", &alice, 1, 5);
	ok(hub_settings_read(h, &s, &e));
	assert_int_equal(s.rev, 5);
	assert_int_equal(s.own.n, 1);
	assert_int_equal(s.allow.n, 1);
	assert_int_equal(s.allow.v[0].until_s, 1790000000);
	assert_true(s.levels.v[THRESHOLD_BUDGET] <= 4096);
	assert_false(s.level_set[THRESHOLD_ADDR_P7]);
	settings_done(&s);
	ok(hub_settings_source(h, "drop", &src, &e));
	assert_true(src.has_trust && !src.has_redistribute);
	assert_string_equal(src.group, "x");
	ok(hub_settings_source(h, "other", &src, &e));
	assert_true(!src.has_trust && !src.group[0]);
	put(h, "level/budget", "1", &alice, 1, 6); /* by hand */
	put(h, "source/drop", "trust=2", &alice, 1, 7);
	assert_int_equal(hub_settings_read(h, &s, NULL), -EBADMSG);
	assert_int_equal(hub_settings_source(h, "drop", &src, NULL), -EBADMSG);
	(void)hub_free(h);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		T(test_changes),
		T(test_refused),
		T(test_undo),
		T(test_whole),
		T(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
