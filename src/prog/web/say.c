/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the publication as the values that templates name: numbers written out, addresses of pages,
 * coordinates of the small drawings. */
#include "prog/web/site.h"

#include <math.h>

#define SPARK_DAYS     30
#define SPARK_WIDTH    100.0
#define SPARK_HEIGHT   24.0
#define EVIDENCE_SHOWN 30

struct words {
	const char *one, *many;
};
static const struct words kind_words[] = {
	[ENTITY_ADDR] = { "address", "addresses" },
	[ENTITY_BLOCK] = { "block", "blocks" },
	[ENTITY_NET] = { "network", "networks" },
	[ENTITY_PREFIX] = { "announced prefix", "announced prefixes" },
	[ENTITY_AS] = { "autonomous system", "autonomous systems" },
	[ENTITY_ORG] = { "organisation", "organisations" },
	[ENTITY_COUNTRY] = { "country of registration", "countries of registration" },
};
_Static_assert(NELEM(kind_words) == ENTITY_KIND_N, "kind_words out of step");

const char *kind_word(enum entity_kind k, bool plural)
{
	return plural ? kind_words[k].many : kind_words[k].one;
}

static void say_day(struct model *m, struct value *to, const char *key, int32_t day)
{
	char text[UTC_TEXT_MAX];

	utc_format_day(day, text);
	model_str(m, to, key, text);
}

static void say_time(struct model *m, struct value *to, const char *key, int64_t time_s)
{
	char text[UTC_TEXT_MAX];

	utc_format(time_s, text);
	text[10] = ' ';
	(void)snprintf(text + 16, sizeof(text) - 16, " UTC"); /* minutes are enough for people */
	model_str(m, to, key, text);
}

/* The same with the word that its number wants: "1 address", "2 addresses" are the template's; here
 * only whether it is one. */
static void say_number(
    struct model *m, struct value *to, const char *key, const char *one, uint64_t v)
{
	model_count(m, to, key, v);
	model_bool(m, to, one, v == 1);
}

static void say_size(struct model *m, struct value *to, const struct row *row)
{
	struct value *size;

	if (row->kind == ENTITY_ADDR || (!row->announced && !row->announced_v6))
		return;
	size = model_object(m, to, "size");
	if (row->announced)
		model_count(m, size, "v4", row->announced);
	if (row->announced_v6)
		model_count(m, size, "v6", row->announced_v6);
	if (row->announced && row->hosts && row->announced >= row->hosts)
		model_count(m, to, "one_in", (row->announced + row->hosts / 2) / row->hosts);
}

static const char *grade_class(char grade)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

	return grade >= 'A' && grade <= 'F' ? names[grade - 'A'] : "none";
}

static void say_grade(struct model *m, struct value *to, char grade)
{
	model_str(m, to, "grade_class", grade_class(grade));
	if (grade)
		model_fmt(m, to, "grade", "%c", grade);
}

static double clamp(double v, double low, double high)
{
	return !(v > low) ? low : v > high ? high : v; /* NaN is low */
}

/* The interval as a drawing 100 units wide. */
static void say_score(struct model *m, struct value *to, const struct row *row)
{
	double low = clamp(row->low, 0, 100), high = clamp(row->high, low, 100);
	struct value *s;

	if (!row->scored)
		return;
	s = model_object(m, to, "score");
	model_fmt(m, s, "value", "%.0f", clamp(row->score, 0, 100));
	model_fmt(m, s, "low", "%.0f", low);
	model_fmt(m, s, "high", "%.0f", high);
	model_fmt(m, s, "x", "%.1f", low);
	model_fmt(m, s, "width", "%.1f", fmax(high - low, 1.5));
	model_fmt(m, s, "mark", "%.1f", clamp(row->score, 1.5, 98.5));
}

