#pragma once
/* What a process has used, by /proc, and what it may use. Ends this program when it is gone. */

#include <stdint.h>
#include <sys/types.h>

/* Processor time so far, seconds. */
double process_use_cpu(pid_t pid);
/* Resident memory, KiB. */
uint64_t process_use_rss(pid_t pid);
/* How often its threads have gone to sleep and were woken. */
uint64_t process_use_wakeups(pid_t pid);
/* Lets this process have as many descriptors as it may. */
void process_raise_descriptors(void);
