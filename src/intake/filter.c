/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/filter.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "intake/ini.h"
#include "intake/window.h"
#include "util/num.h"

/* Where none is named: */
static const char *const shipped[] = { "sshd", "postfix", "postfix-sasl", "postfix-rate",
	"postfix-scan", "dovecot", "exim", "exim-auth", "exim-spam", "rspamd", "amavis",
	"spamassassin", "ftp", "named", "firewall", "web", "web-scan", "web-auth",
	"web[logging=syslog]", "web-scan[logging=syslog]", "web-auth[logging=syslog]", "web-error",
	"web-error-scan", "web-error-auth", "login", "mail-login", "phone" };

static const char *const shipped_good[] = { "sshd-good", "dovecot-good", "postfix-good" };

/* What is read straight from [Definition], and so what <name> finds before anything else. */
static const char *const config_options[] = { "usedns", "prefregex", "ignoreregex", "failregex",
	"maxlines", "datepattern", "journalmatch" };

/* struct loading - one filter while it is read */
struct loading {
	const struct ini *ini;
	const char *name; /* for messages */
	struct ini_var option[FILTER_OPTIONS];
	struct ini_vars vars;
	struct filter *f;
};

/* --- NAME[option=value,…] --- */

static bool option_byte(char c)
{
	return isalnum((unsigned char)c) || strchr("_-.", c);
}

/* One option at the head of *s: name=value, name="value", name='value'. */
static int one_option(struct span *s, struct ini_var *ret)
{
	const char *p = s->p;
	struct span v;

	while (p < s->end && *p != '\0' && option_byte(*p))
		p++;
	ret->key = (struct span){ s->p, p };
	if (span_empty(ret->key) || p == s->end || *p != '=')
		return -EINVAL;
	v = (struct span){ p + 1, s->end };
	if (!span_empty(v) && (*v.p == '"' || *v.p == '\'')) {
		const char *q = memchr(v.p + 1, *v.p, span_len(v) - 1);

		if (!q)
			return -EINVAL;
		ret->value = (struct span){ v.p + 1, q };
		v.p = q + 1;
	} else {
		const char *q = v.p;

		while (q < v.end && *q != ',')
			q++;
		ret->value = span_trim((struct span){ v.p, q });
		v.p = q;
	}
	if (!span_empty(v) && *v.p != ',')
		return -EINVAL;
	s->p = span_empty(v) ? v.end : v.p + 1;
	return 0;
}

static int parse_spec(struct loading *l, const char *spec, struct span *name, struct err *e)
{
	struct span s = span_trim(span_str(spec));
	const char *open = memchr(s.p, '[', span_len(s));

	*name = span_trim(open ? (struct span){ s.p, open } : s);
	if (span_empty(*name) || span_len(*name) >= PATH_MAX || (open && s.end[-1] != ']'))
		return err_set(
		    e, -EINVAL, "filter \"%s\": write NAME or NAME[option=value,…]", spec);
	l->vars.v = l->option;
	if (!open)
		return 0;
	s = (struct span){ open + 1, s.end - 1 };
	while (s = span_trim(s), !span_empty(s)) {
		if (l->vars.n == FILTER_OPTIONS || one_option(&s, &l->option[l->vars.n]) < 0)
			return err_set(e, -EINVAL,
			    "filter \"%s\": options are name=value, with commas between, at most "
			    "%u",
			    spec, FILTER_OPTIONS);
		l->vars.n++;
	}
	return 0;
}

/* --- <name> --- */

static bool is_config_option(struct span name)
{
	for (size_t i = 0; i < NELEM(config_options); i++)
		if (span_is(name, config_options[i]))
			return true;
	return false;
}

