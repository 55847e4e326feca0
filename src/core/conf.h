/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration: `name = value` lines, `[source NAME]` sections, `#` comments, conf.d/ beside
 * the file. Every parameter is one row of a table in conf.c (name, type, default, bounds, unit,
 * help); parsing, `onus conf` and the man page follow from it. Defaults run without any file. */
#ifndef ONUS_CORE_CONF_H
#define ONUS_CORE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/batch.h"
#include "util/err.h"
#include "util/span.h"

#define CONF_FILE_DEFAULT "/etc/onus/onus.conf"
#define CONF_JSON_PATH	  "/etc/onus/json.d:/usr/share/onus/json.d" /* json_path, unless it is set */
#define CONF_SOURCES_MAX  256u
#define CONF_RULES_MAX	  256u
#define CONF_KNOWN_GOOD	  "known-good"
#define CONF_SHARED	  "shared"
#define CONF_USERS_POOL	  8u   /* people behind an address of a dynamic pool … */
#define CONF_USERS_MANY	  256u /* … and behind one of shared egress (scoring.md, B3) */
#define CONF_REASON_MAX	  40u  /* bytes */
#define CONF_ANALYSIS	  "analysis"
#define CONF_SENSOR	  "sensor" /* what is believed of a source that a sensor reads */
#define CONF_SOURCE_MAX	  64u	   /* bytes of a source's name */
#define CONF_UNVERIFIED                                                                            \
	"-unverified" /* behind the name of a source of reports: those of nobody it knows */

/* struct conf_source - one `[source NAME]`: who says so, and where it is read. One `[feed NAME]` is a source too, and
 * says where it is published: a list that is no anchor, whose copy is FEEDS_DIR/NAME. */
struct conf_source {
	char *name;  /* of the section; at most 64 bytes of [A-Za-z0-9._-] */
	char *place; /* where it begins, "FILE:LINE" */
	char *
	    type; /* "log", "json", "list", "events", "syslog", "journal", "plugin", "reports", "mail", CONF_ANALYSIS, CONF_SENSOR, or CONF_KNOWN_GOOD or CONF_SHARED, whose entries are no events */
	char *listen; /* syslog: where (svc/listen.h) */
	char *
	    command; /* plugin, analysis: a program's path and its arguments, with blanks between */
	uint32_t interval_s, timeout_s; /* plugin, analysis */
	uint32_t days;			/* analysis: of the ledger */
	char *reporters, *authserv;	/* reports: who is believed (intake/sender.h) */
	char *unverified;		/* reports: what becomes of others': "apart", "refuse" */
	char *reporter_hosts;		/* reports: prefixes (intake/report.h) */
	uint32_t keep_days;		/* reports, mail: in done/ and bad/ */
	char *trusted; /* mail, reports: whose Received lines are believed, prefixes */
	char *match;   /* journal: fields and values; empty: what the filters say */
	char *allow;   /* syslog: who may send, prefixes */
	uint32_t connections, idle_s; /* syslog, at most */
	char *path;		      /* file; a shell pattern may name several */
	char *format;		      /* list: how its lines are laid out (intake/list_form.h) */
	char *filter;		      /* log: filter names, comma-separated */
	char *map;		      /* json: the map's name */
	char *category;		      /* list: category of its entries */
	uint32_t users, lease_s;      /* shared: people behind an address; of a pool */
	char *reason;		      /* shared: what they are: "tor-exit" … */
	char *group;		      /* independence group; default: the source's own name */
	bool anchor;		      /* a source of one's own: trust 1 */
	double trust;		      /* 0-1, of sources that are no anchor */
	bool weak;		      /* what it says could be spoofed: proof is weak */
	bool redistribute;
	bool is_feed;
	char *url;   /* feed: where it is published */
	char *terms; /* feed: what its publisher allows, in a few words */
	bool fetch;  /* feed: no: only when it is asked for by name */
	uint32_t every_min, stale_h, max_mib;
};

/* struct conf_rule - one `[rule NAME]`: what is done at the door with mail of some kind (door/rules.h reads the texts);
 * in the order of the file, and an empty text matches everything */
struct conf_rule {
	char *name, *place;			 /* as of a source */
	char *client;				 /* prefixes */
	char *sender, *recipient;		 /* mail addresses, domains */
	char *authenticated, *verified, *listed; /* "", "yes", "no" */
	char *grade;				 /* letters */
	char *action;
};

