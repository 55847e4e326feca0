/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/conf.h"

#include <errno.h>
#include <glob.h>
#include <sys/stat.h>

#include "core/category.h"
#include "core/param.h"
#include "core/warrant.h"
#include "net/addrset.h"
#include "util/file.h"

#define CONF_BYTES_MAX (1u << 20)
#define PLACE_MAX      300u

#define FEEDS_STANDARD "/usr/share/onus/feeds.conf"

#define SOURCE_TYPES                                                                               \
	"log|json|list|events|syslog|journal|plugin|reports|mail|" CONF_ANALYSIS "|" CONF_SENSOR   \
	"|" CONF_KNOWN_GOOD "|" CONF_SHARED

#define P(field, type, standard, min, max, unit, help)                                             \
	{                                                                                          \
#field, PARAM_##type, offsetof(struct conf, field), standard, min, max, unit, help \
	}
static const struct param params[] = {
	P(registry_file, TEXT, "/var/lib/onus/registry", 0, 0, "file",
	    "The compiled registry: who holds which address (onus registry build)."),
	P(registry_max_age_days, COUNT, "45", 1, 3650, "days",
	    "Say in every output that the registry is old when it is older than this."),
	P(registry_merges, TEXT, "", 0, 0, "file",
	    "Who is, and who is not, one organisation (onus registry build --merges)."),
	P(registry_keep_days, COUNT, "30", 2, 3650, "days",
	    "How long builds of other days are kept beside the registry (--keep, fetch --build)."),
	P(registry_inputs, TEXT, "/usr/share/onus/registry-inputs.conf", 0, 0, "file",
	    "The list of what is fetched for the registry (onus registry fetch)."),
	P(registry_inputs_dir, TEXT, "/var/lib/onus/inputs", 0, 0, "directory",
	    "Where the last good copy of each of them is kept."),
	P(feeds, TEXT, FEEDS_STANDARD, 0, 0, "file",
	    "[feed NAME] sections that are read before this file; empty: none."),
	P(feeds_dir, TEXT, "/var/lib/onus/feeds", 0, 0, "directory",
	    "Where the copies of feeds are kept (onus feed fetch)."),
	P(fetch_contact, TEXT, "", 0, 0, "URL",
	    "What servers we fetch from are told of us: a page or mailto: address."),
	P(rdap_dir, TEXT, "/var/lib/onus/rdap", 0, 0, "directory",
	    "What registries answered over RDAP (onus registry enrich)."),
	P(rdap_bootstrap_dir, TEXT, "/var/lib/onus/bootstrap", 0, 0, "directory",
	    "IANA's lists of which RDAP server answers for what."),
	P(rdap_bootstrap_url, TEXT, "https://data.iana.org/rdap/", 0, 0, "URL",
	    "Where these are fetched when they are a week old; empty: never."),
	P(rdap_worst, COUNT, "100", 0, 10000, "entities",
	    "So many of the worst of each kind are asked about."),
	P(rdap_wishes, COUNT, "100", 0, 512, "wishes",
	    "So many of what was looked up are asked about in one run."),
	P(rdap_questions, COUNT, "500", 1, 10000, "questions", "One run asks no more than these."),
	P(rdap_mailboxes, COUNT, "300", 0, 10000, "mailboxes",
	    "So many abuse contacts are checked by DNS in one run."),
	P(rdap_pause_ms, COUNT, "1000", 100, 3600000, "milliseconds",
	    "From one question to an RDAP server to the next one at least."),
	P(rdap_wait_s, COUNT, "60", 0, 86400, "seconds",
	    "A server that wants to be left alone for longer is left to the next run."),
	P(rdap_timeout_s, COUNT, "30", 1, 600, "seconds", "For one answer of an RDAP server."),
	P(rdap_fresh_days, COUNT, "14", 1, 365, "days",
	    "Before that, the same question is not asked again."),
	P(rdap_keep_days, COUNT, "60", 1, 730, "days",
	    "An answer that is older, and could not be had anew, is dropped."),
	P(wish_file, TEXT, "/var/lib/onus/wishes", 0, 0, "file",
	    "What was looked up on the pages, for `onus registry enrich`; empty: nothing."),
	P(dns_server, TEXT, "", 0, 0, "address:port",
	    "The name server to ask about mailboxes (IPv4); empty: the system's."),
	P(filter_path, TEXT, "/etc/onus/filter.d:/usr/share/onus/filter.d:/etc/fail2ban/filter.d",
	    0, 0, "directories",
	    "Where log filters are looked for, colon-separated, first match wins; a path with a "
	    "slash names a filter that another of its name stands before."),
	P(json_path, TEXT, CONF_JSON_PATH, 0, 0, "directories",
	    "Where maps of JSON logs are looked for, as filters are."),
	P(state_dir, TEXT, "/var/lib/onus", 0, 0, "directory", "Keys and state of the programs."),
	P(status_dir, TEXT, "", 0, 0, "directory",
	    "Where every program keeps its status file; empty: status below state_dir."),
	P(graph_dir, TEXT, "/var/lib/onus/graph", 0, 0, "directory",
	    "Round-robin files of onus's own flows, and their pictures (onus-graph)."),
	P(graph_step_s, COUNT, "60", 1, 3600, "seconds",
	    "How often a value is recorded; files that are there keep the step they were made "
	    "with."),
	P(spool_dir, TEXT, "/var/spool/onus", 0, 0, "directory",
	    "Batches on their way into the hub, one directory a producer."),
	P(batch_archive, TEXT, "", 0, 0, "directory",
	    "Batches are kept here after they were loaded, for retention_days (onus-load "
	    "--rebuild); "
	    "empty: they are not."),
	P(spool_max_mib, COUNT, "1024", 1, 1048576, "MiB",
	    "Readers of files stop reading while the spool is larger than this."),
	P(hub, TEXT, "sqlite:/var/lib/onus/hub.sqlite", 0, 0, "URL",
	    "The SQL hub: sqlite:PATH, postgresql:… or mysql:… (doc/hub.md)."),
	P(load_into, TEXT, "ledger", 0, 0, "ledger|inbox",
	    "What onus-load does with the spool: fold it into the hub, or, on a sensor, hand whole "
	    "batches to the hub's inbox."),
	P(inbox_max, COUNT, "2000", 1, 1000000, "batches",
	    "A sensor of which so many wait in the hub's inbox keeps more in its spool; the hub's "
	    "loader tells of one of which more do."),
	P(clock_max_s, COUNT, "300", 1, 86400, "seconds",
	    "A sensor whose clock differs by more from the hub's is told of."),
	P(serve_dir, TEXT, "/var/lib/onus/serve", 0, 0, "directory",
	    "Publications for our own daemons; `current` is the newest."),
	P(open_dir, TEXT, "/var/lib/onus/open", 0, 0, "directory",
	    "Publications that anybody may download."),
	P(publication_key, TEXT, "", 0, 0, "key",
	    "Who must have signed the publications that onus-dnsbl, onus-policy, onus-milter, "
	    "onus-web "
	    "and `onus lookup --standing` answer by (publish.pub beside publish.key); empty: "
	    "whoever signed the first one that "
	    "they "
	    "read."),
	P(publish_keep, COUNT, "3", 1, 1000, "publications", "Older publications to keep."),
	P(pages_apart_mib, COUNT, "64", 0, 1048576, "MiB",
	    "From this size of reputation.sqlite on, what pages show is made beside the "
	    "publications, so that decisions do not wait for it."),
	P(host_name, TEXT, "", 0, 0, "name",
	    "HOST in the names of batches; empty: this host's name."),
	P(site_name, TEXT, "this site", 0, 0, "text", "Every grade says: as seen by SITE."),
	P(site_url, TEXT, "", 0, 0, "URL", "Where the public pages are, when they are public."),
	P(own_networks, TEXT, "", 0, 0, "prefixes",
	    "One's own space, comma-separated: never an event, never on a wall."),
	P(web_listen, TEXT, "127.0.0.1:8025", 0, 0, "address:port",
	    "Where onus-web listens; port 0 takes a free one."),
	P(web_public, YESNO, "no", 0, 0, "yes|no",
	    "Without it every page says that it is a private view."),
	P(web_root, TEXT, "/usr/share/onus/web", 0, 0, "directory", "Page templates and style."),
	P(dnsbl_zone, TEXT, "dnsbl.internal", 0, 0, "name",
	    "The zone that onus-dnsbl answers for (doc/dnsbl.md)."),
	P(dnsbl_listen, TEXT, "127.0.0.1:5300", 0, 0, "address:port, …",
	    "Where onus-dnsbl answers, over UDP and TCP, comma-separated; port 0 takes a free "
	    "one."),
	P(dnsbl_ns, TEXT, "", 0, 0, "names",
	    "The zone's name servers, as its parent has them, comma-separated; none in the zone "
	    "itself."),
	P(dnsbl_mask, YESNO, "no", 0, 0, "yes|no",
	    "What an address is listed for: one A record with a bit for each family; no: an A "
	    "record for each."),
	P(dnsbl_ttl_s, COUNT, "120", 1, 86400, "seconds",
	    "How long resolvers may keep an answer; none outlives its decision."),
	P(dnsbl_allow, TEXT, "", 0, 0, "prefixes",
	    "Who may ask onus-dnsbl, comma-separated; all others are refused; empty: everybody."),
	P(dnsbl_threads, COUNT, "0", 0, 64, "threads",
	    "That answer; 0: as many as there are processors."),
	P(dnsbl_connections, COUNT, "256", 1, 65536, "connections", "Over TCP, at once."),
	P(dnsbl_rate, COUNT, "1000", 0, 1000000, "answers a second",
	    "To one network (/24, /56), over UDP; 0: any number."),
	P(dnsbl_slip, COUNT, "2", 0, 10, "questions",
	    "Above that, one in so many gets a truncated answer, the others none; 0: none does."),
	P(dnsbl_unlimited, TEXT, "127.0.0.0/8, ::1", 0, 0, "prefixes",
	    "Who is given any number, comma-separated."),
	P(simulated, YESNO, "no", 0, 0, "yes|no",
	    "The events are made up: every page and table says so."),
	P(collect_good, YESNO, "yes", 0, 0, "yes|no",
	    "Count deliveries and log-ins in one's own logs too, for what walls would cost; never "
	    "published."),
	P(max_good_loss, PERCENT, "0.1", 0, 0, "percent, 0 to 100",
	    "A rule that would have refused a larger share of one's own deliveries or log-ins of "
	    "the last 30 days stays at tag (onus decide --replay)."),
	P(operator_keys, TEXT, "", 0, 0, "NAME:KEY, …",
	    "Whose warrants count, by the keys that they sign with (onus warrant key); empty: "
	    "nobody's."),
	P(collect_interval_s, COUNT, "10", 1, 3600, "seconds",
	    "The collector hands over what it has at least this often."),
	P(load_interval_s, COUNT, "2", 1, 3600, "seconds",
	    "How often the loader looks at the spool."),
	P(analysis_max_mib, COUNT, "1024", 1, 1048576, "MiB",
	    "An analysis of whose days the ledger holds more than this, as event lines, is not "
	    "run; they lie in state_dir while it runs."),
	P(score_interval_s, COUNT, "10", 1, 86400, "seconds",
	    "How often scores are computed when there is something new."),
	P(publish_interval_s, COUNT, "5", 1, 86400, "seconds",
	    "How often the publisher looks for newer scores."),
	P(retention_days, COUNT, "400", 30, 3650, "days",
	    "What happened longer ago is forgotten, and the batches that told of it."),
	P(hours_days, COUNT, "8", 2, 3650, "days",
	    "The ledger keeps hours for so long; then a day's rows of one kind become one."),
	P(addr_scores_days, COUNT, "30", 1, 3650, "days",
	    "The scores of a day's addresses and blocks are kept for so long, those of all else "
	    "for retention_days; the ledger has what they came of."),
	P(tag_grade, TEXT, "D", 0, 0, "A … F",
	    "Mail of a client of this grade or worse gets a header before the queue although no "
	    "decision is in force over it; empty: only where one is."),
	P(greylist_delay_s, COUNT, "300", 1, 86400, "seconds",
	    "Who is greylisted passes when he comes again after this …"),
	P(greylist_window_s, COUNT, "172800", 2, 2592000, "seconds",
	    "… and within this; later he begins anew."),
	P(greylist_keep_days, COUNT, "35", 1, 366, "days",
	    "Who passed passes for so long after his last mail."),
	P(greylist_known, COUNT, "5", 0, 255, "senders",
	    "A client's network of which so many pairs of sender and recipient came back waits no "
	    "more; 0: each pair waits."),
	P(greylist_entries, COUNT, "524288", 1024, 16777216, "entries",
	    "The greylist remembers so many (32 bytes each), a power of two."),
	P(policy_listen, TEXT, "tcp:127.0.0.1:10031", 0, 0, "where",
	    "Where onus-policy listens: tcp:ADDRESS:PORT, unix-stream:/PATH, or several with "
	    "commas "
	    "between; port 0 takes a free one."),
	P(policy_connections, COUNT, "1000", 1, 100000, "connections",
	    "Of Postfix to onus-policy at once; requests on more are answered DUNNO at once."),
	P(policy_idle_s, COUNT, "1200", 1, 86400, "seconds",
	    "A connection to onus-policy that was silent for longer is closed."),
	P(policy_wait_ms, COUNT, "1000", 1, 60000, "milliseconds",
	    "A policy request that waited longer than this is answered DUNNO at once."),
	P(milter_listen, TEXT, "inet:10032@127.0.0.1", 0, 0, "where",
	    "Where onus-milter listens, as sendmail.mc has it: inet:PORT@ADDRESS, "
	    "inet6:PORT@ADDRESS or unix:/PATH."),
	P(milter_connections, COUNT, "1000", 1, 100000, "connections",
	    "Of mail servers to onus-milter at once; mail of more than these passes unasked."),
};

