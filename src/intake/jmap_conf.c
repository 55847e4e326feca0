/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading of maps: names and values of json.d/NAME.conf into what jmap.c applies. */
#include <errno.h>
#include <limits.h>

#include "intake/jmap_priv.h"
#include "util/num.h"

#define MAP_SECTION "map"
#define RULE_PREFIX "rule "

/* struct reading - a map under way, and the entry at hand */
struct reading {
	struct jmap *m;
	const struct ini_entry *en;
	struct jmap_rule *rule; /* of the section at hand */
	struct jmap_rule standard;
	struct err *e;
};

static int bad(const struct reading *rd, int code, const char *what, struct span at)
{
	return err_set(rd->e, code, "%s:%u: %s = …: %s%s%.*s", rd->en->file, rd->en->line,
	    rd->en->key, what, span_empty(at) ? "" : ": ", (int)MIN_OF(span_len(at), (size_t)80),
	    at.p);
}

/* --- pieces of a line --- */

/* The next word, up to a blank; quotation marks hold it together. */
static struct span word(struct span *s)
{
	bool quoted = false;
	const char *p;
	struct span w;

	*s = span_trim(*s);
	for (p = s->p; p < s->end && (quoted || (*p != ' ' && *p != '\t')); p++)
		quoted ^= *p == '"';
	w = (struct span){ s->p, p };
	*s = span_trim((struct span){ p, s->end });
	return w;
}

static bool take_word(struct span *s, const char *want)
{
	struct span rest = *s;

	if (!span_is(word(&rest), want))
		return false;
	*s = rest;
	return true;
}

static int path(const struct reading *rd, struct span s, uint8_t *ret)
{
	struct err why;
	unsigned slot;
	int r = jpick_path(rd->m->pick, s, &slot, &why);

	if (r < 0)
		return bad(rd, r, why.text, SPAN(""));
	*ret = (uint8_t)slot;
	return 0;
}

/* VALUE | VALUE | "a | value": what stands in quotation marks is as it is. */
static int values(const struct reading *rd, struct span s, struct jmap_few *ret)
{
	struct jmap *m = rd->m;

	*ret = (struct jmap_few){ .first = (uint16_t)m->n_values };
	do {
		struct span v;
		const char *close;

		s = span_trim(s);
		if (span_starts(s, "\"")) {
			close = memchr(s.p + 1, '"', span_len(s) - 1);
			if (!close)
				return bad(rd, -EINVAL, "no closing quotation mark", s);
			v = (struct span){ s.p + 1, close };
			s = span_trim((struct span){ close + 1, s.end });
			if (!span_empty(s) && *s.p != '|')
				return bad(rd, -EINVAL, "write | between values", s);
			s.p += !span_empty(s);
		} else {
			(void)span_cut(&s, '|', &v);
			v = span_trim(v);
			if (span_empty(v))
				return bad(rd, -EINVAL, "a value is missing", s);
		}
		if (m->n_values == JMAP_VALUES_MAX)
			return bad(rd, -E2BIG, "too many values in this map", SPAN(""));
		m->values[m->n_values++] = v;
		ret->n++;
	} while (!span_empty(s));
	return 0;
}

/* --- conditions --- */

static const struct {
	const char *word;
	enum jmap_op op;
} ops[] = {
	{ "is", JMAP_IS },
	{ "begins", JMAP_BEGINS },
	{ "ends", JMAP_ENDS },
	{ "contains", JMAP_CONTAINS },
	{ "<", JMAP_LESS },
	{ ">=", JMAP_LEAST },
	{ ">", JMAP_MORE },
	{ "<=", JMAP_MOST },
};

static int one_test(const struct reading *rd, struct span line)
{
	struct jmap *m = rd->m;
	struct jmap_test t = { .op = JMAP_IS };
	struct jpick_value number = { .kind = JPICK_NUMBER };
	struct span s = line, op;
	size_t i = 0;
	int r = path(rd, word(&s), &t.slot);

	if (r < 0)
		return r;
	op = word(&s);
	while (i < NELEM(ops) && !span_is(op, ops[i].word))
		i++;
	if (i == NELEM(ops))
		return bad(rd, -EINVAL,
		    "a condition is MEMBER is|begins|ends|contains [not] VALUE | …, MEMBER is "
		    "given|missing, or MEMBER <|<=|>|>= NUMBER",
		    line);
	t.op = ops[i].op;
	if (t.op > JMAP_GIVEN) {
		number.text = s;
		if (!jpick_number(&number, &t.number))
			return bad(rd, -EINVAL, "a number must stand here", line);
	} else if (t.op == JMAP_IS && (span_is(s, "given") || span_is(s, "missing"))) {
		t.op = JMAP_GIVEN;
		t.not = span_is(s, "missing");
	} else {
		t.not = take_word(&s, "not");
		r = values(rd, s, &t.values);
	}
	if (r == 0 && m->n_tests == JMAP_TESTS_MAX)
		r = bad(rd, -E2BIG, "too many conditions in this map", SPAN(""));
	if (r == 0)
		m->tests[m->n_tests++] = t;
	return r;
}

