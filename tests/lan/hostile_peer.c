#include "tests/lan/hostile_peer.h"

#include "relay/dialer.h"
#include "relay/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 5
#define AWAITED_US (20 * G_USEC_PER_SEC)

struct Peer {
    Poller *poller;
    Identity *identity, *other_identity;
    Tls *tls, *other_tls;
    Keyring *keyring;
    Store *store;
    Session *session;
    char *data_dir, *own;
    GSocketAddress *relay;
    Dialer *dialer;
    Link *link;
    GMutex mutex; /* guards the session, and what follows */
    GCond changed;
    GPtrArray *notes; /* GBytes */
    unsigned sent;
};

static void must(gboolean done, const char *what, const GError *error)
{
    if (!done)
        g_error("%s: %s", what, error != NULL ? error->message : "it cannot be");
}

/* --- the session, on the main thread, with the mutex held --- */

static void link_message(const uint8_t *message, size_t length, void *user)
{
    Peer *peer = user;
    g_mutex_lock(&peer->mutex);
    session_frame(peer->session, message, length, g_get_monotonic_time());
    g_mutex_unlock(&peer->mutex);
}

static void link_closed(const char *why, void *user)
{
    g_error("The relay closed the link: %s", why != NULL ? why : "");
}

static size_t link_message_max(void *user)
{
    return FRAME_MAX;
}

static bool dial_acceptable(const uint8_t *key, void *user)
{
    return true;
}

static void dial_opened(Link *link, const uint8_t *key, GSocketAddress *address, void *user)
{
    static const LinkEvents events = {
        .message = link_message, .closed = link_closed, .message_max = link_message_max};
    Peer *peer = user;
    g_mutex_lock(&peer->mutex);
    peer->link = link;
    link_set_events(link, &events, peer);
    g_clear_pointer(&peer->dialer, dialer_free);
    session_dialled(peer->session, 1, key, g_get_monotonic_time());
    g_mutex_unlock(&peer->mutex);
}

static void dial_failed(const char *why, void *user)
{
    g_error("No relay: %s", why);
}

static void out_dial(uint64_t candidate, void *user)
{
    static const DialerEvents events = {
        .acceptable = dial_acceptable, .opened = dial_opened, .failed = dial_failed};
    Peer *peer = user;
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_ptr_array_add(addresses, peer->relay);
    peer->dialer =
        dialer_new(NULL, peer->poller, peer->tls, TLS_ALPN_LINK, addresses, NULL, 0, &events, peer);
}

static void out_hang_up(void *user)
{
}

static bool out_send(GBytes *frame, void *user)
{
    Peer *peer = user;
    return peer->link != NULL && link_send(peer->link, frame);
}

static Log *out_open_log(const uint8_t *place, GError **error, void *user)
{
    Peer *peer = user;
    g_autofree char *directory = g_build_filename(peer->data_dir, "place", NULL);
    must(g_mkdir_with_parents(directory, 0700) == 0, directory, NULL);
    return log_open(directory, place, error);
}

static void out_event(const SessionEvent *event, void *user)
{
    Peer *peer = user;
    if (event->type == SESSION_EVENT_NOTE)
        g_ptr_array_add(peer->notes, message_pack(&event->note->base));
    if (event->type == SESSION_EVENT_DELIVERY && event->message->delivery == DELIVERY_STATE_SENT &&
        event->message->offer != NULL)
        peer->sent++;
    g_cond_broadcast(&peer->changed);
}

static int64_t out_wall_ms(void *user)
{
    return g_get_real_time() / 1000;
}

static void out_random(void *bytes, size_t length, void *user)
{
    randombytes_buf(bytes, length);
}

static gboolean tick(gpointer user)
{
    Peer *peer = user;
    g_mutex_lock(&peer->mutex);
    session_flush(peer->session, g_get_monotonic_time());
    session_tick(peer->session, g_get_monotonic_time());
    g_mutex_unlock(&peer->mutex);
    return G_SOURCE_CONTINUE;
}

/* --- life --- */

static Identity *make_identity(void)
{
    uint8_t seed[32];
    randombytes_buf(seed, sizeof seed);
    return identity_from_seed(seed);
}

static GSocketAddress *read_address(const char *text)
{
    g_autoptr(GSocketConnectable) parsed = g_network_address_parse(text, 0, NULL);
    must(parsed != NULL, text, NULL);
    GNetworkAddress *address = G_NETWORK_ADDRESS(parsed);
    return g_inet_socket_address_new_from_string(g_network_address_get_hostname(address),
                                                 g_network_address_get_port(address));
}

