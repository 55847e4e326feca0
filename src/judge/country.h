/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Countries as small numbers. */
#ifndef ONUS_JUDGE_COUNTRY_H
#define ONUS_JUDGE_COUNTRY_H

#include <stdint.h>

#define COUNTRY_NONE (26u * 26u)

/* country_index - of two letters, "AA" 0, below COUNTRY_NONE; COUNTRY_NONE of anything else */
static inline uint16_t country_index(const char cc[3])
{
	if (cc[0] < 'A' || cc[0] > 'Z' || cc[1] < 'A' || cc[1] > 'Z' || cc[2])
		return COUNTRY_NONE;
	return (uint16_t)((cc[0] - 'A') * 26 + (cc[1] - 'A'));
}

#endif
