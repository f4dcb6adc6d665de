/* Files of a member: its Transfers, tied to the session, to a door where others come in, to dialers
 * of its own (one for each transfer) and to threads that walk folders.
 *
 * What Transfers asks for is never answered from inside the asking: a dialer and a task report from
 * the context. */
#include "app/addresses.h"
#include "app/files/door.h"
#include "app/files/errand.h"
#include "app/member_internal.h"
#include "relay/dialer.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#define SCANNED_CONVERSATIONS 32 /* that are searched at the start for offers not known yet */
#define SCANNED_MESSAGES 50      /* of each */

struct MemberFiles {
    Member *member;
    Transfers *transfers;
    Door *door;               /* NULL until somebody is to be admitted */
    bool doorless;            /* it could not be opened, which was said */
    GPtrArray *dials;         /* Dial, owned */
    GCancellable *cancelling; /* of errands */
    unsigned listings;        /* errands that run */
};

/* A transfer's dialling. */
typedef struct {
    MemberFiles *files;
    uint8_t transfer[TRANSFER_SIZE];
    uint8_t peer[KEY_SIZE];
    Dialer *dialer;
} Dial;

static void dial_free(gpointer data)
{
    Dial *dial = data;
    dialer_free(dial->dialer);
    g_free(dial);
}

static int64_t now(void)
{
    return g_get_monotonic_time();
}

/* --- dialling --- */

static bool dial_acceptable(const uint8_t *key, void *user)
{
    return memcmp(((Dial *)user)->peer, key, KEY_SIZE) == 0;
}

static void dial_opened(Link *opened, const uint8_t *key, GSocketAddress *address, void *user)
{
    Dial *dial = user;
    MemberFiles *files = dial->files;
    g_autoptr(Link) link = opened;
    uint8_t transfer[TRANSFER_SIZE];
    memcpy(transfer, dial->transfer, TRANSFER_SIZE);
    g_ptr_array_remove_fast(files->dials, dial);
    SSL *ssl = NULL;
    int fd = link_steal(link, &ssl);
    g_clear_pointer(&link, link_free);
    if (fd < 0)
        transfers_dial_failed(files->transfers, transfer, "The other spoke out of turn.", now());
    else
        transfers_dialled(files->transfers, transfer, fd, ssl, now());
    member_touched(files->member);
}

static void dial_failed(const char *why, void *user)
{
    Dial *dial = user;
    MemberFiles *files = dial->files;
    g_autofree char *reason = g_strdup(why);
    uint8_t transfer[TRANSFER_SIZE];
    memcpy(transfer, dial->transfer, TRANSFER_SIZE);
    g_ptr_array_remove_fast(files->dials, dial);
    transfers_dial_failed(files->transfers, transfer, reason, now());
    member_touched(files->member);
}

static void out_hang_up(const uint8_t *transfer, void *user)
{
    MemberFiles *files = user;
    for (guint i = files->dials->len; i-- > 0;) {
        const Dial *dial = files->dials->pdata[i];
        if (memcmp(dial->transfer, transfer, TRANSFER_SIZE) == 0)
            g_ptr_array_remove_index_fast(files->dials, i);
    }
}

/* Where the relay answered us; empty while there is no link. */
static GPtrArray *relay_address(const Member *member)
{
    GPtrArray *one = g_ptr_array_new_with_free_func(g_object_unref);
    if (member->link)
        g_ptr_array_add(one, g_object_ref(member->answered));
    return one;
}

static void out_dial(const uint8_t *transfer, char *const *addresses, const uint8_t *peer,
                     void *user)
{
    static const DialerEvents events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    MemberFiles *files = user;
    Member *member = files->member;
    g_autoptr(GPtrArray) found = addresses
                                     ? addresses_read(addresses, g_strv_length((char **)addresses))
                                     : relay_address(member);
    out_hang_up(transfer, files);
    Dial *dial = g_new0(Dial, 1);
    dial->files = files;
    memcpy(dial->transfer, transfer, TRANSFER_SIZE);
    memcpy(dial->peer, peer ? peer : member->peer, KEY_SIZE);
    g_ptr_array_add(files->dials, dial);
    dial->dialer = dialer_new(member->context, member->poller, member->tls, TLS_ALPN_DATA, found,
                              NULL, 0, &events, dial);
}

/* --- the door --- */