#define S(field, type, standard, unit, help) SN(field, type, standard, 0, 0, unit, help)
#define SN(field, type, standard, min, max, unit, help)                                            \
	{                                                                                          \
#field, PARAM_##type, offsetof(struct conf_source, field), standard, min, max,     \
		    unit, help                                                                     \
	}
static const struct param source_params[] = {
	S(type, TEXT, "log", SOURCE_TYPES,
	    "What the file holds; analysis: a program that concludes something from the ledger "
	    "(onus-analyse); sensor: nothing is read here, it is what a sensor's source is "
	    "believed, [source HOST_SOURCE] (doc/hub.md); known-good: addresses whose listing by "
	    "others is a mistake, and "
	    "with "
	    "anchor = yes what one's own sensors see of them too; shared: addresses that many "
	    "people stand behind (users, lease_s, reason)."),
	S(path, TEXT, "", "file",
	    "The file; a shell pattern may name several. Journal: its directory or file; empty: "
	    "this "
	    "host's. Reports, mail: a maildir, or a directory, of the collector's own."),
	S(listen, TEXT, "", "where",
	    "Syslog: udp:ADDRESS:PORT, tcp:ADDRESS:PORT, unix:/PATH (datagrams) or "
	    "unix-stream:/PATH."),
	S(allow, TEXT, "127.0.0.0/8, ::1", "prefixes",
	    "Syslog: who may send over UDP and TCP, comma-separated."),
	SN(connections, COUNT, "100", 1, 1024, "connections", "Syslog: at most, at once."),
	SN(idle_s, COUNT, "86400", 10, 31536000, "seconds",
	    "Syslog: a connection that was silent for longer is closed."),
	S(command, TEXT, "", "command",
	    "Plugin, analysis: the program's whole path, and arguments between blanks; no shell."),
	SN(interval_s, COUNT, "300", 1, 31536000, "seconds",
	    "Plugin, analysis: from the start of one run to the next one; an analysis runs when "
	    "something was loaded."),
	SN(timeout_s, COUNT, "60", 1, 86400, "seconds",
	    "Plugin, analysis: a run that takes longer is killed, and counts for nothing. Reports: "
	    "one message."),
	SN(days, COUNT, "7", 1, 400, "days",
	    "Analysis: so many days of the ledger are shown to it, and may be spoken of."),
	S(reporters, TEXT, "", "names",
	    "Reports: domains and mail addresses, commas or blanks between, whose reports may "
	    "count as verified."),
	S(authserv, TEXT, "", "name",
	    "Reports: one's own receiver, whose Authentication-Results say that it is they."),
	S(unverified, TEXT, "apart", "apart|refuse",
	    "Reports of all others: events of a source of their own, NAME-unverified, which is a "
	    "newcomer and weak; or refused."),
	S(reporter_hosts, TEXT, "", "prefixes",
	    "Reports: whose Received lines are true in a reported mail, where the report does not "
	    "name its source, comma-separated."),
	SN(keep_days, COUNT, "7", 1, 3650, "days",
	    "Reports, mail: how long messages that were read are kept, in done/ and bad/."),
	S(trusted, TEXT, "", "prefixes",
	    "Mail, reports: whose Received lines are believed, besides own_networks, "
	    "comma-separated."),
	S(match, TEXT, "", "fields",
	    "Journal: FIELD=VALUE … + FIELD=VALUE …; empty: the journalmatch of its filters."),
	S(filter, TEXT, "", "names",
	    "Log, syslog, journal: the filters to apply, comma-separated; empty: all shipped."),
	S(map, TEXT, "", "name", "Json: the map for its lines (json.d/NAME.conf)."),
	S(category, TEXT, "scanner", "category",
	    "List: what its entries are accused of. Mail: what the mails are."),
	S(format, TEXT, "lines", "format",
	    "List, known-good, shared: lines; columns SEPARATOR N [M]; csv N; json MEMBER; "
	    "\"host\" behind it."),
	SN(users, COUNT, "256", CONF_USERS_POOL, CONF_USERS_MANY, "people",
	    "Shared: 256: shared egress (CGNAT, an exit): a wall lasts 15 minutes at most; 8: a "
	    "pool of dynamic addresses: lease_s at most."),
	SN(lease_s, COUNT, "86400", 3600, 2592000, "seconds",
	    "Shared, users = 8: how long an address is one client's."),
	S(reason, TEXT, "", "word", "Shared: what they are: tor-exit, vpn, cgnat, dynamic …"),
	S(group, TEXT, "", "name", "Sources of one operator share a group; empty: its own name."),
	S(anchor, YESNO, "yes", "yes|no", "A source of one's own, believed in full."),
	S(trust, TRUST, "0.1", "0-1", "How far a source that is no anchor is believed."),
	S(weak, YESNO, "no", "yes|no", "What it says could be spoofed."),
	S(redistribute, YESNO, "yes", "yes|no", "Its evidence may be shown to others."),
	S(url, TEXT, "", "URL", "Feed: where it is published."),
	S(terms, TEXT, "", "text", "Feed: what its publisher allows, in a few words."),
	S(fetch, YESNO, "yes", "yes|no", "Feed: no: it is fetched only when asked for by name."),
	SN(every_min, COUNT, "60", 5, 44640, "minutes",
	    "Feed: the publisher is not asked more often than that."),
	SN(stale_h, COUNT, "72", 1, 8784, "hours",
	    "Feed: its time to live: a copy that could not be renewed for so long is told of."),
	SN(max_mib, COUNT, "32", 1, 1024, "MiB", "Feed: a larger one is not fetched."),
};

