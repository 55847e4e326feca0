/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/enrich/bootstrap.h"

#include <errno.h>
#include <strings.h>

#include "holders/json_in.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/grow.h"
#include "util/num.h"

/* struct entry - what is asked for with this server: addresses, or AS numbers as addresses of an upper half of 1,
 * or a tag */
struct entry {
	struct range range;
	char tag[BOOTSTRAP_TAG_MAX + 1];
	uint16_t server;
};

struct bootstrap {
	char *server[BOOTSTRAP_SERVERS_MAX]; /* owned; base URLs */
	unsigned n_server;
	struct entry *v; /* owned */
	size_t n, cap;
	unsigned refused;
	bootstrap_refused_fn *tell;
	void *ctx;
};

/* --- entries ------------------------------------------------------------------------------------------ */

#define AS_HALF 1 /* no IPv6 of global use begins so */

static struct addr addr_of_as(uint32_t asn)
{
	return (struct addr){ AS_HALF, asn };
}

/* "64500" or "64496-64511" */
static bool entry_as(struct span s, struct entry *ret)
{
	struct span first;
	uint32_t a, b;
	bool run = span_cut(&s, '-', &first);

	if (num_u32(first, UINT32_MAX, &a) < 0 || num_u32(run ? s : first, UINT32_MAX, &b) < 0 ||
	    a > b)
		return false;
	ret->range = (struct range){ addr_of_as(a), addr_of_as(b) };
	return true;
}

static bool entry_prefix(struct span s, bool v4, struct entry *ret)
{
	struct prefix p;

	if (prefix_parse(s, true, &p) < 0 || prefix_is_v4(p) != v4)
		return false;
	ret->range = prefix_range(p);
	return true;
}

static bool entry_v4(struct span s, struct entry *ret)
{
	return entry_prefix(s, true, ret);
}

static bool entry_v6(struct span s, struct entry *ret)
{
	return entry_prefix(s, false, ret);
}

static bool entry_tag(struct span s, struct entry *ret)
{
	if (span_empty(s) || span_len(s) > BOOTSTRAP_TAG_MAX)
		return false;
	for (const char *p = s.p; p < s.end; p++)
		if (*p <= ' ' || *p > '~' || *p == '-')
			return false;
	memcpy(ret->tag, s.p, span_len(s));
	return true;
}

const char *const bootstrap_files[4] = { "asn.json", "ipv4.json", "ipv6.json", "object-tags.json" };

/* at: the place of the entries in a service; the URLs are behind them */
static const struct {
	unsigned at;
	const char *wrong;
	bool (*parse)(struct span s, struct entry *ret);
} forms[] = {
	{ 0, "not AS numbers", entry_as },
	{ 0, "not an IPv4 prefix", entry_v4 },
	{ 0, "not an IPv6 prefix", entry_v6 },
	{ 1, "not a tag", entry_tag },
};
_Static_assert(NELEM(forms) == NELEM(bootstrap_files), "forms out of step");

/* --- URLs --------------------------------------------------------------------------------------------- */

struct span url_server(struct span url)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < NELEM(schemes); i++) {
		const char *host = url.p + strlen(schemes[i]), *p = host;

		if (!span_starts(url, schemes[i]))
			continue;
		for (; p < url.end && *p != '/' && *p != '?' && *p != '#'; p++)
			if (*p <= ' ' || *p > '~' || *p == '@' || *p == '\\')
				return SPAN("");
		return p > host ? (struct span){ url.p, p } : SPAN("");
	}
	return SPAN("");
}

static bool url_ok(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if (*p <= ' ' || *p > '~' || *p == '?' || *p == '#')
			return false;
	return !span_empty(url_server(s)) && span_len(s) < BOOTSTRAP_URL_MAX;
}

/* The one to use; https before http, else the first. */
static struct span choose(const json_t *urls)
{
	struct span best = SPAN("");

	for (size_t i = 0; i < json_array_size(urls) && i < BOOTSTRAP_SERVERS_MAX; i++) {
		struct span s = json_in_text(json_array_get(urls, i), NULL);

		if (url_ok(s) && (span_empty(best) ||
				     (!span_starts(best, "https:") && span_starts(s, "https:"))))
			best = s;
	}
	return best;
}

/* The index of a server, added when it is new; < 0: -ENOMEM, -E2BIG. */
static int server_of(struct bootstrap *b, struct span url)
{
	char *text;

	if (asprintf(&text, "%.*s%s", SPAN_ARG(url), url.end[-1] == '/' ? "" : "/") < 0)
		return -ENOMEM;
	for (unsigned i = 0; i < b->n_server; i++)
		if (strcmp(b->server[i], text) == 0) {
			free(text);
			return (int)i;
		}
	if (b->n_server == BOOTSTRAP_SERVERS_MAX) {
		free(text);
		return -E2BIG;
	}
	b->server[b->n_server] = text;
	return (int)b->n_server++;
}

/* --- files -------------------------------------------------------------------------------------------- */

static void refuse(struct bootstrap *b, unsigned file, size_t service, const char *why)
{
	char text[128];

	b->refused++;
	if (!b->tell)
		return;
	(void)snprintf(text, sizeof(text), "%s: service %zu: %s", bootstrap_files[file],
	    service + 1, why); /* it fits */
	b->tell(b->ctx, text);
}