void say_row(struct model *m, struct value *to, const struct row *row)
{
	char url[ENTITY_PATH_MAX];

	(void)entity_path(row->name, url);
	model_str(m, to, "url", url);
	model_str(m, to, "name", row->name);
	model_str(m, to, "title", row->title);
	model_str(m, to, "kind", entity_kind_name(row->kind));
	model_str(m, to, "kind_word", kind_word(row->kind, false));
	model_bool(m, to, "by_number",
	    row->kind == ENTITY_ADDR || row->kind == ENTITY_BLOCK || row->kind == ENTITY_PREFIX);
	if (row->kind == ENTITY_AS && row->asn)
		model_fmt(m, to, "as_number", "AS%u", row->asn);
	if (row->country[0] && row->kind != ENTITY_COUNTRY)
		model_str(m, to, "country", row->country);
	model_bool(m, to, "reported", row->id != 0);
	say_size(m, to, row);
	say_grade(m, to, row->id ? row->grade : '\0');
	model_str(m, to, "reason", row->reason[0] ? row->reason : NULL);
	if (!row->id)
		return;
	say_number(m, to, "hosts", "hosts_one", row->hosts);
	say_number(m, to, "events", "events_one", row->events);
	say_number(m, to, "groups", "groups_one", row->groups);
	model_count(m, to, "rank", row->rank);
	say_day(m, to, "first", row->first_day);
	say_day(m, to, "last", row->last_day);
	model_bool(m, to, "one_day", row->first_day == row->last_day);
	say_score(m, to, row);
}

void say_site(const struct site *s, struct model *m)
{
	struct value *root = model_root(m), *site = model_object(m, root, "site");
	const struct meta *meta = s->view ? &s->view->meta : NULL;

	model_str(
	    m, site, "name", meta && meta->site_name[0] ? meta->site_name : s->conf->site_name);
	model_bool(m, site, "private", !s->conf->web_public);
	model_bool(m, site, "simulated", meta ? meta->simulated : s->conf->simulated);
	model_str(m, site, "version", ONUS_VERSION);
	model_str(m, site, "assets", s->asset_version);
	model_str(m, site, "trouble", s->trouble);
	model_bool(m, site, "published", meta != NULL);
	if (!meta)
		return;
	model_fmt(m, site, "generation", "%llu", (unsigned long long)meta->generation);
	say_time(m, site, "as_of", meta->as_of_s);
	model_str(m, site, "formula", meta->formula);
	model_str(m, site, "attribution", meta->attribution);
	model_bool(m, site, "stale", meta->registry_stale);
	if (meta->registry_date_s > 0)
		say_day(m, site, "registry_day", day_of(meta->registry_date_s));
	model_bool(m, site, "provisional", meta->provisional);
	say_day(m, site, "first_day", meta->first_day);
	say_number(m, site, "days", "days_one", meta->days);
	say_number(m, site, "hosts", "hosts_one", meta->hosts);
	say_number(m, site, "events", "events_one", meta->events);
	say_number(m, site, "groups", "groups_one", meta->groups);
	say_number(m, site, "sources", "sources_one", meta->sources);
	model_count(m, site, "orgs", s->view->count[ENTITY_ORG]);
	model_count(m, site, "ases", s->view->count[ENTITY_AS]);
	model_bool(m, site, "map", s->map.len > 0);
}

/* ---- history ---- */

struct day {
	uint64_t hosts;
	double score;
	bool scored;
};

/* The days up to as_of; returns the largest number of hosts on one of them. */
static uint64_t read_history(struct view *v, const struct row *row, unsigned days, struct day *ret)
{
	int32_t last = day_of(v->meta.as_of_s), first = last - (int32_t)days + 1;
	sqlite3_stmt *s = view_query(v, QUERY_HISTORY);
	uint64_t most = 0;
	int64_t hosts;
	int32_t day;

	memset(ret, 0, days * sizeof(*ret));
	(void)sqlite3_bind_int64(s, 1, row->id);
	(void)sqlite3_bind_int(s, 2, first);
	while (view_step(s)) {
		day = sqlite3_column_int(s, 0);
		if (day < first || day > last)
			continue;
		hosts = sqlite3_column_int64(s, 3);
		ret[day - first].hosts = hosts > 0 ? (uint64_t)hosts : 0;
		ret[day - first].scored = sqlite3_column_type(s, 1) != SQLITE_NULL;
		ret[day - first].score = clamp(sqlite3_column_double(s, 1), 0, 100);
		most = MAX_OF(most, ret[day - first].hosts);
	}
	(void)sqlite3_reset(s);
	return most;
}

