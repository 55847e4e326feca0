/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folding: event lines become counts. Rows are added up in memory first, so that a thousand sightings
 * of one address are one statement, and written in the order of the ledger's key, so that they touch
 * each page of it once. */
#include <errno.h>
#include <sodium.h>

#include "ledger/hub_good.h"
#include "ledger/hub_priv.h"
#include "util/clock.h"
#include "util/hash.h"

#define SAMPLES	     3u		/* kept of one ledger line */
#define WORDS_MAX    4096u	/* different sources, and services, in one fold */
#define FULL_SLOTS   (1u << 20) /* lines remembered to have all their samples; a power of two */
#define NO_SAMPLE    UINT32_MAX
#define SPECIAL	     "private, reserved or special address space"
#define CHANGES_KEPT 100000  /* batches */
#define ROWS_MAX     200000u /* in one transaction, and what the last batch adds */
#define LINES_MAX    1000000u

/* struct key - of a ledger row, without padding, for it is hashed and compared as bytes */
struct key {
	struct addr addr;
	int32_t day;
	uint16_t source,
	    service; /* words of this fold; sources become ids before they are sorted */
	uint8_t plen, category, proof, hour;
	uint32_t id; /* of the source, set at commit; 0 while hashing */
};
_Static_assert(sizeof(struct key) == 32, "struct key has padding");

struct row {
	struct key key;
	uint64_t count;
	uint32_t sample[SAMPLES];
};

struct sample {
	int64_t time_s;
	uint32_t detail, detail_len; /* in fold.text */
	uint16_t service;
	uint8_t digest[16];
};

/* struct words - names met in this fold, numbered from 0 */
struct word {
	char text[EVENT_SOURCE_MAX + 1];
	int32_t first_day; /* least day it was met on */
	int32_t id;	   /* its number; of a source, at commit, its id in the hub */
	bool used;	   /* by a row: what only refused lines name is no source */
	UT_hash_handle hh;
};
struct words {
	struct word **v, *table;
	unsigned n;
};

struct pending { /* a batch that is in the sums */
	struct batch_name name;
	int64_t received_s;
	uint64_t lines, refused, events;
};

struct fold {
	struct row *rows;
	size_t n_rows, rows_cap;
	uint32_t *slots; /* row number + 1, 0 empty; a power of two, at most half full */
	size_t n_slots;
	struct sample *samples;
	size_t n_samples, samples_cap;
	struct buf text;
	struct words sources, services;
	struct goods good;
	struct pending *pending;
	size_t n_pending, pending_cap;
	uint64_t n_lines; /* of all pending, good or not */
	uint64_t *full;	  /* hashes of lines that need no more samples; 0 empty */
	size_t n_full;
};

/* --- memory ------------------------------------------------------------------------------------- */

static void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap ? 2 * *cap : 256;
	p = reallocarray(p, *cap, size);
	if (!p)
		abort(); /* out of memory: the spool still has it all */
	return p;
}

static void words_clear(struct words *w)
{
	HASH_CLEAR(hh, w->table);
	for (unsigned i = 0; i < w->n; i++)
		free(w->v[i]);
	w->n = 0;
}

/* Ready for the next fold; big tables are given back, small ones kept. */
static void fold_clear(struct fold *f)
{
	words_clear(&f->sources);
	words_clear(&f->services);
	f->n_rows = f->n_samples = f->n_pending = f->good.n = 0;
	f->n_lines = 0;
	buf_reset(&f->text);
	memset(f->slots, 0, f->n_slots * sizeof(*f->slots));
}

static struct fold *fold_new(void)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->n_slots = 1024;
	f->slots = calloc(f->n_slots, sizeof(*f->slots));
	f->full = calloc(FULL_SLOTS, sizeof(*f->full));
	f->sources.v = calloc(WORDS_MAX, sizeof(struct word *));
	f->services.v = calloc(WORDS_MAX, sizeof(struct word *));
	if (!f->slots || !f->full || !f->sources.v || !f->services.v)
		abort();
	buf_init(&f->text, UINT32_MAX);
	return f;
}

struct fold *fold_free(struct fold *f)
{
	if (!f)
		return NULL;
	words_clear(&f->sources);
	words_clear(&f->services);
	free(f->sources.v);
	free(f->services.v);
	free(f->rows);
	free(f->slots);
	free(f->samples);
	goods_done(&f->good);
	free(f->pending);
	free(f->full);
	buf_done(&f->text);
	free(f);
	return NULL;
}

