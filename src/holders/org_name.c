/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/org_name.h"

#include <errno.h>

#include "util/embedded.h"
#include "util/grow.h"
#include "util/num.h"

extern const struct embedded org_name_words[]; /* name_words.txt */

#define COMMON_BYTES (1u << 20)
#define NAMES_BYTES  (1u << 30)
#define PARTS_MAX    64u /* words of a name that are looked at */

/* What a word is worth at most by its letters: short ones are shared by many. */
static const uint8_t bits_by_length[] = { 0, 2, 6, 9, 12, 15 };
#define BITS_NUMBER 3
#define BITS_NOISE  6 /* up to here a word says nothing: "telecom", "internet" */

enum word_kind { WORD_FORM = 1, WORD_NATIONAL = 2, WORD_TOWN = 4, WORD_BANK = 8, WORD_DROP = 16 };

/* Words with a meaning of their own.
 * NATIONAL  a legal form of one country, or of neighbours of one language
 * TOWN      of names that many have, whatever stands beside it; BANK: unless it is a company
 * DROP      no part of a name at all */
static const struct {
	uint8_t form, kind;
	const char *words;
} meanings[] = {
	{ FORM_LIMITED, WORD_FORM, "llc ltd limited liability srl sarl llp lllp lp pllc" },
	{ FORM_LIMITED, WORD_FORM | WORD_NATIONAL,
	    "ooo tov gmbh ug srls bv bvba doo dooel ltda limitada eireli eirele kft uab sia ou sro "
	    "zoo oo pvt pte pty oy aps kk sl slu bhd sdn ehf mchj sprl" },
	{ FORM_STOCK, WORD_FORM, "jsc sa plc joint stock as anonima anonim" },
	{ FORM_STOCK, WORD_FORM | WORD_NATIONAL,
	    "ojsc cjsc pjsc prjsc zao oao pao ao ad ead sau nv ag spa asa ab aktiebolag "
	    "aktiengesellschaft oyj nyrt zrt kgaa sab akcyjna tbk shpk" },
	{ FORM_INC, WORD_FORM, "inc incorporated corp corporation" },
	{ FORM_SIMPLE, WORD_FORM | WORD_NATIONAL, "sas sasu" },
	{ FORM_NONE, WORD_FORM,
	    "co company compania cia cv rl me epp cc private public closed open sociedad spolka "
	    "sirketi responsabilidad ograniczona odpowiedzialnoscia gesellschaft sp pt kg" },
	{ FORM_NONE, WORD_TOWN,
	    "hospital hospitals church school schools college colleges university universitas "
	    "universidad universite universitaet universita universidade universities county town "
	    "village township parish district library sheriff ministry ministerio museum academy "
	    "saint" },
	{ FORM_NONE, WORD_BANK,
	    "bank bancorp banco credit health healthcare medical clinic union community memorial "
	    "savings city st mercy" },
	{ FORM_NONE, WORD_DROP, "the and" },
};

/* Forms that are written out or not. */
static const char *const same_form[][2] = {
	{ "limited", "ltd" },
	{ "incorporated", "inc" },
	{ "corporation", "corp" },
};

/* Names that begin so stand for no holder: placeholders, and registries, which tables name where they know
 * no better: for what they keep for their members, or for what has moved to another registry. */
static const char *const nobody[] = { "reserved", "private customer", "private person", "unknown",
	"n a", "na", "none", "test", "unassigned", "unallocated", "ripe network coordination cent",
	"ripe ncc", "asia pacific network information cent", "apnic",
	"african network information cent", "afrinic", "latin american and caribbean ip", "lacnic",
	"american registry for internet", "internet assigned numbers", "iana",
	"japan network information cent", "jpnic", "korea network information cent",
	"korea internet security agency", "krnic", "china internet network info", "cnnic",
	"taiwan network information cent", "twnic", "vietnam internet network information cent",
	"vnnic", "indonesia network information cent", "idnic", "indian registry for internet",
	"irinn" };

/* U+00C0 to U+017F without their marks. */
static const char without_marks[] =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
_Static_assert(sizeof(without_marks) == 0x180 - 0xc0 + 1, "without_marks out of step");

/* --- words that say little ----------------------------------------------------------------------- */

static uint8_t bits_by_letters(struct span word)
{
	return bits_by_length[MIN_OF(span_len(word), sizeof(bits_by_length) - 1)];
}

