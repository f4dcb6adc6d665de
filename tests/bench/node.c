#include "tests/bench/node.h"

#include "app/member.h"
#include "relay/urgency.h"
#include "tests/bench/history.h"

#include <glib-unix.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    Member *member;
    GMainLoop *loop;
    uint64_t
        newest; /* number of the newest message of the history that others may bring; 0: none */
    unsigned of_page; /* messages of its newest page that were seen */
    GString *input;
} Node;

static void tell(const char *what, const char *more)
{
    printf("%s %" G_GINT64_FORMAT "%s%s\n", what, g_get_monotonic_time(), *more ? " " : "", more);
    fflush(stdout);
}

static void count_page(Node *node, const char *text)
{
    uint64_t number = history_number(text);
    if (node->newest == 0 || number == 0 || number + NODE_PAGE <= node->newest)
        return;
    if (++node->of_page == NODE_PAGE)
        tell("newest", "");
}

static void on_event(const SessionEvent *event, void *user)
{
    Node *node = user;
    Session *session = member_session(node->member);
    if (event->type == SESSION_EVENT_JOINED)
        tell("joined", "");
    else if (event->type == SESSION_EVENT_STATE && session_state(session) == SESSION_JOINING)
        tell("joining", "");
    else if (event->type == SESSION_EVENT_MESSAGE &&
             event->message->delivery == DELIVERY_STATE_RECEIVED) {
        if (event->live)
            tell("message", event->message->text);
        count_page(node, event->message->text);
    }
}

static void on_choices(void *user)
{
}

static void on_finding(FinderState state, const char *line, void *user)
{
}

static void tell_where(const Session *session)
{
    const uint8_t *key = session_relay_key(session);
    char hex[2 * KEY_SIZE + 1] = "-";
    if (key != NULL)
        sodium_bin2hex(hex, sizeof hex, key, KEY_SIZE);
    uint64_t id = session_candidate_joined(session);
    char *const *addresses = id & SESSION_NODE ? session_addresses(session, id) : NULL;
    const char *word = key == NULL ? "nowhere" : session_serving(session) ? "serving" : "linked";
    printf("where %s %s %s\n", word, hex,
           addresses != NULL && addresses[0] != NULL ? addresses[0] : "-");
    fflush(stdout);
}

static void left(void *user)
{
    g_main_loop_quit(((Node *)user)->loop);
}

static void do_line(Node *node, const char *line)
{
    Session *session = member_session(node->member);
    static const ConversationId general;
    g_autoptr(GError) error = NULL;
    if (g_str_has_prefix(line, "say ")) {
        if (!session_say(session, &general, line + 4, false, NULL, g_get_monotonic_time(), &error))
            g_error("%s", error->message);
        member_touched(node->member);
    } else if (strcmp(line, "where") == 0) {
        tell_where(session);
    } else if (strcmp(line, "held") == 0) {
        printf("held %" G_GUINT64_FORMAT "\n", history_held(session_log(session)));
        fflush(stdout);
    } else if (strcmp(line, "quit") == 0) {
        member_leave(node->member, left, node);
    }
}

static gboolean read_input(int fd, GIOCondition condition, gpointer user)
{
    Node *node = user;
    char bytes[4096];
    ssize_t length = read(fd, bytes, sizeof bytes);
    if (length <= 0) { /* who measures is gone */
        g_main_loop_quit(node->loop);
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(node->input, bytes, length);
    char *end;
    while ((end = memchr(node->input->str, '\n', node->input->len)) != NULL) {
        *end = '\0';
        do_line(node, node->input->str);
        g_string_erase(node->input, 0, end - node->input->str + 1);
    }
    return G_SOURCE_CONTINUE;
}

int node_run(int argc, char **argv)
{
    static const MemberEvents events = {
        .event = on_event, .choices = on_choices, .finding = on_finding};
    if (argc != 6)
        return 64;
    urgency_raise();
    Node node = {.loop = g_main_loop_new(NULL, FALSE),
                 .newest = g_ascii_strtoull(argv[5], NULL, 10),
                 .input = g_string_new(NULL)};
    MemberOptions options = {.data_dir = argv[2],
                             .name = argv[3],
                             .connect = strcmp(argv[4], "-") != 0 ? argv[4] : NULL,
                             .serve = true};
    g_autoptr(GError) error = NULL;
    node.member = member_new(NULL, &options, &events, &node, &error);
    if (node.member == NULL)
        g_error("%s", error->message);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, read_input, &node);
    member_start(node.member);
    g_main_loop_run(node.loop);
    member_free(node.member);
    g_main_loop_unref(node.loop);
    g_string_free(node.input, TRUE);
    return EXIT_SUCCESS;
}
