#pragma once
/* A child that is killed at its n-th operation on files: include it in one file of a test program.
 * It stands before the C library for the whole program, GLib and SQLite included, and does what the
 * library does until killing_at() says otherwise.
 *
 * What the killed one had written stays written: this is `kill -9`, not a power cut. */

#include "tests/unit/child.h"

#include <check.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

static unsigned killing_left; /* operations; 0: nobody is to be killed */

/* From now on, in this process. */
static inline void killing_at(unsigned operation)
{
    killing_left = operation;
}

static inline void killing_count(void)
{
    if (killing_left > 0 && --killing_left == 0)
        kill(getpid(), SIGKILL);
}

#define KILLING(result, name, parameters, arguments)                                               \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        static result(*real) parameters;                                                           \
        if (real == NULL)                                                                          \
            *(void **)&real = dlsym(RTLD_NEXT, #name);                                             \
        killing_count();                                                                           \
        return real arguments;                                                                     \
    }

KILLING(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
KILLING(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at))
KILLING(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at),
        (fd, bytes, size, at))
KILLING(int, ftruncate, (int fd, off_t size), (fd, size))
KILLING(int, ftruncate64, (int fd, off64_t size), (fd, size))
KILLING(int, fsync, (int fd), (fd))
KILLING(int, fdatasync, (int fd), (fd))
KILLING(int, rename, (const char *from, const char *to), (from, to))
KILLING(int, renameat2,
        (int from_dir, const char *from, int to_dir, const char *to, unsigned flags),
        (from_dir, from, to_dir, to, flags))
KILLING(int, unlink, (const char *path), (path))
KILLING(int, mkdir, (const char *path, mode_t mode), (path, mode))
KILLING(int, rmdir, (const char *path), (path))

/* Does `work` in a child that is killed at its n-th operation; false: it came to its end. */
static inline bool killing_child(unsigned operation, void (*work)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        child_say_nothing();
        killing_at(operation);
        work();
        killing_at(0);
        _exit(0);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}