static int conditions(const struct reading *rd, struct span s, struct jmap_few *ret)
{
	struct span line;
	int r = 0;

	*ret = (struct jmap_few){ .first = (uint16_t)rd->m->n_tests };
	while (r == 0 && !span_empty(s)) {
		(void)span_cut(&s, '\n', &line); /* the last has none */
		line = span_trim(line);
		if (span_empty(line))
			continue;
		r = one_test(rd, line);
		ret->n++;
	}
	if (r == 0 && ret->n == 0)
		return bad(rd, -EINVAL, "which conditions?", SPAN(""));
	return r;
}

/* --- one name each --- */

static int set_recognise(struct reading *rd, struct span s)
{
	return conditions(rd, s, &rd->m->recognise);
}

static int set_when(struct reading *rd, struct span s)
{
	return conditions(rd, s, &rd->rule->when);
}

static int set_full_when(struct reading *rd, struct span s)
{
	return conditions(rd, s, &rd->rule->full_when);
}

static int yes_no(const struct reading *rd, struct span s, bool *ret)
{
	*ret = span_is(s, "yes");
	return *ret || span_is(s, "no") ? 0 : bad(rd, -EINVAL, "yes or no", s);
}

static int set_ignore(struct reading *rd, struct span s)
{
	return yes_no(rd, s, &rd->rule->ignore);
}

static int set_address(struct reading *rd, struct span s)
{
	return path(rd, s, &rd->rule->address);
}

static int set_address_port(struct reading *rd, struct span s)
{
	return yes_no(rd, s, &rd->rule->with_port);
}

static int set_time(struct reading *rd, struct span s)
{
	return path(rd, s, &rd->rule->time);
}

static int set_time_form(struct reading *rd, struct span s)
{
	if (jtime_parse(s, &rd->rule->form) == 0)
		return 0;
	return bad(rd, -EINVAL,
	    "auto, seconds, milliseconds, microseconds, nanoseconds, or a format as of strptime",
	    s);
}

static int set_time_zone(struct reading *rd, struct span s)
{
	rd->rule->form.local = span_is(s, "local");
	return rd->rule->form.local || span_is(s, "utc") ? 0 : bad(rd, -EINVAL, "utc or local", s);
}

static int set_good(struct reading *rd, struct span s)
{
	if (good_parse(s, &rd->rule->good) == 0)
		return 0;
	return bad(rd, -EINVAL, "delivery or login", s);
}

static int set_category(struct reading *rd, struct span s)
{
	rd->rule->has_category = category_parse(s, &rd->rule->category) == 0;
	return rd->rule->has_category ? 0 : bad(rd, -EINVAL, "no such category", s);
}

static int set_category_from(struct reading *rd, struct span s)
{
	return path(rd, s, &rd->rule->category_from);
}

/* CATEGORY: VALUE | VALUE, one a line */
static int set_categories(struct reading *rd, struct span s)
{
	struct jmap_rule *rule = rd->rule;
	struct span line, name;
	int r = 0;

	rule->n_classes = 0;
	while (r == 0 && !span_empty(s)) {
		struct jmap_class *c = &rule->classes[rule->n_classes];

		(void)span_cut(&s, '\n', &line); /* the last has none */
		if (span_empty(span_trim(line)))
			continue;
		if (rule->n_classes == JMAP_CLASSES_MAX)
			return bad(rd, -E2BIG, "too many lines", SPAN(""));
		if (!span_cut(&line, ':', &name) ||
		    category_parse(span_trim(name), &c->category) < 0)
			return bad(rd, -EINVAL, "write CATEGORY: VALUE | VALUE", name);
		r = values(rd, line, &c->values);
		rule->n_classes++;
	}
	return r;
}

static int set_proof(struct reading *rd, struct span s)
{
	rd->rule->proof = span_is(s, "full") ? PROOF_FULL : PROOF_WEAK;
	return rd->rule->proof == PROOF_FULL || span_is(s, "weak")
		   ? 0
		   : bad(rd, -EINVAL, "full or weak", s);
}

static int set_count(struct reading *rd, struct span s)
{
	return path(rd, s, &rd->rule->count);
}

