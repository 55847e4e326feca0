/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/opt.h"

#include <errno.h>
#include <string.h>

#include "util/clock.h"
#include "util/num.h"

static void help(const struct opt_usage *u)
{
	(void)printf(
	    "Usage: %s [OPTION…] %s\n\n%s\n\nOptions:\n", u->command, u->operands, u->about);
	for (unsigned i = 0; i < u->n_opts; i++) {
		const struct opt *o = &u->opts[i];
		char left[64], letter[8] = "   ";

		if (o->letter)
			(void)snprintf(letter, sizeof(letter), "-%c,", o->letter);
		(void)snprintf(left, sizeof(left), "%s --%s%s%s", letter, o->name,
		    o->arg ? " " : "", o->arg ? o->arg : "");
		(void)printf("  %-28s %s\n", left, o->help);
	}
	(void)printf("  %-28s %s\n", "    --help", "Show this text.");
	if (u->more)
		(void)printf("\n%s\n", u->more);
}

static int assign(const struct opt *o, const char *v, struct err *e)
{
	struct opt_list *l = o->dest;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)o->dest = true;
		return 0;
	case OPT_TEXT:
		*(const char **)o->dest = v;
		return 0;
	case OPT_COUNT:
		if (num_u32(span_str(v), UINT32_MAX, o->dest) == 0)
			return 0;
		return err_set(e, -EINVAL, "--%s wants a number, not \"%s\"", o->name, v);
	case OPT_TIME:
		if (utc_parse(span_str(v), o->dest) == 0)
			return 0;
		return err_set(e, -EINVAL,
		    "--%s wants a time such as 2026-11-23 or 2026-11-23T12:00:00Z, "
		    "not \"%s\"",
		    o->name, v);
	case OPT_LIST:
		if (l->n < OPT_LIST_MAX) {
			l->v[l->n++] = v;
			return 0;
		}
		return err_set(
		    e, -EINVAL, "--%s may stand at most %d times", o->name, OPT_LIST_MAX);
	}
	return err_set(e, -EINVAL, "--%s has no type", o->name);
}

static const struct opt *find(const struct opt_usage *u, const char *name, size_t n, char letter)
{
	for (unsigned i = 0; i < u->n_opts; i++) {
		const struct opt *o = &u->opts[i];

		if (letter ? o->letter == letter
			   : strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

/* One option at argv[*i]; moves *i over the argument it takes. */
static int one(const struct opt_usage *u, int argc, char **argv, int *i, struct err *e)
{
	const char *a = argv[*i], *value = NULL;
	const struct opt *o;

	if (a[1] == '-') {
		size_t n = strcspn(a + 2, "=");

		o = find(u, a + 2, n, 0);
		value = a[2 + n] == '=' ? a + 3 + n : NULL;
	} else {
		o = find(u, NULL, 0, a[1]);
		value = a[2] ? a + 2 : NULL;
	}
	if (!o)
		return err_set(e, -EINVAL, "unknown option %s; try %s --help", a, u->command);
	if (o->type == OPT_FLAG && value)
		return err_set(e, -EINVAL, "--%s takes no value", o->name);
	if (o->type != OPT_FLAG && !value) {
		if (*i + 1 >= argc)
			return err_set(
			    e, -EINVAL, "--%s needs %s", o->name, o->arg ? o->arg : "a value");
		value = argv[++*i];
	}
	return assign(o, value, e);
}

int opt_parse(const struct opt_usage *u, int argc, char **argv, struct err *e)
{
	int n = 0, i = 1;

	for (; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "--help") == 0) {
			help(u);
			return -ECANCELED;
		}
		if (argv[i][0] == '-' && argv[i][1] != '\0') {
			int r = one(u, argc, argv, &i, e);

			if (r < 0)
				return r;
			continue;
		}
		argv[++n] = argv[i];
	}
	for (; i < argc; i++)
		argv[++n] = argv[i];
	return n;
}

int opt_main(const struct opt_usage *u, int argc, char **argv)
{
	struct err e;
	int n = opt_parse(u, argc, argv, &e);

	if (n < 0 && n != -ECANCELED)
		(void)fprintf(stderr, "%s: %s\n", u->command, e.text);
	return n;
}

int opt_exit(int opt_main_result)
{
	return opt_main_result == -ECANCELED ? 0 : 3; /* UNKNOWN, as in Nagios */
}
