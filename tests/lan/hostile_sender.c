/* A sender that lies: about names, sizes, sums, order and itself. */
#include "app/files/manifest.h"
#include "tests/lan/hostile_play.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define GIFT "gift.bin"
#define GIFT_CHUNKS 3
#define ENDLESS (INT64_C(65536) * CHUNK_SIZE) /* who takes that much takes anything */

typedef struct Play Play;

typedef struct {
    const char *name;
    /* The offer is a folder "gift" with a file of this name in it ('\1' stands for NUL); NULL: one
     * file, GIFT, of GIFT_CHUNKS chunks. */
    const char *label;
    const char *item; /* its name in the offer; NULL: GIFT or "gift" */
    bool wrong_key, twice, wrong_hash, elsewhere;
    bool goes_on; /* the victim tries again, unless the offer is taken back */
    unsigned more_files, more_bytes, deep;
    void (*stream)(Play *play); /* NULL: as an honest one */
} Attack;

struct Play {
    Peer *peer;
    const Attack *attack;
    uint8_t victim[KEY_SIZE], token[TOKEN_SIZE];
    Offer *offer;     /* owned */
    GBytes *manifest; /* owned */
    Channel *channel; /* owned */
    uint8_t *bytes;   /* owned: CHUNK_SIZE zeros */
    bool stopped;     /* the victim said its last, which was told */
};

/* --- what is offered --- */

/* Text becomes what no writer of strings can make. */
static GBytes *with_nul(GBytes *frames)
{
    gsize length = 0;
    const uint8_t *from = g_bytes_get_data(frames, &length);
    uint8_t *copy = g_memdup2(from, length);
    for (gsize i = 4; i < length; i++) {
        if (i >= 5 && copy[i] == 1 && copy[i - 1] == 'N')
            copy[i] = 0;
    }
    return g_bytes_new_take(copy, length);
}

static void add(ManifestWriter *writer, const char *path, bool folder, uint64_t size)
{
    ManifestEntry entry = {.path = path, .folder = folder, .size = size};
    manifest_writer_add(writer, &entry);
}

static void add_deep(ManifestWriter *writer, unsigned depth)
{
    g_autoptr(GString) path = g_string_new("gift");
    for (unsigned i = 1; i < depth; i++) {
        g_string_append(path, "/d");
        add(writer, path->str, true, 0);
    }
}

static GBytes *make_manifest(const Attack *attack)
{
    ManifestWriter *writer = manifest_writer_new();
    const char *item = attack->item;
    if (attack->label == NULL) {
        add(writer, item != NULL ? item : GIFT, false, (uint64_t)GIFT_CHUNKS * CHUNK_SIZE);
    } else {
        add(writer, "gift", true, 0);
        if (attack->deep > 0)
            add_deep(writer, attack->deep);
        g_autofree char *path = g_strdup_printf("gift/%s", attack->label);
        for (unsigned i = 0; i < (attack->twice ? 2 : 1); i++)
            add(writer, path, false, 4);
    }
    g_autoptr(GBytes) plain = manifest_writer_end(writer);
    return with_nul(plain);
}

static Offer *make_offer(const Attack *attack, GBytes *manifest)
{
    Offer *offer = g_new0(Offer, 1);
    bool folder = attack->label != NULL;
    g_atomic_ref_count_init(&offer->references);
    offer->items = g_new0(OfferItem, 1);
    offer->item_count = 1;
    offer->items[0].name = g_strdup(attack->item != NULL ? attack->item : folder ? "gift" : GIFT);
    offer->items[0].folder = folder;
    offer->files = folder ? (attack->twice ? 2 : 1) + attack->more_files : 1;
    offer->bytes = (folder ? (attack->twice ? 8U : 4U) : (uint64_t)GIFT_CHUNKS * CHUNK_SIZE) +
                   attack->more_bytes;
    offer->items[0].files = offer->files;
    offer->items[0].bytes = offer->bytes;
    manifest_hash(manifest, offer->manifest);
    if (attack->wrong_hash)
        offer->manifest[0] ^= 1;
    return offer;
}

/* --- what is sent --- */