#define R(field, unit, help)                                                                       \
	{                                                                                          \
#field, PARAM_TEXT, offsetof(struct conf_rule, field), "", 0, 0, unit, help        \
	}
static const struct param rule_params[] = {
	R(client, "prefixes", "The client's address is within one of them."),
	R(sender, "names",
	    "Mail addresses (user@example.org), their first half (user@), domains (example.org), "
	    "what "
	    "is below one (.example.org), or <> for bounces; commas or blanks between."),
	R(recipient, "names", "The same of the recipient."),
	R(authenticated, "yes|no", "The client has logged in (SASL)."),
	R(verified, "yes|no", "The client has shown a TLS certificate that is trusted."),
	R(listed, "yes|no", "A decision of more than a tag is in force over the client."),
	R(grade, "letters", "The client's grade is one of these, as in EF."),
	R(action, "judge|exempt|tag|greylist|refuse",
	    "exempt: nothing is done, tag: at most a header, greylist and refuse: whatever is "
	    "known, judge: as without a rule."),
};

/* A [feed NAME] differs from a [source NAME] in this. */
static const struct {
	const char *name, *standard;
} feed_standard[] = { { "type", "list" }, { "anchor", "no" }, { "redistribute", "no" } };

struct conf *conf_new(void)
{
	struct conf *c = calloc(1, sizeof(*c));