/* <section/name>, as it is in its own section. */
static int section_value(
    const struct loading *l, struct span name, const char *slash, struct buf *out, struct err *e)
{
	struct span option = { slash + 1, name.end };
	char section[FILTER_NAME_MAX + 1];
	int n = snprintf(section, sizeof(section), "%.*s", (int)(slash - name.p), name.p);

	if (n > 0 && (size_t)n < sizeof(section) && ini_raw(l->ini, section, option))
		return ini_value(l->ini, section, option, NULL, out, e);
	return ini_value(l->ini, "Definition", name, NULL, out, e);
}

/* What <name> stands for, appended. 1, 0 when it stands for itself, -errno. */
static int tag_value(const struct loading *l, struct span name, struct buf *out, struct err *e)
{
	const char *slash = memchr(name.p, '/', span_len(name));

	for (unsigned i = 0; i < l->vars.n; i++)
		if (span_eq(l->option[i].key, name)) {
			buf_span(out, l->option[i].value);
			return 1;
		}
	if (ini_raw(l->ini, "Init", name))
		return ini_value(l->ini, "Init", name, &l->vars, out, e);
	if (span_is(name, "logtype") && !ini_raw(l->ini, "Definition", name)) {
		buf_str(out, "file");
		return 1;
	}
	if (is_config_option(name))
		return ini_value(l->ini, "Definition", name, &l->vars, out, e);
	if (slash)
		return section_value(l, name, slash, out, e);
	return ini_value(l->ini, "Definition", name, &l->vars, out, e);
}

/* The first <…> at or after p, brackets included: anything without blanks and brackets inside. */
static struct span next_tag(struct span s)
{
	const char *open = NULL;

	for (const char *p = s.p; p < s.end; p++)
		if (*p == '<')
			open = p;
		else if (*p == ' ')
			open = NULL;
		else if (*p == '>' && open && p > open + 1)
			return (struct span){ open, p + 1 };
		else if (*p == '>')
			open = NULL;
	return (struct span){ s.end, s.end };
}

/* One pass over a value. Returns how many tags were replaced, or -errno. */
static int tag_pass(const struct loading *l, struct span in, struct buf *out, struct err *e)
{
	int n = 0;

	while (!span_empty(in)) {
		struct span tag = next_tag(in);
		int r;

		buf_span(out, (struct span){ in.p, tag.p });
		in.p = tag.end;
		if (span_empty(tag))
			break;
		r = tag_value(l, (struct span){ tag.p + 1, tag.end - 1 }, out, e);
		if (r < 0)
			return r;
		if (r == 0)
			buf_span(out, tag);
		n += r;
		if (n > (int)INI_EXPAND_MAX || !buf_ok(out))
			return err_set(
			    e, -EINVAL, "<…> tags grow too long, or name each other in a circle");
	}
	return n;
}

static int replace_tags(const struct loading *l, struct buf *v, struct err *e)
{
	struct buf next;
	int r = 1;

	buf_init(&next, INI_VALUE_MAX);
	for (unsigned pass = 0; r > 0; pass++) {
		if (pass == INI_NEST_MAX * 2) {
			r = err_set(e, -EINVAL, "<…> tags name each other in a circle");
			break;
		}
		buf_reset(&next);
		r = tag_pass(l, buf_text(v), &next, e);
		if (r > 0) {
			buf_reset(v);
			buf_span(v, buf_text(&next));
		}
	}
	buf_done(&next);
	return r;
}

/* One option of the filter, everything replaced; empty when it is not there. */
static int option(const struct loading *l, const char *name, struct buf *out, struct err *e)
{
	const struct ini_entry *en = ini_raw(l->ini, "Definition", span_str(name));
	int r;

	buf_reset(out);
	r = tag_value(l, span_str(name), out, e);
	if (r <= 0)
		return r;
	r = replace_tags(l, out, e);
	if (r < 0 && en)
		return err_wrap(e, r, "%s:%u: %s", en->file, en->line, name);
	return r < 0 ? err_wrap(e, r, "filter %s: %s", l->name, name) : 0;
}

/* --- the parts --- */