static int add_service(struct bootstrap *b, unsigned file, size_t number, const json_t *service)
{
	const json_t *entries = json_array_get(service, forms[file].at);
	struct span url = choose(json_array_get(service, forms[file].at + 1));
	int server;

	if (!json_is_array(entries) || span_empty(url)) {
		refuse(b, file, number, "no entries, or no URL that can be asked");
		return 0;
	}
	server = server_of(b, url);
	if (server == -E2BIG)
		refuse(b, file, number, "too many different servers");
	for (size_t i = 0; server >= 0 && i < json_array_size(entries); i++) {
		struct entry e = { .server = (uint16_t)server };

		if (b->n == BOOTSTRAP_ENTRIES_MAX) {
			refuse(b, file, number, "too many entries");
			return 0;
		}
		if (!forms[file].parse(json_in_text(json_array_get(entries, i), NULL), &e)) {
			refuse(b, file, number, forms[file].wrong);
			continue;
		}
		if (grow(&b->v, &b->cap, b->n + 1, sizeof(e)) < 0)
			return -ENOMEM;
		b->v[b->n++] = e;
	}
	return server == -ENOMEM ? -ENOMEM : 0;
}

int bootstrap_add(struct bootstrap *b, unsigned file, struct span text, struct err *e)
{
	const json_t *services;
	const char *why = "";
	json_t *json;
	int r = json_in(text, &json, &why, NULL);

	if (r == -ENOMEM)
		return err_set(e, r, "out of memory");
	if (r < 0)
		return err_set(e, -EBADMSG, "%s: %s", bootstrap_files[file], why);
	services = json_object_get(json, "services");
	if (!span_is(json_in_text(json, "version"), "1.0"))
		r = err_set(
		    e, -EBADMSG, "%s: not version 1.0 of a bootstrap file", bootstrap_files[file]);
	else if (!json_is_array(services))
		r = err_set(e, -EBADMSG, "%s: no services", bootstrap_files[file]);
	for (size_t i = 0; r == 0 && i < json_array_size(services); i++)
		r = add_service(b, file, i, json_array_get(services, i));
	json_decref(json);
	return r == -ENOMEM ? err_set(e, r, "out of memory") : r;
}

struct bootstrap *bootstrap_new(bootstrap_refused_fn *refused, void *ctx)
{
	struct bootstrap *b = calloc(1, sizeof(*b));

	if (b) {
		b->tell = refused;
		b->ctx = ctx;
	}
	return b;
}

struct bootstrap *bootstrap_free(struct bootstrap *b)
{
	if (!b)
		return NULL;
	for (unsigned i = 0; i < b->n_server; i++)
		free(b->server[i]);
	free(b->v);
	free(b);
	return NULL;
}

static int add_file(struct bootstrap *b, const char *dir, unsigned file, struct err *e)
{
	CLEANUP(free_p) char *path = NULL;
	CLEANUP(buf_done) struct buf text;
	int r;

	buf_init(&text, BOOTSTRAP_BYTES_MAX);
	if (asprintf(&path, "%s/%s", dir, bootstrap_files[file]) < 0)
		return err_set(e, -ENOMEM, "out of memory");
	r = file_read(path, &text, e);
	if (r == 0)
		r = bootstrap_add(b, file, buf_text(&text), e);
	return r < 0 && r != -ENOENT ? err_wrap(e, r, "%s", dir) : r;
}

int bootstrap_open(const char *dir, bootstrap_refused_fn *refused, void *ctx,
    struct bootstrap **ret, struct err *e)
{
	struct bootstrap *b = bootstrap_new(refused, ctx);
	unsigned found = 0;
	int r = b ? 0 : err_set(e, -ENOMEM, "out of memory");

	for (unsigned i = 0; r == 0 && i < NELEM(bootstrap_files); i++) {
		r = add_file(b, dir, i, e);
		found += r == 0;
		if (r == -ENOENT)
			r = 0;
	}
	if (r == 0 && found == 0)
		r = err_set(e, -ENOENT,
		    "%s has no bootstrap files (asn.json, ipv4.json, ipv6.json, object-tags.json "
		    "of "
		    "https://data.iana.org/rdap/)",
		    dir);
	if (r < 0) {
		b = bootstrap_free(b);
		return r;
	}
	*ret = b;
	return 0;
}

/* --- answers ------------------------------------------------------------------------------------------ */

static bool inside(struct range a, struct range b)
{
	return addr_cmp(a.first, b.first) >= 0 && addr_cmp(a.last, b.last) <= 0;
}

const char *bootstrap_range(const struct bootstrap *b, struct range r)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < b->n; i++) {
		const struct entry *v = &b->v[i];

		if (!v->tag[0] && addr_is_v4(v->range.first) == addr_is_v4(r.first) &&
		    inside(r, v->range) &&
		    (!best || (inside(v->range, best->range) && !inside(best->range, v->range))))
			best = v;
	}
	return best ? b->server[best->server] : NULL;
}

const char *bootstrap_as(const struct bootstrap *b, uint32_t asn)
{
	return bootstrap_range(b, (struct range){ addr_of_as(asn), addr_of_as(asn) });
}

const char *bootstrap_tag(const struct bootstrap *b, struct span tag)
{
	for (size_t i = 0; i < b->n; i++) {
		const char *own = b->v[i].tag;

		if (own[0] && span_len(tag) == strlen(own) &&
		    strncasecmp(tag.p, own, span_len(tag)) == 0)
			return b->server[b->v[i].server];
	}
	return NULL;
}

bool bootstrap_names(const struct bootstrap *b, struct span url)
{
	struct span server = url_server(url);

	for (unsigned i = 0; i < b->n_server && !span_empty(server); i++) {
		struct span one = url_server(span_str(b->server[i]));

		if (span_len(one) == span_len(server) &&
		    strncasecmp(one.p, server.p, span_len(one)) == 0)
			return true;
	}
	return false;
}

unsigned bootstrap_n(const struct bootstrap *b)
{
	return (unsigned)b->n;
}

unsigned bootstrap_n_refused(const struct bootstrap *b)
{
	return b->refused;
}
