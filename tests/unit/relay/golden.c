/* lint: file-length one function for each message */

#include "tests/unit/relay/golden.h"

#include "relay/limits.h"

#include <check.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define MADE_MS INT64_C(1699900000000) /* when the golden sealing keys were made */

static uint8_t keys[2][KEY_SIZE] = {"\x11\x11\x11\x11", "\x22\x22\x22\x22"};
static uint8_t place[PLACE_SIZE] = "place";
static uint8_t log_id[PLACE_SIZE] = "log";
static uint8_t hash[HASH_SIZE] = "hash";
static uint8_t sum[SUM_SIZE] = "sum";
static char *addresses[] = {(char *)"192.0.2.7:7667", (char *)"[2001:db8::7]:7667"};
static uint8_t body[] = "body";
static uint8_t share[SHARE_SIZE] = "share";
static uint8_t proof[PROOF_SIZE] = "proof";
static uint8_t signature[SIGNATURE_SIZE] = "signature";

#define BINARY(array) ((ProtobufCBinaryData){.len = sizeof(array), .data = (array)})

static Wire__SignedEvent signed_event = {
    .base = PROTOBUF_C_MESSAGE_INIT(&wire__signed_event__descriptor),
    .body = {.len = sizeof body, .data = body},
    .signature = {.len = sizeof signature, .data = signature},
};

static void fill_hello(Wire__Frame *frame)
{
    static Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = 1;
    hello.software = (char *)"example 1.0";
    hello.place = BINARY(place);
    hello.log = BINARY(log_id);
    hello.position = 1000;
    hello.page = 50;
    hello.app = true;
    frame->body_case = WIRE__FRAME__BODY_HELLO;
    frame->hello = &hello;
}

/* A relay program in reserve. */
static void fill_hello_reserve(Wire__Frame *frame)
{
    static Wire__Hello hello = WIRE__HELLO__INIT;
    hello.version = 1;
    hello.software = (char *)"example 1.0";
    hello.log = BINARY(log_id);
    hello.position = 1000;
    hello.app = true;
    hello.addresses = addresses;
    hello.n_addresses = G_N_ELEMENTS(addresses);
    hello.mark_position = 999;
    hello.mark = BINARY(hash);
    hello.relay_program = true;
    frame->body_case = WIRE__FRAME__BODY_HELLO;
    frame->hello = &hello;
}

static void fill_welcome(Wire__Frame *frame)
{
    static Wire__Welcome welcome = WIRE__WELCOME__INIT;
    static Wire__Limits limits = WIRE__LIMITS__INIT;
    static Wire__Head head = WIRE__HEAD__INIT;
    static Wire__Head *heads[] = {&head};
    limits.frame = FRAME_MAX;
    limits.text = TEXT_MAX;
    limits.name = NAME_MAX_GRAPHEMES;
    limits.page = PAGE_MAX;
    limits.submit_rate = 20;
    limits.submit_burst = 60;
    head.incarnation = 7;
    head.lane = 1;
    head.seq = 3;
    head.hash = BINARY(hash);
    welcome.version = 1;
    welcome.software = (char *)"example 1.0";
    welcome.place = BINARY(place);
    welcome.place_name = (char *)"Home";
    welcome.room_time_ms = INT64_C(1700000000000);
    welcome.log = BINARY(log_id);
    welcome.head = 1200;
    welcome.own_heads = heads;
    welcome.n_own_heads = G_N_ELEMENTS(heads);
    welcome.limits = &limits;
    welcome.members = 2;
    welcome.relay_program = true;
    frame->body_case = WIRE__FRAME__BODY_WELCOME;
    frame->welcome = &welcome;
}

static void fill_welcome_restored(Wire__Frame *frame)
{
    static Wire__Welcome welcome = WIRE__WELCOME__INIT;
    static Wire__Limits limits = WIRE__LIMITS__INIT;
    welcome.version = 1;
    welcome.place = BINARY(place);
    welcome.log = BINARY(log_id);
    welcome.head = 800;
    welcome.limits = &limits;
    welcome.members = 1;
    welcome.restored = true;
    frame->body_case = WIRE__FRAME__BODY_WELCOME;
    frame->welcome = &welcome;
}