/* --- adding up ---------------------------------------------------------------------------------- */

/* The number of a word, or -E2BIG. */
static int word_of(struct words *w, struct span s, int32_t day)
{
	struct word *x;
	size_t n = span_len(s);

	if (n == 0)
		s = SPAN(""); /* an empty word too has an address */
	HASH_FIND(hh, w->table, s.p, n, x);
	if (!x) {
		if (w->n == WORDS_MAX)
			return -E2BIG;
		x = calloc(1, sizeof(*x));
		if (!x)
			abort();
		memcpy(x->text, s.p, n); /* the contract of events: at most EVENT_SOURCE_MAX */
		x->first_day = day;
		x->id = (int32_t)w->n;
		HASH_ADD_KEYPTR(hh, w->table, x->text, n, x);
		w->v[w->n++] = x;
		return x->id;
	}
	x->first_day = MIN_OF(x->first_day, day);
	return x->id;
}

static void rehash(struct fold *f)
{
	free(f->slots);
	f->n_slots *= 4;
	f->slots = calloc(f->n_slots, sizeof(*f->slots));
	if (!f->slots)
		abort();
	for (size_t i = 0; i < f->n_rows; i++) {
		size_t at = hash_bytes(&f->rows[i].key, sizeof(struct key)) & (f->n_slots - 1);

		while (f->slots[at])
			at = (at + 1) & (f->n_slots - 1);
		f->slots[at] = (uint32_t)i + 1;
	}
}

/* The row of a key, made when it is new; NULL when its address can never be an offender. */
static struct row *row_of(struct fold *f, const struct key *k, struct prefix subject)
{
	size_t at = hash_bytes(k, sizeof(*k)) & (f->n_slots - 1);
	struct row *row;

	for (; f->slots[at]; at = (at + 1) & (f->n_slots - 1)) {
		row = &f->rows[f->slots[at] - 1];
		if (memcmp(&row->key, k, sizeof(*k)) == 0)
			return row;
	}
	if (range_special(prefix_range(subject)))
		return NULL;
	f->rows = grow(f->rows, f->n_rows, &f->rows_cap, sizeof(*f->rows));
	row = &f->rows[f->n_rows++];
	*row = (struct row){ .key = *k, .sample = { NO_SAMPLE, NO_SAMPLE, NO_SAMPLE } };
	f->slots[at] = (uint32_t)f->n_rows;
	if (f->n_rows * 2 > f->n_slots) {
		rehash(f);
		row = &f->rows[f->n_rows - 1];
	}
	return row;
}

static void sample_add(struct fold *f, struct row *row, const struct event *ev, struct span line)
{
	unsigned i = 0;
	struct sample *s;

	while (i < SAMPLES && row->sample[i] != NO_SAMPLE)
		i++;
	if (i == SAMPLES)
		return;
	f->samples = grow(f->samples, f->n_samples, &f->samples_cap, sizeof(*f->samples));
	row->sample[i] = (uint32_t)f->n_samples;
	s = &f->samples[f->n_samples++];
	*s = (struct sample){ .time_s = ev->time_s,
		.service = row->key.service,
		.detail = (uint32_t)f->text.len,
		.detail_len = (uint32_t)span_len(ev->detail) };
	buf_span(&f->text, ev->detail);
	if (!buf_ok(&f->text))
		abort();
	(void)crypto_generichash(s->digest, sizeof(s->digest), (const unsigned char *)line.p,
	    span_len(line), NULL, 0); /* fails only on bad lengths */
}

/* What all lines must be. */
static bool take_line(struct span line, int64_t created_s, int64_t now_s, struct event_room *room,
    struct event *ret, struct err *why)
{
	if (event_parse(line, created_s, room, ret, why) != 1 ||
	    event_date_check(ret->time_s, now_s, why) < 0)
		return false;
	if (span_empty(ret->source)) {
		(void)err_set(why, 0, "it names no source");
		return false;
	}
	if (!span_utf8(ret->source) || !span_utf8(ret->service)) { /* engines differ in it */
		(void)err_set(why, 0, "its source or service is no UTF-8");
		return false;
	}
	return true;
}

/* One line of a good observation; returns as add_line. */
static uint64_t add_good(
    struct fold *f, struct span line, int64_t created_s, int64_t now_s, struct err *why)
{
	struct event_room room;
	struct good_row row;
	struct event ev;
	enum good kind;
	int source;