static int set_service(struct reading *rd, struct span s)
{
	rd->rule->service = s;
	return span_len(s) <= EVENT_SERVICE_MAX && !span_empty(s)
		   ? 0
		   : bad(rd, -EINVAL, "a word of at most 32 bytes", s);
}

static int set_service_from(struct reading *rd, struct span s)
{
	return path(rd, s, &rd->rule->service_from);
}

static int set_detail(struct reading *rd, struct span s)
{
	int r = 0;

	rd->rule->n_detail = 0;
	while (r == 0 && !span_empty(span_trim(s))) {
		if (rd->rule->n_detail == JMAP_DETAIL_MAX)
			return bad(rd, -E2BIG, "at most four members", SPAN(""));
		r = path(rd, word(&s), &rd->rule->detail[rd->rule->n_detail++]);
	}
	return r;
}

static int set_about(struct reading *rd, struct span s)
{
	return 0; /* for the reader of the file */
}

/* Where a name may stand. */
enum where { IN_MAP = 1, IN_RULE = 2, IN_BOTH = 3 };

static const struct {
	const char *name;
	enum where where;
	int (*set)(struct reading *rd, struct span value);
} names[] = {
	{ "about", IN_MAP, set_about },
	{ "recognise", IN_MAP, set_recognise },
	{ "when", IN_RULE, set_when },
	{ "ignore", IN_RULE, set_ignore },
	{ "good", IN_RULE, set_good },
	{ "address", IN_BOTH, set_address },
	{ "address_port", IN_BOTH, set_address_port },
	{ "time", IN_BOTH, set_time },
	{ "time_form", IN_BOTH, set_time_form },
	{ "time_zone", IN_BOTH, set_time_zone },
	{ "category", IN_BOTH, set_category },
	{ "category_from", IN_BOTH, set_category_from },
	{ "categories", IN_BOTH, set_categories },
	{ "proof", IN_BOTH, set_proof },
	{ "full_when", IN_BOTH, set_full_when },
	{ "count", IN_BOTH, set_count },
	{ "service", IN_BOTH, set_service },
	{ "service_from", IN_BOTH, set_service_from },
	{ "detail", IN_BOTH, set_detail },
};

/* The value of the entry at hand with %(name)s resolved; the map keeps it. */
static int value_of(struct reading *rd, struct span *ret)
{
	struct jmap *m = rd->m;
	struct buf b;
	int r;

	buf_init(&b, INI_VALUE_MAX);
	buf_str(&b, ""); /* an empty value has its text too */
	r = ini_value(m->ini, rd->en->section, span_str(rd->en->key), NULL, &b, rd->e);
	if (r >= 0 && !buf_ok(&b))
		r = bad(rd, -ENOMEM, "too long, or out of memory", SPAN(""));
	if (r < 0) {
		buf_done(&b);
		return r;
	}
	*ret = span_trim(buf_text(&b));
	m->texts[m->n_texts++] = b.p; /* takes it */
	return 0;
}

static int one_entry(struct reading *rd, enum where where)
{
	struct span value;
	int r;

	for (size_t i = 0; i < NELEM(names); i++)
		if (strcmp(rd->en->key, names[i].name) == 0 && (names[i].where & where)) {
			r = value_of(rd, &value);
			return r < 0 ? r : names[i].set(rd, value);
		}
	return bad(rd, -EINVAL, "no such name here", span_str(rd->en->section));
}

/* --- sections --- */

static bool is_rule(const char *section)
{
	return strncmp(section, RULE_PREFIX, strlen(RULE_PREFIX)) == 0;
}

/* The entries of one section into rd->rule. */
static int one_section(struct reading *rd, const char *section, enum where where)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && (rd->en = ini_at(rd->m->ini, i)) != NULL; i++)
		if (strcmp(rd->en->section, section) == 0)
			r = one_entry(rd, where);
	return r;
}

static int check_rule(const struct reading *rd, const char *section)
{
	const struct jmap_rule *r = rd->rule;
	const char *what = NULL;

	if (r->ignore)
		return 0;
	if (r->address == JMAP_UNSET)
		what = "address";
	else if (r->time == JMAP_UNSET)
		what = "time";
	else if (!r->good && !r->has_category &&
		 (r->category_from == JMAP_UNSET || r->n_classes == 0))
		what = "category (or category_from and categories)";
	if (!what)
		return 0;
	return err_set(rd->e, -EINVAL, "%s: [%s] needs %s = …", rd->m->name, section, what);
}

static bool seen_before(const struct ini *ini, unsigned at, const char *section)
{
	for (unsigned i = 0; i < at; i++)
		if (strcmp(ini_at(ini, i)->section, section) == 0)
			return true;
	return false;
}