static bool send_chunk(Play *play, uint32_t file, uint64_t chunk, uint32_t length, bool spoilt)
{
    XXH128_canonical_t sum;
    size_t real = MIN(length, CHUNK_SIZE);
    XXH128_canonicalFromHash(&sum, XXH3_128bits(play->bytes, real));
    sum.digest[0] ^= spoilt ? 1 : 0;
    Wire__Chunk body = WIRE__CHUNK__INIT;
    body.file = file;
    body.chunk = chunk;
    body.length = length;
    body.sum = (ProtobufCBinaryData){CHUNK_SUM_SIZE, sum.digest};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_CHUNK;
    frame.chunk = &body;
    return channel_send(play->channel, &frame, NULL) &&
           channel_write(play->channel, play->bytes, real, NULL) &&
           channel_flush(play->channel, NULL);
}

static bool send_finished(Play *play)
{
    Wire__Finished body = WIRE__FINISHED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_FINISHED;
    frame.finished = &body;
    return play_send(play->channel, &frame);
}

static bool send_missing(Play *play, uint32_t file)
{
    Wire__Missing body = WIRE__MISSING__INIT;
    body.file = file;
    body.why = WIRE__WHY__VANISHED;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MISSING;
    frame.missing = &body;
    return play_send(play->channel, &frame);
}

static void stream_gift(Play *play, unsigned chunks)
{
    for (unsigned i = 0; i < chunks; i++)
        (void)send_chunk(play, 0, i, CHUNK_SIZE, false);
}

static void stream_honest(Play *play)
{
    if (play->attack->label == NULL)
        stream_gift(play, GIFT_CHUNKS);
    else
        (void)send_chunk(play, 1 + (play->attack->deep > 0 ? play->attack->deep - 1 : 0), 0, 4,
                         false);
    (void)send_finished(play);
}

static void stream_more(Play *play)
{
    stream_gift(play, GIFT_CHUNKS + 1);
}

static void stream_longer(Play *play)
{
    (void)send_chunk(play, 0, 0, CHUNK_SIZE - 1, false);
}

static void stream_fewer(Play *play)
{
    stream_gift(play, 1);
    (void)send_finished(play);
}

static void stream_nothing(Play *play)
{
    (void)send_finished(play);
}

static void stream_endless(Play *play)
{
    stream_gift(play, GIFT_CHUNKS - 1);
    for (int64_t sent = 0; sent < ENDLESS; sent += CHUNK_SIZE) {
        if (!channel_write(play->channel, play->bytes, CHUNK_SIZE, NULL))
            return;
    }
    g_error("it took everything");
}

static void stream_4_gib(Play *play)
{
    (void)send_chunk(play, 0, 0, UINT32_MAX, false);
}

static void stream_far(Play *play)
{
    (void)send_chunk(play, 0, UINT64_C(1) << 63, CHUNK_SIZE, false);
}

static void stream_foreign(Play *play)
{
    (void)send_chunk(play, 7, 0, CHUNK_SIZE, false);
}

static void stream_same(Play *play)
{
    for (unsigned i = 0; i < 100 && send_chunk(play, 0, 0, CHUNK_SIZE, false);)
        i++;
}

/* Says the same wrong sum again, as often as it is asked. */
static void stream_spoilt(Play *play)
{
    for (unsigned i = 0; i < GIFT_CHUNKS; i++)
        (void)send_chunk(play, 0, i, CHUNK_SIZE, true);
    (void)send_finished(play);
    const Wire__DataFrame *frame;
    while ((frame = channel_receive(play->channel, NULL)) != NULL) {
        if (frame->body_case == WIRE__DATA_FRAME__BODY_STOP) {
            play_over(play->attack->name, "stopped: %s", frame->stop->text);
            play->stopped = true;
            return;
        }
        if (frame->body_case == WIRE__DATA_FRAME__BODY_AGAIN) {
            (void)send_chunk(play, frame->again->file, frame->again->chunk, CHUNK_SIZE, true);
            (void)send_finished(play);
        }
    }
}

static void stream_missing(Play *play)
{
    (void)send_missing(play, 0);
    (void)send_finished(play);
}