static int refuse(
    const struct loading *l, const char *what, unsigned number, int code, struct err *e)
{
	const struct ini_entry *en = ini_raw(l->ini, "Definition", span_str(what));

	if (number > 0)
		(void)err_wrap(e, code, "%s, expression %u", what, number);
	else
		(void)err_wrap(e, code, "%s", what);
	return en ? err_wrap(e, code, "%s:%u", en->file, en->line)
		  : err_wrap(e, code, "filter %s", l->name);
}

/* Whom a match is about: itself, or the lines of its id do. */
static bool names_somebody(const struct regex *re)
{
	return re &&
	       (regex_has(re, REGEX_IP4) || regex_has(re, REGEX_IP6) || regex_has(re, REGEX_DNS) ||
		   regex_has(re, REGEX_ID) || regex_has(re, REGEX_MLFID));
}

static bool is_rare(const struct regex *re)
{
	return re && (regex_has(re, REGEX_ID) || regex_has(re, REGEX_CIDR));
}

/* One expression; room is what it stands in. */
static int one_regex(const struct loading *l, struct span text, struct regex **ret, struct err *e)
{
	if (l->f->lines == 1 &&
	    memmem(text.p, span_len(text), "<SKIPLINES>", strlen("<SKIPLINES>")))
		return err_set(
		    e, -EINVAL, "<SKIPLINES> joins lines: say of how many, maxlines = 2 or more");
	return regex_new(
	    text, (l->f->lines > 1 ? REGEX_LINES : 0) | (l->f->joins ? REGEX_JOINS : 0), ret, e);
}

static int regex_lines(const struct loading *l, const char *what, struct regex ***ret,
    unsigned *ret_n, struct buf *room, struct err *e)
{
	struct span all, one;
	unsigned n = 0, number = 0;
	int r = option(l, what, room, e);

	if (r < 0)
		return r;
	*ret = calloc(FILTER_REGEX_MAX, sizeof(**ret));
	if (!*ret)
		return err_set(e, -ENOMEM, "out of memory");
	all = buf_text(room);
	while (r == 0 && !span_empty(all)) {
		(void)span_cut(&all, '\n', &one); /* the last has no LF */
		if (span_empty(one))
			continue;
		number++;
		if (n == FILTER_REGEX_MAX)
			r = err_set(e, -E2BIG, "more than %u expressions", FILTER_REGEX_MAX);
		else
			r = one_regex(l, one, &(*ret)[n], e);
		if (r < 0)
			return refuse(l, what, number, r, e);
		*ret_n = ++n;
	}
	return 0;
}

static int load_prefix(const struct loading *l, struct buf *room, struct err *e)
{
	int r = option(l, "prefregex", room, e);

	if (r < 0 || span_empty(buf_text(room)))
		return r;
	r = one_regex(l, buf_text(room), &l->f->prefix, e);
	return r < 0 ? refuse(l, "prefregex", 0, r, e) : 0;
}

static int note_starts(struct filter *f, struct err *e)
{
	for (unsigned i = 0; i < f->n_fail && i < 64; i++) {
		struct regex_head head;

		if (regex_head(f->fail[i], &head) < 0)
			return err_set(e, -ENOMEM, "out of memory");
		for (unsigned k = 0; k < REGEX_HEAD; k++)
			for (unsigned b = 0; b < 256; b++)
				f->starts[k][b] |= (uint64_t)head.can[k][b] << i;
	}
	for (unsigned k = 0; f->n_fail > 64 && k < REGEX_HEAD; k++)
		for (unsigned b = 0; b < 256; b++)
			f->starts[k][b] |= 1;
	return 0;
}

/* Whether lines are joined, which must be known before the first expression is compiled. */
static int load_joins(const struct loading *l, struct buf *room, struct err *e)
{
	static const char *const where[] = { "prefregex", "failregex" };
	static const char *const what[] = { "<F-MLFID>", "(?P<mlfid>" };

	for (size_t i = 0; i < NELEM(where); i++) {
		int r = option(l, where[i], room, e);
		struct span t = buf_text(room);

		if (r < 0)
			return r;
		for (size_t k = 0; k < NELEM(what); k++)
			l->f->joins |= !span_empty(t) &&
				       memmem(t.p, span_len(t), what[k], strlen(what[k])) != NULL;
	}
	return 0;
}

