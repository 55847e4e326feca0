/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which server answers for which address, AS number or handle: IANA's bootstrap files, as fetched.
 * Source: RFC 9224 (asn.json, ipv4.json, ipv6.json), RFC 8521 (object-tags.json). */
#ifndef ONUS_HOLDERS_BOOTSTRAP_H
#define ONUS_HOLDERS_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"
#include "util/err.h"

#define BOOTSTRAP_BYTES_MAX   (1u << 20) /* of a file */
#define BOOTSTRAP_ENTRIES_MAX 20000u	 /* of all files */
#define BOOTSTRAP_SERVERS_MAX 256u	 /* different ones */
#define BOOTSTRAP_URL_MAX     256u	 /* bytes, with the slash at its end */
#define BOOTSTRAP_TAG_MAX     32u

extern const char *const bootstrap_files[4];

struct bootstrap;

/* bootstrap_open - the files of a directory
 *
 * refused   an entry was not taken: "file: service 3: reason"; may be NULL
 * Returns 0; -ENOENT when the directory has none of them; -EBADMSG with the file's name when one is no bootstrap
 * file. One that is missing leaves its questions without a server. */
typedef void bootstrap_refused_fn(void *ctx, const char *text);
MUST_USE int bootstrap_open(const char *dir, bootstrap_refused_fn *refused, void *ctx,
    struct bootstrap **ret, struct err *e);
struct bootstrap *bootstrap_free(struct bootstrap *b); /* NULL-safe, returns NULL */

/* bootstrap_add - one file's text, by its place in bootstrap_files; 0, -EBADMSG, -ENOMEM */
MUST_USE int bootstrap_add(struct bootstrap *b, unsigned file, struct span text, struct err *e);
struct bootstrap *bootstrap_new(bootstrap_refused_fn *refused, void *ctx); /* without files */

/* The base URL of the server, with a slash at its end; NULL when none is named. Of several entries the narrowest
 * one that has all of the range counts; of several URLs https before http. Tags are told apart without regard to
 * case. */
const char *bootstrap_range(const struct bootstrap *b, struct range r);
const char *bootstrap_as(const struct bootstrap *b, uint32_t asn);
const char *bootstrap_tag(const struct bootstrap *b, struct span tag);

/* bootstrap_names - is the server of this URL ("https://host:port") one that the files name? */
bool bootstrap_names(const struct bootstrap *b, struct span url);

unsigned bootstrap_n(const struct bootstrap *b);	 /* entries taken */
unsigned bootstrap_n_refused(const struct bootstrap *b); /* and not */

/* url_server - "https://host:port" of a URL, what goes by the name of one server; empty when it is no URL */
struct span url_server(struct span url);

#endif