	if (c && params_standard(params, NELEM(params), c) < 0)
		return conf_free(c);
	return c;
}

struct conf *conf_free(struct conf *c)
{
	if (!c)
		return NULL;
	for (unsigned i = 0; i < c->n_sources; i++) {
		params_done(source_params, NELEM(source_params), &c->sources[i]);
		free(c->sources[i].name);
		free(c->sources[i].place);
	}
	for (unsigned i = 0; i < c->n_rules; i++) {
		params_done(rule_params, NELEM(rule_params), &c->rules[i]);
		free(c->rules[i].name);
		free(c->rules[i].place);
	}
	free(c->sources);
	free(c->rules);
	params_done(params, NELEM(params), c);
	free(c);
	return NULL;
}

static int feed_begin(struct conf_source *s)
{
	int r = 0;

	s->is_feed = true;
	for (unsigned i = 0; i < NELEM(feed_standard) && r == 0; i++)
		r = param_assign(param_find(source_params, NELEM(source_params),
				     span_str(feed_standard[i].name)),
		    s, span_str(feed_standard[i].standard), NULL);
	return r;
}

/* The source of that name, made when it is new. */
static int source(struct conf *c, struct span name, bool is_feed, const char *place,
    struct conf_source **ret, struct err *e)
{
	struct conf_source *more;