/* A number that an axis may end at: 1, 2, 5 times a power of ten, at least v. */
static uint64_t round_up(uint64_t v)
{
	static const uint64_t steps[] = { 1, 2, 5 };
	uint64_t power = 1;

	while (power < UINT64_MAX / 100) {
		for (unsigned i = 0; i < NELEM(steps); i++)
			if (steps[i] * power >= v)
				return steps[i] * power;
		power *= 10;
	}
	return v;
}

static void say_bars(struct model *m, struct value *chart, const struct day *d, unsigned days,
    uint64_t top, int32_t first)
{
	struct value *bars = model_list(m, chart, "bars"), *bar;
	double width = 1000.0 / days;

	for (unsigned i = 0; i < days; i++) {
		if (!d[i].hosts)
			continue;
		bar = model_object(m, bars, NULL);
		model_fmt(m, bar, "x", "%.2f", i * width + width * 0.14);
		model_fmt(m, bar, "width", "%.2f", width * 0.72);
		model_fmt(m, bar, "height", "%.2f", 200.0 * (double)d[i].hosts / (double)top);
		model_fmt(m, bar, "y", "%.2f", 200.0 - 200.0 * (double)d[i].hosts / (double)top);
		say_number(m, bar, "hosts", "hosts_one", d[i].hosts);
		say_day(m, bar, "day", first + (int32_t)i);
	}
}

static void say_line(struct model *m, struct value *chart, const struct day *d, unsigned days)
{
	struct buf points;
	unsigned n = 0;

	buf_init(&points, 16384);
	for (unsigned i = 0; i < days; i++) {
		if (!d[i].scored)
			continue;
		buf_fmt(&points, "%s%.2f,%.2f", n++ ? " " : "", (i + 0.5) * 1000.0 / days,
		    200.0 - 2.0 * d[i].score);
	}
	if (n > 1)
		model_span(m, chart, "line", buf_text(&points));
	buf_done(&points);
}

void say_history(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	struct day d[DAYS_SHOWN];
	int32_t last = day_of(v->meta.as_of_s);
	unsigned days = (unsigned)MIN_OF(MAX_OF(v->meta.days, UINT64_C(14)), (uint64_t)DAYS_SHOWN);
	uint64_t most = read_history(v, row, days, d), top = round_up(most);
	struct value *chart;

	if (!most)
		return;
	chart = model_object(m, to, "history");
	model_count(m, chart, "top", top);
	if (top % 2 == 0)
		model_count(m, chart, "half", top / 2);
	say_day(m, chart, "from", last - (int32_t)days + 1);
	say_day(m, chart, "to", last);
	model_fmt(m, chart, "days", "%u", days);
	say_bars(m, chart, d, days, top, last - (int32_t)days + 1);
	say_line(m, chart, d, days);
}

/* Thirty days of attackers as an area without axes. */
void say_spark(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	struct day d[SPARK_DAYS];
	uint64_t most = read_history(v, row, SPARK_DAYS, d);
	struct buf points;
	double x = 0, y = 0;

	if (!most)
		return;
	buf_init(&points, 4096);
	for (unsigned i = 0; i < SPARK_DAYS; i++) {
		x = i * SPARK_WIDTH / (SPARK_DAYS - 1);
		y = SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * (double)d[i].hosts / (double)most;
		buf_fmt(&points, "%s%.1f,%.1f", i ? " " : "", x, y);
	}
	model_span(m, to, "spark", buf_text(&points));
	buf_fmt(&points, " %.0f,%.0f 0,%.0f", SPARK_WIDTH, SPARK_HEIGHT, SPARK_HEIGHT);
	model_span(m, to, "spark_area", buf_text(&points));
	buf_done(&points);
}

/* ---- evidence ---- */

