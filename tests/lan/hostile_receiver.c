/* A receiver that wants more than it was offered, or more than its share. */
#include "tests/lan/hostile_play.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define CALLERS 300
#define ACCEPTS 1000
#define AGAINS 20000

typedef struct {
    Peer *peer;
    uint8_t victim[KEY_SIZE], token[TOKEN_SIZE], transfer[TRANSFER_SIZE];
    uint32_t attempt;
    Wire__Note *ready; /* owned */
} Taker;

typedef struct {
    const char *name;
    void (*play)(Taker *taker, const char *name);
} Attack;

static ProtobufCBinaryData bytes_of(uint8_t *bytes)
{
    return (ProtobufCBinaryData){TRANSFER_SIZE, bytes};
}

/* --- notes --- */

static void accept_it(Taker *taker)
{
    uint8_t ticket[TRANSFER_SIZE] = {1};
    g_auto(GStrv) elsewhere =
        g_strsplit("1.1.1.1:443 224.0.0.251:5353 127.0.0.1:7667", " ", ADDRESSES_MAX);
    Wire__Accept accept = WIRE__ACCEPT__INIT;
    accept.offer = bytes_of(taker->token);
    accept.transfer = bytes_of(taker->transfer);
    accept.attempt = ++taker->attempt;
    accept.ticket = bytes_of(ticket);
    accept.addresses = elsewhere;
    accept.n_addresses = g_strv_length(elsewhere);
    Wire__Note note = WIRE__NOTE__INIT;
    note.body_case = WIRE__NOTE__BODY_ACCEPT;
    note.accept = &accept;
    peer_note(taker->peer, taker->victim, &note);
}

static bool agree(Taker *taker)
{
    accept_it(taker);
    taker->ready = peer_await_note(taker->peer, WIRE__NOTE__BODY_READY, 5);
    return taker->ready != NULL;
}

/* The door, with this ticket; NULL: it stayed shut. */
static Channel *knock(Taker *taker, const uint8_t *ticket, bool wrong_key)
{
    const Wire__Ready *ready = taker->ready->ready;
    g_autoptr(Channel) channel =
        peer_dial(taker->peer, ready->addresses[0], taker->victim, wrong_key);
    if (channel == NULL)
        return NULL;
    Wire__Present present = WIRE__PRESENT__INIT;
    present.transfer = bytes_of(taker->transfer);
    present.ticket = bytes_of((uint8_t *)ticket);
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PRESENT;
    frame.present = &present;
    if (!play_send(channel, &frame))
        return NULL;
    const Wire__DataFrame *answer = channel_receive(channel, NULL);
    if (answer == NULL || answer->body_case != WIRE__DATA_FRAME__BODY_ADMITTED)
        return NULL;
    channel_widen(channel);
    return g_steal_pointer(&channel);
}

static Channel *come(Taker *taker, const char *name)
{
    Channel *channel = agree(taker) ? knock(taker, taker->ready->ready->ticket.data, false) : NULL;
    if (channel == NULL)
        play_over(name, "not admitted");
    return channel;
}

static void begin(Taker *taker, Channel *channel, const Wire__Begin *wanted)
{
    Wire__Begin body = *wanted;
    if (body.offer.len == 0)
        body.offer = bytes_of(taker->token);
    if (body.transfer.len == 0)
        body.transfer = bytes_of(taker->transfer);
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_BEGIN;
    frame.begin = &body;
    (void)play_send(channel, &frame);
}

static bool send_again(Channel *channel, uint32_t file, uint64_t chunk)
{
    Wire__Again body = WIRE__AGAIN__INIT;
    body.file = file;
    body.chunk = chunk;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_AGAIN;
    frame.again = &body;
    return channel_send(channel, &frame, NULL);
}

/* Begins so, and says what comes. */
static void begin_with(Taker *taker, const char *name, const Wire__Begin *wanted)
{
    g_autoptr(Channel) channel = come(taker, name);
    if (channel == NULL)
        return;
    begin(taker, channel, wanted);
    g_autofree char *said = play_last_words(channel);
    play_over(name, "%s", said);
}

/* --- the attacks --- */

/* What is not offered to us, or not any more. */
static void take_forbidden(Taker *taker, const char *name)
{
    accept_it(taker);
    Wire__Note *note = peer_await_note(taker->peer, WIRE__NOTE__BODY_HALT, 5);
    play_over(name, "%s",
              note == NULL                              ? "no answer"
              : note->halt->why == WIRE__WHY__WITHDRAWN ? "withdrawn"
                                                        : "another answer");
    if (note != NULL)
        wire__note__free_unpacked(note, NULL);
}

static void take_whole(Taker *taker, const char *name)
{
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    begin_with(taker, name, &wanted);
}

static void take_other_offer(Taker *taker, const char *name)
{
    uint8_t other[TOKEN_SIZE] = {7};
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    wanted.offer = bytes_of(other);
    begin_with(taker, name, &wanted);
}

static void take_other_transfer(Taker *taker, const char *name)
{
    uint8_t other[TRANSFER_SIZE] = {7};
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    wanted.transfer = bytes_of(other);
    begin_with(taker, name, &wanted);
}