	for (unsigned i = 0; i < c->n_sources; i++) {
		if (!span_is(name, c->sources[i].name))
			continue;
		*ret = &c->sources[i];
		if ((*ret)->is_feed != is_feed)
			return err_set(e, -EINVAL,
			    "%s is a source and a feed; give one of them another name",
			    (*ret)->name);
		return 0;
	}
	if (!section_name_ok(name))
		return err_set(e, -EINVAL,
		    "a source's name is 1 to %u letters, digits, '.', '_' or '-'", PARAM_NAME_MAX);
	if (c->n_sources == CONF_SOURCES_MAX)
		return err_set(e, -E2BIG, "more than %u sources", CONF_SOURCES_MAX);
	more = reallocarray(c->sources, c->n_sources + 1, sizeof(*more));
	if (!more)
		return err_set(e, -ENOMEM, "out of memory");
	c->sources = more;
	more += c->n_sources;
	*more = (struct conf_source){ .name = span_dup(name), .place = strdup(place) };
	c->n_sources++;
	if (!more->name || !more->place ||
	    params_standard(source_params, NELEM(source_params), more) < 0 ||
	    (is_feed && feed_begin(more) < 0))
		return err_set(e, -ENOMEM, "out of memory");
	*ret = more;
	return 0;
}

/* The rule of that name, made when it is new. */
static int rule(
    struct conf *c, struct span name, const char *place, struct conf_rule **ret, struct err *e)
{
	struct conf_rule *more;

	for (unsigned i = 0; i < c->n_rules; i++)
		if (span_is(name, c->rules[i].name)) {
			*ret = &c->rules[i];
			return 0;
		}
	if (!section_name_ok(name))
		return err_set(e, -EINVAL,
		    "a rule's name is 1 to %u letters, digits, '.', '_' or '-'", PARAM_NAME_MAX);
	if (c->n_rules == CONF_RULES_MAX)
		return err_set(e, -E2BIG, "more than %u rules", CONF_RULES_MAX);
	more = reallocarray(c->rules, c->n_rules + 1, sizeof(*more));
	if (!more)
		return err_set(e, -ENOMEM, "out of memory");
	c->rules = more;
	more += c->n_rules++;
	*more = (struct conf_rule){ .name = span_dup(name), .place = strdup(place) };
	if (!more->name || !more->place ||
	    params_standard(rule_params, NELEM(rule_params), more) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	*ret = more;
	return 0;
}

/* struct section - where the settings of a section go */
struct section {
	const struct param *rows;
	size_t n;
	void *base;
	const char *what;
};

static struct section no_section(struct conf *c)
{
	return (struct section){ params, NELEM(params), c, "parameter" };
}

static int assign(const struct section *to, const struct setting *s, struct err *e)
{
	const struct param *p = param_find(to->rows, to->n, s->name);

	if (!p)
		return err_set(e, -EINVAL, "unknown %s \"%.*s\"; `onus conf` lists them all",
		    to->what, (int)MIN_OF(span_len(s->name), (size_t)60), s->name.p);
	return param_assign(p, to->base, s->value, e);
}

static int begin(
    struct conf *c, const char *path, const struct setting *s, struct section *ret, struct err *e)
{
	bool is_feed = span_is(s->kind, "feed");
	char place[PLACE_MAX];
	struct conf_source *src = NULL;
	struct conf_rule *own = NULL;
	int r;

