/* One source a caller: it reads a line, hands it to command_run(), and writes the answer, in turn;
 * what a caller sends meanwhile waits in the kernel. A caller that goes away while its command is
 * at work leaves a Question behind, whose answer then goes nowhere. */
#include "relay/server/control.h"

#include "relay/server/control_internal.h"
#include "relay/server/report.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64

typedef struct Caller Caller;

/* A command at work. */
typedef struct {
    Caller *caller; /* NULL: it is gone */
} Question;

struct Caller {
    Control *control;
    GSocket *socket;
    GSource *source;  /* what is waited for now; NULL: the command */
    GSource *silence; /* when it is dropped; NULL: not */
    GByteArray *line; /* read so far, perhaps with what follows it */
    GBytes *answer;   /* being written */
    size_t written;
    Question *question; /* being answered */
    bool last;          /* nothing more is read from it */
};

struct Control {
    Service *service;
    char *path;
    dev_t device; /* of the socket that was made: only that is removed */
    ino_t inode;
    GSocket *listener;
    GSource *accepting;
    GPtrArray *callers; /* Caller, owned */
};

static void listen_on(Caller *caller);

static void unhook(GSource **source)
{
    if (*source != NULL)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void caller_free(gpointer data)
{
    Caller *caller = data;
    unhook(&caller->source);
    unhook(&caller->silence);
    if (caller->question != NULL)
        caller->question->caller = NULL;
    g_clear_pointer(&caller->line, g_byte_array_unref);
    g_clear_pointer(&caller->answer, g_bytes_unref);
    g_clear_object(&caller->socket);
    g_free(caller);
}

static void drop(Caller *caller)
{
    g_ptr_array_remove_fast(caller->control->callers, caller);
}

static gboolean was_silent(void *user)
{
    drop(user);
    return G_SOURCE_REMOVE;
}

static void expect_soon(Caller *caller)
{
    unhook(&caller->silence);
    caller->silence = g_timeout_source_new_seconds(CONTROL_SILENCE_S);
    g_source_set_callback(caller->silence, was_silent, caller, NULL);
    g_source_attach(caller->silence, NULL);
}

static void wait_for(Caller *caller, GIOCondition condition, GSocketSourceFunc then)
{
    unhook(&caller->source);
    caller->source = g_socket_create_source(caller->socket, condition, NULL);
    g_source_set_callback(caller->source, G_SOURCE_FUNC(then), caller, NULL);
    g_source_attach(caller->source, NULL);
}

/* --- answers --- */

/* FALSE: the caller is gone. */
static gboolean write_some(GSocket *socket, GIOCondition condition, void *user)
{
    Caller *caller = user;
    gsize size;
    const char *bytes = g_bytes_get_data(caller->answer, &size);
    g_autoptr(GError) error = NULL;
    gssize count =
        g_socket_send(socket, bytes + caller->written, size - caller->written, NULL, &error);
    if (count < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
    caller->written += (size_t)MAX(count, 0);
    bool over = caller->written == size;
    if (count < 0 || (over && caller->last)) {
        drop(caller);
        return G_SOURCE_REMOVE;
    }
    expect_soon(caller);
    if (over)
        listen_on(caller);
    return !over;
}

static void say(Caller *caller, JsonObject *answer)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, answer);
    g_autofree char *text = json_to_string(node, FALSE);
    char *line = g_strconcat(text, "\n", NULL);
    g_clear_pointer(&caller->answer, g_bytes_unref);
    caller->answer = g_bytes_new_take(line, strlen(line));
    caller->written = 0;
    expect_soon(caller);
    wait_for(caller, G_IO_OUT, write_some);
}

static void refuse(Caller *caller, const char *code, const char *text)
{
    g_autoptr(JsonObject) line = json_object_new();
    json_object_set_boolean_member(line, "ok", FALSE);
    json_object_set_string_member(line, "code", code);
    json_object_set_string_member(line, "text", text);
    say(caller, line);
}

