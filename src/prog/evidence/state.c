/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state file: what the judge keeps of the ledger, so that it need not be read whole after every start. It
 * follows from the ledger and may be deleted at any time. In the byte order of the machine:
 *
 *	struct state_head; n_hosts x 16 bytes; n_listed x 16 bytes; XXH3-64 of all that
 *
 * It is of no use on another day's formula, for another hub, or when sources are not trusted as they were:
 * then the ledger is read. */
#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "prog/evidence/state.h"
#include "util/file.h"

struct out {
	FILE *f;
	XXH3_state_t *hash;
	bool bad;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (n == 0)
		return;
	o->bad |= fwrite(p, 1, n, o->f) != n;
	(void)XXH3_64bits_update(o->hash, p, n); /* fails on NULL alone */
}

static void put_all(struct out *o, const struct evidence *v, const struct judge_kept *k)
{
	struct state_head head = { .magic = STATE_MAGIC,
		.cursor = v->run.batch_cursor,
		.at_s = v->run.at_s,
		.settings_rev = v->run.settings_rev,
		.voices = v->voices,
		.n_hosts = k->n_hosts,
		.n_listed = k->n_listed,
		.rows = v->rows,
		.listed = v->listed,
		.day = v->day,
		.first_day = v->first_day };
	uint64_t sum;

	memcpy(head.formula, v->run.formula, sizeof(head.formula));
	memcpy(head.mark, v->mark, sizeof(head.mark));
	put(o, &head, sizeof(head));
	put(o, k->hosts, k->n_hosts * 16);
	put(o, k->listed, k->n_listed * 16);
	sum = XXH3_64bits_digest(o->hash);
	put(o, &sum, sizeof(sum));
}

int evidence_save(struct evidence *v, const char *path, struct err *e)
{
	CLEANUP(file_new_done) struct file_new file = { NULL };
	struct judge_kept kept;
	struct out o = { .hash = XXH3_createState() };
	int r = o.hash ? judge_keep(v->judge, &kept) : -ENOMEM;

	if (r < 0)
		err_set(e, r, "%s: out of memory", path);
	else if (v->archived || (r = file_new_open(path, &file, e)) < 0)
		;
	else {
		o.f = file.f;
		(void)XXH3_64bits_reset(o.hash);
		put_all(&o, v, &kept);
		r = o.bad ? err_set(e, -EIO, "%s: cannot be written", path)
			  : file_new_commit(&file, e);
	}
	(void)XXH3_freeState(o.hash);
	return r;
}

const char *state_parts(
    const uint8_t *p, size_t len, struct state_head *head, struct judge_kept *ret)
{
	uint64_t sum, size;

	if (len < sizeof(*head) + sizeof(sum))
		return "it is cut";
	memcpy(head, p, sizeof(*head));
	if (memcmp(head->magic, (const char[16]){ STATE_MAGIC }, sizeof(head->magic)) != 0)
		return "it is of another version";
	head->formula[sizeof(head->formula) - 1] = head->mark[sizeof(head->mark) - 1] = '\0';
	size = len - sizeof(*head) - sizeof(sum);
	if (head->n_hosts > size / 16 || head->n_listed != size / 16 - head->n_hosts || size % 16)
		return "it is cut";
	memcpy(&sum, p + len - sizeof(sum), sizeof(sum));
	if (sum != XXH3_64bits(p, len - sizeof(sum)))
		return "it is damaged";
	if (strcmp(head->formula, JUDGE_FORMULA) != 0)
		return "it is of another formula";
	*ret = (struct judge_kept){ .hosts = (const uint64_t *)(p + sizeof(*head)),
		.listed = (const uint64_t *)(p + sizeof(*head) + head->n_hosts * 16),
		.n_hosts = head->n_hosts,
		.n_listed = head->n_listed };
	return NULL;
}

static void take_head(const struct state_head *head, struct evidence *ret)
{
	*ret = (struct evidence){ .rows = head->rows,
		.listed = head->listed,
		.day = head->day,
		.first_day = head->first_day,
		.voices = head->voices };
	ret->run.at_s = head->at_s;
	ret->run.batch_cursor = head->cursor;
	ret->run.settings_rev = head->settings_rev;
	memcpy(ret->run.formula, head->formula, sizeof(ret->run.formula));
	memcpy(ret->mark, head->mark, sizeof(ret->mark));
}

static int load(struct hub *h, const struct file_map *m, const char *path, int64_t at_s,
    struct evidence *ret, struct err *e)
{
	struct judge_kept kept;
	struct state_head head;
	const char *why = state_parts(m->p, m->len, &head, &kept);
	int r;

	if (why) {
		(void)err_set(e, -EBADMSG, "%s: %s", path, why);
		return 1;
	}
	take_head(&head, ret);
	r = evidence_begin(h, ret, e);
	if (r == 0)
		r = judge_restore(ret->judge, &kept);
	if (r == 0)
		r = evidence_follow(h, at_s, ret, e);
	if (r == -EBADMSG)
		r = 1;
	if (r == 1)
		(void)err_set(
		    e, -EBADMSG, "%s: it is of another time, another hub, or other sources", path);
	return r;
}

int evidence_load(
    struct hub *h, const char *path, int64_t at_s, struct evidence *ret, struct err *e)
{
	struct file_map m;
	int r = file_map(path, &m, e);

	*ret = (struct evidence){ NULL };
	if (r < 0)
		return 1;
	r = load(h, &m, path, at_s, ret, e);
	file_unmap(&m);
	if (r != 0)
		evidence_done(ret);
	return r;
}