static int word_put(struct org_names *n, struct span word, struct org_word what)
{
	uint32_t was = n->common.n, at = words_put(&n->common, word);

	if (at == WORDS_NONE || grow(&n->word, &n->word_cap, n->common.n, sizeof(*n->word)) < 0)
		return -ENOMEM;
	if (at >= was)
		n->word[at] = (struct org_word){ .bits = bits_by_letters(word) };
	n->word[at].bits = MIN_OF(n->word[at].bits, what.bits);
	n->word[at].form |= what.form;
	n->word[at].kind |= what.kind;
	return 0;
}

static int words_put_all(struct org_names *n, struct span words, struct org_word what)
{
	struct span word;
	int r = 0;

	while (r == 0 && !span_empty(words)) {
		(void)span_cut(&words, ' ', &word);
		r = word_put(n, word, what);
	}
	return r;
}

int org_names_init(struct org_names *n)
{
	struct span text = span_of(org_name_words[0].text, org_name_words[0].bytes), line, bits;
	int r;

	*n = (struct org_names){ .word = NULL };
	r = words_init(&n->common, COMMON_BYTES);
	if (r == 0)
		r = words_init(&n->name, NAMES_BYTES);
	if (r == 0)
		r = grow(&n->word, &n->word_cap, 1, sizeof(*n->word));
	if (r == 0)
		n->word[0] = (struct org_word){ .bits = 0 };
	for (size_t i = 0; r == 0 && i < NELEM(meanings); i++)
		r = words_put_all(n, span_str(meanings[i].words),
		    (struct org_word){ UINT8_MAX, meanings[i].form, meanings[i].kind });
	while (r == 0 && !span_empty(text)) {
		struct org_word what = { .form = FORM_NONE };
		uint32_t v;

		(void)span_cut(&text, '\n', &line);
		if (span_empty(line) || *line.p == '#')
			continue;
		(void)span_cut(&line, ' ', &bits);
		if (num_u32(bits, UINT8_MAX, &v) < 0)
			return -EINVAL; /* the file is ours */
		what.bits = (uint8_t)v;
		r = words_put_all(n, line, what);
	}
	return r;
}

void org_names_done(struct org_names *n)
{
	words_done(&n->common);
	words_done(&n->name);
	free(n->word);
	n->word = NULL;
}

/* --- a name cut into words ------------------------------------------------------------------------- */

/* struct parts - words in lower case without marks; letters that stand alone are one word: "S.A.", "S/A" */
struct parts {
	char text[ORG_NAME_MAX * 2];
	size_t len;
	struct span v[PARTS_MAX];
	unsigned n;
	size_t start;
	bool letters; /* the last word is made of letters that stood alone */
};

static void part_end(struct parts *p)
{
	struct span word = span_of(p->text + p->start, p->len - p->start);
	bool letter = span_len(word) == 1 && !(*word.p >= '0' && *word.p <= '9');

	if (span_empty(word))
		return;
	if (letter && p->letters && p->n && p->v[p->n - 1].end == word.p) {
		p->v[p->n - 1].end = word.end;
	} else if (p->n < PARTS_MAX) {
		p->v[p->n++] = word;
		p->letters = letter;
	}
	p->start = p->len;
}

/* The character at *s, folded: 0 is a gap between words. Bytes of other scripts are letters. */
static char folded(const char **s, const char *end)
{
	unsigned char c = (unsigned char)*(*s)++;

	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return (char)c;
	if (c >= 0xc3 && c <= 0xc5 && *s < end) {
		unsigned at = ((c & 0x1fu) << 6 | ((unsigned char)**s & 0x3fu)) - 0xc0u;

		(*s)++;
		return without_marks[at] == ' ' ? 0 : without_marks[at];
	}
	if (c == 0xc2 && *s < end) {
		(*s)++; /* U+0080 to U+00BF: signs */
		return 0;
	}
	return c >= 0x80 ? (char)c : 0;
}

static void cut(struct span name, struct parts *p)
{
	for (const char *s = name.p; s < name.end;) {
		char c = folded(&s, name.end);

		if (c == 0)
			part_end(p);
		else
			p->text[p->len++] = c;
	}
	part_end(p);
}

