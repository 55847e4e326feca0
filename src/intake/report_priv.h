/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the readers of abuse reports, one file a format. */
#ifndef ONUS_INTAKE_REPORT_PRIV_H
#define ONUS_INTAKE_REPORT_PRIV_H

#include "core/event.h"
#include "intake/report.h"

/* struct report - one that is being read */
struct report {
	const struct report_options *o;
	struct buf *out;
	struct sender by;     /* of what is no mail: nobody */
	struct span original; /* header of the mail that is reported; may be empty */
	unsigned n;	      /* events so far */
};

/* struct report_fact - one accusation */
struct report_fact {
	struct span from; /* the address, as text */
	int64_t time_s;	  /* when, if it is dated */
	bool dated;
	enum category category;
	bool weak; /* by its nature: single packets, mail that a forwarder may have changed */
	uint64_t count;
	const char *service;	   /* "" for none */
	const char *format, *kind; /* "arf", "abuse"; kind has been found in a table */
	const char *note;	   /* behind the sender, or NULL */
};

#define REPORT_OF_TLS "an SMTP TLS report (RFC 8460): it accuses nobody"

/* report_add - Returns 0, or -EINVAL with the reason */
MUST_USE int report_add(struct report *r, const struct report_fact *f, struct err *why);

/* The formats. Each returns 0, or -EINVAL with the reason.
 * report_arf     the content of a part message/feedback-report
 * report_json    X-ARF of any version
 * report_yaml    the machine's part of an early X-ARF mail
 * report_dmarc   XML
 * report_packed  XML in gzip or zip, or as it is */
MUST_USE int report_mail(struct report *r, struct span bytes, struct err *why);
MUST_USE int report_arf(struct report *r, struct span text, struct err *why);
MUST_USE int report_json(struct report *r, struct span text, struct err *why);
MUST_USE int report_yaml(struct report *r, struct span text, struct err *why);
MUST_USE int report_dmarc(struct report *r, struct span xml, struct err *why);
MUST_USE int report_packed(struct report *r, struct span bytes, struct err *why);

/* report_unpack - gzip or zip into out, whose maximum bounds it; what is neither is not touched: 0
 * Returns 1, or -EINVAL with the reason. */
MUST_USE int report_unpack(struct span bytes, struct buf *out, struct err *why);

/* report_bare - an address without what some write around it: [192.0.2.1], [IPv6:2001:db8::1] */
struct span report_bare(struct span s);

/* report_word - letters of ASCII in any case */
bool report_word(struct span s, const char *word);

#endif