	(void)snprintf(place, sizeof(place), "%s:%u", path, s->number); /* for words: may be cut */
	if (span_is(s->kind, "rule")) {
		r = rule(c, s->name, place, &own, e);
		*ret =
		    (struct section){ rule_params, NELEM(rule_params), own, "parameter of a rule" };
		return r;
	}
	if (!is_feed && !span_is(s->kind, "source"))
		return err_set(e, -EINVAL, "expected [source NAME], [feed NAME] or [rule NAME]");
	r = source(c, s->name, is_feed, place, &src, e);
	*ret =
	    (struct section){ source_params, NELEM(source_params), src, "parameter of a source" };
	return r;
}

static int load_text(struct conf *c, const char *path, struct span text, struct err *e)
{
	struct section to = no_section(c);
	struct setting s = { 0 };
	int r;

	while ((r = setting_next(&text, &s, e)) == 1) {
		r = s.section ? begin(c, path, &s, &to, e) : assign(&to, &s, e);
		if (r < 0)
			break;
	}
	return r < 0 ? err_wrap(e, r, "%s:%u", path, s.number) : 0;
}

static int load_file(struct conf *c, const char *path, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	int r;

	buf_init(&b, CONF_BYTES_MAX);
	r = file_read(path, &b, e);
	return r < 0 ? r : load_text(c, path, buf_text(&b), e);
}

int conf_load(struct conf *c, const char *path, bool must_exist, struct err *e)
{
	CLEANUP(free_p) char *pattern = NULL;
	const char *slash = strrchr(path, '/');
	glob_t found = { 0 };
	int r = 0;

	if (access(path, F_OK) < 0) {
		if (!must_exist)
			return 0;
		return err_set(e, -ENOENT, "no configuration file %s", path);
	}
	r = load_file(c, path, e);
	if (r < 0)
		return r;
	if (asprintf(&pattern, "%.*s/conf.d/*.conf", slash ? (int)(slash - path) : 1,
		slash ? path : ".") < 0)
		return err_set(e, -ENOMEM, "out of memory");
	if (glob(pattern, 0, NULL, &found) != 0)
		return 0; /* none */
	for (size_t i = 0; i < found.gl_pathc && r == 0; i++)
		r = load_file(c, found.gl_pathv[i], e);
	globfree(&found);
	return r;
}

int conf_set(struct conf *c, const char *assignment, struct err *e)
{
	struct section to = no_section(c);
	struct setting s;
	int r = setting_split(span_str(assignment), &s, e);

	return r < 0 ? r : assign(&to, &s, e);
}

static int check_own(const struct conf *c, struct err *e)
{
	struct addrset own;
	int r = addrset_parse(span_str(c->own_networks), &own, e);

	if (r < 0)
		return err_wrap(e, r, "own_networks");
	addrset_done(&own);
	return 0;
}

static int check_keys(const struct conf *c, struct err *e)
{
	struct operator_keys keys;

	return operator_keys_parse(span_str(c->operator_keys), &keys, e) < 0
		   ? err_wrap(e, -EINVAL, "operator_keys")
		   : 0;
}

static int check_load(const struct conf *c, struct err *e)
{
	return strcmp(c->load_into, "ledger") == 0 || strcmp(c->load_into, "inbox") == 0
		   ? 0
		   : err_set(e, -EINVAL, "load_into is ledger|inbox, not \"%.60s\"", c->load_into);
}

/* What a source of each type cannot do without. */
static const struct {
	const char *type;
	size_t field;
	const char *question;
} needs[] = {
#define N(type, field, question)                                                                   \
	{                                                                                          \
		type, offsetof(struct conf_source, field), question                                \
	}
	N("log", path, "which file? give it a path"),
	N("json", path, "which file? give it a path"),
	N("json", map, "which map? give it one: map = suricata, cowrie …"),
	N("list", path, "which file? give it a path"),
	N("events", path, "which file? give it a path"),
	N("syslog", listen, "where? give it listen = udp:127.0.0.1:514, tcp:…, unix:/run/…"),
	N("journal", type, ""),
	N("plugin", command, "what is run? give it command = /path/of/program and arguments"),
	N("reports", path, "which maildir? give it a path"),
	N("mail", path, "which maildir? give it a path"),
	N(CONF_ANALYSIS, command, "what is run? give it command = /path/of/program and arguments"),
	N(CONF_SENSOR, type, ""),
	N(CONF_KNOWN_GOOD, path, "which file? give it a path"),
	N(CONF_SHARED, path, "which file? give it a path"),
#undef N
};

static int check_needs(const struct conf_source *s, struct err *e)
{
	bool known = false;

	for (unsigned i = 0; i < NELEM(needs); i++) {
		if (strcmp(s->type, needs[i].type) != 0)
			continue;
		known = true;
		if (!**(char *const *)(const void *)((const char *)s + needs[i].field))
			return err_set(e, -EINVAL, "source %s: %s", s->name, needs[i].question);
	}
	if (!known)
		return err_set(e, -EINVAL, "source %s: type is " SOURCE_TYPES ", not \"%s\"",
		    s->name, s->type);
	return 0;
}

/* What is told of it stands in reasons, which others read. */
static bool reason_ok(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789 ._-";

	return strlen(s) <= CONF_REASON_MAX && s[strspn(s, allowed)] == '\0';
}

static int check_shared(const struct conf_source *s, struct err *e)
{
	if (strcmp(s->type, CONF_SHARED) != 0)
		return 0;
	if (s->users != CONF_USERS_POOL && s->users != CONF_USERS_MANY)
		return err_set(e, -EINVAL,
		    "source %s: users is %u (shared egress) or %u (a dynamic pool), not %u",
		    s->name, CONF_USERS_MANY, CONF_USERS_POOL, s->users);
	if (!reason_ok(s->reason))
		return err_set(e, -EINVAL,
		    "source %s: reason is at most %u letters, digits, blanks, '.', '_' or '-', as "
		    "in tor-exit",
		    s->name, CONF_REASON_MAX);
	return 0;
}

bool conf_is_evidence(const struct conf_source *s)
{
	return strcmp(s->type, CONF_KNOWN_GOOD) != 0 && strcmp(s->type, CONF_SHARED) != 0;
}

_Static_assert(CONF_SOURCE_MAX == PARAM_NAME_MAX, "a section's name");

bool conf_unverified(const struct conf_source *s, char ret[CONF_SOURCE_MAX + 1])
{
	if (strcmp(s->type, "reports") != 0 || strcmp(s->unverified, "refuse") == 0)
		return false;
	(void)snprintf(ret, CONF_SOURCE_MAX + 1, "%s" CONF_UNVERIFIED, s->name); /* checked */
	return true;
}

/* Reports are what others say, and those of nobody one knows are a source apart. */
static int check_reports(const struct conf *c, const struct conf_source *s, struct err *e)
{
	char apart[CONF_SOURCE_MAX + 1];

	if (strcmp(s->type, "reports") != 0)
		return 0;
	if (s->anchor)
		return err_set(e, -EINVAL,
		    "source %s: reports are what others say: give it anchor = no, and a trust",
		    s->name);
	if (strcmp(s->unverified, "apart") != 0 && strcmp(s->unverified, "refuse") != 0)
		return err_set(e, -EINVAL, "source %s: unverified is apart|refuse, not \"%s\"",
		    s->name, s->unverified);
	if (strlen(s->name) + strlen(CONF_UNVERIFIED) > CONF_SOURCE_MAX)
		return err_set(e, -EINVAL, "source %s: at most %zu bytes, as it is two sources",
		    s->name, CONF_SOURCE_MAX - strlen(CONF_UNVERIFIED));
	for (unsigned i = 0; i < c->n_sources && conf_unverified(s, apart); i++)
		if (strcmp(c->sources[i].name, apart) == 0)
			return err_set(e, -EINVAL,
			    "source %s: those of nobody that %s knows are called so", apart,
			    s->name);
	return 0;
}

/* What is concluded is nobody's own sight, and can be concluded only where there is a ledger. */
static int check_analysis(const struct conf *c, const struct conf_source *s, struct err *e)
{
	if (strcmp(s->type, CONF_ANALYSIS) != 0)
		return 0;
	if (s->anchor)
		return err_set(e, -EINVAL,
		    "source %s: what is concluded from what others saw was not seen: give it "
		    "anchor = no, and a trust",
		    s->name);
	if (strcmp(c->load_into, "ledger") != 0)
		return err_set(e, -EINVAL,
		    "source %s: a sensor has no ledger to analyse; run it where the hub is loaded",
		    s->name);
	return 0;
}

static int check_category(const struct conf_source *s, struct err *e)
{
	enum category cat;

	if (strcmp(s->type, "mail") == 0 && strcmp(s->category, "scanner") == 0)
		return err_set(e, -EINVAL,
		    "source %s: what are its mails? give it category = spam, phishing …", s->name);
	if (category_parse(span_str(s->category), &cat) < 0)
		return err_set(
		    e, -EINVAL, "source %s: unknown category \"%s\"", s->name, s->category);
	return 0;
}

int conf_check(const struct conf *c, struct err *e)
{
	int r = check_own(c, e);

	if (r == 0)
		r = check_keys(c, e);
	if (r == 0)
		r = check_load(c, e);
	for (unsigned i = 0; i < c->n_sources && r == 0; i++) {
		const struct conf_source *s = &c->sources[i];

		if ((r = check_needs(s, e)) == 0 && (r = check_reports(c, s, e)) == 0 &&
		    (r = check_analysis(c, s, e)) == 0 && (r = check_shared(s, e)) == 0)
			r = check_category(s, e);
		if (r < 0)
			r = err_wrap(e, r, "%s", s->place);
	}
	return r;
}

/* Over what is there: the file, then the assignments. */
static int load_over(
    struct conf *c, const char *file, const char *const *assignments, unsigned n, struct err *e)
{
	int r = conf_load(c, file ? file : CONF_FILE_DEFAULT, file != NULL, e);

