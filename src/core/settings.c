/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "core/param.h"
#include "util/grow.h"
#include "util/num.h"

#define UNTIL_MAX INT64_C(253402300799) /* the end of the year 9999 */
#define SHOWN	  60			/* bytes of what somebody wrote, in messages */

void settings_init(struct settings *s)
{
	*s = (struct settings){ .levels = thresholds_standard() };
}

void settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->warrants.n; i++) {
		free(s->warrants.v[i].entity);
		free(s->warrants.v[i].text);
	}
	free(s->warrants.v);
	free(s->own.v);
	free(s->allow.v);
	settings_init(s);
}

static int net_add(
    struct settings_nets *l, struct span net, struct span until, bool ends, struct err *e)
{
	struct settings_net x = { .until_s = 0 };

	if (prefix_parse(net, true, &x.net) < 0)
		return err_set(e, -EBADMSG, "\"%.*s\" is no prefix",
		    (int)MIN_OF(span_len(net), (size_t)SHOWN), net.p);
	if (ends && !span_empty(until) && num_i64(until, 1, UNTIL_MAX, &x.until_s) < 0)
		return err_set(e, -EBADMSG, "\"%.*s\" is no time",
		    (int)MIN_OF(span_len(until), (size_t)SHOWN), until.p);
	if (!ends && !span_empty(until))
		return err_set(e, -EBADMSG, "something follows an own network");
	if (l->n == SETTINGS_NETS_MAX)
		return err_set(e, -E2BIG, "more than %u networks", SETTINGS_NETS_MAX);
	if (grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	l->v[l->n++] = x;
	return 0;
}

static int level_add(struct settings *s, struct span name, struct span value, struct err *e)
{
	enum threshold t;
	double v;

	if (threshold_find(name, &t) < 0)
		return 0; /* of a later version */
	if (threshold_parse(t, value, &v, e) < 0)
		return -EBADMSG;
	s->levels.v[t] = v;
	s->level_set[t] = true;
	return 0;
}

static int warrant_add(
    struct settings_warrants *l, struct span entity, struct span text, struct err *e)
{
	struct settings_warrant *x;

