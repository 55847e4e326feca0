/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/idn.h"

#include <idn2.h>
#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* A name of a host (RFC 1123), in lower case. */
static bool is_host(struct span name)
{
	struct span rest = name, label;

	if (span_empty(name) || span_len(name) > IDN_NAME_MAX || name.end[-1] == '.')
		return false;
	while (!span_empty(rest)) {
		(void)span_cut(&rest, '.', &label);
		if (span_empty(label) || span_len(label) > IDN_LABEL_MAX || *label.p == '-' ||
		    label.end[-1] == '-')
			return false;
		for (const char *p = label.p; p < label.end; p++)
			if (!is_letter(*p))
				return false;
	}
	return true;
}

static bool is_ascii(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if ((unsigned char)*p >= 0x80)
			return false;
	return true;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)(*s >= 'A' && *s <= 'Z' ? *s - 'A' + 'a' : *s);
}

bool idn_ascii(struct span name, char ret[IDN_NAME_MAX + 1])
{
	char text[4 * IDN_NAME_MAX + 1], *ascii = NULL;
	bool ok;

	if (!span_empty(name) && name.end[-1] == '.')
		name.end--;
	if (span_empty(name) || span_len(name) >= sizeof(text) ||
	    memchr(name.p, '\0', span_len(name)) || !span_utf8(name))
		return false;
	memcpy(text, name.p, span_len(name));
	text[span_len(name)] = '\0';
	lower(text);
	/* what is ASCII is a name already, or none; the library would refuse some that are registered */
	if (!is_ascii(name) &&
	    idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NO_TR46) != IDN2_OK)
		return false;
	name = span_str(ascii ? ascii : text);
	ok = is_host(name);
	if (ok)
		memcpy(ret, name.p, span_len(name) + 1);
	idn2_free(ascii);
	return ok;
}
