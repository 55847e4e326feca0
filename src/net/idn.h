/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of hosts in letters beyond ASCII, as DNS has them.
 * Source: RFC 5891 (IDNA2008), by libidn2. */
#ifndef ONUS_NET_IDN_H
#define ONUS_NET_IDN_H

#include <stdbool.h>

#include "util/span.h"

#define IDN_NAME_MAX  253u /* bytes of a name, without a dot at its end */
#define IDN_LABEL_MAX 63u

/* idn_ascii - a domain name, every label with other letters made "xn--…", upper case made lower
 *
 * name     UTF-8, or ASCII
 * ret      NUL-terminated; set on true
 * Returns false when the result is no name of a host (RFC 1123): labels of 1 to 63 letters, digits and inner
 * hyphens, 253 bytes in all; or name is no UTF-8. One dot at its end is dropped. */
bool idn_ascii(struct span name, char ret[IDN_NAME_MAX + 1]);

#endif
