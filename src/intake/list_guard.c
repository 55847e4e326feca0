/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "intake/list_guard.h"

void list_size_add(struct list_size *s, struct prefix p)
{
	s->entries++;
	s->wide += p.len <= (prefix_is_v4(p) ? 96 + LIST_GUARD_V4_LEN : LIST_GUARD_V6_LEN);
}

bool list_guard(const struct list_size *was, const struct list_size *is, struct err *why)
{
	const char *what = NULL;

	if (is->wide > was->wide) {
		(void)err_set(why, 0, "it lists an IPv4 /%u or an IPv6 /%u", LIST_GUARD_V4_LEN,
		    LIST_GUARD_V6_LEN);
		return true;
	}
	if (was->entries == 0)
		return false;
	if (is->entries > LIST_GUARD_FACTOR * was->entries &&
	    is->entries > was->entries + LIST_GUARD_GROW)
		what = "it grew";
	if (LIST_GUARD_FACTOR * is->entries < was->entries && was->entries > LIST_GUARD_SHRINK)
		what = "it shrank";
	if (what)
		(void)err_set(why, 0, "%s from %ju to %ju entries", what, (uintmax_t)was->entries,
		    (uintmax_t)is->entries);
	return what != NULL;
}
