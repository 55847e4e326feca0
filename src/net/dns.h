/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of DNS on the wire. Source: RFC 1035, RFC 6891 (EDNS), RFC 8482 (ANY). */
#ifndef ONUS_NET_DNS_H
#define ONUS_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_HEADER_BYTES 12u
#define DNS_LABEL_MAX	 63u
#define DNS_NAME_MAX	 255u /* bytes of a name on the wire, with the root's */
#define DNS_LABELS_MAX	 127u
#define DNS_UDP_PLAIN	 512u  /* bytes of an answer over UDP where nothing else was said */
#define DNS_UDP_MAX	 1232u /* the most we send: no path cuts it into fragments */
#define DNS_STRING_MAX	 255u  /* of a TXT record */

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_HINFO = 13,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_ANY = 255,
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CHAOS = 3, DNS_CLASS_ANY = 255 };

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16,
};

#define DNS_FLAG_QR 0x8000u
#define DNS_FLAG_AA 0x0400u
#define DNS_FLAG_TC 0x0200u
#define DNS_FLAG_RD 0x0100u
#define DNS_FLAG_CD 0x0010u
#define DNS_OPCODE  0x7800u
#define DNS_OPT_DO  0x8000u

/* struct dns_name - in wire form, lower case; at[i] is where label i begins (its length), at[n] the root's */
struct dns_name {
	uint8_t wire[DNS_NAME_MAX];
	uint8_t at[DNS_LABELS_MAX + 1];
	uint8_t bytes, n; /* with the root's; labels without it */
};

#endif
