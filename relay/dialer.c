/* The race: `waiting` holds the addresses to be tried, families by turns; one is taken when the
 * last attempt has had its 250 ms, or at once when an attempt failed. The first link that opens
 * with an acceptable key ends everything else. */
#include "relay/dialer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    Dialer *dialer;
    Link *link; /* owned until it wins */
    GSocketAddress *address;
} Attempt;

struct Dialer {
    GMainContext *context;
    Poller *poller;
    Tls *tls;
    const char *alpn;
    DialerEvents events;
    void *user;
    PollerWatch *stagger; /* its deadline: the next attempt */
    PollerWatch *timeout; /* its deadline: the end of it all */
    GQueue waiting;       /* GSocketAddress, owned */
    GPtrArray *attempts;  /* Attempt, owned */
    unsigned tried;
    bool over;
    GCancellable *resolving; /* NULL: not (any more) */
    uint16_t port;
    char *why; /* of the last failure */
};

static void attempt_free(Attempt *attempt)
{
    link_free(attempt->link);
    g_object_unref(attempt->address);
    g_free(attempt);
}

static void start_next(Dialer *dialer);

/* Nothing more will be tried. */
static void end_race(Dialer *dialer)
{
    dialer->over = true;
    g_ptr_array_set_size(dialer->attempts, 0);
    g_queue_clear_full(&dialer->waiting, g_object_unref);
    poller_set_deadline(dialer->stagger, 0);
    poller_set_deadline(dialer->timeout, 0);
    if (dialer->resolving != NULL)
        g_cancellable_cancel(dialer->resolving);
    g_clear_object(&dialer->resolving);
}

static void fail(Dialer *dialer)
{
    g_autofree char *why = g_steal_pointer(&dialer->why);
    end_race(dialer);
    dialer->events.failed(why != NULL ? why : "no address to try", dialer->user);
}

static void note_failure(Dialer *dialer, GSocketAddress *address, const char *why)
{
    g_autofree char *host =
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
    g_free(dialer->why);
    dialer->why = g_strdup_printf("%s: %s", host, why);
}

static void on_opened(const uint8_t *key, void *user)
{
    Attempt *attempt = user;
    Dialer *dialer = attempt->dialer;
    if (dialer->events.acceptable != NULL && !dialer->events.acceptable(key, dialer->user)) {
        note_failure(dialer, attempt->address, "another device answered");
        g_ptr_array_remove_fast(dialer->attempts, attempt);
        start_next(dialer);
        return;
    }
    Link *link = g_steal_pointer(&attempt->link);
    g_autoptr(GSocketAddress) address = g_object_ref(attempt->address);
    end_race(dialer);
    dialer->events.opened(link, key, address, dialer->user);
}

static void on_closed(const char *why, void *user)
{
    Attempt *attempt = user;
    Dialer *dialer = attempt->dialer;
    note_failure(dialer, attempt->address, why != NULL ? why : "closed");
    g_ptr_array_remove_fast(dialer->attempts, attempt);
    start_next(dialer);
}

static void on_message(const uint8_t *message, size_t length, void *user)
{
    g_assert_not_reached(); /* a link that opened is handed over before it reads */
}

static size_t on_message_max(void *user)
{
    return FRAME_MAX_BEFORE_ADMISSION;
}

/* A socket that is connecting, or -1 with errno. */
static int dial(GSocketAddress *address)
{
    struct sockaddr_storage native;
    gssize size = g_socket_address_get_native_size(address);
    if (size < 0 || (size_t)size > sizeof native ||
        !g_socket_address_to_native(address, &native, sizeof native, NULL)) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&native, (socklen_t)size) == 0 ||
        errno == EINPROGRESS)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

/* False when it failed at once. */
static bool begin_attempt(Dialer *dialer, GSocketAddress *address)
{
    static const LinkEvents events = {.opened = on_opened,
                                      .message = on_message,
                                      .closed = on_closed,
                                      .message_max = on_message_max};
    int fd = dial(address);
    if (fd < 0) {
        note_failure(dialer, address, g_strerror(errno));
        return false;
    }
    Attempt *attempt = g_new0(Attempt, 1);
    attempt->dialer = dialer;
    attempt->address = g_object_ref(address);
    attempt->link =
        link_new(dialer->poller, fd, tls_connect(dialer->tls, dialer->alpn), 0, &events, attempt);
    g_ptr_array_add(dialer->attempts, attempt);
    return true;
}