static int rule_section(struct reading *rd, const char *section)
{
	int r;

	if (rd->m->n_rules == JMAP_RULES_MAX)
		return bad(rd, -E2BIG, "too many rules", SPAN(""));
	rd->rule = &rd->m->rules[rd->m->n_rules++];
	*rd->rule = rd->standard;
	r = one_section(rd, section, IN_RULE);
	return r < 0 ? r : check_rule(rd, section);
}

/* What the form of the file gives a meaning of its own. */
static bool is_inis_own(const char *section)
{
	return strcmp(section, "INCLUDES") == 0 || strcmp(section, "DEFAULT") == 0 ||
	       strncmp(section, "KNOWN/", 6) == 0;
}

static int all_rules(struct reading *rd)
{
	const struct ini *ini = rd->m->ini;
	const struct ini_entry *en;
	int r = 0;

	for (unsigned i = 0; r == 0 && (en = ini_at(ini, i)) != NULL; i++) {
		rd->en = en;
		if (strcmp(en->section, MAP_SECTION) == 0 || is_inis_own(en->section))
			continue;
		if (!is_rule(en->section))
			r = err_set(rd->e, -EINVAL, "%s:%u: [%s] is neither [map] nor [rule NAME]",
			    en->file, en->line, en->section);
		else if (!seen_before(ini, i, en->section))
			r = rule_section(rd, en->section);
	}
	return r;
}

static int read_map(struct jmap *m, struct err *e)
{
	struct reading rd = { .m = m, .e = e };
	struct jmap_rule *standard = &rd.standard;
	int r;

	*standard = (struct jmap_rule){ .address = JMAP_UNSET,
		.time = JMAP_UNSET,
		.count = JMAP_UNSET,
		.service_from = JMAP_UNSET,
		.category_from = JMAP_UNSET,
		.proof = PROOF_WEAK,
		.service = span_str(m->name) };
	if (span_len(standard->service) > EVENT_SERVICE_MAX)
		standard->service.end = standard->service.p + EVENT_SERVICE_MAX;
	rd.rule = standard;
	r = one_section(&rd, MAP_SECTION, IN_MAP);
	if (r == 0)
		r = all_rules(&rd);
	if (r == 0 && m->n_rules == 0)
		r = err_set(e, -EINVAL, "%s: no [rule NAME] in it", m->name);
	return r;
}

/* Takes ini. */
static int from_ini(struct span name, struct ini *ini, struct jmap **ret, struct err *e)
{
	struct jmap *m = calloc(1, sizeof(*m));
	unsigned n = 0;
	int r;

	if (!m) {
		(void)ini_free(ini);
		return err_set(e, -ENOMEM, "out of memory");
	}
	m->ini = ini;
	(void)snprintf(m->name, sizeof(m->name), "%.*s", SPAN_ARG(name));
	m->pick = jpick_new();
	while (ini_at(ini, n))
		n++;
	m->texts = calloc(n + 1, sizeof(*m->texts)); /* each entry is read once */
	r = m->pick && m->texts ? read_map(m, e) : err_set(e, -ENOMEM, "out of memory");
	if (r < 0) {
		(void)jmap_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

int jmap_parse(const char *name, struct span text, struct jmap **ret, struct err *e)
{
	struct ini *ini;
	int r = ini_parse(name, text, &ini, e);

	return r < 0 ? r : from_ini(span_str(name), ini, ret, e);
}

/* NAME.conf in the first directory that has it. */
static int find(const char *name, struct span dirs, char file[PATH_MAX])
{
	struct span dir;

	while (!span_empty(dirs)) {
		int n;

		(void)span_cut(&dirs, ':', &dir); /* the last has none */
		n = snprintf(file, PATH_MAX, "%.*s/%s.conf", SPAN_ARG(dir), name);
		if (n > 0 && n < PATH_MAX && access(file, F_OK) == 0)
			return 0;
	}
	return -ENOENT;
}

int jmap_load(const char *name, const char *path, struct jmap **ret, struct err *e)
{
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	struct span stem = span_str(base);
	char file[PATH_MAX];
	struct ini *ini;
	int r = slash ? 0 : find(name, span_str(path), file);

	if (r < 0 || !*base)
		return err_set(e, -ENOENT,
		    "no map \"%.80s\" for JSON logs in %s (json_path; a path with a slash names a "
		    "file)",
		    name, path);
	r = ini_load(slash ? name : file, &ini, e);
	if (slash && span_len(stem) > 5 && memcmp(stem.end - 5, ".conf", 5) == 0)
		stem.end -= 5;
	return r < 0 ? r : from_ini(stem, ini, ret, e);
}
