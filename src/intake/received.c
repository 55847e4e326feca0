/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One Received line. It is cut into words and comments; "by" parts what is said of the client from what the host says
 * of itself. Then it must have one of the forms below, and nothing in it may name a second address where a mailer puts
 * the client's. Blanks, brackets and parentheses in a HELO, which good mailers do not let through, thus make a line
 * unreadable instead of another host's. */
#include "intake/received.h"

#include <strings.h>

#define ITEMS_MAX 96u
#define DEPTH_MAX 8u /* comments in comments */
#define HELO_MAX  3u /* words before the comment with the address */

struct item {
	bool note; /* a comment; text is what is in it */
	struct span text;
};

struct field {
	struct item v[ITEMS_MAX];
	unsigned n;
	unsigned by; /* index of "by"; n: there is none */
	unsigned
	    end_by; /* where what the host says of itself ends: behind it, words may be the client's */
	unsigned n_from, n_by;
};

/* --- words ----------------------------------------------------------------------------------------------------- */

static bool is_word(struct span s, const char *word)
{
	size_t n = strlen(word);

	return span_len(s) == n && strncasecmp(s.p, word, n) == 0;
}

static bool begins(struct span s, const char *head)
{
	size_t n = strlen(head);

	return span_len(s) >= n && strncasecmp(s.p, head, n) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Control characters but for folds: no mailer writes them. */
static bool is_tame(struct span s)
{
	for (const char *p = s.p; p < s.end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\r' && p + 1 < s.end && p[1] != '\n')
			return false;
		if ((c < ' ' && !is_blank(*p)) || c == 0x7f)
			return false;
	}
	return true;
}

/* A comment, its parenthesis just before *p: false when it does not end, or is too deep. */
static bool cut_note(const char **p, const char *end, struct span *ret)
{
	const char *begin = *p;
	unsigned depth = 1;

	for (; *p < end; (*p)++) {
		if (**p == '\\' && *p + 1 < end) {
			(*p)++;
		} else if (**p == '(') {
			if (++depth > DEPTH_MAX)
				return false;
		} else if (**p == ')' && --depth == 0) {
			*ret = span_trim((struct span){ begin, *p });
			(*p)++;
			return true;
		}
	}
	return false;
}

/* What stands in <> is one word with it, when no blank is in it. */
static const char *end_of_angle(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && !is_blank(*q) && *q != '>')
		q++;
	return q < end && *q == '>' ? q : p;
}

static bool add(struct field *f, bool note, struct span text)
{
	if (f->n == ITEMS_MAX)
		return false;
	f->v[f->n++] = (struct item){ note, text };
	return true;
}

static bool cut_word(struct field *f, const char **p, const char *end)
{
	const char *begin = *p;

	if (**p == ';')
		(*p)++;
	else
		while (*p < end && !is_blank(**p) && **p != '(' && **p != ')' && **p != ';') {
			if (**p == '<')
				*p = end_of_angle(*p, end);
			(*p)++;
		}
	return add(f, false, (struct span){ begin, *p });
}

static bool cut_items(struct span value, struct field *f)
{
	const char *p = value.p, *end = value.end;

	f->n = 0;
	while (p < end) {
		struct span note;

		if (is_blank(*p)) {
			p++;
		} else if (*p == ')') {
			return false;
		} else if (*p == '(') {
			p++;
			if (!cut_note(&p, end, &note) || !add(f, true, note))
				return false;
		} else if (!cut_word(f, &p, end)) {
			return false;
		}
	}
	return true;
}

/* Whom the mail is from and for is the client's to say, and a quoted name before an "@" may hold blanks and
 * parentheses. */
static bool begins_envelope(const struct item *it)
{
	return it->note ? begins(it->text, "envelope-") : is_word(it->text, "for");
}

static bool cut(struct span value, struct field *f)
{
	if (!cut_items(value, f))
		return false;
	f->by = f->n;
	f->n_from = f->n_by = 0;
	for (unsigned i = 0; i < f->n; i++) {
		bool by = !f->v[i].note && is_word(f->v[i].text, "by");

		f->n_from += !f->v[i].note && is_word(f->v[i].text, "from");
		f->n_by += by;
		if (by && f->by == f->n)
			f->by = i;
	}
	f->end_by = f->by;
	while (f->end_by < f->n && !begins_envelope(&f->v[f->end_by]))
		f->end_by++;
	return true;
}

