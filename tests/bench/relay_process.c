#include "tests/bench/relay_process.h"

#include "tests/bench/process_use.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *find_program(const char *program)
{
    if (program == NULL)
        program = g_getenv("BACKFENCE_RELAY");
    if (program != NULL)
        return g_strdup(program);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *here = g_path_get_dirname(self);
    return g_build_filename(here, "..", "..", "backfence-relay", NULL);
}

/* Reads its log until it says where it listens. What comes later is read by nobody, so the pipe
 * must not be left full: a thread throws it away. */
static void *throw_away(void *data)
{
    FILE *log = data;
    char line[1024];
    bool show = g_getenv("BENCH_LOG") != NULL;
    while (fgets(line, sizeof line, log) != NULL) {
        if (show)
            fputs(line, stderr);
    }
    fclose(log);
    return NULL;
}

static uint16_t await_port(FILE *log)
{
    char line[1024];
    while (fgets(line, sizeof line, log) != NULL) {
        const char *port = strstr(line, "event=listening port=");
        if (port != NULL)
            return (uint16_t)strtoul(port + strlen("event=listening port="), NULL, 10);
        fputs(line, stderr);
    }
    g_error("the relay did not start");
}

static int pinned_to = -1;
static unsigned allowed_rate;

void relay_process_pin(int core)
{
    pinned_to = core;
}

void relay_process_set_rate(unsigned rate)
{
    allowed_rate = rate;
}

/* In the child: a bench that is pinned itself would pin its relay to the same one. */
static void pin(void *user)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)pinned_to, &cores);
    if (pinned_to >= 0)
        (void)sched_setaffinity(0, sizeof cores, &cores);
}

static void spawn(RelayProcess *relay, const char *program)
{
    g_autofree char *path = find_program(program);
    g_autofree char *port = g_strdup_printf("%u", relay->port);
    g_autofree char *rate = g_strdup_printf("%u", allowed_rate);
    g_autoptr(GError) error = NULL;
    const char *arguments[] = {
        path, "serve",  "--data", relay->directory, "--port",
        port, "--name", "Bench",  "--no-mdns",      allowed_rate > 0 ? "--rate" : NULL,
        rate, NULL};
    if (!g_spawn_async_with_pipes(NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, pin,
                                  NULL, &relay->pid, NULL, NULL, &relay->err, &error))
        g_error("cannot start the relay: %s", error->message);
    FILE *log = fdopen(relay->err, "r");
    relay->port = await_port(log);
    g_thread_unref(g_thread_new("log", throw_away, log));
}

RelayProcess relay_process_start(const char *program)
{
    RelayProcess relay = {0};
    g_autoptr(GError) error = NULL;
    relay.directory = g_dir_make_tmp("backfence-bench-XXXXXX", &error);
    if (relay.directory == NULL)
        g_error("cannot start the relay: %s", error->message);
    spawn(&relay, program);
    return relay;
}

void relay_process_kill(RelayProcess *relay)
{
    kill(relay->pid, SIGKILL);
    waitpid(relay->pid, NULL, 0);
    g_spawn_close_pid(relay->pid);
}

void relay_process_restart(RelayProcess *relay, const char *program)
{
    spawn(relay, program);
}

static void remove_directory(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        g_unlink(file);
    }
    g_rmdir(path);
}

gboolean relay_process_stop(RelayProcess *relay)
{
    int status = -1;
    kill(relay->pid, SIGTERM);
    waitpid(relay->pid, &status, 0);
    g_spawn_close_pid(relay->pid);
    remove_directory(relay->directory);
    g_clear_pointer(&relay->directory, g_free);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

double relay_process_cpu(const RelayProcess *relay)
{
    return process_use_cpu(relay->pid);
}

uint64_t relay_process_rss(const RelayProcess *relay)
{
    return process_use_rss(relay->pid);
}