	if (!take_line(line, created_s, now_s, &room, &ev, why))
		return 0;
	if (ev.category != CATEGORY_OTHER || !event_is_host(&ev) ||
	    good_parse(ev.detail, &kind) < 0) {
		(void)err_set(
		    why, 0, "no good observation: of one host, category other, delivery or login");
		return 0;
	}
	source = word_of(&f->sources, ev.source, day_of(ev.time_s));
	if (source < 0) {
		(void)err_set(why, 0, "more than %u sources at once", WORDS_MAX);
		return 0;
	}
	if (range_special(prefix_range(ev.subject))) {
		(void)err_set(why, 0, SPECIAL);
		return 0;
	}
	f->sources.v[source]->used = true;
	row = (struct good_row){ .addr = ev.subject.addr,
		.day = day_of(ev.time_s),
		.source = source,
		.kind = kind,
		.count = ev.count };
	goods_add(&f->good, &row);
	return ev.count;
}

/* One event line; the count that was added, 0 for one that is refused, with the reason. */
static uint64_t add_line(
    struct fold *f, struct span line, int64_t created_s, int64_t now_s, struct err *why)
{
	struct event_room room;
	struct event ev;
	struct row *row;
	struct key k;
	int source, service;

	if (!take_line(line, created_s, now_s, &room, &ev, why))
		return 0;
	source = word_of(&f->sources, ev.source, day_of(ev.time_s));
	service = word_of(&f->services, ev.service, 0);
	if (source < 0 || service < 0) {
		(void)err_set(why, 0, "more than %u sources or services at once", WORDS_MAX);
		return 0;
	}
	k = (struct key){ .addr = ev.subject.addr,
		.plen = ev.subject.len,
		.day = day_of(ev.time_s),
		.source = (uint16_t)source,
		.service = (uint16_t)service,
		.category = (uint8_t)ev.category,
		.proof = (uint8_t)ev.proof,
		.hour = (uint8_t)(ev.time_s % DAY_S / 3600) };
	row = row_of(f, &k, ev.subject);
	if (!row) {
		(void)err_set(why, 0, SPECIAL);
		return 0;
	}
	f->sources.v[source]->used = true;
	row->count += ev.count;
	sample_add(f, row, &ev, line);
	return ev.count;
}

/* e: the first refused line, and why. */
static void add_lines(
    struct fold *f, const struct batch *b, int64_t now_s, struct pending *p, struct err *e)
{
	struct span rest = b->lines, line;
	uint64_t number = 0, first = 0;
	struct err why, first_why;

	while (!span_empty(rest)) {
		uint64_t count;

		(void)span_cut(&rest, '\n', &line);
		number++;
		if (span_empty(line) || *line.p == '#')
			continue;
		count = (b->type == BATCH_GOOD ? add_good : add_line)(
		    f, line, b->created_s, now_s, &why);
		p->events += b->type == BATCH_EVENTS ? count : 0;
		if (count) {
			p->lines++;
			continue;
		}
		p->refused++;
		if (first == 0) {
			first = number;
			first_why = why;
		}
	}
	if (first)
		(void)err_set(e, 0, "%ju of %ju lines refused, the first in line %ju: %s",
		    (uintmax_t)(p->refused - b->refused),
		    (uintmax_t)(p->refused - b->refused + p->lines), (uintmax_t)first,
		    first_why.text);
}

static int known(struct hub *h, const struct batch_name *n, struct err *e)
{
	struct db_stmt *s;
	int r = hub_stmt(h, SQL_BATCH_FIND, &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, span_str(n->host));
	db_bind_text(s, 2, span_str(n->producer));
	db_bind_i64(s, 3, (int64_t)n->sequence);
	r = db_step(s, e);
	db_reset(s);
	return r;
}

static bool is_pending(const struct fold *f, const struct batch_name *n)
{
	for (size_t i = 0; i < f->n_pending; i++)
		if (f->pending[i].name.sequence == n->sequence &&
		    strcmp(f->pending[i].name.host, n->host) == 0 &&
		    strcmp(f->pending[i].name.producer, n->producer) == 0)
			return true;
	return false;
}

bool hub_fold_full(const struct hub *h)
{
	const struct fold *f = h->fold;

	return f && (f->n_pending >= HUB_FOLD_BATCHES || f->n_lines >= LINES_MAX ||
			f->n_rows + f->good.n >= ROWS_MAX);
}

