/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jmap_conf.c reads and jmap.c applies. */
#ifndef ONUS_INTAKE_JMAP_PRIV_H
#define ONUS_INTAKE_JMAP_PRIV_H

#include "intake/ini.h"
#include "intake/jmap.h"
#include "intake/jpick.h"
#include "intake/jtime.h"

#define JMAP_UNSET UINT8_MAX /* no member */

enum jmap_op {
	JMAP_IS,
	JMAP_BEGINS,
	JMAP_ENDS,
	JMAP_CONTAINS,
	JMAP_GIVEN,
	JMAP_LESS,
	JMAP_LEAST, /* at least */
	JMAP_MORE,
	JMAP_MOST
};

/* struct jmap_few - some of an array of the map, [first, first + n) */
struct jmap_few {
	uint16_t first, n;
};

/* struct jmap_test - one condition on one member */
struct jmap_test {
	enum jmap_op op;
	uint8_t slot;
	bool not ;
	struct jmap_few values; /* any of them */
	double number;
};

/* struct jmap_class - one category of a table, and the values that mean it */
struct jmap_class {
	enum category category;
	struct jmap_few values;
};

#define JMAP_CLASSES_MAX 16u

/* struct jmap_rule - what becomes of the lines for which all of `when` hold */
struct jmap_rule {
	struct jmap_few when;
	struct jmap_few full_when; /* proof is full when these hold; none: never by them */
	bool ignore;
	bool with_port; /* of the address: "192.0.2.1:443" */
	bool has_category;
	uint8_t address, time, count, service_from, category_from;
	uint8_t detail[JMAP_DETAIL_MAX];
	unsigned n_detail;
	enum category category;
	enum proof proof;
	enum good good; /* it is nothing bad */
	struct jmap_class classes[JMAP_CLASSES_MAX];
	unsigned n_classes;
	struct span service;
	struct jtime form;
};

struct jmap {
	char name[JMAP_NAME_MAX + 1];
	struct ini *ini; /* owned */
	char **texts;	 /* owned: the values, interpolated, from which all spans here borrow */
	unsigned n_texts;
	struct jpick *pick;
	struct jmap_test tests[JMAP_TESTS_MAX];
	struct span values[JMAP_VALUES_MAX];
	unsigned n_tests, n_values, n_rules;
	struct jmap_few recognise;
	struct jmap_rule rules[JMAP_RULES_MAX];
	struct jpick_value v[JPICK_PATHS_MAX];
	char detail[EVENT_DETAIL_MAX];
};

#endif
