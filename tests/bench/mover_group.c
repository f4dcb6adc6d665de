#include "tests/bench/mover_group.h"

#include "tests/bench/mover.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    GPid pid; /* 0: ended */
    char *own;
    int64_t ended_us;
} MoverProcess;

struct MoverGroup {
    MoverProcess sender;
    MoverProcess receivers[MOVERS_MAX];
    unsigned count;
    int64_t start_us;
};

static void start(MoverProcess *mover, const MoverGroupConfig *config, const char *role,
                  uint16_t port, unsigned number, int *output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *port_text = g_strdup_printf("%u", port);
    g_autofree char *number_text = g_strdup_printf("%u", number);
    g_autofree char *template = g_build_filename(config->into, "calm-bench-XXXXXX", NULL);
    mover->own = g_mkdtemp(g_steal_pointer(&template));
    if (mover->own == NULL)
        g_error("cannot make a directory in %s", config->into);
    const char *arguments[] = {"/proc/self/exe",
                               MOVER_ARGUMENT,
                               role,
                               config->relay_port != 0 ? "meet" : "direct",
                               port_text,
                               number_text,
                               config->file,
                               mover->own,
                               config->once ? "once" : "over",
                               NULL};
    if (!g_spawn_async_with_pipes(NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &mover->pid, NULL, output, NULL, &error))
        g_error("cannot start a process: %s", error->message);
}

int mover_group_be_mover(int argc, char **argv)
{
    if (argc != 9)
        return 64;
    unsigned number = (unsigned)g_ascii_strtoull(argv[5], NULL, 10);
    const MoverConfig config = {.sends = strcmp(argv[2], "send") == 0,
                                .meets = strcmp(argv[3], "meet") == 0,
                                .port = (uint16_t)g_ascii_strtoull(argv[4], NULL, 10),
                                .number = number,
                                .count = number,
                                .file = argv[6],
                                .own = argv[7],
                                .once = strcmp(argv[8], "once") == 0};
    return mover_run(&config);
}

static uint16_t read_port(int output)
{
    char line[16] = "";
    if (read(output, line, sizeof line - 1) <= 0)
        g_error("the sender did not start");
    return (uint16_t)g_ascii_strtoull(line, NULL, 10);
}

MoverGroup *mover_group_start(const MoverGroupConfig *config)
{
    MoverGroup *group = g_new0(MoverGroup, 1);
    uint16_t port = config->relay_port;
    int output = -1;
    group->count = config->receivers;
    start(&group->sender, config, "send", port, config->receivers, &output);
    if (port == 0)
        port = read_port(output);
    close(output);
    group->start_us = g_get_monotonic_time();
    for (unsigned i = 0; i < group->count; i++)
        start(&group->receivers[i], config, "receive", port, i, NULL);
    return group;
}

static void remove_all(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        if (g_unlink(inner) != 0)
            remove_all(inner);
    }
    g_rmdir(path);
}

static void stop(MoverProcess *mover)
{
    if (mover->pid != 0) {
        kill(mover->pid, SIGKILL);
        waitpid(mover->pid, NULL, 0);
        g_spawn_close_pid(mover->pid);
    }
    remove_all(mover->own);
    g_free(mover->own);
}

void mover_group_stop(MoverGroup *group)
{
    if (group == NULL)
        return;
    for (unsigned i = 0; i < group->count; i++)
        stop(&group->receivers[i]);
    stop(&group->sender);
    g_free(group);
}

/* proc(5), /proc/PID/io */
static uint64_t read_io(const MoverProcess *mover, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/io", (int)mover->pid);
    g_autofree char *text = NULL;
    if (mover->pid == 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *line = strstr(text, name);
    return line != NULL ? g_ascii_strtoull(line + strlen(name), NULL, 10) : 0;
}

uint64_t mover_group_bytes(const MoverGroup *group)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < group->count; i++)
        bytes += read_io(&group->receivers[i], "wchar: ");
    return bytes;
}

uint64_t mover_group_disk_read(const MoverGroup *group)
{
    return read_io(&group->sender, "read_bytes: ");
}

unsigned mover_group_running(MoverGroup *group)
{
    unsigned running = 0;
    for (unsigned i = 0; i < group->count; i++) {
        MoverProcess *mover = &group->receivers[i];
        int status = 0;
        if (mover->pid != 0 && waitpid(mover->pid, &status, WNOHANG) == mover->pid) {
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                g_error("a receiver failed");
            mover->pid = 0;
            mover->ended_us = g_get_monotonic_time();
        }
        running += mover->pid != 0;
    }
    return running;
}

void mover_group_seconds(const MoverGroup *group, double *fastest, double *slowest)
{
    *fastest = G_MAXDOUBLE;
    *slowest = 0;
    for (unsigned i = 0; i < group->count; i++) {
        double seconds = (double)(group->receivers[i].ended_us - group->start_us) / G_USEC_PER_SEC;
        *fastest = MIN(*fastest, seconds);
        *slowest = MAX(*slowest, seconds);
    }
}