/* Of a place with a keeper and a passphrase, by a relay that keeps thirty days. */
static void fill_welcome_locked(Wire__Frame *frame)
{
    static Wire__Welcome welcome = WIRE__WELCOME__INIT;
    static Wire__Limits limits = WIRE__LIMITS__INIT;
    limits.history_days = 30;
    welcome.version = 1;
    welcome.place = BINARY(place);
    welcome.log = BINARY(log_id);
    welcome.limits = &limits;
    welcome.members = 1;
    welcome.relay_program = true;
    welcome.keeper = BINARY(keys[1]);
    welcome.proof = BINARY(proof);
    frame->body_case = WIRE__FRAME__BODY_WELCOME;
    frame->welcome = &welcome;
}

static void fill_lock(Wire__Frame *frame)
{
    static Wire__Lock lock = WIRE__LOCK__INIT;
    lock.share = BINARY(share);
    lock.place_name = (char *)"Home";
    lock.place = BINARY(place);
    frame->body_case = WIRE__FRAME__BODY_LOCK;
    frame->lock = &lock;
}

static void fill_unlock(Wire__Frame *frame)
{
    static Wire__Unlock unlock = WIRE__UNLOCK__INIT;
    unlock.share = BINARY(share);
    unlock.proof = BINARY(proof);
    frame->body_case = WIRE__FRAME__BODY_UNLOCK;
    frame->unlock = &unlock;
}

static void fill_claim(Wire__Frame *frame)
{
    static Wire__Claim claim = WIRE__CLAIM__INIT;
    claim.code = (char *)"K7QM-2F9T";
    frame->body_case = WIRE__FRAME__BODY_CLAIM;
    frame->claim = &claim;
}

static void fill_advice(Wire__Frame *frame)
{
    static Wire__Advice advice = WIRE__ADVICE__INIT;
    advice.code = (char *)"claim";
    advice.text = (char *)"You are an admin now.";
    frame->body_case = WIRE__FRAME__BODY_ADVICE;
    frame->advice = &advice;
}

static void fill_submit(Wire__Frame *frame)
{
    static Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &signed_event;
    frame->body_case = WIRE__FRAME__BODY_SUBMIT;
    frame->submit = &submit;
}

static void fill_receipt(Wire__Frame *frame)
{
    static Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    receipt.hash = BINARY(hash);
    receipt.position = 1201;
    frame->body_case = WIRE__FRAME__BODY_RECEIPT;
    frame->receipt = &receipt;
}

static void fill_refusal(Wire__Frame *frame)
{
    static Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    static Wire__Head head = WIRE__HEAD__INIT;
    head.author = BINARY(keys[0]);
    head.incarnation = 7;
    receipt.hash = BINARY(hash);
    receipt.refusal = WIRE__REFUSAL__GAP;
    receipt.text = (char *)"earlier events are missing";
    receipt.retry_ms = 250;
    receipt.head = &head;
    frame->body_case = WIRE__FRAME__BODY_RECEIPT;
    frame->receipt = &receipt;
}

static Wire__Entry **two_entries(void)
{
    static Wire__Entry entries[2] = {WIRE__ENTRY__INIT, WIRE__ENTRY__INIT};
    static Wire__Entry *pointers[2] = {&entries[0], &entries[1]};
    entries[0].position = 1202;
    entries[1].position = 1204;
    entries[0].event = entries[1].event = &signed_event;
    return pointers;
}

static void fill_deliver(Wire__Frame *frame)
{
    static Wire__Deliver deliver = WIRE__DELIVER__INIT;
    deliver.after = 1201;
    deliver.through = 1204;
    deliver.entries = two_entries();
    deliver.n_entries = 2;
    frame->body_case = WIRE__FRAME__BODY_DELIVER;
    frame->deliver = &deliver;
}

static void fill_fetch(Wire__Frame *frame)
{
    static Wire__Fetch fetch = WIRE__FETCH__INIT;
    fetch.request = 5;
    fetch.after = 1000;
    fetch.before = 1151;
    fetch.limit = 100;
    frame->body_case = WIRE__FRAME__BODY_FETCH;
    frame->fetch = &fetch;
}