static void say_categories(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	sqlite3_stmt *s = view_query(v, QUERY_CATEGORIES);
	struct value *list = model_list(m, to, "categories"), *c;
	char text[64];
	int64_t most = 0, events;

	(void)sqlite3_bind_int64(s, 1, row->id);
	while (view_step(s)) {
		c = model_object(m, list, NULL);
		column_text(s, 0, text, sizeof(text));
		events = sqlite3_column_int64(s, 2);
		most = MAX_OF(most, MAX_OF(events, INT64_C(1)));
		model_str(m, c, "category", text);
		say_number(m, c, "events", "events_one", (uint64_t)MAX_OF(events, INT64_C(0)));
		model_fmt(m, c, "width", "%.1f", fmax(100.0 * (double)events / (double)most, 0.8));
		say_day(m, c, "first", sqlite3_column_int(s, 3));
		say_day(m, c, "last", sqlite3_column_int(s, 4));
		say_number(m, c, "days", "days_one", (uint64_t)sqlite3_column_int64(s, 5));
		say_number(m, c, "sources", "sources_one", (uint64_t)sqlite3_column_int64(s, 6));
	}
	(void)sqlite3_reset(s);
}

void say_evidence(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	sqlite3_stmt *s;
	struct value *list, *line;
	char text[128];
	unsigned n = 0;

	say_categories(v, m, to, row);
	s = view_query(v, QUERY_EVIDENCE);
	list = model_list(m, to, "evidence");
	(void)sqlite3_bind_int64(s, 1, row->id);
	(void)sqlite3_bind_int(s, 2, EVIDENCE_SHOWN + 1);
	while (view_step(s) && n++ < EVIDENCE_SHOWN) {
		line = model_object(m, list, NULL);
		say_day(m, line, "day", sqlite3_column_int(s, 0));
		column_text(s, 1, text, sizeof(text));
		model_str(m, line, "category", text);
		column_text(s, 2, text, sizeof(text));
		model_str(m, line, "source", text);
		say_number(m, line, "hosts", "hosts_one", (uint64_t)sqlite3_column_int64(s, 3));
		say_number(m, line, "events", "events_one", (uint64_t)sqlite3_column_int64(s, 4));
	}
	model_bool(m, to, "evidence_cut", n > EVIDENCE_SHOWN);
	model_fmt(m, to, "evidence_shown", "%d", EVIDENCE_SHOWN);
	(void)sqlite3_reset(s);
}

/* ---- the sum behind a score ---- */

static void say_quantity(struct model *m, struct value *to, const char *key, double v)
{
	model_fmt(m, to, key, v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v);
}

/* What was seen, and what was expected: small numbers keep two digits, and nothing is 0. */
static void say_arrivals(struct model *m, struct value *to, const char *key, double v)
{
	model_fmt(m, to, key,
	    v >= 100   ? "%.0f"
	    : v >= 10  ? "%.1f"
	    : v >= 0.1 ? "%.2f"
	    : v > 1e-4 ? "%.2g"
		       : "%.0f",
	    v);
}

/* "4.2 times as many as", "62 % as many as", "as many as" */
static void say_times(struct model *m, struct value *to, const char *key, double ratio)
{
	if (ratio >= 0.95 && ratio < 1.05)
		model_str(m, to, key, "as many");
	else if (ratio >= 1)
		model_fmt(
		    m, to, key, ratio < 9.95 ? "%.1f times as many" : "%.0f times as many", ratio);
	else if (ratio >= 0.01)
		model_fmt(m, to, key, "%.0f\u00a0%% as many", 100 * ratio);
	else
		model_str(m, to, key, "less than 1\u00a0% as many");
}

/* A level as the page of `row` calls it: "AS64500", "its /20", "this /24". */
static void level_words(const struct row *row, const char *level, char *ret, size_t size)
{
	bool as = strcmp(level, "as") == 0, prefix = strcmp(level, "prefix") == 0;
	bool own = row->kind == ENTITY_AS || (row->kind == ENTITY_PREFIX && prefix) ||
		   (row->kind == ENTITY_BLOCK && (!strcmp(level, "/24") || !strcmp(level, "/48")));

	if (as && row->asn)
		(void)snprintf(ret, size, "AS%u", row->asn);
	else
		(void)snprintf(ret, size, "%s %s", own ? "this" : "its", as ? "AS" : level);
}

