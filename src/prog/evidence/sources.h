/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is believed of a source: what the configuration says, and over it what was set by command (onus source). */
#ifndef ONUS_PROG_EVIDENCE_SOURCES_H
#define ONUS_PROG_EVIDENCE_SOURCES_H

#include "core/conf.h"
#include "ledger/hub_setting.h"

/* source_of_conf - as its section says; texts are borrowed from it */
void source_of_conf(const struct conf_source *c, struct hub_source *ret);

/* source_newcomer - one that only events know (contracts/ledger.md); the name is borrowed */
void source_newcomer(const char *name, struct hub_source *ret);

/* source_override - what was set over what is in *s; texts are borrowed from over. An anchor's trust stays 1. */
void source_override(const struct settings_source *over, struct hub_source *s);

#endif