/* The address of an expression is no <F-ALT_…>, of which nothing is known. */
static bool plain_address(const struct regex *re)
{
	bool has = false;

	for (enum regex_group g = REGEX_IP4; re && g <= REGEX_DNS; g++)
		has |= regex_has(re, g);
	return !has || re->anchor.mark[ANCHOR_ADDR].there;
}

static bool is_anchored(const struct filter *f)
{
	bool all = f->lines == 1 && plain_address(f->prefix);

	for (unsigned i = 0; i < f->n_fail; i++)
		all = all && plain_address(f->fail[i]) &&
		      anchor_holds(f->prefix ? &f->prefix->anchor : NULL, &f->fail[i]->anchor);
	return all;
}

static int load_regexes(const struct loading *l, struct buf *room, struct err *e)
{
	struct filter *f = l->f;
	int r = load_joins(l, room, e);

	if (r == 0)
		r = load_prefix(l, room, e);
	if (r == 0)
		r = regex_lines(l, "failregex", &f->fail, &f->n_fail, room, e);
	if (r == 0)
		r = regex_lines(l, "ignoreregex", &f->ignore, &f->n_ignore, room, e);
	if (r < 0)
		return r;
	if (f->n_fail == 0)
		return err_set(e, -EINVAL, "filter %s: no failregex in its [Definition]", l->name);
	f->rare = is_rare(f->prefix);
	for (unsigned i = 0; i < f->n_fail; i++) {
		f->rare |= is_rare(f->fail[i]);
		if (names_somebody(f->fail[i]) || names_somebody(f->prefix))
			continue;
		(void)err_set(e, -ENOTSUP, "no <HOST> or <ADDR> in it: whose fault was it?");
		return refuse(l, "failregex", i + 1, -ENOTSUP, e);
	}
	f->anchored = is_anchored(f);
	return note_starts(f, e);
}

static int load_date(const struct loading *l, struct buf *room, struct err *e)
{
	static const struct {
		const char *text;
		enum filter_date date;
	} forms[] = {
		{ "", FILTER_DATE_ANY },
		{ "{DEFAULT}", FILTER_DATE_ANY },
		{ "{^LN-BEG}", FILTER_DATE_START },
	};
	int r = option(l, "datepattern", room, e);
	struct span v = span_trim(buf_text(room));

	if (r < 0)
		return r;
	for (size_t i = 0; i < NELEM(forms); i++)
		if (span_is(v, forms[i].text)) {
			l->f->date = forms[i].date;
			return 0;
		}
	l->f->date =
	    span_is(v, DATES_BRACKETS) && l->f->lines == 1 ? FILTER_DATE_BRACKETS : FILTER_DATE_OWN;
	r = dates_new(v, &l->f->dates, e);
	return r < 0 ? refuse(l, "datepattern", 0, r, e) : 0;
}

static int load_maxlines(const struct loading *l, struct buf *room, struct err *e)
{
	uint32_t n = 1;
	int r = option(l, "maxlines", room, e);
	struct span v = span_trim(buf_text(room));

	if (r < 0)
		return r;
	if (!span_empty(v) && (num_u32(v, WINDOW_LINES_MAX, &n) < 0 || n == 0)) {
		(void)err_set(e, -EINVAL, "%.*s is no number from 1 to %u",
		    (int)MIN_OF(span_len(v), (size_t)20), v.p, WINDOW_LINES_MAX);
		return refuse(l, "maxlines", 0, -EINVAL, e);
	}
	l->f->lines = n;
	return 0;
}