static void answered(JsonObject *answer, const char *code, const char *text, void *user)
{
    g_autofree Question *question = user;
    Caller *caller = question->caller;
    if (caller == NULL)
        return;
    caller->question = NULL;
    if (answer == NULL) {
        refuse(caller, code, text);
        return;
    }
    g_autoptr(JsonObject) line = json_object_new();
    json_object_set_boolean_member(line, "ok", TRUE);
    json_object_set_object_member(line, "answer", json_object_ref(answer));
    say(caller, line);
}

/* --- questions --- */

/* Transfer full; NULL: something in the list is no text. */
static char **words_of(JsonArray *list)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    for (guint i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (json_node_get_value_type(node) != G_TYPE_STRING)
            return NULL;
        g_strv_builder_add(words, json_node_get_string(node));
    }
    return g_strv_builder_end(words);
}

static JsonNode *member_of_type(JsonObject *object, const char *name, JsonNodeType type)
{
    JsonNode *node = json_object_get_member(object, name);
    return node != NULL && json_node_get_node_type(node) == type ? node : NULL;
}

/* The parser calls itself for what is nested. Brackets in texts count too: good enough. */
static bool is_shallow(const char *line)
{
    int depth = 0;
    for (; *line != '\0' && depth <= DEPTH_MAX; line++)
        depth += (*line == '[' || *line == '{') - (*line == ']' || *line == '}');
    return depth <= DEPTH_MAX;
}

static void run(Caller *caller, const char *line)
{
    static const char sorry[] = "A line is {\"command\": NAME, \"words\": [...], \"options\": {}}.";
    g_autoptr(JsonNode) node = is_shallow(line) ? json_from_string(line, NULL) : NULL;
    bool is_object = node != NULL && JSON_NODE_HOLDS_OBJECT(node);
    JsonObject *object = is_object ? json_node_get_object(node) : NULL;
    JsonNode *name = is_object ? member_of_type(object, "command", JSON_NODE_VALUE) : NULL;
    if (name == NULL || json_node_get_value_type(name) != G_TYPE_STRING) {
        refuse(caller, "usage", sorry);
        return;
    }
    JsonNode *list = member_of_type(object, "words", JSON_NODE_ARRAY);
    JsonNode *chosen = member_of_type(object, "options", JSON_NODE_OBJECT);
    g_auto(GStrv) words = words_of(list != NULL ? json_node_get_array(list) : NULL);
    g_autoptr(JsonObject) options =
        chosen != NULL ? json_object_ref(json_node_get_object(chosen)) : json_object_new();
    if (words == NULL) {
        refuse(caller, "usage", sorry);
        return;
    }
    Question *question = g_new0(Question, 1);
    question->caller = caller;
    caller->question = question;
    unhook(&caller->silence);
    command_run(caller->control->service, json_node_get_string(name), words, options, answered,
                question);
}

/* False: no whole line is there yet, or it is too long and was refused. */
static bool take_line(Caller *caller)
{
    GByteArray *line = caller->line;
    const guint8 *end = line->len > 0 ? memchr(line->data, '\n', line->len) : NULL;
    if (end == NULL && line->len < CONTROL_LINE_MAX)
        return false;
    unhook(&caller->source);
    if (end == NULL) {
        caller->last = true;
        refuse(caller, "usage", "That line is too long.");
        return true;
    }
    guint length = (guint)(end - line->data);
    g_autofree char *text = g_strndup((const char *)line->data, length);
    bool whole = strlen(text) == length && g_utf8_validate(text, -1, NULL);
    g_byte_array_remove_range(line, 0, length + 1);
    if (whole)
        run(caller, text);
    else
        refuse(caller, "usage", "That line is not valid UTF-8.");
    return true;
}

