/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "util/percent.h"

#include <string.h>

size_t percent_byte(char c, const char *keep, char ret[3])
{
	static const char digits[] = "0123456789ABCDEF";
	unsigned char byte = (unsigned char)c;

	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c && strchr(keep, c))) {
		ret[0] = c;
		return 1;
	}
	ret[0] = '%';
	ret[1] = digits[byte >> 4];
	ret[2] = digits[byte & 15];
	return 3;
}