static void stream_missing_again(Play *play)
{
    for (unsigned i = 0; i < 1000 && send_missing(play, 0);)
        i++;
}

/* The list of files never ends. */
static void stream_manifests(Play *play)
{
    ManifestWriter *writer = manifest_writer_new();
    for (unsigned i = 0; i < 2 * MANIFEST_ENTRIES_MAX; i++)
        add(writer, "gift/" GIFT, false, 0);
    g_autoptr(GBytes) bytes = manifest_writer_end(writer);
    gsize length = 0;
    const uint8_t *from = g_bytes_get_data(bytes, &length);
    /* All frames but the one that says it is the last. */
    uint32_t first = GUINT32_FROM_BE(*(const uint32_t *)(const void *)from) + 4;
    for (int64_t sent = 0; sent < ENDLESS; sent += first) {
        if (!channel_write(play->channel, from, first, NULL))
            return;
    }
    g_error("it took everything");
}

static void stream_large_frame(Play *play)
{
    uint8_t header[4] = {0, 1, 0, 1};
    (void)channel_write(play->channel, header, sizeof header, NULL);
    (void)channel_write(play->channel, play->bytes, DATA_FRAME_MAX + 1, NULL);
    (void)channel_flush(play->channel, NULL);
}

static void stream_half_frame(Play *play)
{
    uint8_t half[6] = {0, 0, 0, 40, 0x3a, 0x20};
    (void)channel_write(play->channel, half, sizeof half, NULL);
    (void)channel_flush(play->channel, NULL);
    channel_close(play->channel);
}

#define LONG100                                                                                    \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
    "aaaaaaaa"

static const Attack attacks[] = {
    {.name = "honest"},
    {.name = "dotdot", .label = ".."},
    {.name = "dotdot-inside", .label = "../../escaped"},
    {.name = "slash", .label = "/tmp/escaped"},
    {.name = "empty-label", .label = ""},
    {.name = "nul", .label = "N\1escaped"},
    {.name = "escape", .label = "\033[2Jescaped"},
    {.name = "long", .label = LONG100 LONG100 LONG100},
    {.name = "no-utf8", .label = "esc\xff\xfe"},
    {.name = "duplicates", .label = "same", .twice = true},
    {.name = "deep", .label = "d/x", .deep = 65},
    {.name = "turned", .label = "exe.\u202egpj"},
    {.name = "hidden", .label = ".bashrc"},
    {.name = "hidden-item", .item = ".bashrc"},
    {.name = "turned-item", .item = "\u202egpj.exe"},
    {.name = "device-item", .item = "CON"},
    {.name = "other-hash", .wrong_hash = true},
    {.name = "more-files", .label = "one", .more_files = 1},
    {.name = "more-bytes", .label = "one", .more_bytes = 1},
    {.name = "more", .stream = stream_more},
    {.name = "shorter", .stream = stream_longer},
    {.name = "fewer", .stream = stream_fewer},
    {.name = "nothing", .stream = stream_nothing},
    {.name = "endless", .stream = stream_endless},
    {.name = "4-gib", .stream = stream_4_gib},
    {.name = "far", .stream = stream_far},
    {.name = "foreign", .stream = stream_foreign},
    {.name = "same", .stream = stream_same},
    {.name = "spoilt", .stream = stream_spoilt},
    {.name = "missing", .stream = stream_missing},
    {.name = "missing-again", .stream = stream_missing_again},
    {.name = "manifests", .stream = stream_manifests},
    {.name = "large-frame", .stream = stream_large_frame},
    {.name = "half-frame", .stream = stream_half_frame, .goes_on = true},
    {.name = "wrong-key", .wrong_key = true},
    {.name = "elsewhere", .elsewhere = true},
};

/* --- how it comes to that --- */