/* The i-th thing behind "with", a word; empty when there is none. */
static struct span with(const struct field *f, unsigned i)
{
	for (unsigned k = f->by; k < f->end_by; k++)
		if (!f->v[k].note && is_word(f->v[k].text, "with"))
			return k + 1 + i < f->end_by && !f->v[k + 1 + i].note ? f->v[k + 1 + i].text
									      : SPAN("");
	return SPAN("");
}

/* Does the host say of itself that it is this one? In a comment that begins so, or as a word. */
static bool has_mark(const struct field *f, const char *mark)
{
	for (unsigned i = f->by; i < f->end_by; i++)
		if (begins(f->v[i].text, mark))
			return true;
	return false;
}

/* --- addresses --------------------------------------------------------------------------------------------------- */

/* An address by itself, "IPv6:" before it, a zone behind one that has no meaning without. */
static bool read_addr(struct span s, struct addr *ret)
{
	struct span bare = s, zone;

	if (begins(s, "IPv6:"))
		s.p += 5;
	bare = s;
	if (begins(s, "fe80:")) {
		zone = s;
		(void)span_cut(&zone, '%', &bare);
	}
	return addr_parse(bare, ret) == 0;
}

/* "[ADDRESS]" or "[ADDRESS]:PORT" */
static bool read_literal(struct span s, struct addr *ret)
{
	const char *close = span_empty(s) ? NULL : memchr(s.p, ']', span_len(s));

	if (!close || *s.p != '[' || !read_addr((struct span){ s.p + 1, close }, ret))
		return false;
	if (close + 1 == s.end)
		return true;
	if (close[1] != ':' || close + 2 == s.end)
		return false;
	for (const char *p = close + 2; p < s.end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

/* The client's words about itself: "helo=[10.0.0.1]" names no second client. */
static bool is_told(struct span s, const char *at)
{
	struct span before = { s.p, at };
	static const char *const keys[] = { "helo=", "ident=" };

	for (size_t i = 0; i < NELEM(keys); i++) {
		size_t n = strlen(keys[i]);

		if (span_len(before) >= n && is_word((struct span){ at - n, at }, keys[i]) &&
		    (span_len(before) == n || is_blank(at[-(ptrdiff_t)n - 1])))
			return true;
	}
	return false;
}

/* struct seen - addresses in brackets: the first, where, and whether another one stands beside it */
struct seen {
	struct addr addr;
	const char *at; /* of its bracket; NULL: none */
	bool differ;
};

static void see(struct seen *s, struct addr a, const char *at)
{
	if (!s->at) {
		s->addr = a;
		s->at = at;
	} else if (!addr_eq(s->addr, a)) {
		s->differ = true;
	}
}

static void see_brackets(struct seen *s, struct span text)
{
	for (const char *p = text.p; p < text.end; p++) {
		const char *close;
		struct addr a;

		if (*p == '<')
			p = end_of_angle(p, text.end);
		if (*p != '[')
			continue;
		close = memchr(p, ']', (size_t)(text.end - p));
		if (!close)
			return;
		if (read_addr((struct span){ p + 1, close }, &a) && !is_told(text, p))
			see(s, a, p);
	}
}

/* "ADDRESS" or "IDENT@ADDRESS", and nothing else in the comment */
static bool read_plain(struct span note, struct addr *ret)
{
	const char *at = span_empty(note) ? NULL : memrchr(note.p, '@', span_len(note));

	for (const char *p = note.p; at && p < at; p++)
		if (is_blank(*p))
			return false;
	if (at)
		note.p = at + 1;
	return read_addr(note, ret);
}

/* --- what a comment is ------------------------------------------------------------------------------------------- */

static bool is_helo(struct span note)
{
	static const char *const words[] = { "HELO", "EHLO", "LHLO" };

	for (size_t i = 0; i < NELEM(words); i++)
		if (is_word(note, words[i]) ||
		    (begins(note, words[i]) && is_blank(note.p[strlen(words[i])])))
			return true;
	return false;
}

/* A word that Exim writes behind an address; an "@" would part another mailer's ident from its client. */
static bool is_key(struct span word)
{
	static const char *const keys[] = { "helo=", "port=", "ident=" };

	for (size_t i = 0; i < NELEM(keys); i++)
		if (begins(word, keys[i]))
			return !memchr(word.p, '@', span_len(word)) &&
			       !memchr(word.p, '(', span_len(word));
	return false;
}

/* The next word between blanks; false at the end. */
static bool next_word(struct span *rest, struct span *ret)
{
	*rest = span_trim(*rest);
	*ret = (struct span){ rest->p, rest->p };
	while (ret->end < rest->end && !is_blank(*ret->end))
		ret->end++;
	rest->p = ret->end;
	return !span_empty(*ret);
}

/* Exim's comment behind an address without a name: nothing but such words. */
static bool is_keys(struct span note)
{
	struct span rest = note, word;

	while (next_word(&rest, &word))
		if (!is_key(word))
			return false;
	return !span_empty(note);
}

/* The same words, whatever blanks or folds are between them. */
static bool is_phrase(struct span s, const char *phrase)
{
	struct span want = span_str(phrase), a, b;

	while (next_word(&s, &a)) {
		if (!next_word(&want, &b) || span_len(a) != span_len(b) ||
		    strncasecmp(a.p, b.p, span_len(a)) != 0)
			return false;
	}
	return !next_word(&want, &b);
}

/* What mailers write behind the address; whatever else stands there may be the client's words. */
static bool is_tail(struct span tail)
{
	static const char *const phrases[] = { "", "verified", "(may be forged)", "RDNS failed",
		"misconfigured sender" };

	if (!span_empty(tail) && *tail.p == ':') {
		tail.p++;
		while (!span_empty(tail) && *tail.p >= '0' && *tail.p <= '9')
			tail.p++;
	}
	for (size_t i = 0; i < NELEM(phrases); i++)
		if (is_phrase(tail, phrases[i]))
			return true;
	return is_keys(tail);
}

/* "NAME [ADDRESS]", "IDENT@NAME [ADDRESS]", "[ADDRESS] …", and Courier's "AUTH: LOGIN USER, NAME [ADDRESS]" */
static bool read_named(struct span note, struct addr *ret)
{
	struct seen s = { .at = NULL };
	bool courier = begins(note, "AUTH: ") || begins(note, "IDENT: ");
	struct span before, after;

	see_brackets(&s, note);
	if (!s.at || s.differ)
		return false;
	after = (struct span){ s.at, note.end };
	(void)span_cut(&after, ']', &before); /* it is there */
	if (!is_tail(after))
		return false;
	before = span_trim((struct span){ note.p, s.at });
	for (const char *p = before.p; p < before.end; p++)
		if ((is_blank(*p) && !courier) || *p == '(' || *p == '=')
			return false;
	*ret = s.addr;
	return true;
}

static bool read_tcp(struct span note, struct addr *ret)
{
	return !is_helo(note) && (read_plain(note, ret) || read_named(note, ret));
}

/* --- the client ----------------------------------------------------------------------------------------------------- */

/* Mailers that write no comment about the client, or one that says less: only they are believed then. */
static const struct {
	const char *mark;
	unsigned words; /* before the address in brackets; UINT_MAX: any */
	bool note;	/* "(HELO name)", "(account user …)" follows */
} bare[] = {
	{ "Exim ", 0, false },
	{ "CommuniGate Pro", 0, true },
	{ "CommuniGate Pro", 0, false },
	{ "MDaemon", 1, false },
	{ "SMTPD32", 1, false },
	{ "NetMail", 1, false },
	{ "NetMail", 2, false },
};

static bool read_bare(const struct field *f, unsigned words, unsigned notes, struct addr *ret)
{
	bool note = notes == 1;

	if (words == 0 || notes > 1 || !read_literal(f->v[words].text, ret))
		return false;
	if (note && (!is_helo(f->v[words + 1].text) && !begins(f->v[words + 1].text, "account ")))
		return false;
	for (size_t i = 0; i < NELEM(bare); i++)
		if (bare[i].words == words - 1 && bare[i].note == note && has_mark(f, bare[i].mark))
			return true;
	return false;
}

/* "… @ADDRESS": what an ident that holds a comment leaves of the real one */
static bool ends_in(struct span note, struct addr *ret)
{
	const char *at = span_empty(note) ? NULL : memrchr(note.p, '@', span_len(note));

	if (at)
		note.p = at + 1;
	return read_addr(note, ret);
}

/* Is there an address besides, where a mailer puts the client's? What the host says of itself directly behind its
 * name is its own address.
 * helo  index of the word that is the client's, and may be any address; 0: none is */
static bool is_disputed(const struct field *f, unsigned helo, unsigned chosen, struct addr client)
{
	struct seen s = { .addr = client, .at = f->v[chosen].text.p };
	struct addr a;

	for (unsigned i = 1; i < f->n && !s.differ; i++) {
		const struct item *it = &f->v[i];

		if (i == chosen || i == f->by + 1 || (it->note && i == f->by + 2) ||
		    (it->note && i + 1 == chosen && is_helo(it->text)))
			continue;
		if (it->note) {
			see_brackets(&s, it->text);
			if (i < f->by && ends_in(it->text, &a))
				see(&s, a, it->text.p);
		} else if (i < f->by && i != helo && read_literal(it->text, &a)) {
			see(&s, a, it->text.p);
		}
	}
	return s.differ;
}

/* Where a date would begin before the host has said who it is. OpenSMTPD's first versions wrote one there. */
static bool has_semicolon(const struct field *f)
{
	for (unsigned i = 1; i < f->by; i++)
		if (!f->v[i].note && is_word(f->v[i].text, ";"))
			return i + 1 < f->by || !has_mark(f, "OpenSMTPD");
	return false;
}

/* "from HELO (NAME [ADDRESS]) by …" and its kin. */
static bool read_client(const struct field *f, struct addr *ret)
{
	unsigned words = 0, notes = 0, chosen, helo, end;

	while (1 + words < f->by && !f->v[1 + words].note)
		words++;
	while (1 + words + notes < f->by && f->v[1 + words + notes].note)
		notes++;
	chosen = 1 + words;
	helo = words == 1; /* a single word may be any address: the client said so */
	if (words > HELO_MAX)
		return false;
	end = 1 + words + notes;
	if (has_semicolon(f) ||
	    (end < f->by && !(end + 1 == f->by && is_word(f->v[end].text, ";"))))
		return false; /* nothing but OpenSMTPD's semicolon stands behind comments */
	if (read_bare(f, words, notes, ret))
		return !is_disputed(f, 0, words, *ret);
	if (notes == 0)
		return false;
	if (words == 1 && is_keys(f->v[chosen].text))
		return read_literal(f->v[1].text, ret) && !is_disputed(f, 0, 1, *ret);
	if (is_helo(f->v[chosen].text) && notes > 1) {
		chosen++;
		helo = 0; /* what stands before it is the host's own finding */
	}
	return read_tcp(f->v[chosen].text, ret) && !is_disputed(f, helo, chosen, *ret);
}

/* --- no client ------------------------------------------------------------------------------------------------------ */

/* Mail that was fetched from where its owner has it: who wrote the lines below is the host it was fetched from.
 * "by HOST with PROTOCOL (fetchmail-…", "by HOST (fdm …": nowhere else, as every line below would be believed. */
static bool is_fetched(const struct field *f)
{
	static const char *const marks[] = { "fetchmail-", "getmail", "fdm " };
	unsigned at = f->by + 2;

	if (at < f->end_by && !f->v[at].note && is_word(f->v[at].text, "with"))
		at += 2;
	for (size_t k = 0; k < NELEM(marks) && at < f->end_by; k++)
		if (f->v[at].note && begins(f->v[at].text, marks[k]))
			return true;
	return false;
}

/* Is there, behind "with", one of the words of a delivery within the host? */
static bool is_delivery(const struct field *f)
{
	static const char *const words[] = { "local", "LMTP", "LMTPS", "LMTPA", "LMTPSA" };

	for (size_t i = 0; i < NELEM(words); i++)
		if (is_word(with(f, 0), words[i]))
			return true;
	return false;
}

/* What stands in the only comment about a client that is none. Without "with" it is Sendmail's own mail, a bounce. */
static const struct {
	const char *note;
	bool with;
	enum received is;
} locals[] = {
	{ "[unix socket]", true, RECEIVED_STEP }, { "localhost", false, RECEIVED_STEP },
	{ "localhost [local]", true, RECEIVED_USER }, /* OpenSMTPD */
};

/* "from X by Y with local", "from mail pickup service by Y with Microsoft SMTPSVC", and those above */
static enum received read_local(const struct field *f)
{
	bool one =
	    f->by > 2 && f->v[2].note && (f->by == 3 || (f->by == 4 && is_word(f->v[3].text, ";")));

	for (size_t i = 0; i < NELEM(locals) && one && !has_semicolon(f); i++)
		if (is_word(f->v[2].text, locals[i].note) &&
		    span_empty(with(f, 0)) != locals[i].with)
			return locals[i].is;
	for (unsigned i = 1; i < f->by; i++)
		if (f->v[i].note)
			return RECEIVED_UNREADABLE;
	if (f->by == 2 && is_delivery(f))
		return is_word(with(f, 0), "local") ? RECEIVED_USER : RECEIVED_STEP;
	if (f->by == 4 && is_word(f->v[1].text, "mail") && is_word(f->v[2].text, "pickup") &&
	    is_word(f->v[3].text, "service") && begins(with(f, 0), "Microsoft"))
		return RECEIVED_USER;
	return RECEIVED_UNREADABLE;
}

/* A line that begins with "by" names nobody. That is so for what a host does by itself, and for hosts of Google's
 * among themselves, which have private addresses (or such in 6to4). */
static enum received read_by(const struct field *f)
{
	struct span first = f->n > 2 && f->v[2].note ? f->v[2].text : SPAN("");
	struct addr a;

	if (begins(first, "Postfix, from userid ") || is_delivery(f))
		return RECEIVED_USER;
	if (is_word(first, "Postfix") && span_empty(with(f, 0)))
		return RECEIVED_STEP;
	if (f->n > 1 && !f->v[1].note && is_word(with(f, 0), "SMTP") &&
	    read_addr(f->v[1].text, &a) && addr_special(a))
		return RECEIVED_STEP;
	return RECEIVED_UNREADABLE;
}

/* "(qmail 7 invoked from network)" stands above the line that names the client; "(from user@host) by …" is Sendmail's. */
static enum received read_note(const struct field *f)
{
	static const struct {
		const char *text;
		enum received is;
	} invoked[] = {
		{ " invoked from network", RECEIVED_STEP },
		{ " invoked by alias", RECEIVED_STEP },
		{ " invoked for bounce", RECEIVED_STEP },
		{ " invoked by uid ", RECEIVED_USER },
		{ " invoked from localhost", RECEIVED_USER },
	};
	struct span note = f->v[0].text;

	for (size_t i = 0; i < NELEM(invoked); i++)
		if (f->by == f->n &&
		    memmem(note.p, span_len(note), invoked[i].text, strlen(invoked[i].text)))
			return invoked[i].is;
	return begins(note, "from ") && f->by == 1 ? RECEIVED_USER : RECEIVED_UNREADABLE;
}

enum received received_client(struct span value, struct addr *client)
{
	struct field f;
	struct addr a;

	if (span_len(value) > RECEIVED_FIELD_MAX || !is_tame(value) || !cut(value, &f) ||
	    f.n == 0 || f.n_by > 1)
		return RECEIVED_UNREADABLE;
	if (f.v[0].note)
		return f.n_from == 0 ? read_note(&f) : RECEIVED_UNREADABLE;
	if (is_word(f.v[0].text, "by"))
		return f.n_from == 0 ? (is_fetched(&f) ? RECEIVED_STEP : read_by(&f))
				     : RECEIVED_UNREADABLE;
	if (f.n > 1 && is_word(f.v[0].text, "via") && begins(f.v[1].text, "dmail-"))
		return f.n_from + f.n_by == 0 ? RECEIVED_STEP : RECEIVED_UNREADABLE;
	if (!is_word(f.v[0].text, "from") || f.n_from != 1 || f.n_by != 1)
		return RECEIVED_UNREADABLE;
	if (is_fetched(&f))
		return RECEIVED_STEP;
	if (!read_client(&f, &a))
		return read_local(&f);
	*client = a;
	return RECEIVED_CLIENT;
}
