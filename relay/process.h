#pragma once
/* What every program of Backfence does first. */

/* Keeps keys from core files and debuggers of other programs (non-dumpable), new files from other
 * users (umask 077), and closed sockets and pipes from ending the program (SIGPIPE), and standard
 * streams that were closed from being taken for others. Call at the start of main(). */
void process_prepare(void);