static bool door_expects(const uint8_t *transfer, const uint8_t *ticket, const uint8_t *key,
                         void *user)
{
    MemberFiles *files = user;
    return transfers_expects(files->transfers, transfer, ticket, key, now());
}

static void door_admitted(const uint8_t *transfer, int fd, SSL *ssl, void *user)
{
    MemberFiles *files = user;
    transfers_admitted(files->transfers, transfer, fd, ssl, now());
    member_touched(files->member);
}

/* Without a door others can still be dialled, or met at the relay. */
static char **out_addresses(void *user)
{
    static const DoorEvents events = {.expects = door_expects, .admitted = door_admitted};
    MemberFiles *files = user;
    Member *member = files->member;
    g_autoptr(GError) error = NULL;
    if (!files->door)
        files->door = door_new(member->poller, member->tls, &events, files, &error);
    if (files->door)
        return addresses_own(door_port(files->door));
    if (!files->doorless)
        g_message("No port for files could be opened: %s", error->message);
    files->doorless = true;
    return g_new0(char *, 1);
}

/* --- work on the disk --- */

static void listed(uint64_t job, Listing *listing, const Offer *offer, const char *why, void *user)
{
    MemberFiles *files = user;
    files->listings--;
    transfers_listed(files->transfers, job, listing, offer, why, now());
    member_touched(files->member);
}

static void out_list(uint64_t job, char *const *paths, const char *directory, void *user)
{
    MemberFiles *files = user;
    files->listings++;
    errand_list(files->member->context, files->cancelling, job, paths, directory, listed, files);
}

static void out_discard(const char *state_dir, const char *into, const uint8_t *transfer,
                        void *user)
{
    errand_discard(state_dir, into, transfer);
}

/* --- what else Transfers asks for --- */

static gboolean out_post(const ConversationId *conversation, const Offer *offer, uint8_t *token,
                         GError **error, void *user)
{
    MemberFiles *files = user;
    gboolean posted =
        session_offer(files->member->session, conversation, offer, token, now(), error);
    member_touched(files->member);
    return posted;
}

static bool out_note(const uint8_t *to, const Wire__Note *note, void *user)
{
    MemberFiles *files = user;
    bool sent = session_send_note(files->member->session, to, note, now());
    member_touched(files->member);
    return sent;
}

static const char *out_name(const uint8_t *key, void *user)
{
    const SessionMember *member = session_member(((MemberFiles *)user)->member->session, key);
    return member ? member->shown : NULL;
}

static SSL *out_inner(bool as_server, void *user)
{
    MemberFiles *files = user;
    return as_server ? tls_accept(files->member->tls)
                     : tls_connect(files->member->tls, TLS_ALPN_DATA);
}

static GMainContext *out_context(void *user)
{
    return ((MemberFiles *)user)->member->context;
}

static void out_changed(Transfer *transfer, void *user)
{
    Member *member = ((MemberFiles *)user)->member;
    member_touched(member);
    if (member->started && member->events.transfer)
        member->events.transfer(transfer, member->user);
}

static void out_gone(const uint8_t *id, void *user)
{
    Member *member = ((MemberFiles *)user)->member;
    if (member->started && member->events.transfer_gone)
        member->events.transfer_gone(id, member->user);
}

static void out_notice(const ConversationId *conversation, const char *code, const char *text,
                       void *user)
{
    Member *member = ((MemberFiles *)user)->member;
    SessionEvent event = {.type = SESSION_EVENT_NOTICE, .code = code, .text = text};
    if (conversation)
        event.conversation = *conversation;
    if (member->started)
        member->events.event(&event, member->user);
}

static void out_touched(void *user)
{
    member_touched(((MemberFiles *)user)->member);
}

static int64_t out_now_us(void *user)
{
    return now();
}

static int64_t out_wall_ms(void *user)
{
    return g_get_real_time() / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    randombytes_buf(bytes, length);
}

/* --- what the session tells --- */

static void see_offer(const SessionMessage *message, void *user)
{
    MemberFiles *files = user;
    if (message->offer)
        transfers_offer_seen(files->transfers, message, false, now());
}

/* A program that died may have an offer in its log, or in its outbox, and nowhere else. */
static void scan(MemberFiles *files)
{
    Session *session = files->member->session;
    Log *log = session_log(session);
    g_autoptr(GPtrArray) conversations = log ? log_conversations(log, NULL) : NULL;
    for (guint i = 0; conversations && i < MIN(conversations->len, SCANNED_CONVERSATIONS); i++) {
        gsize length = 0;
        const uint8_t *bytes = g_bytes_get_data(conversations->pdata[i], &length);
        ConversationId id = {.direct = length == KEY_SIZE};
        memcpy(id.id, bytes, MIN(length, sizeof id.id));
        session_history(session, &id, NULL, SCANNED_MESSAGES, see_offer, files);
    }
    session_outbox(session, see_offer, files);
}

