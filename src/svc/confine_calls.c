/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "svc/confine_calls.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0
#endif

#define FORKS	(1u << 0) /* closed, but for the leak checker */
#define NETWORK (1u << 1) /* closed without network */
#define ALWAYS	(1u << 2)
#define STARTS	(1u << 3) /* closed where no programs are started */

static const struct {
	unsigned nr, when;
} closed[] = {
	{ SYS_execve, STARTS },
	{ SYS_execveat, ALWAYS },
	{ SYS_ptrace, FORKS },
	{ SYS_process_vm_readv, ALWAYS },
	{ SYS_process_vm_writev, ALWAYS },
	{ SYS_pidfd_getfd, ALWAYS },
	{ SYS_bpf, ALWAYS },
	{ SYS_perf_event_open, ALWAYS },
	{ SYS_userfaultfd, ALWAYS },
	{ SYS_io_uring_setup, ALWAYS },
	{ SYS_keyctl, ALWAYS },
	{ SYS_add_key, ALWAYS },
	{ SYS_request_key, ALWAYS },
	{ SYS_mount, ALWAYS },
	{ SYS_umount2, ALWAYS },
	{ SYS_pivot_root, ALWAYS },
	{ SYS_chroot, ALWAYS },
	{ SYS_setns, ALWAYS },
	{ SYS_unshare, ALWAYS },
	{ SYS_kexec_load, ALWAYS },
	{ SYS_init_module, ALWAYS },
	{ SYS_finit_module, ALWAYS },
	{ SYS_delete_module, ALWAYS },
	{ SYS_listen, ALWAYS },
	{ SYS_accept, ALWAYS },
	{ SYS_accept4, ALWAYS },
	{ SYS_socket, NETWORK },
	{ SYS_connect, NETWORK },
	{ SYS_bind, NETWORK },
#ifdef SYS_fork
	{ SYS_fork, FORKS | STARTS },
	{ SYS_vfork, FORKS | STARTS },
#endif
};

/* All that is left to who only computes (confine.bare). */
static const unsigned bare_calls[] = { SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev,
	SYS_close, SYS_lseek, SYS_fstat, SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex,
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack,
	SYS_restart_syscall, SYS_clock_gettime, SYS_gettimeofday, SYS_setitimer, SYS_getrandom,
	SYS_gettid, SYS_getpid, SYS_exit, SYS_exit_group };

#define PROGRAM_MAX (MAX_OF(NELEM(closed), NELEM(bare_calls)) * 2 + 16)

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short n;
};

static void add(struct program *p, struct sock_filter f)
{
	assert(p->n < PROGRAM_MAX);
	p->code[p->n++] = f;
}

#define STMT(code, k)	       ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, yes, no) ((struct sock_filter)BPF_JUMP(code, k, yes, no))
#define LOAD(what)	       STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, what))
#define SAY(what)	       STMT(BPF_RET | BPF_K, what)
#define ERRNO(code)	       (SECCOMP_RET_ERRNO | (code))

/* Threads are clones that share; what shares less is a process. clone3 hides its flags in memory, so the C
 * library is told that there is none and takes clone. */
static void clones(struct program *p, bool threads)
{
	add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
	add(p, SAY(ERRNO(ENOSYS)));
	add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, threads ? 4 : 1));
	if (threads) {
		add(p, LOAD(args[0])); /* the lower half: both machines are little-endian */
		add(p, JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
		add(p, SAY(ERRNO(EPERM)));
		add(p, SAY(SECCOMP_RET_ALLOW));
	} else {
		add(p, SAY(ERRNO(EPERM)));
	}
}

/* A list of what is open; memory may be had, none of it to run. */
static void only_bare(struct program *p)
{
	for (size_t i = 0; i < NELEM(bare_calls); i++) {
		add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, bare_calls[i], 0, 1));
		add(p, SAY(SECCOMP_RET_ALLOW));
	}
	add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0));
	add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3));
	add(p, LOAD(args[2])); /* of both: what may be done with it */
	add(p, JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0));
	add(p, SAY(SECCOMP_RET_ALLOW));
	add(p, SAY(ERRNO(EPERM)));
}

static void all_but_closed(struct program *p, const struct confine *c)
{
	unsigned open =
	    (c->network ? NETWORK : 0) | (c->programs ? STARTS : 0) | (CONFINE_CHECKED ? FORKS : 0);

	for (size_t i = 0; i < NELEM(closed); i++) {
		if (closed[i].when & open)
			continue;
		add(p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, closed[i].nr, 0, 1));
		add(p, SAY(ERRNO(EPERM)));
	}
	if (!CONFINE_CHECKED && !c->programs)
		clones(p, c->threads);
	add(p, SAY(SECCOMP_RET_ALLOW));
}

int confine_calls(const struct confine *c, struct err *missing, struct err *e)
{
	struct program p = { .n = 0 };
	struct sock_fprog prog = { .filter = p.code };

	if (!ARCH || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
		(void)err_set(missing, 0, "seccomp (which system calls may be made)");
		return 0;
	}
	add(&p, LOAD(arch));
	add(&p, JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	add(&p, SAY(SECCOMP_RET_KILL_PROCESS));
	add(&p, LOAD(nr));
	add(&p, JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0,
		    1)); /* the x32 names of the same calls */
	add(&p, SAY(ERRNO(ENOSYS)));
	if (c->bare && !CONFINE_CHECKED)
		only_bare(&p);
	else
		all_but_closed(&p, c);
	prog.len = p.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
		return err_set(e, -errno, "cannot close system calls: %s", strerror(errno));
	return 0;
}
