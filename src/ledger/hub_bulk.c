/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables that take many rows at once, as they are put. */
#include "ledger/hub_columns.h"
#include "ledger/hub_priv.h"

static const struct db_table tables[] = {
	[BULK_LEDGER] = { "ledger", DB_ADD, NELEM(columns_ledger), 8, columns_ledger },
	[BULK_EVIDENCE_COUNT] = { "evidence", DB_COUNT, 5, 5, columns_evidence },
	[BULK_EVIDENCE] = { "evidence", DB_INSERT, NELEM(columns_evidence), 6, columns_evidence },
	[BULK_CHANGE] = { "change", DB_INSERT, NELEM(columns_change), 7, columns_change },
	[BULK_GOOD] = { "good", DB_ADD, NELEM(columns_good), 4, columns_good },
	[BULK_SCORE] = { "score_day", DB_REPLACE, NELEM(columns_score_day), 3, columns_score_day },
	[BULK_DECISION] = { "decision", DB_REPLACE, NELEM(columns_decision), 2, columns_decision },
	[BULK_EPISODE] = { "episode", DB_REPLACE, NELEM(columns_episode), 1, columns_episode },
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
