/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people change while onus runs: own networks, the allow list, the thresholds of the policy, and what is
 * believed of sources. They live in the hub (ledger/hub_setting.h), where each is a name and a value:
 *
 *   own/PREFIX       ""              one's own space: never an event, never on a wall
 *   allow/PREFIX     UNTIL or ""     never on a wall, until then (Unix seconds)
 *   level/NAME       NUMBER          a threshold (core/threshold.h)
 *   dispute/LINE     upheld or rejected, by an operator; LINE: 32 hexadecimal digits
 *   warrant/ENTITY   a decision that an operator has signed (core/warrant.h); ENTITY is that of the text
 *   sensor/HOST      "shut": what that sensor has put into the inbox is dropped unread
 *   source/NAME      trust=T group=G redistribute=yes|no, those that are set, in this order
 *
 * The data plane has the first three of them in a file, serve/settings; of warrants it gets the decisions.
 * Grammar and golden file: doc/contracts/settings.md. */
#ifndef ONUS_CORE_SETTINGS_H
#define ONUS_CORE_SETTINGS_H

#include <stdint.h>

#include "core/threshold.h"
#include "net/addrset.h"
#include "util/buf.h"

#define SETTINGS_NAME	   "settings" /* of the file, in a publication */
#define SETTINGS_HEADER	   "#onus-settings 1"
#define SETTINGS_NETS_MAX  100000u /* own networks, and again of the allow list */
#define SETTINGS_WARRANTS  1000u
#define SETTINGS_BYTES_MAX (16u << 20)

#define SETTING_OWN	"own/"
#define SETTING_ALLOW	"allow/"
#define SETTING_LEVEL	"level/"
#define SETTING_WARRANT "warrant/"
#define SETTING_SENSOR	"sensor/"
#define SETTING_SOURCE	"source/"
#define SETTING_DISPUTE "dispute/"

/* The widest that may be one's own, or allowed: what is wider is a mistake. */
#define SETTINGS_V4_WIDEST 8u
#define SETTINGS_V6_WIDEST 19u

struct settings_net {
	struct prefix net;
	int64_t until_s; /* 0: it does not end */
};

struct settings_nets {
	struct settings_net *v; /* owned */
	size_t n, cap;
};

/* struct settings_warrant - as it stands in the hub: whoever can write there may have written it */
struct settings_warrant {
	char *entity, *text; /* owned */
};
struct settings_warrants {
	struct settings_warrant *v; /* owned; SETTINGS_WARRANTS at most, by entity … */
	size_t n, cap;
	uint64_t beyond; /* … further ones are none */
};

/* struct settings - zeroed and with standard thresholds (settings_init) nothing is set */
struct settings {
	int64_t rev; /* of the hub when they were read */
	struct settings_nets own, allow;
	struct settings_warrants warrants; /* not in the file */
	struct thresholds levels;
	bool level_set[THRESHOLD_N];
};

void settings_init(struct settings *s);
void settings_done(struct settings *s); /* callable twice */

/* settings_take - one setting of the hub by name and value
 * Returns 1 (a threshold of a later version is passed over); 0 when it is of no concern here; -EBADMSG with a
 * reason; -E2BIG. */
MUST_USE int settings_take(struct settings *s, struct span name, struct span value, struct err *e);

/* settings_format - the file, appended; settings_parse - read it, into *ret which settings_done ends
 * Returns 0; -EBADMSG with line and reason (nothing of it may be used then); -E2BIG; -ENOMEM. */
void settings_format(const struct settings *s, struct buf *out);
MUST_USE int settings_parse(struct span text, struct settings *ret, struct err *e);

/* settings_never - what no wall may touch at an instant: own networks, and what is allowed then
 * own  more of one's own, as the configuration has it; NULL for none
 * Returns 0 with a settled set; -ENOMEM. */
MUST_USE int settings_never(
    const struct settings *s, const struct addrset *own, int64_t now_s, struct addrset *ret);
/* settings_own - the same without the allow list: what is no event */
MUST_USE int settings_own(const struct settings *s, const struct addrset *own, struct addrset *ret);

/* settings_net_parse - what somebody typed as one's own network or for the allow list: an address or a prefix
 * without host bits, global unicast, and no wider than the bounds above; -EINVAL with a sentence */
MUST_USE int settings_net_parse(struct span text, struct prefix *ret, struct err *e);

/* --- sources ------------------------------------------------------------------------------------ */

#define SETTINGS_GROUP_MAX 64u /* bytes; as a section's name (param.h) */

/* struct settings_source - what is said of a source over its configuration; nothing that is not set */
struct settings_source {
	bool has_trust, has_redistribute, redistribute;
	double trust;
	char group[SETTINGS_GROUP_MAX + 1]; /* "": not set */
};

/* settings_source_parse - a value of source/NAME, or trust=…, group=…, redistribute=… as typed, with blanks
 * between, over what is in *ret; NAME=default takes one back. -EINVAL with a sentence. */
MUST_USE int settings_source_parse(struct span text, struct settings_source *ret, struct err *e);

#define SETTINGS_SOURCE_TEXT_MAX 160u
void settings_source_format(
    const struct settings_source *s, char ret[SETTINGS_SOURCE_TEXT_MAX]); /* "": nothing */

#endif