static void start_next(Dialer *dialer)
{
    bool begun = false;
    while (!begun && dialer->tried < DIALER_ATTEMPTS_MAX && dialer->waiting.head != NULL) {
        g_autoptr(GSocketAddress) address = g_queue_pop_head(&dialer->waiting);
        dialer->tried++;
        begun = begin_attempt(dialer, address);
    }
    if (begun)
        poller_set_deadline(dialer->stagger, g_get_monotonic_time() + DIALER_STAGGER_US);
    else if (dialer->attempts->len == 0 && dialer->resolving == NULL)
        fail(dialer);
}

static void stagger_fired(uint32_t events, void *user)
{
    Dialer *dialer = user;
    if (!dialer->over)
        start_next(dialer);
}

static void timeout_fired(uint32_t events, void *user)
{
    Dialer *dialer = user;
    if (dialer->attempts->len > 0) {
        const Attempt *attempt = g_ptr_array_index(dialer->attempts, 0);
        note_failure(dialer, attempt->address, "no answer");
    }
    fail(dialer);
}

/* Takes the first of this family out of the list. */
static GSocketAddress *take_of_family(GQueue *from, GSocketFamily family)
{
    for (GList *node = from->head; node != NULL; node = node->next) {
        GSocketAddress *address = node->data;
        if (g_socket_address_get_family(address) != family)
            continue;
        g_queue_delete_link(from, node);
        return address;
    }
    return NULL;
}

/* Families by turns, the best guess first (RFC 8305 §4). */
static void take_turns(GQueue *waiting)
{
    GQueue rest = *waiting;
    g_queue_init(waiting);
    GSocketFamily turn = rest.head != NULL ? g_socket_address_get_family(rest.head->data) : 0;
    while (rest.head != NULL) {
        GSocketAddress *address = take_of_family(&rest, turn);
        if (address == NULL)
            address = g_queue_pop_head(&rest);
        g_queue_push_tail(waiting, address);
        turn = g_socket_address_get_family(address) == G_SOCKET_FAMILY_IPV6 ? G_SOCKET_FAMILY_IPV4
                                                                            : G_SOCKET_FAMILY_IPV6;
    }
}

static void on_resolved(GObject *resolver, GAsyncResult *result, void *user)
{
    g_autoptr(GError) error = NULL;
    GList *found = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* the dialer is gone or done */
    Dialer *dialer = user;
    g_clear_object(&dialer->resolving);
    if (error != NULL) {
        g_free(dialer->why);
        dialer->why = g_strdup(error->message);
    }
    for (GList *node = found; node != NULL; node = node->next)
        g_queue_push_tail(&dialer->waiting, g_inet_socket_address_new(node->data, dialer->port));
    g_resolver_free_addresses(found);
    take_turns(&dialer->waiting);
    if (dialer->attempts->len == 0)
        poller_poke(dialer->stagger);
}

static void resolve(Dialer *dialer, const char *host)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    dialer->resolving = g_cancellable_new();
    g_main_context_push_thread_default(dialer->context);
    g_resolver_lookup_by_name_async(resolver, host, dialer->resolving, on_resolved, dialer);
    g_main_context_pop_thread_default(dialer->context);
}

Dialer *dialer_new(GMainContext *context, Poller *poller, Tls *tls, const char *alpn,
                   const GPtrArray *addresses, const char *host, uint16_t port,
                   const DialerEvents *events, void *user)
{
    Dialer *dialer = g_new0(Dialer, 1);
    dialer->context = g_main_context_ref(context != NULL ? context : g_main_context_default());
    dialer->poller = poller;
    dialer->tls = tls;
    dialer->alpn = alpn;
    dialer->events = *events;
    dialer->user = user;
    dialer->port = port;
    dialer->attempts = g_ptr_array_new_with_free_func((GDestroyNotify)attempt_free);
    g_queue_init(&dialer->waiting);
    for (unsigned i = 0; addresses != NULL && i < addresses->len; i++) {
        if (G_IS_INET_SOCKET_ADDRESS(addresses->pdata[i]))
            g_queue_push_tail(&dialer->waiting, g_object_ref(addresses->pdata[i]));
    }
    take_turns(&dialer->waiting);
    dialer->stagger = poller_watch(poller, -1, 0, stagger_fired, dialer);
    dialer->timeout = poller_watch(poller, -1, 0, timeout_fired, dialer);
    poller_set_deadline(dialer->timeout, g_get_monotonic_time() + DIALER_TIMEOUT_US);
    if (host != NULL)
        resolve(dialer, host);
    poller_poke(dialer->stagger);
    return dialer;
}

void dialer_free(Dialer *dialer)
{
    if (dialer == NULL)
        return;
    end_race(dialer);
    poller_unwatch(dialer->stagger);
    poller_unwatch(dialer->timeout);
    g_ptr_array_unref(dialer->attempts);
    g_main_context_unref(dialer->context);
    g_free(dialer->why);
    g_free(dialer);
}