/* Whoever wrote this wrote the expressions too. */
static bool is_authors(const struct loading *l, const struct ini_entry *en)
{
	const struct ini_entry *fail = ini_raw(l->ini, "Definition", SPAN("failregex"));

	return fail && fail->file == en->file;
}

static int load_onus(const struct loading *l, struct err *e)
{
	struct filter *f = l->f;

	for (unsigned i = 0; ini_at(l->ini, i); i++) {
		const struct ini_entry *en = ini_at(l->ini, i);
		struct span v = span_str(en->value);

		if (strcmp(en->section, "Onus") != 0)
			continue;
		if (strcmp(en->key, "category") == 0 && category_parse(v, &f->category) == 0)
			continue;
		if (strcmp(en->key, "good") == 0 && good_parse(v, &f->good) == 0)
			continue;
		if (strcmp(en->key, "service") == 0 && span_len(v) <= EVENT_SERVICE_MAX) {
			(void)snprintf(f->service, sizeof(f->service), "%s", en->value);
			continue;
		}
		if (strcmp(en->key, "proof") == 0 && (span_is(v, "full") || span_is(v, "weak"))) {
			f->proof = span_is(v, "full") && (f->anchored || is_authors(l, en))
				       ? PROOF_FULL
				       : PROOF_WEAK;
			continue;
		}
		return err_set(e, -EINVAL,
		    "%s:%u: [Onus] knows category (a category's name), service (at most %u bytes), "
		    "proof (full or weak) and good (delivery or login), not %s = %s",
		    en->file, en->line, EVENT_SERVICE_MAX, en->key, en->value);
	}
	return 0;
}

static int load_journalmatch(const struct loading *l, struct buf *room, struct err *e)
{
	int r = option(l, "journalmatch", room, e);
	struct span v = span_trim(buf_text(room));

	if (r < 0 || span_empty(v))
		return r;
	l->f->journalmatch = span_dup(v);
	return l->f->journalmatch ? 0 : err_set(e, -ENOMEM, "out of memory");
}

static int load_parts(const struct loading *l, struct err *e)
{
	struct buf room;
	int r;

	buf_init(&room, INI_VALUE_MAX);
	r = load_maxlines(l, &room, e);
	if (r == 0)
		r = load_date(l, &room, e);
	if (r == 0)
		r = load_regexes(l, &room, e);
	if (r == 0)
		r = load_journalmatch(l, &room, e);
	if (r == 0)
		r = load_onus(l, e);
	buf_done(&room);
	return r;
}

/* The filter's name is the file's, without directory and .conf. */
static void set_name(struct filter *f, struct span name)
{
	const char *slash = memrchr(name.p, '/', span_len(name));

	if (slash)
		name.p = slash + 1;
	if (span_len(name) > 5 && memcmp(name.end - 5, ".conf", 5) == 0)
		name.end -= 5;
	(void)snprintf(f->name, sizeof(f->name), "%.*s",
	    (int)MIN_OF(span_len(name), (size_t)FILTER_NAME_MAX), name.p);
	(void)snprintf(f->service, sizeof(f->service), "%.*s", (int)EVENT_SERVICE_MAX, f->name);
}

/* --- finding the file --- */

static int open_ini(struct span name, const char *path, struct ini **ret, struct err *e)
{
	struct span dirs = span_str(path), dir;
	char file[PATH_MAX];
	int n;

	if (memchr(name.p, '/', span_len(name))) {
		bool conf = span_len(name) > 5 && memcmp(name.end - 5, ".conf", 5) == 0;

		n = snprintf(file, sizeof(file), "%.*s%s", SPAN_ARG(name),
		    conf || access(name.p, R_OK) == 0 ? "" : ".conf");
		if (n < 0 || (size_t)n >= sizeof(file))
			return err_set(e, -ENAMETOOLONG, "the path is too long");
		return ini_load(file, ret, e);
	}
	while (!span_empty(dirs)) {
		(void)span_cut(&dirs, ':', &dir); /* the last has none */
		n = snprintf(file, sizeof(file), "%.*s/%.*s.conf", SPAN_ARG(dir), SPAN_ARG(name));
		if (n > 0 && (size_t)n < sizeof(file) && access(file, F_OK) == 0)
			return ini_load(file, ret, e);
	}
	return err_set(e, -ENOENT,
	    "no filter \"%.*s\": there is no %.*s.conf in %s (option --filter-path, parameter "
	    "filter_path)",
	    SPAN_ARG(name), SPAN_ARG(name), path);
}