	for (unsigned i = 0; i < n && r == 0; i++) {
		r = conf_set(c, assignments[i], e);
		if (r < 0)
			r = err_wrap(e, r, "-o %s", assignments[i]);
	}
	return r;
}

/* The file says where the feeds are, and what it says of one of them goes over what they say. */
static int load_all(
    struct conf **c, const char *file, const char *const *assignments, unsigned n, struct err *e)
{
	struct conf *over;
	int r = load_over(*c, file, assignments, n, e);

	if (r < 0 || !*(*c)->feeds ||
	    (strcmp((*c)->feeds, FEEDS_STANDARD) == 0 && access((*c)->feeds, F_OK) < 0))
		return r;
	over = conf_new();
	r = over ? load_file(over, (*c)->feeds, e) : err_set(e, -ENOMEM, "out of memory");
	if (r == 0)
		r = load_over(over, file, assignments, n, e);
	(void)conf_free(*c);
	*c = over;
	return r;
}

static int set_paths(struct conf *c, struct err *e)
{
	for (unsigned i = 0; i < c->n_sources; i++) {
		struct conf_source *s = &c->sources[i];

		if (!s->is_feed || *s->path)
			continue;
		free(s->path);
		if (asprintf(&s->path, "%s/%s", c->feeds_dir, s->name) < 0) {
			s->path = NULL;
			return err_set(e, -ENOMEM, "out of memory");
		}
	}
	if (!*c->status_dir) {
		free(c->status_dir);
		if (asprintf(&c->status_dir, "%s/status", c->state_dir) >= 0)
			return 0;
		c->status_dir = NULL;
		return err_set(e, -ENOMEM, "out of memory");
	}
	return 0;
}

struct conf *conf_open(const char *file, const char *const *assignments, unsigned n, struct err *e)
{
	struct conf *c = conf_new();
	int r;

