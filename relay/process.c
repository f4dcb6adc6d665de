#include "relay/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

void process_prepare(void)
{
    umask(077);
    signal(SIGPIPE, SIG_IGN);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* LeakSanitizer looks at its process through ptrace, which this would forbid. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
