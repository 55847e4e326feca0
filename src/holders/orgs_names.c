/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Organisations by their names: only where a name is enough, or something else says the same. */
#include <errno.h>

#include "holders/orgs.h"

/* struct alike - members with the same keys are looked at together */
struct alike {
	uint64_t key[2];
	uint32_t member;
};

static int by_keys(const void *pa, const void *pb)
{
	const struct alike *a = pa, *b = pb;

	for (unsigned i = 0; i < 2; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
	return a->member < b->member ? -1 : a->member > b->member;
}

/* struct likeness - one way in which members may be alike
 * keys   of a member; false: it is like nobody
 * join   two or more that are alike */
struct likeness {
	bool (*keys)(struct org_work *w, uint32_t member, uint64_t key[2]);
	void (*join)(struct org_work *w, const struct alike *v, size_t n, enum org_rule rule);
};

static int join_alike(struct org_work *w, const struct likeness *l, enum org_rule rule)
{
	struct alike *v = calloc(w->n + 1u, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->n; i++) {
		v[n].member = i;
		n += l->keys(w, i, v[n].key);
	}
	qsort(v, n, sizeof(*v), by_keys);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && v[k].key[0] == v[i].key[0] && v[k].key[1] == v[i].key[1];
		     k++)
			;
		if (k > i + 1)
			l->join(w, v + i, k - i, rule);
	}
	free(v);
	return 0;
}

static bool has_name(const struct org_work *w, uint32_t member)
{
	return w->member[member].name.core && !w->member[member].name.placeholder;
}

static struct reg_text name_of(const struct org_work *w, uint32_t member)
{
	return member < w->n_as ? w->t->as[member].name : org_holder(w, member)->name;
}

/* Legal forms of a group: when there are two, none speaks for those without. */
static bool one_form(const struct org_work *w, const struct alike *v, size_t n)
{
	uint8_t form = FORM_NONE;

	for (size_t i = 0; i < n; i++) {
		uint8_t f = w->member[v[i].member].name.form;

		if (f && form && f != form)
			return false;
		form = f ? f : form;
	}
	return true;
}

/* Join those with the same legal form; those without one to them, if there is but one. */
static void join_forms(struct org_work *w, const struct alike *v, size_t n, enum org_rule rule,
    struct reg_text why, bool names)
{
	bool all = one_form(w, v, n);

	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k-- > 0;) {
			if (!all &&
			    w->member[v[i].member].name.form != w->member[v[k].member].name.form)
				continue;
			(void)org_join_put(&w->join, v[k].member, v[i].member, rule,
			    why.len ? why : name_of(w, v[i].member), names); /* or not */
			break;
		}
}

/* --- an id or a mailbox beside the name --------------------------------------------------------------- */

static bool id_keys(struct org_work *w, uint32_t member, uint64_t key[2])
{
	uint32_t holder = member < w->n_as ? w->t->as[member].holder : REGISTRY_NONE;

	if (holder == REGISTRY_NONE || w->t->net.holder[holder].told != HOLDER_OPAQUE ||
	    !has_name(w, member))
		return false;
	key[0] = holder;
	key[1] = w->member[member].name.core;
	return true;
}

static void id_join(struct org_work *w, const struct alike *v, size_t n, enum org_rule rule)
{
	join_forms(w, v, n, rule, w->t->net.holder[v[0].key[0]].handle, false);
}

int orgs_by_id_and_name(struct org_work *w, enum org_rule rule)
{
	return join_alike(w, &(struct likeness){ id_keys, id_join }, rule);
}

/* Domains where anybody has a mailbox, and those of registries, to which lost mail goes. */
static const char *const shared_domains[] = { "gmail.com", "googlemail.com", "outlook.com",
	"hotmail.com", "live.com", "msn.com", "yahoo.com", "yahoo.co.jp", "yahoo.co.uk",
	"yahoo.com.br", "yahoo.fr", "ymail.com", "aol.com", "icloud.com", "me.com", "mac.com",
	"mail.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de",
	"mail.ru", "bk.ru", "inbox.ru", "list.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru",
	"ukr.net", "i.ua", "qq.com", "163.com", "126.com", "sina.com", "sohu.com", "foxmail.com",
	"139.com", "189.cn", "naver.com", "hanmail.net", "daum.net", "protonmail.com", "proton.me",
	"pm.me", "zoho.com", "fastmail.com", "tutanota.com", "libero.it", "tiscali.it", "orange.fr",
	"wanadoo.fr", "free.fr", "laposte.net", "seznam.cz", "wp.pl", "o2.pl", "onet.pl",
	"interia.pl", "abv.bg", "mail.bg", "uol.com.br", "bol.com.br", "terra.com.br",
	"rediffmail.com", "ripe.net", "apnic.net", "arin.net", "lacnic.net", "afrinic.net",
	"nic.ad.jp", "nic.or.kr", "krnic.or.kr", "kisa.or.kr", "twnic.tw", "cnnic.cn", "vnnic.vn",
	"idnic.net", "apjii.or.id", "irinn.in", "registro.br", "nic.br", "cert.br", "nic.mx" };

/* The domain of an address in lower case; NULL when it says nothing. */
static struct span domain_of(struct span mail, char room[REG_TEXT_MAX])
{
	const char *at = memrchr(mail.p, '@', span_len(mail));
	struct span domain = at ? (struct span){ at + 1, mail.end } : (struct span){ NULL, NULL };
	size_t n = span_len(domain);

