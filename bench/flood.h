/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the generators of load share: time, how long answers took, what a server's processes cost, and the line that a run
 * prints. */
#ifndef ONUS_BENCH_FLOOD_H
#define ONUS_BENCH_FLOOD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/macro.h"

int64_t flood_ns(void);

/* struct delays - how often an answer took how long, to one part in 64 */
#define DELAY_BITS 6u
struct delays {
	uint64_t n;
	uint32_t at[64u << DELAY_BITS];
};
void delays_add(struct delays *d, int64_t ns);
double delays_us(const struct delays *d,
    double share); /* 0.99: of the slowest in a hundred the quickest; 0: none was added */

/* struct cost - of a process with its children: processor time so far, memory now and at most */
struct cost {
	int64_t cpu_ns;
	uint64_t rss_kib, peak_kib;
};
void cost_of(pid_t server, struct cost *ret); /* 0: nobody's */

enum flood_phase { FLOOD_WARM, FLOOD_COUNTS, FLOOD_OVER };

/* struct flood - a run: what the generators are told, and what they count
 * flood_default, then flood_option. Rates and delays are of the counted time alone; lost and wrong of all that was asked. */
struct flood {
	double rate; /* questions a second; 0: the next one when one was answered */
	int64_t time_ns, warm_ns, patience_ns;
	pid_t server; /* 0: nobody looks what it costs */
	bool head;    /* print a line of what the columns are, too */
	enum flood_phase phase;
	int64_t began_ns, counts_ns, ends_ns, took_ns;
	uint64_t due;	 /* of those at that rate, asked or passed over */
	uint64_t passed; /* not asked, for want of time or room */
	uint64_t asked, answered;
	uint64_t all_asked, all_right; /* from the first to the last, as are the next two */
	uint64_t lost, wrong;
	int64_t idle_ns; /* the generator found nothing to do */
	struct delays delays;
	struct cost before, after;
};
void flood_begin(struct flood *f);

/* flood_goes_on - to be called in every turn: is it still time to ask? */
bool flood_goes_on(struct flood *f, int64_t now_ns);

/* flood_owes - how many questions are due at that rate; what is late by more than FLOOD_LATE_NS is passed over
 * flood_due_ns - when the next one was due */
#define FLOOD_LATE_NS 20000000
uint64_t flood_owes(struct flood *f, int64_t now_ns);
int64_t flood_due_ns(const struct flood *f);
void flood_asked(struct flood *f);
void flood_passed(struct flood *f); /* the next one is not asked */
void flood_answered(struct flood *f, int64_t asked_ns, int64_t now_ns); /* and right */

/* flood_option - the options that both have: one letter and its value; 0, or -EINVAL
 * -r RATE -t SECONDS -w SECONDS (warm) -x MILLISECONDS (patience) -p PID -h (head) */
#define FLOOD_OPTIONS "r:t:w:x:p:h"
void flood_default(struct flood *f);
int flood_option(struct flood *f, int letter, const char *value);

/* flood_print - a line, tab-separated: asked and answered a second; lost, wrong and passed over; the delays that half of the
 * answers, 99 of 100 and 999 of 1000 kept, in microseconds; share of a processor that the server used, and answers a second
 * of that time; share of its time that the generator had nothing to do; KiB of the server, at the end and at most; questions
 * from the first to the last, and right answers to them: the others were lost, or the answers wrong. */
void flood_print(const struct flood *f);

#endif