static void fill_fetch_private(Wire__Frame *frame)
{
    static Wire__Fetch fetch = WIRE__FETCH__INIT;
    fetch.request = 6;
    fetch.limit = 200;
    fetch.private_only = true;
    frame->body_case = WIRE__FRAME__BODY_FETCH;
    frame->fetch = &fetch;
}

static void fill_page(Wire__Frame *frame)
{
    static Wire__Page page = WIRE__PAGE__INIT;
    page.request = 5;
    page.after = 1200;
    page.through = 1205;
    page.entries = two_entries();
    page.n_entries = 2;
    frame->body_case = WIRE__FRAME__BODY_PAGE;
    frame->page = &page;
}

static void fill_page_later(Wire__Frame *frame)
{
    static Wire__Page page = WIRE__PAGE__INIT;
    page.request = 6;
    page.retry_ms = 400;
    frame->body_case = WIRE__FRAME__BODY_PAGE;
    frame->page = &page;
}

static void fill_heads(Wire__Frame *frame)
{
    static Wire__Heads heads = WIRE__HEADS__INIT;
    static Wire__Head head = WIRE__HEAD__INIT;
    static Wire__Head *pointers[] = {&head};
    head.author = BINARY(keys[0]);
    head.incarnation = UINT64_MAX;
    head.seq = 3;
    head.hash = BINARY(hash);
    head.count = 4;
    head.sum = BINARY(sum);
    heads.heads = pointers;
    heads.n_heads = 1;
    heads.ask = true;
    heads.more = true;
    frame->body_case = WIRE__FRAME__BODY_HEADS;
    frame->heads = &heads;
}

static void fill_heads_last(Wire__Frame *frame)
{
    static Wire__Heads heads = WIRE__HEADS__INIT;
    static Wire__Head head = WIRE__HEAD__INIT;
    static Wire__Head *pointers[] = {&head};
    head.author = BINARY(keys[1]);
    head.incarnation = 8;
    head.lane = 1;
    head.seq = 300;
    head.hash = BINARY(hash);
    head.count = 299;
    head.sum = BINARY(sum);
    head.first = 290;
    heads.heads = pointers;
    heads.n_heads = 1;
    heads.position = 1204;
    frame->body_case = WIRE__FRAME__BODY_HEADS;
    frame->heads = &heads;
}

static void fill_want(Wire__Frame *frame)
{
    static Wire__Want want = WIRE__WANT__INIT;
    want.request = 7;
    want.author = BINARY(keys[1]);
    want.incarnation = 8;
    want.lane = 1;
    want.first = 290;
    want.last = 300;
    frame->body_case = WIRE__FRAME__BODY_WANT;
    frame->want = &want;
}

static void fill_give(Wire__Frame *frame)
{
    static Wire__Give give = WIRE__GIVE__INIT;
    static Wire__SignedEvent *events[] = {&signed_event, &signed_event};
    give.request = 7;
    give.first = 299;
    give.events = events;
    give.n_events = G_N_ELEMENTS(events);
    frame->body_case = WIRE__FRAME__BODY_GIVE;
    frame->give = &give;
}

static void fill_settled(Wire__Frame *frame)
{
    static Wire__Settled settled = WIRE__SETTLED__INIT;
    settled.position = 1204;
    frame->body_case = WIRE__FRAME__BODY_SETTLED;
    frame->settled = &settled;
}

static void fill_successors(Wire__Frame *frame)
{
    static Wire__Successors successors = WIRE__SUCCESSORS__INIT;
    static Wire__Successor both[2] = {WIRE__SUCCESSOR__INIT, WIRE__SUCCESSOR__INIT};
    static Wire__Successor *pointers[] = {&both[0], &both[1]};
    both[0].key = BINARY(keys[1]);
    both[0].addresses = addresses;
    both[0].n_addresses = G_N_ELEMENTS(addresses);
    both[0].relay_program = true;
    both[1].key = BINARY(keys[0]);
    both[1].addresses = addresses;
    both[1].n_addresses = 1;
    successors.successors = pointers;
    successors.n_successors = G_N_ELEMENTS(both);
    frame->body_case = WIRE__FRAME__BODY_SUCCESSORS;
    frame->successors = &successors;
}