/* struct conf - every parameter, owned; the names are those of the file */
struct conf {
	char *registry_file;
	char *registry_merges;	   /* "": there is none */
	char *registry_inputs;	   /* list of what is fetched for it */
	char *registry_inputs_dir; /* where that is kept */
	char *feeds;	     /* file of [feed NAME] sections, read before the others; "": none */
	char *feeds_dir;     /* where copies of them are */
	char *fetch_contact; /* what servers we fetch from are told of us */
	char *filter_path;   /* directories of filters, colon-separated */
	char *json_path;     /* the same for maps of JSON logs */
	char *state_dir;
	char *spool_dir;      /* holds one spool directory a producer */
	char *batch_archive;  /* where loaded batches are kept; "": nowhere */
	char *load_into;      /* "ledger", "inbox" */
	uint32_t inbox_max;   /* batches of one sensor in the hub's inbox */
	uint32_t clock_max_s; /* a sensor's clock that differs by more is wrong */
	char *hub;	      /* URL of the hub (doc/hub.md) */
	char *serve_dir, *open_dir;
	char *publication_key; /* 64 hexadecimal digits; "": whoever signed the first one */
	char *host_name;       /* HOST of batch names */
	char *site_name;       /* "as seen by SITE" */
	char *site_url;
	char *dnsbl_zone, *dnsbl_listen, *dnsbl_ns;
	char *dnsbl_allow, *dnsbl_unlimited; /* prefixes */
	bool dnsbl_mask;
	uint32_t dnsbl_ttl_s, dnsbl_threads, dnsbl_connections, dnsbl_rate, dnsbl_slip;
	char *own_networks; /* prefixes, comma-separated: never an event, never blocked */
	char *web_listen;   /* address:port */
	char *web_root;	    /* page templates and style */
	bool web_public;    /* false: every page says it is a private view */
	bool simulated;	    /* true: every page and table says so */
	char *rdap_dir, *rdap_bootstrap_dir, *rdap_bootstrap_url;
	char *wish_file;  /* what pages leave for `onus registry enrich` */
	char *dns_server; /* "ADDRESS:PORT"; "": the system's */
	uint32_t rdap_worst, rdap_wishes, rdap_questions, rdap_mailboxes; /* of one run */
	uint32_t rdap_pause_ms, rdap_wait_s, rdap_timeout_s, rdap_fresh_days, rdap_keep_days;
	uint32_t registry_max_age_days, registry_keep_days;
	bool collect_good;
	double max_good_loss; /* percent */
	char *operator_keys;  /* core/warrant.h */
	char *graph_dir;
	uint32_t graph_step_s;
	uint32_t collect_interval_s, load_interval_s, score_interval_s, publish_interval_s,
	    publish_keep, pages_apart_mib;
	uint32_t spool_max_mib, analysis_max_mib;
	uint32_t retention_days, hours_days, addr_scores_days;
	char *status_dir; /* never empty after conf_open */
	char *tag_grade;  /* one letter, or "" */
	uint32_t greylist_delay_s, greylist_window_s, greylist_keep_days, greylist_known,
	    greylist_entries;
	char *policy_listen; /* svc/listen.h, several with commas between */
	uint32_t policy_connections, policy_idle_s, policy_wait_ms;
	char *milter_listen; /* inet:PORT@ADDRESS … (onus-milter) */
	uint32_t milter_connections;
	struct conf_source *sources; /* n_sources of them */
	unsigned n_sources;
	struct conf_rule *rules; /* n_rules of them */
	unsigned n_rules;
};

/* conf_new - all defaults; conf_free is NULL-safe and returns NULL */
struct conf *conf_new(void);
struct conf *conf_free(struct conf *c);

/* conf_load - read a file and its conf.d over what is there
 * A missing file is an error only when must_exist. Errors name file, line and remedy. */
MUST_USE int conf_load(struct conf *c, const char *path, bool must_exist, struct err *e);

/* conf_set - one "name=value", as -o on a command line has it */
MUST_USE int conf_set(struct conf *c, const char *assignment, struct err *e);

/* conf_is_evidence - does it say of anybody that he did something? */
bool conf_is_evidence(const struct conf_source *s);

/* conf_unverified - the source that those are of whom a source of reports does not know; false when it has none */
bool conf_unverified(const struct conf_source *s, char ret[CONF_SOURCE_MAX + 1]);

/* conf_has_type - is there a source of that type? */
bool conf_has_type(const struct conf *c, const char *type);

/* conf_check - what one value alone cannot show (a log source without a path …) */
MUST_USE int conf_check(const struct conf *c, struct err *e);

/* conf_host_name - HOST of this host's batches */
void conf_host_name(const struct conf *c, char ret[BATCH_HOST_MAX + 1]);

/* conf_print - every parameter in force, as a file would have it; conf_describe - a commented file
 * of all parameters with help, unit, bounds and default */
void conf_print(const struct conf *c, FILE *to);
void conf_describe(FILE *to);

/* conf_open - what every program does first: defaults, then the feeds, then file (NULL: CONF_FILE_DEFAULT, which
 * may be missing), then the n assignments of -o, then conf_check. NULL with a message in e. */
struct conf *conf_open(const char *file, const char *const *assignments, unsigned n, struct err *e);

/* conf_valid - could conf_open read it? For `-t`, and before a reload: 0, or -EINVAL with the message */
MUST_USE int conf_valid(
    const char *file, const char *const *assignments, unsigned n, struct err *e);

#endif
