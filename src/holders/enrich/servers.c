/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "holders/enrich/servers.h"

#include <errno.h>
#include <strings.h>

#include "util/buf.h"
#include "util/file.h"
#include "util/num.h"

#define HEAD	   "#onus-rdap-servers 1"
#define FILE_BYTES (SERVERS_MAX * (SERVER_NAME_MAX + 40u))
#define BUSY_MS	   60000u
#define FAILED_MS  2000u

struct server {
	char name[SERVER_NAME_MAX];
	int64_t not_before_ms;
	uint32_t troubles;     /* in a row, of earlier runs too: they lengthen the pause */
	uint32_t troubles_now; /* of this run */
	bool asked;	       /* its answer is waited for */
};

struct servers {
	uint32_t pause_ms, n;
	struct server v[SERVERS_MAX];
};

struct servers *servers_new(uint32_t pause_ms)
{
	struct servers *s = calloc(1, sizeof(*s));

	if (s)
		s->pause_ms = pause_ms;
	return s;
}

struct servers *servers_free(struct servers *s)
{
	free(s);
	return NULL;
}

static bool name_ok(struct span s)
{
	for (const char *p = s.p; p < s.end; p++)
		if (*p <= ' ' || *p > '~')
			return false;
	return !span_empty(s) && span_len(s) < SERVER_NAME_MAX;
}

uint32_t servers_of(struct servers *s, struct span name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (strlen(s->v[i].name) == span_len(name) &&
		    strncasecmp(s->v[i].name, name.p, span_len(name)) == 0)
			return i;
	if (s->n == SERVERS_MAX || !name_ok(name))
		return SERVERS_NONE;
	s->v[s->n] = (struct server){ .not_before_ms = INT64_MIN };
	memcpy(s->v[s->n].name, name.p, span_len(name));
	return s->n++;
}

const char *server_name(const struct servers *s, uint32_t server)
{
	return s->v[server].name;
}

int64_t server_asks_ms(const struct servers *s, uint32_t server)
{
	const struct server *v = &s->v[server];

	return v->asked || v->troubles_now >= SERVER_TROUBLES ? INT64_MAX : v->not_before_ms;
}

void server_asked(struct servers *s, uint32_t server, int64_t now_ms)
{
	s->v[server].asked = true;
	s->v[server].not_before_ms = now_ms + s->pause_ms;
}

/* Twice as long for each trouble in a row. */
static int64_t longer(uint32_t first_ms, uint32_t troubles)
{
	return MIN_OF((int64_t)first_ms << MIN_OF(troubles - 1, 20u), (int64_t)SERVER_PAUSE_MAX);
}

void server_said(struct servers *s, uint32_t server, enum server_said said, uint64_t retry_after_s,
    int64_t now_ms)
{
	struct server *v = &s->v[server];
	int64_t pause_ms = s->pause_ms;

	v->asked = false;
	if (said == SERVER_ANSWERED) {
		v->troubles = v->troubles_now = 0;
	} else {
		v->troubles = MIN_OF(v->troubles + 1, 64u);
		v->troubles_now++;
	}
	if (said == SERVER_FORBIDDEN)
		pause_ms = SERVER_PAUSE_MAX;
	else if (said == SERVER_FAILED)
		pause_ms = longer(FAILED_MS, v->troubles);
	else if (said == SERVER_BUSY && retry_after_s)
		pause_ms = (int64_t)MIN_OF(retry_after_s, SERVER_PAUSE_MAX / 1000u) * 1000;
	else if (said == SERVER_BUSY)
		pause_ms = longer(BUSY_MS, v->troubles);
	v->not_before_ms = MAX_OF(v->not_before_ms, now_ms + pause_ms);
}

/* --- from run to run ---------------------------------------------------------------------------------- */

static void load_line(struct servers *s, struct span line, int64_t now_s, int64_t now_ms)
{
	struct span not_before, troubles;
	int64_t left_ms, time_s;
	uint32_t n, at;

	if (!span_cut(&line, '\t', &not_before) || !span_cut(&line, '\t', &troubles) ||
	    num_i64(not_before, 0, INT64_MAX / 1000, &time_s) < 0 || num_u32(troubles, 64, &n) < 0)
		return;
	at = servers_of(s, line);
	if (at == SERVERS_NONE)
		return;
	left_ms =
	    time_s > now_s ? MIN_OF(time_s - now_s, (int64_t)SERVER_PAUSE_MAX / 1000) * 1000 : 0;
	s->v[at].not_before_ms = now_ms + left_ms;
	s->v[at].troubles = n;
}

int servers_load(struct servers *s, const char *path, int64_t now_s, int64_t now_ms, struct err *e)
{
	CLEANUP(buf_done) struct buf b;
	struct span text, line;
	int r;

	buf_init(&b, FILE_BYTES);
	r = file_read_lines(path, HEAD, "not what this program keeps of servers", &b, &text, e);
	if (r <= 0)
		return r;
	while (!span_empty(text)) {
		(void)span_cut(&text, '\n', &line); /* the last line may lack its end */
		load_line(s, line, now_s, now_ms);
	}
	return 0;
}

int servers_save(
    const struct servers *s, const char *path, int64_t now_s, int64_t now_ms, struct err *e)
{
	CLEANUP(buf_done) struct buf b;

	buf_init(&b, FILE_BYTES);
	buf_str(&b, HEAD "\n");
	for (uint32_t i = 0; i < s->n; i++) {
		const struct server *v = &s->v[i];
		int64_t left_ms = v->not_before_ms > now_ms ? v->not_before_ms - now_ms : 0;

		if (left_ms || v->troubles)
			buf_fmt(&b, "%lld\t%u\t%s\n", (long long)(now_s + (left_ms + 999) / 1000),
			    v->troubles, v->name);
	}
	if (!buf_ok(&b))
		return err_set(e, -ENOMEM, "out of memory");
	return file_write(path, buf_text(&b), e);
}
