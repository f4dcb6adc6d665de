/* The fair scheduler of Linux 6.12 and later lets a thread that wakes up interrupt others whose
 * time slices are longer than its own; without that it waits until their slices are over, some
 * milliseconds each. Earlier kernels do not keep such a slice and do what nice values say. */
#include "relay/urgency.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHORT_SLICE_NS (100 * 1000) /* the shortest there is */
#define RESET_ON_FORK 1             /* SCHED_FLAG_RESET_ON_FORK of linux/sched.h */
/* Low enough to yield at once, high enough that a machine that computes all day long still moves
 * files: about a tenth of what others get. */
#define LOW_NICE 10

/* sched_setattr(2), the first version; the C library of Debian 12 does not declare it. */
typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t slice_ns, deadline_ns, period_ns;
} Attributes;

/* The nice value stays as it was, and so does a policy that whoever started the program has chosen.
 * Where the call is forbidden (a container may do so) the thread is treated like others. */
void urgency_raise(void)
{
    if (sched_getscheduler(0) != SCHED_OTHER)
        return;
    const Attributes attributes = {.size = sizeof attributes,
                                   .policy = SCHED_OTHER,
                                   .flags = RESET_ON_FORK,
                                   .nice = getpriority(PRIO_PROCESS, 0),
                                   .slice_ns = SHORT_SLICE_NS};
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void urgency_lower(void)
{
    /* On Linux this sets the value of the thread alone. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOW_NICE);
}