int hub_fold_add(struct hub *h, const struct batch *b, int64_t now_s, struct err *e)
{
	struct fold *f = h->fold ? h->fold : (h->fold = fold_new());
	struct pending *p;
	int r;

	if (b->type != BATCH_EVENTS && b->type != BATCH_GOOD) {
		fold_clear(f);
		return err_set(e, -EBADMSG,
		    "this version folds batches of type events and good, not %s",
		    batch_type_name(b->type));
	}
	if (is_pending(f, &b->name))
		return 0;
	r = known(h, &b->name, e);
	if (r != 0) {
		if (r < 0)
			fold_clear(f);
		return r == -EBADMSG ? -EIO : r < 0 ? r : 0; /* the hub is bad, not the batch */
	}
	f->pending = grow(f->pending, f->n_pending, &f->pending_cap, sizeof(*f->pending));
	p = &f->pending[f->n_pending++];
	*p = (struct pending){ .name = b->name, .received_s = now_s, .refused = b->refused };
	f->n_lines += b->count;
	add_lines(f, b, now_s, p, e);
	return 1;
}

/* --- writing ------------------------------------------------------------------------------------ */

/* *last: the number of the last of them */
static int write_batches(struct hub *h, struct fold *f, int64_t *last, struct err *e)
{
	struct db_stmt *s;
	int64_t n;
	int r = hub_stmt(h, SQL_BATCH_LAST, &s, e);

	if (r == 0)
		r = db_step(s, e);
	if (r < 0)
		return r;
	n = db_i64(s, 0);
	db_reset(s);
	for (size_t i = 0; i < f->n_pending; i++) {
		const struct pending *p = &f->pending[i];

		/* Another loader may have folded it since it was added: then all sums are wrong. */
		r = known(h, &p->name, e);
		if (r == 1)
			r = err_set(
			    e, -EAGAIN, "another loader folded the same batch at the same time");
		if (r == 0)
			r = hub_stmt(h, SQL_BATCH_ADD, &s, e);
		if (r < 0)
			return r;
		db_bind_text(s, 1, span_str(p->name.host));
		db_bind_text(s, 2, span_str(p->name.producer));
		db_bind_i64(s, 3, (int64_t)p->name.sequence);
		db_bind_i64(s, 4, p->received_s);
		db_bind_i64(s, 5, (int64_t)p->lines);
		db_bind_i64(s, 6, (int64_t)p->refused);
		db_bind_i64(s, 7, (int64_t)p->events);
		db_bind_i64(s, 8, ++n);
		r = db_run(s, e);
		if (r < 0)
			return r;
	}
	*last = n;
	return 0;
}

/* Where two rows are of one ledger line: what evidence is kept by. */
static int line_cmp(const struct key *a, const struct key *b)
{
	int c;

	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	c = addr_cmp(a->addr, b->addr);
	if (c == 0)
		c = (int)a->plen - (int)b->plen;
	if (c == 0)
		c = (int)a->category - (int)b->category;
	if (c == 0 && a->id != b->id)
		c = a->id < b->id ? -1 : 1;
	return c;
}

static int row_cmp(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int c = line_cmp(&a->key, &b->key);

	if (c == 0)
		c = (int)a->key.proof - (int)b->key.proof;
	if (c == 0)
		c = (int)a->key.service - (int)b->key.service;
	return c ? c : (int)a->key.hour - (int)b->key.hour;
}

static int sort_rows(struct hub *h, struct fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->sources.n; i++) {
		struct word *w = f->sources.v[i];
		int r = w->used ? hub_source_id(h, span_str(w->text), w->first_day, &w->id, e) : 0;

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < f->n_rows; i++)
		f->rows[i].key.id = (uint32_t)f->sources.v[f->rows[i].key.source]->id;
	for (size_t i = 0; i < f->good.n; i++)
		f->good.v[i].source = f->sources.v[f->good.v[i].source]->id;
	if (f->n_rows > 0)
		qsort(f->rows, f->n_rows, sizeof(*f->rows), row_cmp);
	return 0;
}

/* The columns that ledger, evidence and change share. */
static void put_line(struct db_bulk *b, const struct key *k)
{
	uint8_t addr[16];

	addr_to_bytes(k->addr, addr);
	db_bulk_i64(b, k->day);
	db_bulk_blob(b, span_of((const char *)addr, sizeof(addr)));
	db_bulk_i64(b, k->plen);
	db_bulk_i64(b, k->category);
	db_bulk_i64(b, k->id);
}

