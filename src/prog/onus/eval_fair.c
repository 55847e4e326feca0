/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/eval_fair.h"

#include <stdio.h>

#define CLASSES	       (EVALUATE_TENTHS + EVALUATE_COUNTRIES)
#define NAME_MAX_BYTES 64

/* A class by number, tenths first, and what it is called. */
static const struct evaluate_class *class_at(
    const struct evaluate_fair *f, unsigned i, char name[NAME_MAX_BYTES])
{
	unsigned c = i - EVALUATE_TENTHS;

	if (i < EVALUATE_TENTHS) {
		(void)snprintf(name, NAME_MAX_BYTES, "AS up to %.0f addresses", f->largest[i]);
		return &f->tenth[i];
	}
	if (c == COUNTRY_NONE)
		(void)snprintf(name, NAME_MAX_BYTES, "no country");
	else
		(void)snprintf(
		    name, NAME_MAX_BYTES, "country %c%c", 'A' + (int)(c / 26), 'A' + (int)(c % 26));
	return &f->country[c];
}

static const char *alarm_text(int alarm)
{
	return alarm > 0 ? "  ALARM: more than said" : alarm < 0 ? "  ALARM: fewer than said" : "";
}

void eval_fair_print(const struct evaluate_fair *f)
{
	char name[NAME_MAX_BYTES];
	unsigned few = 0;

	(void)printf(
	    "\nclasses of networks, new hosts: said, came, came for said beside all others' "
	    "(alarm: beyond .7 to 1.4)\n");
	(void)printf("%-32s %9.0f %9.0f\n", "all", f->all.said, f->all.came);
	for (unsigned i = 0; i < CLASSES; i++) {
		const struct evaluate_class *c = class_at(f, i, name);

		if (!evaluate_told(c)) {
			few += c->said > 0;
			continue;
		}
		(void)printf("%-32s %9.0f %9.0f %9.2f%s\n", name, c->said, c->came,
		    evaluate_beside(c, &f->all), alarm_text(evaluate_alarm(c, &f->all)));
	}
	(void)printf("%u classes of which too little was said and too few came to tell\n", few);
}

static void json_class(
    struct jout *j, const struct evaluate_fair *f, const struct evaluate_class *c)
{
	jout_real(j, "said", c->said, 3);
	jout_real(j, "came", c->came, 0);
	jout_real(j, "beside_all", evaluate_beside(c, &f->all), 4);
	jout_bool(j, "alarm", evaluate_alarm(c, &f->all) != 0);
	jout_object_end(j);
}

void eval_fair_json(struct jout *j, const struct evaluate_fair *f)
{
	jout_array(j, "by_size");
	for (unsigned i = 0; i < EVALUATE_TENTHS; i++) {
		if (!(f->largest[i] > 0))
			continue;
		jout_object(j, NULL);
		jout_real(j, "up_to_addresses", f->largest[i], 0);
		json_class(j, f, &f->tenth[i]);
	}
	jout_array_end(j);
	jout_array(j, "by_country");
	for (unsigned i = 0; i < EVALUATE_COUNTRIES; i++) {
		const char cc[3] = { (char)('A' + i / 26), (char)('A' + i % 26), '\0' };

		if (!(f->country[i].said > 0))
			continue;
		jout_object(j, NULL);
		jout_str(j, "country", i == COUNTRY_NONE ? NULL : cc);
		json_class(j, f, &f->country[i]);
	}
	jout_array_end(j);
}

unsigned eval_fair_alarm(const struct evaluate_fair *f)
{
	char name[NAME_MAX_BYTES];
	unsigned n = 0;

	for (unsigned i = 0; i < CLASSES; i++) {
		const struct evaluate_class *c = class_at(f, i, name);
		int alarm = evaluate_alarm(c, &f->all);

		if (!alarm)
			continue;
		n++;
		(void)fprintf(stderr,
		    "onus eval: %s: %.0f new hosts came where %.0f were said, %.2f times as many "
		    "as "
		    "elsewhere: scores there are too %s\n",
		    name, c->came, c->said, evaluate_beside(c, &f->all),
		    alarm > 0 ? "good" : "bad");
	}
	return n;
}