/* struct telling - the steps of one family on their way to the page */
struct telling {
	struct value *family, *steps;
	char name[32], above[64]; /* above: what the next step is compared with */
	double world, rate; /* new attackers an address and day: everywhere, after the last step */
	unsigned n;
};

static void family_begin(struct model *m, struct value *list, struct telling *t, double world)
{
	t->family = model_object(m, list, NULL);
	t->steps = model_list(m, t->family, "steps");
	model_str(m, t->family, "family", t->name);
	(void)snprintf(t->above, sizeof(t->above), "the average network");
	t->world = world;
	t->n = 0;
}

static void family_end(struct model *m, struct telling *t)
{
	if (t->n > 1 && t->world > 0)
		say_times(m, t->family, "together", t->rate / t->world);
}

static void say_step(
    struct model *m, const struct row *row, struct telling *t, sqlite3_stmt *s, const char *level)
{
	struct value *f = model_object(m, t->steps, NULL);
	char who[64];

	level_words(row, level, who, sizeof(who));
	model_str(m, f, "who", who);
	model_str(m, f, "above", t->above);
	say_times(m, f, "times", sqlite3_column_double(s, 2));
	say_arrivals(m, f, "seen", sqlite3_column_double(s, 3));
	say_arrivals(m, f, "expected", sqlite3_column_double(s, 4));
	memcpy(t->above, who, sizeof(who));
	t->rate = sqlite3_column_double(s, 5);
	t->n++;
}

/* One family after the other, each with its steps and what they come to. */
static void say_factors(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	sqlite3_stmt *s = view_query(v, QUERY_FACTORS);
	struct telling t = { .n = 0 };
	struct value *list = NULL;
	char family[32], level[32];

	(void)sqlite3_bind_int64(s, 1, row->id);
	while (view_step(s)) {
		double ratio = sqlite3_column_double(s, 2), rate = sqlite3_column_double(s, 5);

		column_text(s, 0, family, sizeof(family));
		column_text(s, 1, level, sizeof(level));
		if (!list) {
			list = model_list(m, to, "factors");
			model_bool(m, model_root(m), "has_factors", true);
		}
		if (!t.family || strcmp(family, t.name) != 0) {
			family_end(m, &t);
			memcpy(t.name, family, sizeof(family));
			family_begin(m, list, &t, ratio > 0 ? rate / ratio : 0);
		}
		say_step(m, row, &t, s, level);
	}
	family_end(m, &t);
	(void)sqlite3_reset(s);
}

void say_sum(struct view *v, struct model *m, struct value *to, const struct row *row)
{
	struct value *sum;

	if (!row->scored)
		return;
	sum = model_object(m, to, "sum");
	say_quantity(m, sum, "returning", row->returning);
	say_quantity(m, sum, "arrivals", row->arrivals);
	say_quantity(m, sum, "expected", row->expected);
	say_quantity(m, sum, "ratio", row->ratio);
	model_bool(m, sum, "above", row->ratio > 1);
	model_fmt(m, sum, "score", "%.1f", clamp(row->score, 0, 100));
	say_factors(v, m, sum, row);
}

void say_decisions(
    const struct site *site, struct model *m, struct value *to, const struct row *row)
{
	sqlite3_stmt *s = view_query(site->view, QUERY_DECISIONS);
	struct value *list = NULL, *d;
	char text[REASON_MAX];

	(void)sqlite3_bind_int64(s, 1, row->id);
	(void)sqlite3_bind_int64(s, 2, clock_now_s(&site->clock));
	while (view_step(s)) {
		if (!list)
			list = model_list(m, to, "decisions");
		d = model_object(m, list, NULL);
		column_text(s, 0, text, sizeof(text));
		model_str(m, d, "action", text);
		column_text(s, 1, text, sizeof(text));
		model_str(m, d, "level", text);
		say_time(m, d, "since", sqlite3_column_int64(s, 2));
		say_time(m, d, "until", sqlite3_column_int64(s, 3));
		column_text(s, 4, text, sizeof(text));
		model_str(m, d, "reason", text);
	}
	(void)sqlite3_reset(s);
}
