#include "relay/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_UMASK 077

/* What the person set; written once, before any thread is there. */
static mode_t user_umask = OWN_UMASK;

/* A program started with standard input closed would take some other descriptor for it. */
static void fill_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

void process_prepare(void)
{
    fill_standard_descriptors();
    user_umask = umask(OWN_UMASK);
    signal(SIGPIPE, SIG_IGN);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* LeakSanitizer looks at its process through ptrace, which this would forbid. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void process_share(int fd, mode_t mode)
{
    mode_t wanted = mode & ~user_umask;
    if (wanted != (mode & ~(mode_t)OWN_UMASK))
        (void)fchmod(fd, wanted); /* stays private where that cannot be said */
}