static int load(struct loading *l, struct span name, struct filter **ret, struct err *e)
{
	int r;

	l->f = calloc(1, sizeof(*l->f));
	if (!l->f)
		return err_set(e, -ENOMEM, "out of memory");
	l->f->category = CATEGORY_OTHER;
	l->f->proof = PROOF_WEAK;
	set_name(l->f, name);
	l->name = l->f->name;
	r = load_parts(l, e);
	if (r < 0) {
		filter_free(l->f);
		return r;
	}
	*ret = l->f;
	return 0;
}

int filter_load(const char *spec, const char *path, struct filter **ret, struct err *e)
{
	struct loading l = { .vars.n = 0 };
	struct ini *ini = NULL;
	struct span name;
	char *copy = NULL;
	int r = parse_spec(&l, spec, &name, e);

	if (r == 0) {
		copy = span_dup(name); /* paths need their NUL */
		r = copy ? open_ini(span_str(copy), path, &ini, e)
			 : err_set(e, -ENOMEM, "out of memory");
	}
	if (r == 0) {
		l.ini = ini;
		r = load(&l, name, ret, e);
	}
	free(copy);
	ini_free(ini);
	return r;
}

int filter_parse(const char *spec, struct span text, struct filter **ret, struct err *e)
{
	struct loading l = { .vars.n = 0 };
	struct ini *ini = NULL;
	struct span name;
	int r = parse_spec(&l, spec, &name, e);

	if (r == 0)
		r = ini_parse(spec, text, &ini, e);
	if (r == 0) {
		l.ini = ini;
		r = load(&l, name, ret, e);
	}
	ini_free(ini);
	return r;
}

struct filter *filter_free(struct filter *f)
{
	if (!f)
		return NULL;
	regex_free(f->prefix);
	(void)dates_free(f->dates);
	for (unsigned i = 0; i < f->n_fail; i++)
		regex_free(f->fail[i]);
	for (unsigned i = 0; i < f->n_ignore; i++)
		regex_free(f->ignore[i]);
	free(f->journalmatch);
	free(f->fail);
	free(f->ignore);
	free(f);
	return NULL;
}

int filters_load_good(struct filters *ret, const char *path, struct err *e)
{
	return filters_load(ret, shipped_good, NELEM(shipped_good), path, e);
}

int filters_load(
    struct filters *ret, const char *const *specs, unsigned n, const char *path, struct err *e)
{
	struct filters f = { .n = 0 };
	int r = 0;

	if (n == 0) {
		specs = shipped;
		n = NELEM(shipped);
	}
	if (n > FILTERS_MAX)
		return err_set(e, -E2BIG, "more than %u filters at once", FILTERS_MAX);
	for (unsigned i = 0; i < n && r == 0; i++) {
		r = filter_load(specs[i], path, &f.v[i], e);
		if (r == 0)
			f.n++;
	}
	if (r < 0)
		filters_done(&f);
	else
		*ret = f;
	return r;
}

bool filters_remember(const struct filters *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->v[i]->joins || f->v[i]->lines > 1 ||
		    (f->v[i]->dates && dates_may_lack(f->v[i]->dates)))
			return true;
	return false;
}

void filters_done(struct filters *f)
{
	for (unsigned i = 0; f && i < f->n; i++)
		f->v[i] = filter_free(f->v[i]);
	if (f)
		f->n = 0;
}