Peer *peer_new(const PeerOptions *options)
{
    static const SessionOutput output = {
        .dial = out_dial,
        .hang_up = out_hang_up,
        .send = out_send,
        .open_log = out_open_log,
        .event = out_event,
        .wall_ms = out_wall_ms,
        .random = out_random,
    };
    g_autoptr(GError) error = NULL;
    Peer *peer = g_new0(Peer, 1);
    peer->data_dir = g_strdup(options->data_dir);
    peer->own = g_strdup(options->own);
    peer->relay = read_address(options->relay);
    peer->notes = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    peer->identity = make_identity();
    peer->other_identity = make_identity();
    peer->poller = poller_new(NULL);
    peer->tls = tls_new(peer->identity, NULL);
    peer->other_tls = tls_new(peer->other_identity, NULL);
    must(g_mkdir_with_parents(peer->data_dir, 0700) == 0, peer->data_dir, NULL);
    peer->store = store_open(peer->data_dir, &error);
    peer->keyring = keyring_open(NULL, out_wall_ms(NULL), NULL);
    must(peer->store != NULL && peer->keyring != NULL, "store", error);
    peer->session = session_new(peer->identity, peer->keyring, peer->store, &output, peer,
                                g_get_monotonic_time(), &error);
    must(peer->session != NULL, "session", error);
    must(session_set_name(peer->session, options->name, g_get_monotonic_time(), &error), "name",
         error);
    SessionCandidate candidate = {.id = 1, .typed = true, .relay = true};
    session_candidates(peer->session, &candidate, 1, true, g_get_monotonic_time());
    g_timeout_add(TICK_MS, tick, peer);
    return peer;
}

void peer_free(Peer *peer)
{
    link_free(peer->link);
    dialer_free(peer->dialer);
    session_free(peer->session);
    store_close(peer->store);
    keyring_free(peer->keyring);
    tls_free(peer->tls);
    tls_free(peer->other_tls);
    identity_free(peer->identity);
    identity_free(peer->other_identity);
    poller_free(peer->poller);
    g_object_unref(peer->relay);
    g_ptr_array_unref(peer->notes);
    g_free(peer->data_dir);
    g_free(peer->own);
    g_free(peer);
}

/* --- what is said in the room --- */

/* What the link and the session do belongs to the main thread. */
typedef struct {
    Peer *peer;
    const uint8_t *to;
    const Offer *offer;
    uint8_t *token;
    const Wire__Note *note;
    bool done;
} Call;

static gboolean make_call(gpointer user)
{
    Call *call = user;
    Peer *peer = call->peer;
    g_autoptr(GError) error = NULL;
    ConversationId conversation = {.direct = call->to != NULL};
    if (call->to != NULL)
        memcpy(conversation.id, call->to, KEY_SIZE);
    g_mutex_lock(&peer->mutex);
    if (call->offer != NULL)
        must(session_offer(peer->session, &conversation, call->offer, call->token,
                           g_get_monotonic_time(), &error),
             "offer", error);
    else
        (void)session_send_note(peer->session, call->to, call->note, g_get_monotonic_time());
    call->done = true;
    g_cond_broadcast(&peer->changed);
    g_mutex_unlock(&peer->mutex);
    return G_SOURCE_REMOVE;
}

static void call_main(Call *call)
{
    g_main_context_invoke(NULL, make_call, call);
    g_mutex_lock(&call->peer->mutex);
    while (!call->done)
        g_cond_wait(&call->peer->changed, &call->peer->mutex);
    g_mutex_unlock(&call->peer->mutex);
}

static void await_change(Peer *peer, const char *what, gint64 until_us)
{
    if (!g_cond_wait_until(&peer->changed, &peer->mutex, until_us))
        g_error("%s did not come", what);
}

void peer_await_member(Peer *peer, const char *name, uint8_t *key)
{
    gint64 until_us = g_get_monotonic_time() + AWAITED_US;
    g_mutex_lock(&peer->mutex);
    for (;;) {
        const SessionMember *found = session_find_member(peer->session, name, NULL);
        if (found != NULL && found->presence != MEMBER_OFFLINE && found->has_sealing_key) {
            memcpy(key, found->key, KEY_SIZE);
            break;
        }
        await_change(peer, name, until_us);
    }
    g_mutex_unlock(&peer->mutex);
}

