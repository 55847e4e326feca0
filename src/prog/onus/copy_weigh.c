/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prog/onus/copy_weigh.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "holders/readers.h"
#include "svc/confine.h"
#include "util/file.h"

#define MEMORY_MAX (4ull << 30)
#define CPU_S_MAX  3600
#define INDEX_MAX  (1u << 20)

/* What the reading process says at its end. */
struct said {
	int code;
	struct copy_weight weight;
	char text[ERR_MAX];
	char url[INPUT_URL_MAX + 1];
};

/* --- in the reading process ----------------------------------------------------------------------------- */

static int on_take(void *ctx, const struct fact *f)
{
	((struct copy_weight *)ctx)->records++;
	return 0;
}

static void on_refuse(void *ctx, uint64_t line, const char *why)
{
	((struct copy_weight *)ctx)->refused++;
}

static int count_lines(const char *path, struct copy_weight *w, struct err *e)
{
	struct input *in = NULL;
	struct line line;
	int r = input_open(path, &in, e);

	while (r >= 0 && (r = input_line(in, &line, e)) == 1)
		w->records += !span_empty(span_trim(line.text)) && *line.text.p != '#';
	in = input_free(in);
	return r;
}

static int count_facts(
    const char *path, const struct reg_input *in, struct copy_weight *w, struct err *e)
{
	const struct fact_to to = { on_take, on_refuse, w, NULL };
	const struct fact_reader *reader = NULL;
	int r = fact_read_file(path, &to, &reader, e);

	if (reader && strcmp(reader->name, in->kind) != 0)
		return err_set(e, -EINVAL, "it is %s and not %s", reader->name, in->kind);
	return r;
}

static void weigh(const char *path, const struct reg_input *in, struct said *s)
{
	struct err e = { "" };

	s->code = strcmp(in->kind, INPUT_LINES) == 0 ? count_lines(path, &s->weight, &e)
						     : count_facts(path, in, &s->weight, &e);
	if (s->code == 0 && s->weight.records == 0)
		s->code = err_set(&e, -EINVAL, "there is nothing in it");
	memcpy(s->text, e.text, sizeof(s->text));
}

static void look_up(const char *path, const struct reg_input *in, struct said *s)
{
	CLEANUP(buf_done) struct buf b;
	struct err e = { "" };

	buf_init(&b, INDEX_MAX);
	s->code = file_read(path, &b, &e);
	if (s->code == 0 && reg_input_indexed(in, buf_text(&b), s->url) < 0)
		s->code = err_set(&e, -EINVAL, "its last line names no file");
	memcpy(s->text, e.text, sizeof(s->text));
}

typedef void read_fn(const char *path, const struct reg_input *in, struct said *s);

static void reading(int out, const char *path, const struct reg_input *in, read_fn *read_it)
{
	/* what a program needs that reads for us, and nothing that anybody keeps there */
	const char *const readable[] = { path, "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache",
		NULL };
	const char *const alone[] = { path, NULL };
	const struct fact_reader *reader = fact_reader_named(span_str(in->kind));
	bool run = read_it == weigh && reader && reader->runs;
	const struct confine c = { .read = run ? readable : alone,
		.max_memory = MEMORY_MAX,
		.threads = run,
		.programs = run };
	const struct rlimit cpu = { CPU_S_MAX, CPU_S_MAX };
	struct said s = { .code = 0 };
	struct err missing, e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setrlimit(RLIMIT_CPU, &cpu); /* lowering is always allowed */
	s.code = confine_self(&c, &missing, &e);
	if (s.code < 0)
		memcpy(s.text, e.text, sizeof(s.text));
	else
		read_it(path, in, &s);
	_exit(write(out, &s, sizeof(s)) == (ssize_t)sizeof(s) ? 0 : 1);
}

/* --- outside -------------------------------------------------------------------------------------------- */

/* All of it, or it does not count: what reads has read what strangers wrote. */
static bool hear(int fd, struct said *s)
{
	size_t n = 0;
	ssize_t r = 1;

	while (n < sizeof(*s) && r != 0) {
		r = read(fd, (char *)s + n, sizeof(*s) - n);
		if (r < 0 && errno != EINTR)
			return false;
		n += r > 0 ? (size_t)r : 0;
	}
	s->text[sizeof(s->text) - 1] = s->url[sizeof(s->url) - 1] = '\0';
	return n == sizeof(*s);
}

static int ask(
    const char *path, const struct reg_input *in, read_fn *read_it, struct said *ret, struct err *e)
{
	int pair[2], status = 0;
	bool heard;
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(e, -errno, "pipe: %s", strerror(errno));
	(void)fflush(NULL); /* nothing is to be printed twice */
	pid = fork();
	if (pid == 0)
		reading(pair[1], path, in, read_it);
	(void)close(pair[1]); /* the child's */
	heard = pid > 0 && hear(pair[0], ret);
	(void)close(pair[0]); /* read only */
	if (pid < 0)
		return err_set(e, -EAGAIN, "cannot start a process to read %s", path);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!heard || status != 0)
		return err_set(e, -EINVAL, "reading it killed the process that did (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (ret->code == 0)
		return 0;
	return err_set(e, -EINVAL, "%s", ret->text[0] ? ret->text : "it could not be read");
}

int copy_weigh(const char *path, const struct reg_input *in, struct copy_weight *ret, struct err *e)
{
	struct said s;
	int r = ask(path, in, weigh, &s, e);

	if (r == 0)
		*ret = s.weight;
	return r;
}

int copy_index(
    const char *path, const struct reg_input *in, char ret[INPUT_URL_MAX + 1], struct err *e)
{
	struct said s;
	int r = ask(path, in, look_up, &s, e);

	if (r == 0)
		memcpy(ret, s.url, sizeof(s.url));
	return r;
}
