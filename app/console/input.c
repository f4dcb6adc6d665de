#include "app/console/input.h"

#include "app/console/printer.h"

#include <editline/readline.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HISTORY_LINES 500

/* libedit calls back without a pointer of ours, so the one input is a static. */
static struct {
    InputEvents events;
    void *user;
    bool editing;
    char *history_path;
    guint source;
    GDataInputStream *stream;
    GCancellable *cancellable;
    GPtrArray *completions;
} input;

bool input_is_terminal(void)
{
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static void step_aside(void)
{
    fputs("\r\033[K", stdout);
}

static void come_back(void)
{
    rl_forced_update_display();
}

static void edited_line(char *line)
{
    g_autofree char *copy = g_strdup(line);
    if (line && *line)
        add_history(line);
    free(line); /* libedit's, from malloc */
    if (copy)
        input.events.line(copy, input.user);
    else
        input.events.end(input.user);
}

static char *next_completion(const char *text, int state)
{
    if (state == 0) {
        g_clear_pointer(&input.completions, g_ptr_array_unref);
        input.completions = input.events.complete(text, input.user);
    }
    if (!input.completions || (guint)state >= input.completions->len)
        return NULL;
    return strdup(g_ptr_array_index(input.completions, state));
}

static gboolean terminal_ready(gint fd, GIOCondition condition, gpointer user)
{
    rl_callback_read_char();
    return G_SOURCE_CONTINUE;
}

static void read_next(void);

static void pipe_line(GObject *source, GAsyncResult *result, gpointer user)
{
    g_autoptr(GError) error = NULL;
    gsize length = 0;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(source), result, &length, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (!line) {
        input.events.end(input.user);
        return;
    }
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    input.events.line(line, input.user);
    if (input.stream)
        read_next();
}

static void read_next(void)
{
    g_data_input_stream_read_line_async(input.stream, G_PRIORITY_DEFAULT, input.cancellable,
                                        pipe_line, NULL);
}

void input_start(const InputEvents *events, void *user, bool terminal, const char *history_path)
{
    input.events = *events;
    input.user = user;
    input.editing = terminal;
    if (!terminal) {
        g_autoptr(GInputStream) raw = g_unix_input_stream_new(STDIN_FILENO, FALSE);
        input.stream = g_data_input_stream_new(raw);
        input.cancellable = g_cancellable_new();
        read_next();
        return;
    }
    input.history_path = g_strdup(history_path);
    rl_readline_name = "backfence";
    rl_initialize();
    using_history();
    stifle_history(HISTORY_LINES);
    if (history_path)
        read_history(history_path);
    rl_completion_entry_function = next_completion;
    rl_callback_handler_install("> ", edited_line);
    printer_set_hooks(step_aside, come_back);
    input.source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, terminal_ready, NULL);
}

void input_stop(void)
{
    if (input.stream) {
        g_cancellable_cancel(input.cancellable);
        g_clear_object(&input.cancellable);
        g_clear_object(&input.stream);
    }
    if (!input.editing)
        return;
    input.editing = false;
    printer_set_hooks(NULL, NULL);
    g_clear_handle_id(&input.source, g_source_remove);
    rl_callback_handler_remove();
    fputs("\r\033[K", stdout);
    if (input.history_path)
        write_history(input.history_path);
    g_clear_pointer(&input.history_path, g_free);
    g_clear_pointer(&input.completions, g_ptr_array_unref);
}