static bool is_number(struct span s, size_t from)
{
	for (const char *p = s.p + from; p < s.end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return span_len(s) > from;
}

static bool same_parts(const struct parts *p, unsigned half)
{
	for (unsigned i = 0; i < half; i++)
		if (!span_eq(p->v[i], p->v[half + i]))
			return false;
	return half > 0;
}

/* "AS64500 - Example" is Example, and "Example - Example" is said once. */
static void drop_repeats(struct parts *p)
{
	if (p->n && span_starts(p->v[0], "as") && is_number(p->v[0], 2)) {
		p->n--;
		memmove(p->v, p->v + 1, p->n * sizeof(p->v[0]));
	}
	if (p->n % 2 == 0 && same_parts(p, p->n / 2))
		p->n /= 2;
}

static bool is_nobody(struct span core)
{
	if (span_empty(core))
		return false;
	for (size_t i = 0; i < NELEM(nobody); i++) {
		struct span rest = { core.p + MIN_OF(strlen(nobody[i]), span_len(core)), core.end };

		if (span_starts(core, nobody[i]) &&
		    (span_empty(rest) || strchr(nobody[i], ' ') || *rest.p == ' '))
			return true;
	}
	return false;
}

/* --- what it says ---------------------------------------------------------------------------------- */

static void weigh(struct org_name *name, struct span word, const struct org_word *w)
{
	unsigned bits = w ? w->bits : is_number(word, 0) ? BITS_NUMBER : bits_by_letters(word);

	if (bits <= BITS_NOISE)
		return;
	name->bits = (uint16_t)(name->bits + bits);
	name->best = (uint8_t)MAX_OF(name->best, bits);
}

static struct span spelling(struct span word)
{
	for (size_t i = 0; i < NELEM(same_form); i++)
		if (span_is(word, same_form[i][0]))
			return span_str(same_form[i][1]);
	return word;
}

static bool told_before(const struct parts *p, unsigned i)
{
	for (unsigned k = 0; k < i; k++)
		if (span_eq(p->v[k], p->v[i]))
			return true;
	return false;
}

static void put(struct buf *b, struct span word)
{
	if (b->len)
		buf_byte(b, ' ');
	buf_span(b, word);
}

/* Legal forms of a name, each once, in the order of the letters. */
struct forms {
	struct span v[PARTS_MAX];
	unsigned n;
};

static void forms_add(struct forms *f, struct span word)
{
	unsigned at = 0;

	while (at < f->n && span_cmp(f->v[at], word) < 0)
		at++;
	if (at < f->n && span_eq(f->v[at], word))
		return;
	memmove(f->v + at + 1, f->v + at, (f->n - at) * sizeof(f->v[0]));
	f->v[at] = word;
	f->n++;
}

static void read_part(struct org_name *ret, const struct parts *p, unsigned i,
    const struct org_word *w, struct buf *core, struct forms *forms)
{
	if (w && w->kind & WORD_FORM) {
		ret->form |= w->form;
		ret->national |= (w->kind & WORD_NATIONAL) != 0;
		if (w->form)
			forms_add(forms, spelling(p->v[i]));
		return;
	}
	put(core, p->v[i]);
	if (!told_before(p, i))
		weigh(ret, p->v[i], w);
}

static int read_parts(
    struct org_names *n, const struct parts *p, struct buf *text, struct org_name *ret)
{
	struct forms forms = { .n = 0 };
	unsigned kinds = 0;

	for (unsigned i = 0; i < p->n; i++) {
		uint32_t at = words_find(&n->common, p->v[i]);
		const struct org_word *w = at == WORDS_NONE ? NULL : &n->word[at];

		kinds |= w ? w->kind : 0;
		if (!w || !(w->kind & WORD_DROP))
			read_part(ret, p, i, w, text, &forms);
	}
	ret->institution = kinds & WORD_TOWN || (kinds & WORD_BANK && !ret->form);
	ret->placeholder = is_nobody(buf_text(text));
	ret->core = words_put(&n->name, buf_text(text));
	for (unsigned i = 0; ret->core && i < forms.n; i++)
		put(text, forms.v[i]);
	ret->whole = words_put(&n->name, buf_text(text));
	return !buf_ok(text) || ret->core == WORDS_NONE || ret->whole == WORDS_NONE ? -ENOMEM : 0;
}

int org_name_read(struct org_names *n, struct span name, struct org_name *ret)
{
	struct parts p = { .n = 0 };
	struct buf text;
	int r;

	*ret = (struct org_name){ .core = 0 };
	if (span_len(name) > ORG_NAME_MAX)
		return 0;
	buf_init(&text, sizeof(p.text) * 2);
	cut(name, &p);
	drop_repeats(&p);
	r = read_parts(n, &p, &text, ret);
	ret->text = words_put(&n->name, span_trim(name));
	buf_done(&text);
	return ret->text == WORDS_NONE ? -ENOMEM : r;
}
