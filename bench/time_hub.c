/* SPDX-License-Identifier: GPL-3.0-or-later */
/* time_hub fold|rows|bulk URL ADDRESSES EVENTS - seconds for events whose addresses are Zipf-distributed over those of a
 * file, into the empty hub at URL, commits that wait for the disk:
 *   fold  event lines by hub_fold, batches and transactions as onus-load has them
 *   rows  the ledger's rows alone, not added up: an upsert for each, 10,000 in a transaction
 *   bulk  the same as the engine takes them quickest: MariaDB statements of many rows, PostgreSQL COPY into a temporary
 *         table and one upsert of its sums; SQLite as rows
 * Prints events, seconds, seconds of this process's processor.
 * time_hub spool DIR ADDRESSES EVENTS - the same event lines as batches in a spool; prints events, bytes of their lines, bytes
 * of the batches */
#include <errno.h>
#include <sys/resource.h>
#include <time.h>

#include "core/spool.h"
#include "core/spool_depth.h"
#include "ledger/hub_priv.h"
#include "util/clock.h"
#include "util/num.h"

#define ADDRS_MAX   (1u << 20)
#define EVENTS_MAX  100000000u
#define A_DAY	    20000000u		/* events: how quickly their clock runs */
#define START_S	    INT64_C(1788220800) /* 2026-09-01 */
#define TRANSACTION 10000u		/* rows of a peer */

struct work {
	struct addr *addrs;
	uint32_t n_addrs;
	double *sum;	/* of 1/rank */
	uint32_t *pick; /* the address of each event */
	uint32_t n;
	const char *url;
	uint64_t state;
};

static void die(const struct err *e)
{
	(void)fprintf(stderr, "time_hub: %s\n", e->text);
	exit(1);
}

static void must(int r, const struct err *e)
{
	if (r < 0)
		die(e);
}

