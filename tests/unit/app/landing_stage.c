#include "tests/unit/app/landing_stage.h"

#include <check.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

Listing *landing_stage_listing;

void landing_stage_setup(void)
{
    stage_setup();
    stage_file("from/tree/a.txt", 10, 1);
    stage_file("from/tree/big", 3 * CHUNK_SIZE + 5, 3);
    stage_file("from/tree/sub/deep/b.txt", 12, 4);
    stage_file("from/tree/sub/c", 0, 5);
    stage_file("from/tree/sub/d", CHUNK_SIZE, 6);
    stage_folder("from/tree/empty");
    landing_stage_listing = stage_list_one("from/tree");
}

void landing_stage_teardown(void)
{
    g_clear_pointer(&landing_stage_listing, listing_unref);
    stage_teardown();
}

void landing_stage_expect_whole(void)
{
    stage_expect_nothing("diff -r from/tree into/tree 2>&1");
    stage_expect_nothing("find into -name '.*.part'");
    stage_expect_nothing("ls -A into | grep -vx tree");
}

void landing_stage_die_after(unsigned chunks)
{
    pid_t child = fork();
    if (child == 0) {
        Landing *landing = stage_open(landing_stage_listing, NULL);
        if (landing == NULL || stage_send(landing_stage_listing, landing, chunks, NULL) < 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

uint64_t landing_stage_bytes_kept(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Landing) landing = stage_open(landing_stage_listing, &error);
    stage_expect_ok(error);
    return landing_bytes(landing);
}
