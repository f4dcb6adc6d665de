#include "app/console/input.h"

#include "app/console/editor.h"

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <unistd.h>

/* There is one standard input. */
static struct {
    InputEvents events;
    void *user;
    GDataInputStream *stream;
    GCancellable *cancellable;
} input;

static void read_next(void);

/* As all other control characters are dropped: they must not cut a line short. */
static void drop_nuls(char *line, gsize length)
{
    gsize kept = 0;
    for (gsize i = 0; i < length; i++) {
        if (line[i] != '\0')
            line[kept++] = line[i];
    }
    line[kept] = '\0';
}

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
    drop_nuls(line, length);
    g_strchomp(line);
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
    if (terminal) {
        editor_start(events, user, history_path);
        return;
    }
    input.events = *events;
    input.user = user;
    g_autoptr(GInputStream) raw = g_unix_input_stream_new(STDIN_FILENO, FALSE);
    input.stream = g_data_input_stream_new(raw);
    input.cancellable = g_cancellable_new();
    read_next();
}

void input_stop(void)
{
    editor_stop();
    if (!input.stream)
        return;
    g_cancellable_cancel(input.cancellable);
    g_clear_object(&input.cancellable);
    g_clear_object(&input.stream);
}
