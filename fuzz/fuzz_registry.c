/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A damaged registry file with a right checksum: opened or refused, and lookups in what opens stay
 * inside it. */
#include "fuzz.h"

#include <string.h>

#include "holders/registry_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t his[] = { 0, UINT64_C(0x2a00) << 48, UINT64_MAX };
	struct registry *r = NULL;
	struct attribution at;
	struct reg_head head;
	struct err e;
	void *p;

	if (size < sizeof(head) || posix_memalign(&p, 64, size) != 0)
		return 0;
	memcpy(p, data, size);
	memcpy(&head, p, sizeof(head));
	head.sum = registry_sum(p, size);
	memcpy(p, &head, sizeof(head));
	if (registry_of_bytes(p, size, &r, &e) == 0) {
		for (uint32_t i = 0; i < 4096; i++)
			registry_lookup(r, addr_of_v4(i * 0x9e3779b1u), &at);
		for (size_t i = 0; i < NELEM(his); i++)
			registry_lookup(r, (struct addr){ his[i], i }, &at);
	}
	(void)registry_free(r);
	free(p);
	return 0;
}
