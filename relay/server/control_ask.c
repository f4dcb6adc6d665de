/* The caller's side of relay/server/control.h: one question, one answer, and it waits. */
#include "relay/server/control.h"
#include "relay/server/control_internal.h"

#include <string.h>
#include <unistd.h>

#define SYSTEM_PATH "/run/backfence-relay/control"
#define ANSWER_MAX (64 * 1024 * 1024)

char *control_default_data_dir(void)
{
    const char *state = g_getenv("STATE_DIRECTORY"); /* systemd.exec(5) */
    return state != NULL && *state != '\0'
               ? g_strdup(state)
               : g_build_filename(g_get_user_data_dir(), "backfence-relay", NULL);
}

char *control_path(const char *data_dir)
{
    const char *runtime = g_getenv("RUNTIME_DIRECTORY"); /* systemd.exec(5) */
    return g_build_filename(runtime != NULL && *runtime != '\0' ? runtime : data_dir, "control",
                            NULL);
}

/* NULL: nobody answers there. */
static GSocketConnection *connect_to(const char *path, GError **error)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    int folder;
    g_autoptr(GSocketAddress) address = control_address(path, &folder);
    GSocketConnection *connection =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, error);
    if (folder >= 0)
        close(folder);
    return connection;
}

char *control_find(const char *data_dir)
{
    if (data_dir != NULL)
        return control_path(data_dir);
    g_autofree char *default_dir = control_default_data_dir();
    g_autofree char *own = control_path(default_dir);
    g_autoptr(GSocketConnection) connection = connect_to(own, NULL);
    bool system = connection == NULL && g_file_test(SYSTEM_PATH, G_FILE_TEST_EXISTS);
    return system ? g_strdup(SYSTEM_PATH) : g_steal_pointer(&own);
}

static char *question(const char *command, char *const *words, JsonObject *options)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonArray) list = json_array_new();
    for (; words != NULL && *words != NULL; words++)
        json_array_add_string_element(list, *words);
    json_object_set_string_member(object, "command", command);
    json_object_set_array_member(object, "words", g_steal_pointer(&list));
    json_object_set_object_member(object, "options",
                                  options != NULL ? json_object_ref(options) : json_object_new());
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    g_autofree char *text = json_to_string(node, FALSE);
    return g_strconcat(text, "\n", NULL);
}

/* Transfer full; NULL: it ended before a whole line. */
static char *read_line(GInputStream *stream)
{
    g_autoptr(GString) line = g_string_new(NULL);
    char buffer[16 * 1024];
    while (line->len < ANSWER_MAX) {
        gssize count = g_input_stream_read(stream, buffer, sizeof buffer, NULL, NULL);
        if (count <= 0)
            return NULL;
        g_string_append_len(line, buffer, count);
        if (line->str[line->len - 1] == '\n')
            return g_string_free(g_steal_pointer(&line), FALSE);
    }
    return NULL;
}

static JsonObject *fail(char **code, GError **error, const char *word, int number, const char *text)
{
    *code = g_strdup(word);
    g_set_error_literal(error, G_IO_ERROR, number, text);
    return NULL;
}

static const char *string_of(JsonObject *object, const char *name, const char *otherwise)
{
    JsonNode *node = json_object_get_member(object, name);
    bool is_string = node != NULL && json_node_get_value_type(node) == G_TYPE_STRING;
    return is_string ? json_node_get_string(node) : otherwise;
}

static JsonObject *read_answer(const char *line, char **code, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(line, NULL);
    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node))
        return fail(code, error, "no-answer", G_IO_ERROR_INVALID_DATA,
                    "The relay's answer makes no sense: it may be of another version.");
    JsonObject *object = json_node_get_object(node);
    JsonNode *answer = json_object_get_member(object, "answer");
    if (answer != NULL && JSON_NODE_HOLDS_OBJECT(answer))
        return json_object_ref(json_node_get_object(answer));
    return fail(code, error, string_of(object, "code", "failed"), G_IO_ERROR_FAILED,
                string_of(object, "text", "The relay did not say why that failed."));
}

static JsonObject *not_connected(const char *path, const GError *why, char **code, GError **error)
{
    g_autofree char *sorry = NULL;
    if (g_error_matches(why, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)) {
        sorry = g_strdup_printf("The relay at %s belongs to another user: ask as that user, or "
                                "with sudo.",
                                path);
        return fail(code, error, "not-allowed", G_IO_ERROR_PERMISSION_DENIED, sorry);
    }
    sorry = g_strdup_printf("No relay is running here (nobody answers at %s): start it with "
                            "systemctl start backfence-relay or backfence-relay serve, or say "
                            "where its data is with --data.",
                            path);
    return fail(code, error, "not-running", G_IO_ERROR_NOT_FOUND, sorry);
}

JsonObject *control_ask(const char *path, const char *command, char *const *words,
                        JsonObject *options, char **code, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(GSocketConnection) connection = connect_to(path, &why);
    if (connection == NULL)
        return not_connected(path, why, code, error);
    g_autofree char *line = question(command, words, options);
    if (strlen(line) > CONTROL_LINE_MAX)
        return fail(code, error, "usage", G_IO_ERROR_INVALID_ARGUMENT,
                    "That is too long for one command.");
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    /* One that is not answered may find the socket closed before it has written. */
    g_output_stream_write_all(out, line, strlen(line), NULL, NULL, NULL);
    g_autofree char *answer = read_line(in);
    if (answer == NULL)
        return fail(code, error, "no-answer", G_IO_ERROR_CLOSED,
                    "The relay did not answer: it may be ending, or have too many callers.");
    return read_answer(answer, code, error);
}