static double uniform(struct work *w)
{
	w->state ^= w->state >> 12;
	w->state ^= w->state << 25;
	w->state ^= w->state >> 27;
	return (double)((w->state * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

static uint32_t draw(struct work *w)
{
	double u = uniform(w) * w->sum[w->n_addrs - 1];
	uint32_t lo = 0, hi = w->n_addrs - 1;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (w->sum[mid] < u)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int64_t time_of(uint32_t i)
{
	return START_S + (int64_t)i * DAY_S / A_DAY;
}

static void read_addresses(struct work *w, const char *path)
{
	char line[100];
	FILE *f = fopen(path, "re");

	w->addrs = calloc(ADDRS_MAX, sizeof(*w->addrs));
	w->sum = calloc(ADDRS_MAX, sizeof(*w->sum));
	if (!f || !w->addrs || !w->sum)
		die(&(struct err){ "no addresses" });
	while (w->n_addrs < ADDRS_MAX && fgets(line, sizeof(line), f)) {
		if (addr_parse(span_trim(span_str(line)), &w->addrs[w->n_addrs]) < 0)
			continue;
		w->n_addrs++;
		w->sum[w->n_addrs - 1] =
		    (w->n_addrs > 1 ? w->sum[w->n_addrs - 2] : 0) + 1.0 / w->n_addrs;
	}
	(void)fclose(f);
	if (!w->n_addrs)
		die(&(struct err){ "no addresses" });
}

static double wall_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

/* --- ours ----------------------------------------------------------------------------------------- */

static uint32_t fill(struct work *w, struct batch_writer *b, uint32_t i)
{
	struct buf line;

	buf_init(&line, BATCH_LINE_MAX);
	for (; i < w->n; i++) {
		char text[ADDR_TEXT_MAX];

		(void)addr_format(w->addrs[w->pick[i]], text);
		buf_reset(&line);
		buf_fmt(&line,
		    "%jd\t%s\tbrute-force\t1\tfull\tsshd.mx1\tsshd\tFailed password for root from "
		    "%s port %u ssh2\n",
		    (intmax_t)time_of(i), text, text, 1024 + i % 60000);
		if (batch_writer_add(b, buf_text(&line)) < 0)
			break;
	}
	buf_done(&line);
	return i;
}

static void fold(struct work *w, double *wall, double *cpu)
{
	struct batch_writer *v = calloc(w->n / 4000 + 2, sizeof(*v));
	uint32_t n = 0;
	struct hub *h = NULL;
	struct err e;

	if (!v)
		abort();
	for (uint32_t i = 0; i < w->n; n++) {
		batch_writer_init(&v[n]);
		i = fill(w, &v[n], i);
	}
	must(hub_open(w->url, HUB_WRITE, &h, &e), &e);
	*wall = wall_s();
	*cpu = cpu_s();
	for (uint32_t i = 0; i < n; i++) {
		struct batch b = { .created_s = time_of(w->n),
			.lines = buf_text(&v[i].lines),
			.count = v[i].count };

		must(batch_name_make("mx1", "collect", i + 1, &b.name, &e), &e);
		must(hub_fold_add(h, &b, time_of(w->n), &e), &e);
		if (hub_fold_full(h) || i + 1 == n)
			must(hub_fold_commit(h, NULL, &e), &e);
	}
	*wall = wall_s() - *wall;
	*cpu = cpu_s() - *cpu;
	(void)hub_free(h);
	for (uint32_t i = 0; i < n; i++)
		batch_writer_done(&v[i]);
	free(v);
}

static void spool(struct work *w, uint64_t *lines, uint64_t *packed)
{
	struct spool_depth depth;
	struct batch_writer b;
	struct spool *s = NULL;
	struct err e;

	must(spool_open(w->url, "mx1", "collect", UINT64_MAX, &s, &e), &e);
	batch_writer_init(&b);
	for (uint32_t i = 0; i < w->n;) {
		i = fill(w, &b, i);
		*lines += b.lines.len;
		must(spool_put(s, &b, BATCH_EVENTS, time_of(w->n), SPAN(""), &e), &e);
	}
	batch_writer_done(&b);
	(void)spool_free(s);
	must(spool_depth(w->url, &depth, &e), &e);
	*packed = depth.waiting.bytes;
}

/* --- peers ---------------------------------------------------------------------------------------- */

static void rows(struct work *w, struct db *d)
{
	static const char sql[] =
	    "INSERT INTO ledger (day, addr, plen, category, source, proof, service, hour, count) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
	    "ON CONFLICT (day, addr, plen, category, source, proof, service, hour) "
	    "DO UPDATE SET count = ledger.count + excluded.count";
	struct db_stmt *s = NULL;
	struct err e;

	must(db_prepare(d, sql, &s, &e), &e);
	for (uint32_t i = 0; i < w->n; i++) {
		uint8_t addr[16];

		if (i % TRANSACTION == 0)
			must(db_begin(d, true, &e), &e);
		addr_to_bytes(w->addrs[w->pick[i]], addr);
		db_bind_i64(s, 1, time_of(i) / DAY_S);
		db_bind_blob(s, 2, span_of((const char *)addr, sizeof(addr)));
		for (int k = 3; k < 7; k++)
			db_bind_i64(s, k, 1);
		db_bind_text(s, 7, SPAN("sshd"));
		db_bind_i64(s, 8, time_of(i) % DAY_S / 3600);
		db_bind_i64(s, 9, 1);
		must(db_run(s, &e), &e);
		if (i % TRANSACTION == TRANSACTION - 1 || i + 1 == w->n)
			must(db_commit(d, &e), &e);
	}
	(void)db_stmt_free(s);
}

static const struct db_column columns[] = { { "day", DB_I32 }, { "addr", DB_BLOB },
	{ "plen", DB_I16 }, { "category", DB_I16 }, { "source", DB_I32 }, { "proof", DB_I16 },
	{ "service", DB_TEXT }, { "hour", DB_I16 }, { "count", DB_I64 } };

static void put(struct work *w, struct db_bulk *b, uint32_t i)
{
	uint8_t addr[16];
	struct err e;

	addr_to_bytes(w->addrs[w->pick[i]], addr);
	db_bulk_i64(b, time_of(i) / DAY_S);
	db_bulk_blob(b, span_of((const char *)addr, sizeof(addr)));
	for (int k = 3; k < 7; k++)
		db_bulk_i64(b, 1);
	db_bulk_text(b, SPAN("sshd"));
	db_bulk_i64(b, time_of(i) % DAY_S / 3600);
	db_bulk_i64(b, 1);
	must(db_bulk_row(b, &e), &e);
}

/* MariaDB: statements of 256 rows. PostgreSQL: copied as they are, summed up by the server. */
static void bulk(struct work *w, struct db *d, bool stage)
{
	static const struct db_table direct = { "ledger", DB_ADD, NELEM(columns), 8, columns };
	static const struct db_table staged = { "peer", DB_INSERT, NELEM(columns), 8, columns };
	struct db_bulk *b = db_bulk_new(d, stage ? &staged : &direct);
	struct err e;

	if (stage)
		must(db_exec(
			 d, "CREATE TEMPORARY TABLE peer (LIKE ledger) ON COMMIT DELETE ROWS", &e),
		    &e);
	for (uint32_t i = 0; i < w->n; i++) {
		if (i % TRANSACTION == 0)
			must(db_begin(d, true, &e), &e);
		put(w, b, i);
		if (i % TRANSACTION != TRANSACTION - 1 && i + 1 != w->n)
			continue;
		must(db_bulk_flush(b, &e), &e);
		if (stage)
			must(db_exec(d,
				 "INSERT INTO ledger SELECT day, addr, plen, category, source, "
				 "proof, "
				 "service, hour, sum(count) FROM peer GROUP BY 1, 2, 3, 4, 5, 6, "
				 "7, 8 "
				 "ON CONFLICT (day, addr, plen, category, source, proof, service, "
				 "hour) "
				 "DO UPDATE SET count = ledger.count + excluded.count",
				 &e),
			    &e);
		must(db_commit(d, &e), &e);
	}
	(void)db_bulk_free(b);
}

static void peer(struct work *w, const char *what, double *wall, double *cpu)
{
	char url[600];
	struct hub *h = NULL;
	struct db *d = NULL;
	struct err e;
	bool mysql = strncmp(w->url, "mysql:", 6) == 0;

	must(hub_open(w->url, HUB_WRITE, &h, &e), &e);
	(void)hub_free(h);
	(void)snprintf(url, sizeof(url), "%s%s", w->url, mysql ? " bulk=rows" : "");
	must(db_open(url, true, &d, &e), &e);
	*wall = wall_s();
	*cpu = cpu_s();
	if (strcmp(what, "rows") == 0 || strncmp(w->url, "sqlite:", 7) == 0)
		rows(w, d);
	else
		bulk(w, d, !mysql);
	*wall = wall_s() - *wall;
	*cpu = cpu_s() - *cpu;
	(void)db_free(d);
}

int main(int argc, char **argv)
{
	struct work w = { .state = UINT64_C(0x9e3779b97f4a7c15) };
	uint64_t lines = 0, packed = 0;
	double wall = 0, cpu = 0;

	if (argc != 5 || num_u32(span_str(argv[4]), EVENTS_MAX, &w.n) < 0) {
		(void)fprintf(
		    stderr, "usage: time_hub fold|rows|bulk|spool URL|DIR ADDRESSES EVENTS\n");
		return 2;
	}
	w.url = argv[2];
	read_addresses(&w, argv[3]);
	w.pick = calloc((size_t)w.n + 1, sizeof(*w.pick));
	if (!w.pick)
		abort();
	for (uint32_t i = 0; i < w.n; i++)
		w.pick[i] = draw(&w);
	if (strcmp(argv[1], "fold") == 0)
		fold(&w, &wall, &cpu);
	else if (strcmp(argv[1], "spool") == 0)
		spool(&w, &lines, &packed);
	else
		peer(&w, argv[1], &wall, &cpu);
	if (lines)
		printf("%u %ju %ju\n", w.n, (uintmax_t)lines, (uintmax_t)packed);
	else
		printf("%u %.3f %.3f\n", w.n, wall, cpu);
	free(w.addrs);
	free(w.sum);
	free(w.pick);
	return 0;
}
