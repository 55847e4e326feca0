/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables that take many rows at once, as sql/ has them. */
#include "ledger/hub_priv.h"

#define LINE                                                                                       \
	{ "day", DB_I32 }, { "addr", DB_BLOB }, { "plen", DB_I16 }, { "category", DB_I16 },        \
	{                                                                                          \
		"source", DB_I32                                                                   \
	}

static const struct db_column ledger[] = { LINE, { "proof", DB_I16 }, { "service", DB_TEXT },
	{ "hour", DB_I16 }, { "count", DB_I64 } };
static const struct db_column evidence[] = { LINE, { "n", DB_I16 }, { "time", DB_I64 },
	{ "service", DB_TEXT }, { "digest", DB_BLOB }, { "detail", DB_BLOB } };
static const struct db_column change[] = { { "n", DB_I64 }, LINE, { "proof", DB_I16 },
	{ "count", DB_I64 } };
static const struct db_column good[] = { { "day", DB_I32 }, { "addr", DB_BLOB }, { "kind", DB_I16 },
	{ "source", DB_I32 }, { "count", DB_I64 } };
static const struct db_column score[] = { { "run", DB_I64 }, { "entity", DB_TEXT },
	{ "family", DB_I16 }, { "m", DB_REAL }, { "low", DB_REAL }, { "high", DB_REAL },
	{ "score", DB_REAL }, { "grade", DB_TEXT }, { "reason", DB_TEXT }, { "size", DB_I64 },
	{ "hosts", DB_I64 }, { "events", DB_I64 }, { "groups_n", DB_I32 }, { "first_day", DB_I32 },
	{ "last_day", DB_I32 }, { "m_returning", DB_REAL } };

static const struct db_table tables[] = {
	[BULK_LEDGER] = { "ledger", DB_ADD, NELEM(ledger), 8, ledger },
	[BULK_EVIDENCE_COUNT] = { "evidence", DB_COUNT, 5, 5, evidence },
	[BULK_EVIDENCE] = { "evidence", DB_INSERT, NELEM(evidence), 6, evidence },
	[BULK_CHANGE] = { "change", DB_INSERT, NELEM(change), 7, change },
	[BULK_GOOD] = { "good", DB_ADD, NELEM(good), 4, good },
	[BULK_SCORE] = { "score_day", DB_REPLACE, NELEM(score), 3, score },
};
_Static_assert(NELEM(tables) == BULK_N, "tables out of step");

struct db_bulk *hub_bulk(struct hub *h, enum hub_bulk which)
{
	if (!h->bulk[which])
		h->bulk[which] = db_bulk_new(h->db, &tables[which]);
	return h->bulk[which];
}

int hub_bulk_flush_all(struct hub *h, struct err *e)
{
	int r = 0;

	for (unsigned i = 0; i < BULK_N && r == 0; i++)
		r = h->bulk[i] ? db_bulk_flush(h->bulk[i], e) : 0;
	return r;
}

void hub_bulk_drop_all(struct hub *h)
{
	for (unsigned i = 0; i < BULK_N; i++)
		db_bulk_drop(h->bulk[i]);
}

void hub_bulk_free_all(struct hub *h)
{
	for (unsigned i = 0; i < BULK_N; i++)
		h->bulk[i] = db_bulk_free(h->bulk[i]);
}