/* Two of the fold's sources may be one in the hub: equal neighbours are one row. */
static int write_ledger(struct hub *h, const struct fold *f, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_LEDGER);
	uint64_t count = 0;
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		const struct key *k = &f->rows[i].key;

		count += f->rows[i].count;
		if (i + 1 < f->n_rows && row_cmp(&f->rows[i], &f->rows[i + 1]) == 0)
			continue;
		put_line(b, k);
		db_bulk_i64(b, k->proof);
		db_bulk_text(b, span_str(f->services.v[k->service]->text));
		db_bulk_i64(b, k->hour);
		db_bulk_i64(b, (int64_t)count);
		r = db_bulk_row(b, e);
		count = 0;
	}
	return r < 0 ? r : db_bulk_flush(b, e);
}

/* A line's name in the memory of full lines; never 0. */
static uint64_t line_hash(const struct key *k)
{
	struct key line = { .addr = k->addr,
		.day = k->day,
		.plen = k->plen,
		.category = k->category,
		.id = k->id };

	return hash_bytes(&line, sizeof(line)) | 1;
}

static bool is_full(const struct fold *f, uint64_t hash)
{
	for (size_t at = hash >> 1 & (FULL_SLOTS - 1); f->full[at];
	     at = (at + 1) & (FULL_SLOTS - 1))
		if (f->full[at] == hash)
			return true;
	return false;
}

static void forget_full(struct fold *f)
{
	memset(f->full, 0, FULL_SLOTS * sizeof(*f->full));
	f->n_full = 0;
}

static void set_full(struct fold *f, uint64_t hash)
{
	size_t at;

	if (f->n_full >= FULL_SLOTS / 2)
		forget_full(f);
	for (at = hash >> 1 & (FULL_SLOTS - 1); f->full[at]; at = (at + 1) & (FULL_SLOTS - 1))
		;
	f->full[at] = hash;
	f->n_full++;
}

static int write_sample(struct db_bulk *b, const struct fold *f, const struct key *k, unsigned n,
    const struct sample *sample, struct err *e)
{
	put_line(b, k);
	db_bulk_i64(b, n);
	db_bulk_i64(b, sample->time_s);
	db_bulk_text(b, span_str(f->services.v[sample->service]->text));
	db_bulk_blob(b, span_of((const char *)sample->digest, sizeof(sample->digest)));
	db_bulk_blob(b, span_of(f->text.p ? f->text.p + sample->detail : "", sample->detail_len));
	return db_bulk_row(b, e);
}

/* The samples of one ledger line, rows [from, to), of which the hub has n: as many as there is still room for. */
static int write_line_samples(
    struct hub *h, struct fold *f, size_t from, size_t to, unsigned n, struct err *e)
{
	const struct key *k = &f->rows[from].key;
	int r = 0;

	for (size_t i = from; i < to && r == 0 && n < SAMPLES; i++)
		for (unsigned j = 0; j < SAMPLES && r == 0 && n < SAMPLES; j++)
			if (f->rows[i].sample[j] != NO_SAMPLE)
				r = write_sample(hub_bulk(h, BULK_EVIDENCE), f, k, n++,
				    &f->samples[f->rows[i].sample[j]], e);
	if (r == 0 && n >= SAMPLES)
		set_full(f, line_hash(k));
	return r;
}

/* The end of the ledger line that begins with row from. */
static size_t line_end(const struct fold *f, size_t from)
{
	size_t to = from + 1;

	while (to < f->n_rows && line_cmp(&f->rows[from].key, &f->rows[to].key) == 0)
		to++;
	return to;
}

/* How many samples the hub has of each line that is not known to be full; *lines: the first rows of these. */
static int count_samples(struct hub *h, struct fold *f, size_t *lines, size_t *ret, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_EVIDENCE_COUNT);
	size_t n = 0;
	int r = 0;

	for (size_t from = 0; from < f->n_rows && r == 0; from = line_end(f, from)) {
		if (is_full(f, line_hash(&f->rows[from].key)))
			continue;
		lines[n++] = from;
		put_line(b, &f->rows[from].key);
		r = db_bulk_row(b, e);
	}
	*ret = n;
	return r < 0 ? r : db_bulk_flush(b, e);
}

