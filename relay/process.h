#pragma once
/* What every program of Backfence does first. */

#include <sys/types.h>

/* Keeps keys from core files and debuggers of other programs (non-dumpable), new files from other
 * users (umask 077), and closed sockets and pipes from ending the program (SIGPIPE), and standard
 * streams that were closed from being taken for others. Call at the start of main(). */
void process_prepare(void);

/* A file or folder just made is for the person, not for the program: `mode` as the umask of before
 * allows. Does nothing when process_prepare() was not called. Any thread. */
void process_share(int fd, mode_t mode);
