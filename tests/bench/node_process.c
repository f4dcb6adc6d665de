#include "tests/bench/node_process.h"

#include "tests/bench/node.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_MS 20 /* between two questions */

NodeProcess *node_process_new(const char *parent, unsigned number)
{
    NodeProcess *node = g_new0(NodeProcess, 1);
    node->number = number;
    node->input = g_string_new(NULL);
    node->directory = g_strdup_printf("%s/%u", parent, number);
    return node;
}

/* --- what it tells --- */

static void take_where(NodeProcess *node, char **words)
{
    if (g_strv_length(words) != 4)
        return;
    node->where = strcmp(words[1], "serving") == 0  ? NODE_SERVING
                  : strcmp(words[1], "linked") == 0 ? NODE_LINKED
                                                    : NODE_NOWHERE;
    g_free(node->relay_key);
    node->relay_key = g_strdup(words[2]);
    g_free(node->address);
    node->address = strcmp(words[3], "-") != 0 ? g_strdup(words[3]) : NULL;
}

static void take_line(NodeProcess *node, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    const char *what = words[0];
    int64_t number = words[1] != NULL ? g_ascii_strtoll(words[1], NULL, 10) : 0;
    if (g_getenv("BENCH_LOG") != NULL && strcmp(what, "where") != 0 && strcmp(what, "held") != 0)
        g_printerr("%u: %s\n", node->number, line);
    if (strcmp(what, "joining") == 0) {
        node->joining_us = number;
    } else if (strcmp(what, "joined") == 0) {
        node->joined_us = number;
    } else if (strcmp(what, "newest") == 0) {
        node->newest_us = number;
    } else if (strcmp(what, "held") == 0) {
        node->held = (uint64_t)number;
    } else if (strcmp(what, "where") == 0) {
        take_where(node, words);
    } else if (strcmp(what, "message") == 0 && words[1] != NULL && words[2] != NULL) {
        g_free(node->heard);
        node->heard = g_strdup(strchr(strchr(line, ' ') + 1, ' ') + 1);
        node->heard_us = number;
    }
}

static gboolean read_output(int fd, GIOCondition condition, gpointer user)
{
    NodeProcess *node = user;
    char bytes[4096];
    ssize_t length = read(fd, bytes, sizeof bytes);
    if (length <= 0) {
        node->watch = 0;
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(node->input, bytes, length);
    char *end;
    while ((end = memchr(node->input->str, '\n', node->input->len)) != NULL) {
        *end = '\0';
        take_line(node, node->input->str);
        g_string_erase(node->input, 0, end - node->input->str + 1);
    }
    return G_SOURCE_CONTINUE;
}

/* --- its life --- */

void node_process_start(NodeProcess *node, const char *connect, uint64_t newest)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = g_strdup_printf("Node %u", node->number);
    g_autofree char *page = g_strdup_printf("%" G_GUINT64_FORMAT, newest);
    const char *arguments[] = {"/proc/self/exe",
                               NODE_ARGUMENT,
                               node->directory,
                               name,
                               connect != NULL ? connect : "-",
                               page,
                               NULL};
    node->joining_us = node->joined_us = node->newest_us = 0;
    node->where = NODE_NOWHERE;
    g_clear_pointer(&node->relay_key, g_free);
    g_clear_pointer(&node->heard, g_free);
    g_string_truncate(node->input, 0);
    if (!g_spawn_async_with_pipes(NULL, (char **)arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                  NULL, &node->pid, &node->in, &node->out, NULL, &error))
        g_error("cannot start a process: %s", error->message);
    node->watch = g_unix_fd_add(node->out, G_IO_IN | G_IO_HUP | G_IO_ERR, read_output, node);
}

static void reap(NodeProcess *node)
{
    waitpid(node->pid, NULL, 0);
    g_spawn_close_pid(node->pid);
    node->pid = 0;
    node->leaving = false;
    g_clear_handle_id(&node->watch, g_source_remove);
    close(node->in);
    close(node->out);
}

void node_process_kill(NodeProcess *node)
{
    if (node->pid == 0)
        return;
    kill(node->pid, SIGKILL);
    reap(node);
}

void node_remove_directory(const char *path)
{
    const char *arguments[] = {"rm", "-rf", "--", path, NULL};
    g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}

bool node_process_stays(const NodeProcess *node)
{
    return node->pid != 0 && !node->leaving;
}

void node_process_leave(NodeProcess *node)
{
    node->leaving = true;
    node_process_tell(node, "quit");
}

static bool has_ended(void *user)
{
    return ((NodeProcess *)user)->watch == 0;
}

void node_process_await_end(NodeProcess *node)
{
    if (!node_await(has_ended, node, 10))
        g_error("node %u does not end", node->number);
    reap(node);
}

void node_process_free(NodeProcess *node)
{
    node_process_kill(node);
    g_string_free(node->input, TRUE);
    g_free(node->directory);
    g_free(node->heard);
    g_free(node->relay_key);
    g_free(node->address);
    g_free(node);
}

void node_process_tell(NodeProcess *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *whole = g_strconcat(line, "\n", NULL);
    if (write(node->in, whole, strlen(whole)) != (ssize_t)strlen(whole))
        g_error("node %u is gone", node->number);
}

/* --- waiting --- */

static gboolean wake(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_REMOVE;
}

bool node_await(bool (*holds)(void *user), void *user, double seconds)
{
    bool over = false;
    guint timer = g_timeout_add((unsigned)(seconds * 1000), wake, &over);
    while (!holds(user) && !over)
        g_main_context_iteration(NULL, TRUE);
    if (!over)
        g_source_remove(timer);
    return holds(user);
}

/* They may say another one than before, so all forget first. */
static void ask_all(NodeProcess **nodes, unsigned count)
{
    bool over = false;
    for (unsigned i = 0; i < count; i++) {
        if (nodes[i]->pid == 0)
            continue;
        g_clear_pointer(&nodes[i]->relay_key, g_free);
        nodes[i]->where = NODE_NOWHERE;
        node_process_tell(nodes[i], "where");
    }
    g_timeout_add(AGAIN_MS, wake, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

static bool agree(NodeProcess **nodes, unsigned count)
{
    const char *key = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (nodes[i]->pid == 0)
            continue;
        if (nodes[i]->where == NODE_NOWHERE || nodes[i]->relay_key == NULL ||
            (key != NULL && strcmp(nodes[i]->relay_key, key) != 0))
            return false;
        key = nodes[i]->relay_key;
    }
    return true;
}

NodeProcess *node_await_agreement(NodeProcess **nodes, unsigned count, double seconds)
{
    int64_t end_us = g_get_monotonic_time() + (int64_t)(seconds * G_USEC_PER_SEC);
    do {
        ask_all(nodes, count);
        if (g_get_monotonic_time() > end_us)
            g_error("they do not agree on who carries the room");
    } while (!agree(nodes, count));
    for (unsigned i = 0; i < count; i++) {
        if (nodes[i]->pid != 0 && nodes[i]->where == NODE_SERVING)
            return nodes[i];
    }
    return NULL;
}
