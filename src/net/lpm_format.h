/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The head of a compiled table; private to lpm_build.c and lpm.c. */
#ifndef ONUS_NET_LPM_FORMAT_H
#define ONUS_NET_LPM_FORMAT_H

#include <stdint.h>

#define LPM_MAGIC UINT32_C(0x316d706c) /* "lpm1" */
#define LPM_TOP4  (UINT32_C(1) << 20)
#define LPM_LINE4 16u
#define LPM_TAIL4 256u
#define LPM_TOP6  (UINT32_C(1) << 16)
#define LPM_NODE6 256u

/* The arrays follow in this order, each a multiple of 64 bytes (deep6 is padded with zeros):
 * top4, line4 (at least one), tail4, top6, node6, list6, deep6. */
struct lpm_head {
	uint32_t magic;
	uint32_t n_line4, n_tail4, n_node6, n_list6, n_deep6;
	uint32_t zero[10];
};
_Static_assert(sizeof(struct lpm_head) == 64, "a cache line");

#endif