static gboolean read_some(GSocket *socket, GIOCondition condition, void *user)
{
    Caller *caller = user;
    char buffer[4096];
    g_autoptr(GError) error = NULL;
    gsize room = MIN(sizeof buffer, (gsize)CONTROL_LINE_MAX - caller->line->len);
    gssize count = g_socket_receive(socket, buffer, room, NULL, &error);
    if (count < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return G_SOURCE_CONTINUE;
    if (count <= 0) {
        drop(caller);
        return G_SOURCE_REMOVE;
    }
    g_byte_array_append(caller->line, (const guint8 *)buffer, (guint)count);
    return !take_line(caller);
}

static void listen_on(Caller *caller)
{
    if (!take_line(caller))
        wait_for(caller, G_IO_IN, read_some);
}

/* --- callers --- */

static bool may_ask(GSocket *socket)
{
    g_autoptr(GCredentials) credentials = g_socket_get_credentials(socket, NULL);
    uid_t user = credentials != NULL ? g_credentials_get_unix_user(credentials, NULL) : (uid_t)-1;
    return user == 0 || (user != (uid_t)-1 && user == geteuid());
}

static gboolean accept_caller(GSocket *listener, GIOCondition condition, void *user)
{
    Control *control = user;
    g_autoptr(GSocket) socket = g_socket_accept(listener, NULL, NULL);
    if (socket == NULL || control->callers->len >= CONTROL_CALLERS_MAX)
        return G_SOURCE_CONTINUE;
    g_socket_set_blocking(socket, FALSE);
    Caller *caller = g_new0(Caller, 1);
    caller->control = control;
    caller->line = g_byte_array_new();
    caller->socket = g_object_ref(socket);
    g_ptr_array_add(control->callers, caller);
    expect_soon(caller);
    if (may_ask(socket)) {
        listen_on(caller);
    } else {
        caller->last = true;
        report("control-refused", NULL);
        refuse(caller, "not-allowed", "Only root and the user that the relay runs as may ask it.");
    }
    return G_SOURCE_CONTINUE;
}

/* --- the socket --- */

static bool answers(GSocketAddress *address)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);
    return connection != NULL;
}

/* What is not a socket stays, and binding fails. */
static void remove_stale(const char *path)
{
    struct stat found;
    if (lstat(path, &found) == 0 && S_ISSOCK(found.st_mode))
        g_unlink(path);
}

static gboolean bind_to(Control *control, GError **error)
{
    int folder;
    g_autoptr(GSocketAddress) address = control_address(control->path, &folder);
    gboolean bound = FALSE;
    if (answers(address)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS,
                    "another relay answers at %s: one at a time uses a directory", control->path);
    } else {
        remove_stale(control->path);
        bound = g_socket_bind(control->listener, address, FALSE, error);
    }
    if (folder >= 0)
        close(folder);
    struct stat made;
    if (bound && g_chmod(control->path, 0600) == 0 && lstat(control->path, &made) == 0) {
        control->device = made.st_dev;
        control->inode = made.st_ino;
    }
    return bound;
}

Control *control_new(Service *service, const char *path, GError **error)
{
    g_autoptr(Control) control = g_new0(Control, 1);
    control->service = service;
    control->path = g_strdup(path);
    control->callers = g_ptr_array_new_with_free_func(caller_free);
    control->listener =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
    if (control->listener == NULL || !bind_to(control, error) ||
        !g_socket_listen(control->listener, error)) {
        g_prefix_error(error, "the control socket %s: ", path);
        return NULL;
    }
    g_socket_set_blocking(control->listener, FALSE);
    control->accepting = g_socket_create_source(control->listener, G_IO_IN, NULL);
    g_source_set_callback(control->accepting, G_SOURCE_FUNC(accept_caller), control, NULL);
    g_source_attach(control->accepting, NULL);
    return g_steal_pointer(&control);
}

void control_free(Control *control)
{
    if (control == NULL)
        return;
    unhook(&control->accepting);
    g_clear_pointer(&control->callers, g_ptr_array_unref);
    g_clear_object(&control->listener);
    struct stat found;
    if (control->inode != 0 && lstat(control->path, &found) == 0 &&
        found.st_dev == control->device && found.st_ino == control->inode)
        g_unlink(control->path);
    g_free(control->path);
    g_free(control);
}