void peer_offer(Peer *peer, const uint8_t *to, const Offer *offer, uint8_t *token)
{
    Call call = {.peer = peer, .to = to, .offer = offer, .token = token};
    call_main(&call);
}

void peer_await_sent(Peer *peer, unsigned count)
{
    gint64 until_us = g_get_monotonic_time() + 6 * AWAITED_US;
    g_mutex_lock(&peer->mutex);
    while (peer->sent < count)
        await_change(peer, "a receipt", until_us);
    g_mutex_unlock(&peer->mutex);
}

void peer_note(Peer *peer, const uint8_t *to, const Wire__Note *note)
{
    Call call = {.peer = peer, .to = to, .note = note};
    call_main(&call);
}

Wire__Note *peer_await_note(Peer *peer, Wire__Note__BodyCase kind, unsigned seconds)
{
    gint64 until_us = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    Wire__Note *found = NULL;
    g_mutex_lock(&peer->mutex);
    do {
        while (found == NULL && peer->notes->len > 0) {
            gsize length = 0;
            const uint8_t *bytes = g_bytes_get_data(peer->notes->pdata[0], &length);
            found = wire__note__unpack(NULL, length, bytes);
            g_ptr_array_remove_index(peer->notes, 0);
            if (found->body_case != kind) {
                wire__note__free_unpacked(found, NULL);
                found = NULL;
            }
        }
    } while (found == NULL && g_cond_wait_until(&peer->changed, &peer->mutex, until_us));
    g_mutex_unlock(&peer->mutex);
    return found;
}

void peer_forget_notes(Peer *peer)
{
    g_mutex_lock(&peer->mutex);
    g_ptr_array_set_size(peer->notes, 0);
    g_mutex_unlock(&peer->mutex);
}

/* --- channels --- */

static struct sockaddr_storage native_address(const char *text, socklen_t *length)
{
    struct sockaddr_storage native = {0};
    g_autoptr(GSocketAddress) address = read_address(text);
    must(address != NULL, text, NULL);
    *length = (socklen_t)g_socket_address_get_native_size(address);
    must(g_socket_address_to_native(address, &native, sizeof native, NULL), text, NULL);
    return native;
}

int peer_listen(Peer *peer, char **address)
{
    g_autofree char *any = g_strdup_printf("%s:0", peer->own);
    socklen_t length = 0;
    struct sockaddr_storage own = native_address(any, &length);
    int fd = socket(own.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&own, length) == 0 && listen(fd, 16) == 0 &&
             getsockname(fd, (struct sockaddr *)&own, &length) == 0,
         "listening", NULL);
    *address = g_strdup_printf("%s:%u", peer->own, ntohs(((struct sockaddr_in *)&own)->sin_port));
    return fd;
}

static Channel *secure(Peer *peer, int fd, bool server, const uint8_t *key, bool wrong_key)
{
    g_autoptr(Channel) channel = channel_new(fd);
    g_mutex_lock(&peer->mutex);
    Tls *tls = wrong_key ? peer->other_tls : peer->tls;
    SSL *ssl = server ? tls_accept(tls) : tls_connect(tls, TLS_ALPN_DATA);
    g_mutex_unlock(&peer->mutex);
    g_autoptr(GError) error = NULL;
    /* Whoever it is: the other key is only known when asked for. */
    uint8_t nobody[KEY_SIZE] = {0};
    if (!channel_handshake(channel, ssl, key != NULL ? key : nobody, &error) &&
        (key != NULL || !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED)))
        return NULL;
    return g_steal_pointer(&channel);
}

Channel *peer_admit(Peer *peer, int listener, const uint8_t *key, bool wrong_key, unsigned seconds)
{
    struct pollfd polled = {.fd = listener, .events = POLLIN};
    if (poll(&polled, 1, (int)(seconds * 1000)) != 1)
        return NULL;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    g_autoptr(Channel) channel = fd >= 0 ? secure(peer, fd, true, key, wrong_key) : NULL;
    if (channel == NULL || channel_receive(channel, NULL) == NULL)
        return NULL;
    return g_steal_pointer(&channel);
}

int peer_connect(const char *address)
{
    socklen_t length = 0;
    struct sockaddr_storage native = native_address(address, &length);
    int fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&native, length) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

Channel *peer_dial(Peer *peer, const char *address, const uint8_t *key, bool wrong_key)
{
    int fd = peer_connect(address);
    return fd >= 0 ? secure(peer, fd, false, key, wrong_key) : NULL;
}