	if (n == 0 || n >= REG_TEXT_MAX)
		return (struct span){ NULL, NULL };
	for (size_t i = 0; i < n; i++)
		room[i] = (char)(domain.p[i] >= 'A' && domain.p[i] <= 'Z' ? domain.p[i] + 32
									  : domain.p[i]);
	for (size_t i = 0; i < NELEM(shared_domains); i++)
		if (span_is(span_of(room, n), shared_domains[i]))
			return (struct span){ NULL, NULL };
	return span_of(room, n);
}

static bool mailbox_keys(struct org_work *w, uint32_t member, uint64_t key[2])
{
	uint32_t contact = member < w->n_as ? w->t->as[member].abuse : org_holder(w, member)->abuse,
		 word;
	char room[REG_TEXT_MAX];
	struct span domain;

	if (contact == REGISTRY_NONE || !has_name(w, member))
		return false;
	domain = domain_of(org_text(w, w->t->net.contact[contact].mail), room);
	word = domain.p ? words_put(&w->names.name, domain) : WORDS_NONE;
	key[0] = word;
	key[1] = w->member[member].name.core;
	return word != WORDS_NONE;
}

static void mailbox_join(struct org_work *w, const struct alike *v, size_t n, enum org_rule rule)
{
	join_forms(w, v, n, rule,
	    org_text_put(w, "", words_at(&w->names.name, (uint32_t)v[0].key[0])), false);
}

int orgs_by_mailbox(struct org_work *w, enum org_rule rule)
{
	return join_alike(w, &(struct likeness){ mailbox_keys, mailbox_join }, rule);
}

/* --- the name alone ------------------------------------------------------------------------------------ */

/* Bits that a name needs; doc/registry.md has what each was measured to do. */
#define NEED_FORM	     12 /* with its legal form, in one country */
#define NEED_BARE	     20 /* without one */
#define NEED_NATIONAL_ABROAD 15 /* in other countries, with a legal form of one */
#define NEED_FORM_ABROAD     20
#define NEED_BARE_ABROAD     34
#define NEED_NO_RARE_WORD    8	/* more, when no word of it is rare by itself … */
#define RARE_WORD	     12 /* … as those of so many bits are */

/* Where many companies may have one name, as registers are kept by region or look at numbers only: so many bits more;
 * and from CROWDED on only the very same text is the same name. */
#define CROWDED 3
static const struct {
	char country[3];
	unsigned more;
} crowded[] = { { "RU", 3 }, { "UA", 3 }, { "BY", 3 }, { "KZ", 3 }, { "MD", 3 }, { "UZ", 3 },
	{ "KG", 3 }, { "TJ", 3 }, { "BR", 3 }, { "IN", 3 }, { "BD", 6 }, { "US", 1 } };

static unsigned more_in(uint16_t country)
{
	for (size_t i = 0; i < NELEM(crowded); i++)
		if (country == (crowded[i].country[0] | crowded[i].country[1] << 8))
			return crowded[i].more;
	return 0;
}

static bool enough(const struct org_name *name, unsigned need)
{
	return name->bits >= need + (name->best < RARE_WORD ? NEED_NO_RARE_WORD : 0);
}

/* A name of a member that may be enough at all. */
static const struct org_name *telling(const struct org_work *w, uint32_t member)
{
	const struct org_name *name = &w->member[member].name;

	return has_name(w, member) && !name->institution ? name : NULL;
}

static bool home_keys(struct org_work *w, uint32_t member, uint64_t key[2])
{
	const struct org_name *name = telling(w, member);
	uint16_t country = w->member[member].country;

	key[1] = country;
	if (!name || !country ||
	    !enough(name, (name->form ? NEED_FORM : NEED_BARE) + more_in(country)))
		return false;
	key[0] = more_in(country) >= CROWDED ? name->text : name->whole;
	return true;
}

/* The very same text: branches in other countries often go by the name of their parent, spelt otherwise. */
static bool abroad_keys(struct org_work *w, uint32_t member, uint64_t key[2])
{
	const struct org_name *name = telling(w, member);

	key[1] = 0;
	if (!name || !enough(name, name->national ? NEED_NATIONAL_ABROAD
				   : name->form	  ? NEED_FORM_ABROAD
						  : NEED_BARE_ABROAD))
		return false;
	key[0] = name->text;
	return true;
}

/* Do identifiers hold two of them to be two? Then the name is not one holder's, and who of the others is whose
 * nobody knows. */
static bool contradicted(struct org_work *w, const struct alike *v, size_t n)
{
	struct org_seal sum[ORG_SEALS_MAX] = { { 0, 0 } };

	for (size_t i = 0; i < n; i++)
		if (!org_join_agrees(&w->join, v[i].member, sum))
			return true;
	return false;
}

static void names_join(struct org_work *w, const struct alike *v, size_t n, enum org_rule rule)
{
	if (!contradicted(w, v, n))
		join_forms(w, v, n, rule, (struct reg_text){ 0, 0 }, true);
}

int orgs_by_name(struct org_work *w, enum org_rule rule)
{
	int r = join_alike(w, &(struct likeness){ home_keys, names_join }, rule);

	return r == 0 ? join_alike(w, &(struct likeness){ abroad_keys, names_join }, rule) : r;
}