static void take_far_file(Taker *taker, const char *name)
{
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    wanted.file = FILES_MAX - 1;
    begin_with(taker, name, &wanted);
}

static void take_far_chunk(Taker *taker, const char *name)
{
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    wanted.chunk = (UINT64_C(1) << 36) - 1;
    begin_with(taker, name, &wanted);
}

static void take_left_out(Taker *taker, const char *name)
{
    uint8_t bits[] = {0xff};
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    wanted.left_out = (ProtobufCBinaryData){sizeof bits, bits};
    g_autoptr(Channel) channel = come(taker, name);
    if (channel == NULL)
        return;
    begin(taker, channel, &wanted);
    (void)send_again(channel, 0, 0);
    (void)channel_flush(channel, NULL);
    g_autofree char *said = play_last_words(channel);
    play_over(name, "%s", said);
}

static void take_agains(Taker *taker, const char *name)
{
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    g_autoptr(Channel) channel = come(taker, name);
    if (channel == NULL)
        return;
    begin(taker, channel, &wanted);
    for (unsigned i = 0; i < AGAINS && send_again(channel, 0, 0);)
        i++;
    (void)channel_flush(channel, NULL);
    g_autofree char *said = play_last_words(channel);
    play_over(name, "%s", said);
}

/* Says that it stands, then does nothing until the process is told the next thing. */
static void take_never_reads(Taker *taker, const char *name)
{
    Wire__Begin wanted = WIRE__BEGIN__INIT;
    Channel *channel = come(taker, name);
    if (channel == NULL)
        return;
    begin(taker, channel, &wanted);
    play_over(name, "stands still");
    /* Left open on purpose, until the program ends. */
}

static void take_often(Taker *taker, const char *name)
{
    for (unsigned i = 0; i < ACCEPTS; i++) {
        randombytes_buf(taker->transfer, sizeof taker->transfer);
        accept_it(taker);
    }
    Wire__Note *note = peer_await_note(taker->peer, WIRE__NOTE__BODY_READY, 5);
    play_over(name, "%s", note != NULL ? "answered" : "not answered");
    if (note != NULL)
        wire__note__free_unpacked(note, NULL);
}

/* Halts of every kind for what others have to do with the victim. */
static void take_halts(Taker *taker, const char *name)
{
    for (unsigned why = 0; why <= WIRE__WHY__ARRIVED; why++) {
        char text[] = "\033[31m\u202egone";
        Wire__Halt halt = WIRE__HALT__INIT;
        halt.offer = bytes_of(taker->token);
        if (why % 2 == 1)
            halt.transfer = bytes_of(taker->transfer);
        halt.why = (Wire__Why)why;
        halt.text = text;
        Wire__Note note = WIRE__NOTE__INIT;
        note.body_case = WIRE__NOTE__BODY_HALT;
        note.halt = &halt;
        peer_note(taker->peer, taker->victim, &note);
    }
    play_over(name, "said");
}

static void take_tickets(Taker *taker, const char *name)
{
    if (!agree(taker)) {
        play_over(name, "no answer");
        return;
    }
    uint8_t wrong[TRANSFER_SIZE] = {9};
    const uint8_t *right = taker->ready->ready->ticket.data;
    g_autoptr(Channel) first = knock(taker, wrong, false);
    g_autoptr(Channel) second = knock(taker, right, true);
    g_autoptr(Channel) third = knock(taker, right, false);
    g_autoptr(Channel) fourth = knock(taker, right, false);
    play_over(name, "wrong %s, stolen %s, right %s, reused %s", first ? "open" : "shut",
              second ? "open" : "shut", third ? "open" : "shut", fourth ? "open" : "shut");
}

/* Hundreds stand at the door, and stay there. */
static void take_door(Taker *taker, const char *name)
{
    if (!agree(taker)) {
        play_over(name, "no answer");
        return;
    }
    unsigned open = 0;
    for (unsigned i = 0; i < CALLERS; i++)
        open += peer_connect(taker->ready->ready->addresses[0]) >= 0;
    play_over(name, "%u knocked", open);
}

static const Attack attacks[] = {
    {"take-forbidden", take_forbidden},
    {"take-whole", take_whole},
    {"take-other-offer", take_other_offer},
    {"take-other-transfer", take_other_transfer},
    {"take-far-file", take_far_file},
    {"take-far-chunk", take_far_chunk},
    {"take-left-out", take_left_out},
    {"take-agains", take_agains},
    {"take-never-reads", take_never_reads},
    {"take-often", take_often},
    {"take-halts", take_halts},
    {"take-tickets", take_tickets},
    {"take-door", take_door},
};

bool play_receiver(Peer *peer, const uint8_t *victim, const char *name, const uint8_t *token)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++) {
        if (strcmp(attacks[i].name, name) != 0)
            continue;
        Taker taker = {.peer = peer};
        memcpy(taker.victim, victim, KEY_SIZE);
        memcpy(taker.token, token, TOKEN_SIZE);
        randombytes_buf(taker.transfer, sizeof taker.transfer);
        peer_forget_notes(peer);
        attacks[i].play(&taker, name);
        if (taker.ready != NULL)
            wire__note__free_unpacked(taker.ready, NULL);
        return true;
    }
    return false;
}