	if (!c) {
		(void)err_set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	r = load_all(&c, file, assignments, n, e);
	if (r == 0)
		r = set_paths(c, e);
	if (r == 0)
		r = conf_check(c, e);
	return r < 0 ? conf_free(c) : c;
}

int conf_valid(const char *file, const char *const *assignments, unsigned n, struct err *e)
{
	struct conf *c = conf_open(file, assignments, n, e);

	if (!c)
		return -EINVAL;
	(void)conf_free(c);
	return 0;
}

bool conf_has_type(const struct conf *c, const char *type)
{
	for (unsigned i = 0; i < c->n_sources; i++)
		if (strcmp(c->sources[i].type, type) == 0)
			return true;
	return false;
}

void conf_host_name(const struct conf *c, char ret[BATCH_HOST_MAX + 1])
{
	char name[256] = "";

	if (c->host_name && *c->host_name)
		(void)snprintf(name, sizeof(name), "%s", c->host_name);
	else if (gethostname(name, sizeof(name) - 1) < 0 || !*name)
		(void)snprintf(name, sizeof(name), "localhost"); /* fits */
	(void)snprintf(ret, BATCH_HOST_MAX + 1, "%.*s", (int)BATCH_HOST_MAX, name);
}

void conf_print(const struct conf *c, FILE *to)
{
	params_print(params, NELEM(params), c, to);
	for (unsigned i = 0; i < c->n_sources; i++) {
		(void)fprintf(to, "\n[%s %s]\n", c->sources[i].is_feed ? "feed" : "source",
		    c->sources[i].name);
		params_print(source_params, NELEM(source_params), &c->sources[i], to);
	}
	for (unsigned i = 0; i < c->n_rules; i++) {
		(void)fprintf(to, "\n[rule %s]\n", c->rules[i].name);
		params_print(rule_params, NELEM(rule_params), &c->rules[i], to);
	}
}

void conf_describe(FILE *to)
{
	params_describe(params, NELEM(params), to);
	(void)fprintf(to, "# One section a source: what to read, and how far it is believed. [feed "
			  "NAME] is one that is\n"
			  "# fetched (onus feed): type = list, anchor = no and redistribute = no "
			  "are its defaults.\n"
			  "#[source NAME]\n\n");
	params_describe(source_params, NELEM(source_params), to);
	(void)fprintf(to,
	    "# One section a rule of onus-policy and onus-milter: the first one of which "
	    "everything matches\n# decides (doc/policy.md).\n#[rule NAME]\n\n");
	params_describe(rule_params, NELEM(rule_params), to);
}