static void tell_presence(MemberFiles *files, const SessionMember *member)
{
    bool here = member->presence != MEMBER_OFFLINE && member->has_sealing_key;
    if (member != session_self(files->member->session))
        transfers_presence(files->transfers, member->key, here, now());
}

static void tell_everybody(MemberFiles *files)
{
    g_autoptr(GPtrArray) members = session_members(files->member->session);
    for (guint i = 0; i < members->len; i++)
        tell_presence(files, members->pdata[i]);
}

static void tell_place(MemberFiles *files)
{
    const Session *session = files->member->session;
    bool joined = session_state(session) == SESSION_JOINED;
    if (session_place(session))
        transfers_place(files->transfers, session_place(session), joined, now());
    if (session_place(session) && joined)
        tell_everybody(files);
}

void member_files_event(MemberFiles *files, const SessionEvent *event)
{
    switch (event->type) {
    case SESSION_EVENT_STATE:
    case SESSION_EVENT_JOINED:
        tell_place(files);
        break;
    case SESSION_EVENT_PLACE:
        tell_place(files);
        scan(files);
        break;
    case SESSION_EVENT_MEMBER:
        tell_presence(files, event->member);
        break;
    case SESSION_EVENT_MESSAGE:
    case SESSION_EVENT_DELIVERY:
        if (event->message->offer)
            transfers_offer_seen(files->transfers, event->message, event->live, now());
        break;
    case SESSION_EVENT_NOTE:
        transfers_note(files->transfers, event->from, event->note, now());
        break;
    case SESSION_EVENT_NOTE_RETURNED:
        transfers_note_returned(files->transfers, event->from, event->retry_ms, now());
        break;
    case SESSION_EVENT_TYPING:
    case SESSION_EVENT_HISTORY:
    case SESSION_EVENT_NOTICE:
    case SESSION_EVENT_MOVED:
    case SESSION_EVENT_WANTS_CONNECT:
    case SESSION_EVENT_PASSPHRASE:
    case SESSION_EVENT_BARRED:
    case SESSION_EVENT_RULES:
        break;
    }
}

void member_files_start(MemberFiles *files)
{
    tell_place(files);
    scan(files);
}

/* --- life --- */

MemberFiles *member_files_new(Member *member, GError **error)
{
    static const TransfersOutput output = {
        .post = out_post,
        .note = out_note,
        .name = out_name,
        .list = out_list,
        .discard = out_discard,
        .addresses = out_addresses,
        .dial = out_dial,
        .hang_up = out_hang_up,
        .inner = out_inner,
        .context = out_context,
        .changed = out_changed,
        .gone = out_gone,
        .notice = out_notice,
        .touched = out_touched,
        .now_us = out_now_us,
        .wall_ms = out_wall_ms,
        .random = out_random,
        .workers = &transfers_workers,
    };
    MemberFiles *files = g_new0(MemberFiles, 1);
    files->member = member;
    files->dials = g_ptr_array_new_with_free_func(dial_free);
    files->cancelling = g_cancellable_new();
    files->transfers = transfers_new(member->data_dir, member->store,
                                     identity_key(member->identity), &output, files, now(), error);
    if (!files->transfers)
        g_clear_pointer(&files, member_files_free);
    return files;
}

void member_files_free(MemberFiles *files)
{
    if (!files)
        return;
    g_cancellable_cancel(files->cancelling);
    transfers_free(files->transfers);
    g_ptr_array_unref(files->dials);
    door_free(files->door);
    g_object_unref(files->cancelling);
    g_free(files);
}

void member_files_leave(MemberFiles *files)
{
    transfers_leave(files->transfers, now());
}

int64_t member_files_tick(MemberFiles *files)
{
    int64_t now_us = now();
    if (transfers_deadline(files->transfers) <= now_us)
        transfers_tick(files->transfers, now_us);
    return transfers_deadline(files->transfers);
}

Transfers *member_transfers(Member *member)
{
    return member->files->transfers;
}

bool member_is_listing(const Member *member)
{
    return member->files->listings > 0;
}