static void answer(Play *play, const Wire__Accept *accept, char **addresses, size_t count)
{
    uint8_t ticket[TRANSFER_SIZE];
    randombytes_buf(ticket, sizeof ticket);
    Wire__Ready ready = WIRE__READY__INIT;
    ready.transfer = accept->transfer;
    ready.attempt = accept->attempt;
    ready.ticket = (ProtobufCBinaryData){sizeof ticket, ticket};
    ready.addresses = addresses;
    ready.n_addresses = count;
    Wire__Note note = WIRE__NOTE__INIT;
    note.body_case = WIRE__NOTE__BODY_READY;
    note.ready = &ready;
    peer_note(play->peer, play->victim, &note);
}

static void admit(Play *play, const Wire__Accept *accept)
{
    g_autofree char *own = NULL;
    int listener = peer_listen(play->peer, &own);
    char *here[] = {own};
    g_auto(GStrv) elsewhere =
        g_strsplit("1.1.1.1:443 224.0.0.251:5353 255.255.255.255:7667 127.0.0.1:7667 0.0.0.0:7667 "
                   "[ff02::1]:7667 no-address 10.99.99.99:7667",
                   " ", ADDRESSES_MAX);
    const unsigned seconds = 5;
    if (play->attack->elsewhere)
        answer(play, accept, elsewhere, g_strv_length(elsewhere));
    else
        answer(play, accept, here, 1);
    play->channel =
        peer_admit(play->peer, listener, play->victim, play->attack->wrong_key, seconds);
    close(listener);
    if (play->channel == NULL)
        return;
    Wire__Admitted body = WIRE__ADMITTED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_ADMITTED;
    frame.admitted = &body;
    (void)play_send(play->channel, &frame);
    channel_widen(play->channel);
}

/* So that a victim who goes on trying gives up. */
static void withdraw(Play *play)
{
    char text[] = "\033[31m\u202egone";
    Wire__Halt halt = WIRE__HALT__INIT;
    halt.offer = (ProtobufCBinaryData){TOKEN_SIZE, play->token};
    halt.why = WIRE__WHY__WITHDRAWN;
    halt.text = text;
    Wire__Note note = WIRE__NOTE__INIT;
    note.body_case = WIRE__NOTE__BODY_HALT;
    note.halt = &halt;
    peer_note(play->peer, play->victim, &note);
}

static void misbehave(Play *play)
{
    const Wire__DataFrame *begin = channel_receive(play->channel, NULL);
    if (begin == NULL || begin->body_case != WIRE__DATA_FRAME__BODY_BEGIN) {
        play_over(play->attack->name, "it did not begin");
        return;
    }
    gsize length = 0;
    const void *bytes = g_bytes_get_data(play->manifest, &length);
    if (play->attack->stream != stream_manifests)
        (void)channel_write(play->channel, bytes, length, NULL);
    (void)channel_flush(play->channel, NULL);
    if (play->attack->stream != NULL)
        play->attack->stream(play);
    else
        stream_honest(play);
    if (play->stopped)
        return;
    g_autofree char *said = play_last_words(play->channel);
    play_over(play->attack->name, "%s", said);
}

static void run(Play *play)
{
    peer_forget_notes(play->peer);
    peer_offer(play->peer, play->victim, play->offer, play->token);
    Wire__Note *note = play_accept_note(play->peer);
    if (note == NULL) {
        play_over(play->attack->name, "nobody wants it");
        return;
    }
    admit(play, note->accept);
    wire__note__free_unpacked(note, NULL);
    if (play->channel != NULL)
        misbehave(play);
    else
        play_over(play->attack->name, "nobody came");
    if (play->channel == NULL || play->attack->goes_on)
        withdraw(play);
}

bool play_sender(Peer *peer, const uint8_t *victim, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++) {
        if (strcmp(attacks[i].name, name) != 0)
            continue;
        Play play = {.peer = peer, .attack = &attacks[i], .bytes = g_malloc0(CHUNK_SIZE)};
        memcpy(play.victim, victim, KEY_SIZE);
        play.manifest = make_manifest(play.attack);
        play.offer = make_offer(play.attack, play.manifest);
        run(&play);
        channel_free(play.channel);
        offer_unref(play.offer);
        g_bytes_unref(play.manifest);
        g_free(play.bytes);
        return true;
    }
    return false;
}

void play_list(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attacks); i++)
        puts(attacks[i].name);
}
