/* A relay that says anything at all to a session, and dials, cuts and time at any moment: the
 * session neither breaks nor asks for ever. The first byte of each step says what it is. */

#include "app/session.h"
#include "relay/frame.h"

#include <sodium.h>
#include <string.h>

#define STEPS_MAX 256
#define TURNS_MAX 1000 /* deadlines served in one step of time: more is a loop */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    Identity *identity;
    Session *session;
    uint64_t dialling;
    int64_t now_us;
} Rig;

static void out_dial(uint64_t candidate, void *user)
{
    ((Rig *)user)->dialling = candidate;
}

static void out_hang_up(void *user)
{
    ((Rig *)user)->dialling = 0;
}

static bool out_serve(void *user)
{
    return true;
}

static void out_retire(const uint8_t *key, char *const *addresses, void *user)
{
}

static bool out_send(GBytes *frame, void *user)
{
    return true;
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    return log_open(NULL, place, error);
}

static void out_event(const SessionEvent *event, void *user)
{
}

static int64_t out_wall_ms(void *user)
{
    return TIME_FIRST_MS + ((Rig *)user)->now_us / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    memset(bytes, 7, length);
}

static void out_exporter(uint8_t *out, void *user)
{
    memset(out, 9, EXPORTER_SIZE);
}

static void pass(Rig *rig, int64_t span_us)
{
    int64_t end_us = rig->now_us + span_us;
    for (unsigned turns = 0; session_deadline(rig->session) <= end_us; turns++) {
        g_assert_cmpuint(turns, <, TURNS_MAX);
        rig->now_us = MAX(rig->now_us, session_deadline(rig->session));
        session_tick(rig->session, rig->now_us);
    }
    rig->now_us = end_us;
    session_flush(rig->session, end_us);
}

static void say(Rig *rig, const Wire__Frame *frame)
{
    g_autoptr(GBytes) bytes = frame_build(frame);
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    session_frame(rig->session, data + FRAME_HEADER_SIZE, length - FRAME_HEADER_SIZE, rig->now_us);
}

/* As an honest relay does: Welcome, an empty roster, an empty page. */
static void admit(Rig *rig, uint8_t number)
{
    uint8_t place[PLACE_SIZE] = "place", log[PLACE_SIZE] = {number};
    Wire__Limits limits = WIRE__LIMITS__INIT;
    limits.page = PAGE_MAX;
    Wire__Welcome welcome = WIRE__WELCOME__INIT;
    welcome.version = PROTOCOL_VERSION;
    welcome.place = (ProtobufCBinaryData){PLACE_SIZE, place};
    welcome.log = (ProtobufCBinaryData){PLACE_SIZE, log};
    welcome.limits = &limits;
    welcome.room_time_ms = TIME_FIRST_MS;
    Wire__Roster roster = WIRE__ROSTER__INIT;
    Wire__Page page = WIRE__PAGE__INIT;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_WELCOME;
    frame.welcome = &welcome;
    say(rig, &frame);
    frame.body_case = WIRE__FRAME__BODY_ROSTER;
    frame.roster = &roster;
    say(rig, &frame);
    frame.body_case = WIRE__FRAME__BODY_PAGE;
    frame.page = &page;
    say(rig, &frame);
    session_flush(rig->session, rig->now_us);
}

/* A person knows the passphrase of the place, and is asked for it: by a share that is a point. */
static void ask(Rig *rig)
{
    uint8_t place[PLACE_SIZE] = "place", secret[SECRET_SIZE] = "secret", share[SHARE_SIZE];
    uint8_t scalar[crypto_core_ristretto255_SCALARBYTES] = {11};
    session_set_secret(rig->session, place, secret, rig->now_us);
    if (crypto_scalarmult_ristretto255_base(share, scalar) != 0)
        return;
    Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = (ProtobufCBinaryData){SHARE_SIZE, share};
    lock.place = (ProtobufCBinaryData){PLACE_SIZE, place};
    lock.place_name = (char *)"Home";
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_LOCK;
    frame.lock = &lock;
    say(rig, &frame);
}

/* Whoever was dialled answers, with the key that this number makes; an even one lets in, one in
 * eight asks for a passphrase. */
static void answer(Rig *rig, uint8_t number)
{
    uint8_t key[KEY_SIZE];
    memset(key, number, sizeof key);
    uint64_t id = rig->dialling;
    rig->dialling = 0;
    if (id != 0)
        session_dialled(rig->session, id, id == SESSION_SELF ? identity_key(rig->identity) : key,
                        rig->now_us);
    if (id != 0 && number % 2 == 0)
        admit(rig, number);
    if (id != 0 && number % 8 == 3)
        ask(rig);
}

static void see(Rig *rig, uint8_t traits)
{
    SessionCandidate candidate = {.id = 1 + (traits & 3),
                                  .typed = traits & 4,
                                  .relay = traits & 8,
                                  .remembered = traits & 16};
    session_candidates(rig->session, &candidate, 1, true, rig->now_us);
}

/* Returns how many bytes the step took. */
static size_t step(Rig *rig, const uint8_t *data, size_t size)
{
    size_t length = size >= 3 ? MIN((size_t)(data[1] << 8 | data[2]), size - 3) : 0;
    switch (data[0] % 6) {
    case 0:
        session_frame(rig->session, data + 3 * (size >= 3), length, rig->now_us);
        return 3 + length;
    case 1:
        answer(rig, size > 1 ? data[1] : 0);
        return 2;
    case 2:
        if (rig->dialling != 0)
            session_dial_failed(rig->session, rig->dialling, "No.", rig->now_us);
        return 1;
    case 3:
        session_link_closed(rig->session, "Gone.", rig->now_us);
        return 1;
    case 4:
        see(rig, size > 1 ? data[1] : 0);
        return 2;
    default:
        pass(rig, (size > 1 ? data[1] : 1) * INT64_C(50000));
        return 2;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const SessionOutput output = {.dial = out_dial,
                                         .hang_up = out_hang_up,
                                         .serve = out_serve,
                                         .retire = out_retire,
                                         .send = out_send,
                                         .open_log = out_open_log,
                                         .event = out_event,
                                         .wall_ms = out_wall_ms,
                                         .random = out_random,
                                         .exporter = out_exporter};
    static const uint8_t seed[32] = {5};
    static char *const addresses[] = {(char *)"192.0.2.5:7669", NULL};
    g_autoptr(Identity) identity = identity_from_seed(seed);
    g_autoptr(Keyring) keyring = keyring_open(NULL, TIME_FIRST_MS, NULL);
    g_autoptr(Store) store = store_open(NULL, NULL);
    Rig rig = {.identity = identity, .now_us = G_USEC_PER_SEC};
    rig.session = session_new(identity, keyring, store, &output, &rig, rig.now_us, NULL);
    SessionNetwork network = {.up = true, .known = true, .id = {1}, .place = "place"};
    session_set_addresses(rig.session, addresses, rig.now_us);
    session_network(rig.session, &network, rig.now_us);
    for (unsigned i = 0; i < STEPS_MAX && size > 0; i++) {
        size_t taken = MIN(step(&rig, data, size), size);
        data += taken;
        size -= taken;
        session_flush(rig.session, rig.now_us);
    }
    session_free(rig.session);
    return 0;
}