static int write_evidence(struct hub *h, struct fold *f, struct err *e)
{
	size_t *lines = calloc(f->n_rows + 1, sizeof(*lines)), n = 0;
	int r;

	if (!lines)
		abort(); /* out of memory: the spool still has it all */
	r = count_samples(h, f, lines, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_line_samples(h, f, lines[i], line_end(f, lines[i]),
		    db_bulk_counted(hub_bulk(h, BULK_EVIDENCE_COUNT), i), e);
	free(lines);
	return r < 0 ? r : db_bulk_flush(hub_bulk(h, BULK_EVIDENCE), e);
}

/* Rows that differ by hour or service alone are one change. */
static int write_changes(struct hub *h, const struct fold *f, int64_t n, struct err *e)
{
	struct db_bulk *b = hub_bulk(h, BULK_CHANGE);
	uint64_t count = 0;
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++) {
		const struct row *row = &f->rows[i], *next = row + 1;

		count += row->count;
		if (i + 1 < f->n_rows && line_cmp(&row->key, &next->key) == 0 &&
		    row->key.proof == next->key.proof)
			continue;
		db_bulk_i64(b, n);
		put_line(b, &row->key);
		db_bulk_i64(b, row->key.proof);
		db_bulk_i64(b, (int64_t)count);
		r = db_bulk_row(b, e);
		count = 0;
	}
	if (r == 0)
		r = db_bulk_flush(b, e);
	/* Where no judge asks for them they must not pile up. */
	return r < 0 ? r : hub_change_forget(h, n - CHANGES_KEPT, e);
}

/* Rows are by day. */
static int note_hours(struct hub *h, const struct fold *f, int64_t n, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < f->n_rows && r == 0; i++)
		if (i == 0 || f->rows[i].key.day != f->rows[i - 1].key.day)
			r = hub_hours_note(h, f->rows[i].key.day, n, e);
	return r;
}

static void tell(const struct fold *f, struct hub_folded *ret)
{
	for (size_t i = 0; i < f->n_pending; i++) {
		ret->batches++;
		ret->lines += f->pending[i].lines;
		ret->refused += f->pending[i].refused;
	}
	ret->rows += f->n_rows; /* of the ledger */
}

int hub_fold_commit(struct hub *h, struct hub_folded *ret, struct err *e)
{
	struct fold *f = h->fold;
	struct hub_tx tx;
	int64_t last = 0;
	int r;

	if (!f || f->n_pending == 0)
		return 0;
	r = hub_tx_begin(h, &tx, e);
	if (r == 0) {
		r = write_batches(h, f, &last, e);
		if (r == 0)
			r = sort_rows(h, f, e);
		if (r == 0)
			r = write_ledger(h, f, e);
		if (r == 0)
			r = write_evidence(h, f, e);
		if (r == 0)
			r = note_hours(h, f, last, e);
		if (r == 0)
			r = goods_write(h, &f->good, e);
		if (r == 0)
			r = write_changes(h, f, last, e);
		r = hub_tx_end(h, &tx, r, e);
	}
	if (r == 0 && ret)
		tell(f, ret);
	if (r < 0)
		forget_full(f); /* what it says was undone */
	fold_clear(f);
	return r;
}

void hub_fold_forget(struct hub *h)
{
	if (!h->fold)
		return;
	fold_clear(h->fold);
	forget_full(h->fold);
}

int hub_fold_batch(
    struct hub *h, const struct batch *b, int64_t now_s, struct hub_folded *ret, struct err *e)
{
	int r = hub_fold_add(h, b, now_s, e), c;

	if (r == 0 && ret)
		ret->duplicates++;
	if (r != 1)
		return r;
	c = hub_fold_commit(h, ret, e);
	return c < 0 ? c : 1;
}

int hub_newest_batch(
    struct hub *h, const char *host, const char *producer, uint64_t *ret, struct err *e)
{
	CLEANUP(db_stmt_free_p) struct db_stmt *s = NULL;
	int r = db_prepare(h->db,
	    "SELECT coalesce(max(seq), 0) FROM batch WHERE host = ? AND producer = ?", &s, e);

	if (r < 0)
		return r;
	db_bind_text(s, 1, span_str(host));
	db_bind_text(s, 2, span_str(producer));
	r = db_step(s, e);
	if (r == 1)
		*ret = (uint64_t)db_i64(s, 0);
	return r < 0 ? r : 0;
}