	if (l->n == SETTINGS_WARRANTS) {
		l->beyond++;
		return 0;
	}
	if (grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v)) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	x = &l->v[l->n++];
	*x = (struct settings_warrant){ span_dup(entity), span_dup(text) };
	return x->entity && x->text ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static struct span after(struct span s, const char *head)
{
	return span_of(s.p + strlen(head), span_len(s) - strlen(head));
}

int settings_take(struct settings *s, struct span name, struct span value, struct err *e)
{
	struct err why = { "" };
	int r;

	if (span_starts(name, SETTING_OWN))
		r = net_add(&s->own, after(name, SETTING_OWN), value, false, &why);
	else if (span_starts(name, SETTING_ALLOW))
		r = net_add(&s->allow, after(name, SETTING_ALLOW), value, true, &why);
	else if (span_starts(name, SETTING_LEVEL))
		r = level_add(s, after(name, SETTING_LEVEL), value, &why);
	else if (span_starts(name, SETTING_WARRANT))
		r = warrant_add(&s->warrants, after(name, SETTING_WARRANT), value, &why);
	else
		return 0;
	return r < 0 ? err_set(e, r, "setting %.*s: %s", (int)MIN_OF(span_len(name), (size_t)SHOWN),
			   name.p, why.text)
		     : 1;
}

/* --- the file ----------------------------------------------------------------------------------- */

static void put_nets(const struct settings_nets *l, const char *word, bool ends, struct buf *out)
{
	char net[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < l->n; i++) {
		(void)prefix_format(l->v[i].net, net);
		buf_fmt(out, "%s\t%s", word, net);
		if (ends && l->v[i].until_s)
			buf_fmt(out, "\t%" PRId64, l->v[i].until_s);
		buf_byte(out, '\n');
	}
}

void settings_format(const struct settings *s, struct buf *out)
{
	char value[THRESHOLD_TEXT_MAX];
	size_t n = 1 + s->own.n + s->allow.n;

	buf_fmt(out, SETTINGS_HEADER "\nrev\t%" PRId64 "\n", s->rev);
	put_nets(&s->own, "own", false, out);
	put_nets(&s->allow, "allow", true, out);
	for (unsigned t = 0; t < THRESHOLD_N; t++) {
		if (!s->level_set[t])
			continue;
		threshold_format((enum threshold)t, s->levels.v[t], value);
		buf_fmt(out, "level\t%s\t%s\n", threshold_rows[t].name, value);
		n++;
	}
	buf_fmt(out, "end\t%zu\n", n);
}

static int read_line(struct settings *s, struct span line, struct err *e)
{
	struct span rest = line, word, first;

	(void)span_cut(&rest, '\t', &word);
	(void)span_cut(&rest, '\t', &first);
	if (span_is(word, "own"))
		return net_add(&s->own, first, rest, false, e);
	if (span_is(word, "allow"))
		return net_add(&s->allow, first, rest, true, e);
	if (span_is(word, "level"))
		return level_add(s, first, rest, e);
	if (span_is(word, "rev") && num_i64(first, 0, INT64_MAX, &s->rev) < 0)
		return err_set(e, -EBADMSG, "rev is no number");
	return 0; /* words of later versions are left alone */
}

/* 1: that was the end. */
static int read_any(struct settings *s, struct span line, uint64_t *n, struct err *e)
{
	uint64_t count;

	if (span_empty(line) || *line.p == '#')
		return 0;
	if (!span_starts(line, "end\t")) {
		(*n)++;
		return read_line(s, line, e);
	}
	if (num_u64(after(line, "end\t"), UINT64_MAX, &count) < 0 || count != *n)
		return err_set(
		    e, -EBADMSG, "%" PRIu64 " lines, but the end says another number", *n);
	return 1;
}

static int read_all(struct settings *s, struct span text, struct err *e)
{
	struct span rest = text, line;
	uint64_t n = 0, number = 1;
	struct err why = { "" };
	int r = 0;

	if (span_len(text) > SETTINGS_BYTES_MAX)
		return err_set(e, -E2BIG, "more than %u bytes", SETTINGS_BYTES_MAX);
	if (!span_cut(&rest, '\n', &line) || !span_is(line, SETTINGS_HEADER))
		return err_set(e, -EBADMSG, "does not begin with \"" SETTINGS_HEADER "\"");
	while (r == 0 && !span_empty(rest)) {
		(void)span_cut(&rest, '\n', &line);
		number++;
		r = read_any(s, line, &n, &why);
	}
	if (r < 0)
		return err_set(e, r, "line %" PRIu64 ": %s", number, why.text);
	if (r == 0)
		return err_set(e, -EBADMSG, "it does not end with \"end COUNT\": it was cut");
	return span_empty(rest) ? 0 : err_set(e, -EBADMSG, "something follows the end");
}

int settings_parse(struct span text, struct settings *ret, struct err *e)
{
	struct settings s;
	int r;

	settings_init(&s);
	r = read_all(&s, text, e);
	if (r < 0) {
		settings_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

/* --- what follows ------------------------------------------------------------------------------- */

static int join(const struct settings *s, const struct addrset *own, bool allow, int64_t now_s,
    struct addrset *ret)
{
	struct addrset all = { .v = NULL };
	int r = 0;

	for (size_t i = 0; own && i < own->n && r == 0; i++)
		r = addrset_add(&all, own->v[i]);
	for (size_t i = 0; i < s->own.n && r == 0; i++)
		r = addrset_add(&all, prefix_range(s->own.v[i].net));
	for (size_t i = 0; allow && i < s->allow.n && r == 0; i++)
		if (!s->allow.v[i].until_s || s->allow.v[i].until_s > now_s)
			r = addrset_add(&all, prefix_range(s->allow.v[i].net));
	if (r < 0) {
		addrset_done(&all);
		return -ENOMEM;
	}
	addrset_settle(&all);
	*ret = all;
	return 0;
}

int settings_never(
    const struct settings *s, const struct addrset *own, int64_t now_s, struct addrset *ret)
{
	return join(s, own, true, now_s, ret);
}

int settings_own(const struct settings *s, const struct addrset *own, struct addrset *ret)
{
	return join(s, own, false, 0, ret);
}

int settings_net_parse(struct span text, struct prefix *ret, struct err *e)
{
	int n = (int)MIN_OF(span_len(text), (size_t)SHOWN);
	const char *special;
	struct prefix p;
	int r = prefix_parse(text, true, &p);

	if (r == -EDOM)
		return err_set(e, -EINVAL,
		    "%.*s has bits set behind its length; which network do you mean?", n, text.p);
	if (r < 0)
		return err_set(e, -EINVAL, "\"%.*s\" is no address and no prefix", n, text.p);
	if (p.len < (prefix_is_v4(p) ? 96 + SETTINGS_V4_WIDEST : SETTINGS_V6_WIDEST))
		return err_set(e, -EINVAL,
		    "%.*s is wider than the bound: IPv4 /%u, IPv6 /%u is the widest that can be "
		    "named",
		    n, text.p, SETTINGS_V4_WIDEST, SETTINGS_V6_WIDEST);
	special = range_special(prefix_range(p));
	if (special)
		return err_set(e, -EINVAL,
		    "%.*s is or holds %s space, which is never on a wall and needs no setting", n,
		    text.p, special);
	*ret = p;
	return 0;
}

/* --- sources ------------------------------------------------------------------------------------ */

static int set_trust(struct settings_source *s, struct span v, struct err *e)
{
	char text[32];
	double same;

	if (num_real(v, &s->trust) < 0 || !(s->trust >= 0 && s->trust <= 1))
		return err_set(e, -EINVAL, "trust is a number from 0 to 1");
	(void)snprintf(text, sizeof(text), "%g", s->trust); /* fits */
	if (num_real(span_str(text), &same) < 0 || same < s->trust || same > s->trust)
		return err_set(e, -EINVAL, "trust: six digits at most, 0.0001 at least");
	s->has_trust = true;
	return 0;
}

static int set_group(struct settings_source *s, struct span v, struct err *e)
{
	_Static_assert(SETTINGS_GROUP_MAX >= PARAM_NAME_MAX, "a name fits");
	if (!section_name_ok(v))
		return err_set(e, -EINVAL,
		    "a group's name is 1 to %u letters, digits, '.', '_' or '-'", PARAM_NAME_MAX);
	(void)snprintf(s->group, sizeof(s->group), "%.*s", SPAN_ARG(v));
	return 0;
}

static int set_redistribute(struct settings_source *s, struct span v, struct err *e)
{
	if (!span_is(v, "yes") && !span_is(v, "no"))
		return err_set(e, -EINVAL, "redistribute is yes or no");
	s->has_redistribute = true;
	s->redistribute = span_is(v, "yes");
	return 0;
}

static int set_one(struct settings_source *s, struct span word, struct err *e)
{
	struct span value = word, name;
	bool back;

	if (!span_cut(&value, '=', &name))
		return err_set(e, -EINVAL, "want trust=…, group=… or redistribute=…, not \"%.*s\"",
		    (int)MIN_OF(span_len(word), (size_t)SHOWN), word.p);
	back = span_is(value, "default");
	if (span_is(name, "trust")) {
		s->has_trust = false;
		return back ? 0 : set_trust(s, value, e);
	}
	if (span_is(name, "group")) {
		s->group[0] = '\0';
		return back ? 0 : set_group(s, value, e);
	}
	if (span_is(name, "redistribute")) {
		s->has_redistribute = false;
		return back ? 0 : set_redistribute(s, value, e);
	}
	return err_set(e, -EINVAL,
	    "\"%.*s\" of a source cannot be set here: trust, group, "
	    "redistribute can",
	    (int)MIN_OF(span_len(name), (size_t)SHOWN), name.p);
}

int settings_source_parse(struct span text, struct settings_source *ret, struct err *e)
{
	struct settings_source s = *ret;
	struct span rest = text, word;

	while (!span_empty(rest)) {
		(void)span_cut(&rest, ' ', &word);
		if (!span_empty(word) && set_one(&s, word, e) < 0)
			return -EINVAL;
	}
	*ret = s;
	return 0;
}

void settings_source_format(const struct settings_source *s, char ret[SETTINGS_SOURCE_TEXT_MAX])
{
	char trust[40] = "", group[SETTINGS_GROUP_MAX + 10] = "";
	int n;

	if (s->has_trust)
		(void)snprintf(trust, sizeof(trust), "trust=%g ", s->trust);
	if (s->group[0])
		(void)snprintf(group, sizeof(group), "group=%s ", s->group);
	n = snprintf(ret, SETTINGS_SOURCE_TEXT_MAX, "%s%s%s", trust, group,
	    !s->has_redistribute ? ""
	    : s->redistribute	 ? "redistribute=yes"
				 : "redistribute=no");
	if (n > 0 && ret[n - 1] == ' ')
		ret[n - 1] = '\0';
}
