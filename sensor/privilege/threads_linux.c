#define _GNU_SOURCE
#include "threads_linux.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * A real-time signal that neither the C library (32 and 33, and 34 of musl) nor
 * Go has a use for. Others are told from ours by the sender and by asked.
 */
#define SIGNAL (SIGRTMAX - 3)

/* How long a thread may take: it might be blocked in the kernel. */
#define PATIENCE_MS 5000

static long number, args[4];
static struct sigaction previous;

/* The thread that is asked, and what it answered: -1 is nothing yet. */
static _Atomic int asked;
static _Atomic int answer;

static int make_call(void) {
	return syscall(number, args[0], args[1], args[2], args[3], 0L) < 0 ? errno : 0;
}

/* Runs on the asked thread, maybe amid anything: system calls only. */
static void on_signal(int signo, siginfo_t *info, void *context) {
	(void)signo, (void)context;
	int saved = errno;
	int self = (int)syscall(SYS_gettid);
	if (info->si_code == SI_TKILL && info->si_pid == getpid() &&
	    atomic_compare_exchange_strong(&asked, &self, 0))
		atomic_store(&answer, make_call());
	errno = saved;
}

int threads_signal(void) {
	return SIGNAL;
}

int threads_begin(long n, long a, long b, long c, long d) {
	number = n;
	args[0] = a, args[1] = b, args[2] = c, args[3] = d;
	/* On the alternate stack: Go's own stacks have no room for a handler in C. */
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	sigfillset(&act.sa_mask);
	return sigaction(SIGNAL, &act, &previous) < 0 ? errno : 0;
}

int threads_call(int id) {
	if (id == (int)syscall(SYS_gettid))
		return make_call();
	atomic_store(&answer, -1);
	atomic_store(&asked, id);
	if (syscall(SYS_tgkill, getpid(), id, SIGNAL) < 0)
		return errno == ESRCH ? 0 : errno;
	for (int ms = 0; ms < PATIENCE_MS * 20; ms++) {
		int got = atomic_load(&answer);
		if (got >= 0)
			return got;
		struct timespec nap = {.tv_nsec = 50 * 1000};
		nanosleep(&nap, NULL);
		/* It may have ended instead. */
		if (ms % 20 == 0 && syscall(SYS_tgkill, getpid(), id, 0) < 0 && errno == ESRCH)
			return 0;
	}
	atomic_store(&asked, 0); /* too late now */
	return ETIMEDOUT;
}

void threads_end(void) {
	sigaction(SIGNAL, &previous, NULL);
}
