/* Makes a system call on other threads of the process, one after the other. */
#ifndef SPANWATCH_THREADS_LINUX_H
#define SPANWATCH_THREADS_LINUX_H

/* The signal that threads are told by. */
int threads_signal(void);

/* Sets the call and takes the signal over. Returns an errno or 0. */
int threads_begin(long number, long a, long b, long c, long d);

/*
 * Makes the call on the thread, which may be the calling one. Returns the errno
 * of the call; 0 also if there is no such thread any more; ETIMEDOUT if it does
 * not answer.
 */
int threads_call(int id);

/* Gives the signal back to whose it was. */
void threads_end(void);

#endif
