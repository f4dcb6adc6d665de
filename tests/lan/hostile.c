/* A member who means harm: hostile RELAY OWN-ADDRESS NAME DIRECTORY. Reads what to do from stdin, a
 * line each, and says how each ended as JSON:
 *
 *   ATTACK VICTIM              as a sender (hostile_sender.c)
 *   ATTACK VICTIM TOKEN        as a receiver (hostile_receiver.c)
 *   offers VICTIM COUNT        so many offers, as fast as the relay takes them
 *   meet VICTIM | stranger VICTIM   a meeting with somebody who does not come; as no member
 *
 * Without arguments it names the attacks of senders. */
#include "tests/lan/hostile_play.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    Peer *peer;
    const char *relay;
    GMainLoop *loop;
} Program;

void play_over(const char *attack, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *said = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_strdelimit(said, "\"\\\n\033", '_');
    printf("{\"event\":\"over\",\"attack\":\"%s\",\"ended\":\"%s\"}\n", attack, said);
    fflush(stdout);
}

bool play_send(Channel *channel, const Wire__DataFrame *frame)
{
    return channel_send(channel, frame, NULL) && channel_flush(channel, NULL);
}

/* Raw bytes behind chunks are passed over. */
static bool skip(Channel *channel, size_t length)
{
    uint8_t buffer[16384];
    while (length > 0) {
        size_t got = 0;
        if (!channel_read(channel, buffer, MIN(length, sizeof buffer), INT64_MAX, &got, NULL))
            return false;
        length -= got;
    }
    return true;
}

char *play_last_words(Channel *channel)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    const Wire__DataFrame *frame;
    unsigned chunks = 0;
    while ((frame = channel_receive(channel, NULL)) != NULL) {
        switch (frame->body_case) {
        case WIRE__DATA_FRAME__BODY_STOP:
            g_string_append_printf(seen, "stopped: %s (%u chunks)", frame->stop->text, chunks);
            return g_string_free(g_steal_pointer(&seen), FALSE);
        case WIRE__DATA_FRAME__BODY_COMPLETE:
            return g_strdup("complete");
        case WIRE__DATA_FRAME__BODY_MISSING:
            g_string_append_printf(seen, "missing %u; ", frame->missing->file);
            break;
        case WIRE__DATA_FRAME__BODY_FINISHED:
            g_string_append_printf(seen, "finished (%u chunks)", chunks);
            return g_string_free(g_steal_pointer(&seen), FALSE);
        case WIRE__DATA_FRAME__BODY_CHUNK:
            chunks++;
            if (!skip(channel, frame->chunk->length))
                return g_strdup("closed within a chunk");
            break;
        default:
            break;
        }
    }
    g_string_append_printf(seen, "closed (%u chunks)", chunks);
    return g_string_free(g_steal_pointer(&seen), FALSE);
}

Wire__Note *play_accept_note(Peer *peer)
{
    const unsigned seconds = 15;
    return peer_await_note(peer, WIRE__NOTE__BODY_ACCEPT, seconds);
}

static void flood(Peer *peer, const uint8_t *victim, unsigned count)
{
    g_autofree Offer *offer = g_new0(Offer, 1);
    g_atomic_ref_count_init(&offer->references);
    char name[] = "gift";
    OfferItem item = {.name = name, .files = 1, .bytes = 1};
    offer->items = &item;
    offer->item_count = 1;
    offer->files = offer->bytes = 1;
    uint8_t token[TOKEN_SIZE];
    for (unsigned i = 0; i < count; i++)
        peer_offer(peer, victim, offer, token);
    peer_await_sent(peer, count);
    play_over("offers", "%u sent", count);
}

static void meet(Program *program, const char *name, const uint8_t *victim, bool stranger)
{
    uint8_t meeting[TRANSFER_SIZE];
    randombytes_buf(meeting, sizeof meeting);
    g_autoptr(Channel) channel = peer_dial(program->peer, program->relay, NULL, stranger);
    Wire__Meet body = WIRE__MEET__INIT;
    body.meeting = (ProtobufCBinaryData){sizeof meeting, meeting};
    body.other = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)victim};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MEET;
    frame.meet = &body;
    if (channel == NULL || !play_send(channel, &frame)) {
        play_over(name, "no relay");
        return;
    }
    const Wire__DataFrame *answer = channel_receive(channel, NULL);
    bool met = answer != NULL && answer->body_case == WIRE__DATA_FRAME__BODY_MET;
    play_over(name, "%s", !met ? "closed" : answer->met->refused ? "refused" : "met");
}

static void obey(Program *program, char **words)
{
    uint8_t victim[KEY_SIZE], token[TOKEN_SIZE];
    if (g_strv_length(words) < 2)
        g_error("what shall be done to whom?");
    peer_await_member(program->peer, words[1], victim);
    bool more = words[2] != NULL;
    if (strcmp(words[0], "offers") == 0)
        flood(program->peer, victim, more ? (unsigned)g_ascii_strtoull(words[2], NULL, 10) : 1);
    else if (strcmp(words[0], "meet") == 0 || strcmp(words[0], "stranger") == 0)
        meet(program, words[0], victim, words[0][0] == 's');
    else if (more &&
             sodium_hex2bin(token, sizeof token, words[2], strlen(words[2]), NULL, NULL, NULL) ==
                 0 &&
             play_receiver(program->peer, victim, words[0], token))
        return;
    else if (!play_sender(program->peer, victim, words[0]))
        g_error("there is no attack %s", words[0]);
}

static gpointer listen_to_orders(gpointer user)
{
    Program *program = user;
    char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 3);
        obey(program, words);
    }
    g_main_loop_quit(program->loop);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        play_list();
        return 0;
    }
    if (argc != 5 || sodium_init() < 0) {
        fputs("usage: hostile RELAY OWN-ADDRESS NAME DIRECTORY\n", stderr);
        return 64;
    }
    PeerOptions options = {argv[1], argv[2], argv[3], argv[4]};
    Program program = {peer_new(&options), argv[1], g_main_loop_new(NULL, FALSE)};
    GThread *thread = g_thread_new("orders", listen_to_orders, &program);
    g_main_loop_run(program.loop);
    g_thread_join(thread);
    peer_free(program.peer);
    g_main_loop_unref(program.loop);
    return 0;
}
