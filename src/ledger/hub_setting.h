/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings: names and values that people change while onus runs (core/settings.h), with the record of who changed
 * what, when and why. Every change is one revision, whose number only grows; it and its record are one
 * transaction. Returns and errors as in hub.h. */
#ifndef ONUS_LEDGER_HUB_SETTING_H
#define ONUS_LEDGER_HUB_SETTING_H

#include "core/settings.h"
#include "ledger/hub.h"

#define HUB_SETTING_NAME_MAX 128u   /* bytes */
#define HUB_SETTING_MAX	     65536u /* bytes of a value */
#define HUB_SETTING_WHO_MAX  128u
#define HUB_SETTING_WHY_MAX  500u

/* struct hub_author - who changes something, why, and when; texts are borrowed, why may be "" */
struct hub_author {
	const char *who, *why;
	int64_t at_s;
};

/* hub_setting_put - set it, or with value NULL take it away
 * ret_rev  of the change; may be NULL
 * Returns 1; 0 when it was so before (nothing is written); -EINVAL for texts that are over their maximum, empty
 * where they must not be, or no clean text. */
MUST_USE int hub_setting_put(struct hub *h, const char *name, const char *value,
    const struct hub_author *by, int64_t *ret_rev, struct err *e);

/* hub_setting_get - 1 with *ret (owned by the caller, NUL-terminated), 0 when it is not set
 * hub_settings_rev - of the newest change; 0 when there was none */
MUST_USE int hub_setting_get(struct hub *h, const char *name, char **ret, struct err *e);
MUST_USE int hub_settings_rev(struct hub *h, int64_t *ret, struct err *e);

/* hub_setting_undo - what revision rev changed is again as before it: a revision of its own
 * ret_name  of the setting, HUB_SETTING_NAME_MAX + 1 bytes
 * Returns 0; -ENOENT when there is no such revision; -ESTALE when a later one changed the same setting. */
MUST_USE int hub_setting_undo(struct hub *h, int64_t rev, const struct hub_author *by,
    int64_t *ret_rev, char *ret_name, struct err *e);

/* struct hub_setting - a setting, and the change that made it so */
struct hub_setting {
	struct span name, value;
	int64_t rev, at_s;
	struct span who, why;
};
/* hub_each_setting - by name; head: only names that begin with it */
typedef int hub_setting_fn(void *ctx, const struct hub_setting *s);
MUST_USE int hub_each_setting(
    struct hub *h, const char *head, hub_setting_fn *fn, void *ctx, struct err *e);

/* struct hub_change - a revision; old_value, new_value: NULL p where it was not set */
struct hub_change {
	int64_t rev, at_s;
	struct span who, name, old_value, new_value, why;
};
/* hub_each_revision - the newest first */
typedef int hub_revision_fn(void *ctx, const struct hub_change *c);
MUST_USE int hub_each_revision(struct hub *h, hub_revision_fn *fn, void *ctx, struct err *e);

/* hub_settings_read - all that the policy and the data plane need, of one revision; the caller ends with
 * settings_done. -EBADMSG when a setting is none that onus wrote. */
MUST_USE int hub_settings_read(struct hub *h, struct settings *ret, struct err *e);

/* hub_settings_source - what is set of one source over its configuration; nothing when nothing is */
MUST_USE int hub_settings_source(
    struct hub *h, const char *source, struct settings_source *ret, struct err *e);

#endif