static void fill_roster(Wire__Frame *frame)
{
    static Wire__Roster roster = WIRE__ROSTER__INIT;
    static Wire__RosterEntry entries[2] = {WIRE__ROSTER_ENTRY__INIT, WIRE__ROSTER_ENTRY__INIT};
    static Wire__RosterEntry *pointers[2] = {&entries[0], &entries[1]};
    entries[0].key = BINARY(keys[0]);
    entries[0].since_ms = INT64_C(1700000000000);
    entries[0].profile = &signed_event;
    entries[0].app = true;
    entries[1].key = BINARY(keys[1]);
    entries[1].presence = WIRE__PRESENCE__OFFLINE;
    entries[1].since_ms = INT64_C(1699999999999);
    roster.entries = pointers;
    roster.n_entries = 2;
    roster.more = true;
    frame->body_case = WIRE__FRAME__BODY_ROSTER;
    frame->roster = &roster;
}

static void fill_status(Wire__Frame *frame)
{
    static Wire__Status status = WIRE__STATUS__INIT;
    status.what = WIRE__STATUS__WHAT__TYPING;
    status.from = BINARY(keys[0]);
    status.to = BINARY(keys[1]);
    frame->body_case = WIRE__FRAME__BODY_STATUS;
    frame->status = &status;
}

static void fill_signal(Wire__Frame *frame)
{
    static Wire__Signal note = WIRE__SIGNAL__INIT;
    note.to = BINARY(keys[1]);
    note.from = BINARY(keys[0]);
    note.sealed = BINARY(body);
    frame->body_case = WIRE__FRAME__BODY_SIGNAL;
    frame->signal = &note;
}

static void fill_signal_returned(Wire__Frame *frame)
{
    static Wire__Signal note = WIRE__SIGNAL__INIT;
    note.to = BINARY(keys[1]);
    note.returned = true;
    note.retry_ms = 90;
    frame->body_case = WIRE__FRAME__BODY_SIGNAL;
    frame->signal = &note;
}

static void fill_ping(Wire__Frame *frame)
{
    static Wire__Ping ping = WIRE__PING__INIT;
    ping.nonce = UINT64_C(0x0123456789abcdef);
    ping.position = 1204;
    frame->body_case = WIRE__FRAME__BODY_PING;
    frame->ping = &ping;
}

static void fill_pong(Wire__Frame *frame)
{
    static Wire__Pong pong = WIRE__PONG__INIT;
    pong.nonce = UINT64_C(0x0123456789abcdef);
    pong.room_time_ms = INT64_C(1700000000000);
    frame->body_case = WIRE__FRAME__BODY_PONG;
    frame->pong = &pong;
}

static void fill_goodbye(Wire__Frame *frame)
{
    static Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__MOVED;
    goodbye.text = (char *)"another node serves this place";
    goodbye.successor = BINARY(keys[1]);
    goodbye.addresses = addresses;
    goodbye.n_addresses = G_N_ELEMENTS(addresses);
    frame->body_case = WIRE__FRAME__BODY_GOODBYE;
    frame->goodbye = &goodbye;
}

static void fill_goodbye_banned(Wire__Frame *frame)
{
    static Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__BANNED;
    goodbye.text = (char *)"You are banned here.";
    goodbye.until_ms = INT64_C(1700000086400);
    frame->body_case = WIRE__FRAME__BODY_GOODBYE;
    frame->goodbye = &goodbye;
}

static void fill_goodbye_kicked(Wire__Frame *frame)
{
    static Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__KICKED;
    goodbye.text = (char *)"You were sent away.";
    goodbye.retry_ms = 60000;
    frame->body_case = WIRE__FRAME__BODY_GOODBYE;
    frame->goodbye = &goodbye;
}

