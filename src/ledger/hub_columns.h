/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of the hub's tables that hold something of their own, in the order in which many rows of them are put, and
 * kept in a backup; sql/ENGINE has what they are. Internal to this room. */
#ifndef ONUS_LEDGER_HUB_COLUMNS_H
#define ONUS_LEDGER_HUB_COLUMNS_H

#include "ledger/db_bulk.h"

#define LINE                                                                                       \
	{ "day", DB_I32 }, { "addr", DB_BLOB }, { "plen", DB_I16 }, { "category", DB_I16 },        \
	{                                                                                          \
		"source", DB_I32                                                                   \
	}

static const struct db_column columns_source[] = { { "id", DB_I32 }, { "name", DB_TEXT },
	{ "kind", DB_I16 }, { "anchor", DB_I16 }, { "first_day", DB_I32 },
	{ "redistribute", DB_I16 } };
static const struct db_column columns_source_rev[] = { { "source", DB_I32 }, { "rev", DB_I32 },
	{ "day", DB_I32 }, { "grp", DB_TEXT }, { "trust", DB_REAL } };
static const struct db_column columns_inbox[] = { { "host", DB_TEXT }, { "producer", DB_TEXT },
	{ "seq", DB_I64 }, { "sent", DB_I64 }, { "received", DB_I64 }, { "bytes", DB_BLOB } };
static const struct db_column columns_batch[] = { { "host", DB_TEXT }, { "producer", DB_TEXT },
	{ "seq", DB_I64 }, { "received", DB_I64 }, { "lines", DB_I64 }, { "refused", DB_I64 },
	{ "events", DB_I64 }, { "n", DB_I64 } };
static const struct db_column columns_ledger[] = { LINE, { "proof", DB_I16 },
	{ "service", DB_TEXT }, { "hour", DB_I16 }, { "count", DB_I64 } };
static const struct db_column columns_change[] = { { "n", DB_I64 }, LINE, { "proof", DB_I16 },
	{ "count", DB_I64 } };
static const struct db_column columns_evidence[] = { LINE, { "n", DB_I16 }, { "time", DB_I64 },
	{ "service", DB_TEXT }, { "digest", DB_BLOB }, { "detail", DB_BLOB } };
static const struct db_column columns_good[] = { { "day", DB_I32 }, { "addr", DB_BLOB },
	{ "kind", DB_I16 }, { "source", DB_I32 }, { "count", DB_I64 } };
static const struct db_column columns_dispute[] = { { "line_id", DB_BLOB }, LINE,
	{ "state", DB_I16 }, { "opened", DB_I64 }, { "due", DB_I64 }, { "closed", DB_I64 } };
static const struct db_column columns_tenure[] = { { "first", DB_BLOB }, { "last", DB_BLOB },
	{ "holder", DB_TEXT }, { "from_day", DB_I32 }, { "to_day", DB_I32 }, { "rule", DB_TEXT } };
static const struct db_column columns_run[] = { { "id", DB_I64 }, { "at", DB_I64 },
	{ "formula", DB_TEXT }, { "registry_sha", DB_TEXT }, { "settings_rev", DB_I64 },
	{ "batch_cursor", DB_I64 } };
static const struct db_column columns_score_day[] = { { "run", DB_I64 }, { "entity", DB_TEXT },
	{ "family", DB_I16 }, { "m", DB_REAL }, { "low", DB_REAL }, { "high", DB_REAL },
	{ "score", DB_REAL }, { "grade", DB_TEXT }, { "reason", DB_TEXT }, { "size", DB_I64 },
	{ "hosts", DB_I64 }, { "events", DB_I64 }, { "groups_n", DB_I32 }, { "first_day", DB_I32 },
	{ "last_day", DB_I32 }, { "m_returning", DB_REAL } };
static const struct db_column columns_decision[] = { { "entity", DB_TEXT }, { "action", DB_TEXT },
	{ "level", DB_TEXT }, { "since", DB_I64 }, { "until", DB_I64 }, { "reason", DB_TEXT },
	{ "run", DB_I64 }, { "episode", DB_I32 } };
static const struct db_column columns_episode[] = { { "entity", DB_TEXT }, { "n", DB_I32 },
	{ "past", DB_I64 }, { "clean", DB_I64 } };
static const struct db_column columns_notice[] = { { "id", DB_I64 }, { "entity", DB_TEXT },
	{ "contact", DB_TEXT }, { "state", DB_I16 }, { "opened", DB_I64 }, { "sent", DB_I64 },
	{ "closed", DB_I64 }, { "lines", DB_I64 } };
static const struct db_column columns_setting[] = { { "name", DB_TEXT }, { "value", DB_TEXT },
	{ "rev", DB_I64 } };
static const struct db_column columns_audit[] = { { "id", DB_I64 }, { "at", DB_I64 },
	{ "who", DB_TEXT }, { "name", DB_TEXT }, { "old", DB_TEXT }, { "new", DB_TEXT },
	{ "why", DB_TEXT } };

#undef LINE

#endif