const GoldenFrame golden_frames[] = {
    {"hello", fill_hello},
    {"hello_reserve", fill_hello_reserve},
    {"welcome", fill_welcome},
    {"welcome_restored", fill_welcome_restored},
    {"submit", fill_submit},
    {"receipt", fill_receipt},
    {"refusal", fill_refusal},
    {"deliver", fill_deliver},
    {"fetch", fill_fetch},
    {"fetch_private", fill_fetch_private},
    {"page", fill_page},
    {"page_later", fill_page_later},
    {"heads", fill_heads},
    {"heads_last", fill_heads_last},
    {"want", fill_want},
    {"give", fill_give},
    {"settled", fill_settled},
    {"successors", fill_successors},
    {"roster", fill_roster},
    {"status", fill_status},
    {"signal", fill_signal},
    {"signal_returned", fill_signal_returned},
    {"ping", fill_ping},
    {"pong", fill_pong},
    {"goodbye", fill_goodbye},
    {"goodbye_banned", fill_goodbye_banned},
    {"goodbye_kicked", fill_goodbye_kicked},
    {"welcome_locked", fill_welcome_locked},
    {"lock", fill_lock},
    {"unlock", fill_unlock},
    {"claim", fill_claim},
    {"advice", fill_advice},
};
const unsigned golden_frame_count = G_N_ELEMENTS(golden_frames);

static void write_hex(const char *path, GBytes *bytes)
{
    const gsize in_line = 40;
    gsize length = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &length);
    g_autoptr(GString) hex = g_string_new(NULL);
    for (gsize i = 0; i < length; i++)
        g_string_append_printf(hex, "%02x%s", data[i],
                               i % in_line == in_line - 1 || i == length - 1 ? "\n" : "");
    ck_assert(g_file_set_contents(path, hex->str, (gssize)hex->len, NULL));
}

static GBytes *read_hex(const char *text)
{
    GByteArray *bytes = g_byte_array_new();
    int high = -1;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '#') {
            at += strcspn(at, "\n") - 1;
            continue;
        }
        int digit = g_ascii_xdigit_value(*at);
        if (digit < 0)
            continue;
        if (high >= 0) {
            uint8_t byte = (uint8_t)(high << 4 | digit);
            g_byte_array_append(bytes, &byte, 1);
        }
        high = high >= 0 ? -1 : digit;
    }
    return g_byte_array_free_to_bytes(bytes);
}

GBytes *golden_read(const char *name, GBytes *expected)
{
    const char *source = g_getenv("BACKFENCE_SOURCE_DIR");
    g_autofree char *path =
        g_strdup_printf("%s/tests/unit/relay/golden/%s.hex", source != NULL ? source : ".", name);
    if (g_getenv("BACKFENCE_GOLDEN_WRITE") != NULL && expected != NULL)
        write_hex(path, expected);
    g_autofree char *text = NULL;
    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "cannot read %s", path);
    return read_hex(text);
}

Identity *golden_mira, *golden_jonas;
uint8_t golden_sealing_keys[2][SEALING_KEY_SIZE];
uint8_t golden_place[PLACE_SIZE] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

void golden_set_up(void)
{
    uint8_t secret[32];
    memset(secret, 1, sizeof secret);
    golden_mira = identity_from_seed(secret);
    memset(secret, 2, sizeof secret);
    golden_jonas = identity_from_seed(secret);
    for (unsigned i = 0; i < 2; i++) {
        memset(secret, (int)(3 + i), sizeof secret);
        crypto_scalarmult_base(golden_sealing_keys[i], secret);
    }
}

void golden_tear_down(void)
{
    g_clear_pointer(&golden_mira, identity_free);
    g_clear_pointer(&golden_jonas, identity_free);
}

Keyring *golden_keyring(int byte)
{
    uint8_t file[8 + 8 + 32] = "bf-seal1";
    for (unsigned i = 0; i < 8; i++)
        file[8 + i] = (uint8_t)(MADE_MS >> (56 - 8 * i));
    memset(file + 16, byte, 32);
    g_autofree char *path = NULL;
    int descriptor = g_file_open_tmp("backfence-golden-XXXXXX", &path, NULL);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(write(descriptor, file, sizeof file), sizeof file);
    close(descriptor);
    Keyring *keyring = keyring_open(path, MADE_MS, NULL);
    g_unlink(path);
    ck_assert_ptr_nonnull(keyring);
    return keyring;
}
