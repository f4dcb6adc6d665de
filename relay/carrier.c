/* A connection waits (relay/admission.h) until the hub has admitted it: then larger messages are
 * allowed, which is how the carrier sees it. */
#include "relay/carrier_internal.h"
#include "relay/limits.h"

#include <sodium.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define SHUT_DOWN_US (2 * G_USEC_PER_SEC)
#define REPORT_PAUSE_US G_USEC_PER_SEC
/* Lines in the log: what others do must not fill the disk. */
#define REPORT_RATE 20 /* a second, sustained */
#define REPORT_BURST 500

void carrier_report(Carrier *carrier, const char *event, const char *detail)
{
    if (carrier->report == NULL)
        return;
    if (bucket_take(&carrier->reports, REPORT_RATE, REPORT_BURST, g_get_monotonic_time()) > 0) {
        carrier->suppressed++;
        return;
    }
    if (carrier->suppressed > 0) {
        g_autofree char *count = g_strdup_printf("lines=%u", carrier->suppressed);
        carrier->suppressed = 0;
        carrier->report("left-out", count, carrier->user);
    }
    carrier->report(event, detail, carrier->user);
}

/* Whoever knocks may not fill the log: at most one line a second. */
static void count_refusal(Carrier *carrier, const char *why)
{
    carrier->refused++;
    int64_t now_us = g_get_monotonic_time();
    if (now_us < carrier->report_us)
        return;
    g_autofree char *detail = g_strdup_printf("count=%u why=\"%s\"", carrier->refused, why);
    carrier_report(carrier, "refused", detail);
    carrier->refused = 0;
    carrier->report_us = now_us + REPORT_PAUSE_US;
}

static bool is_empty(const Carrier *carrier)
{
    return carrier->admission.waiting.length + carrier->admitted.length == 0;
}

void carrier_remove(Connection *connection)
{
    Carrier *carrier = connection->carrier;
    if (connection->entry.waiting)
        admission_leave(&carrier->admission, &connection->entry);
    else
        g_queue_unlink(&carrier->admitted, &connection->node);
    link_free(connection->link);
    g_free(connection);
    if (carrier->done != NULL && is_empty(carrier))
        poller_poke(carrier->timer);
}

static void drop(Connection *connection)
{
    Carrier *carrier = connection->carrier;
    carrier_flush_batch(carrier);
    HubLink *hub_link = g_steal_pointer(&connection->hub_link);
    if (hub_link != NULL)
        hub_link_closed(carrier->hub, hub_link, g_get_monotonic_time());
    if (connection->meets)
        meetings_leave(carrier->meetings, connection);
    carrier_remove(connection);
    poller_wake(carrier->poller);
}

static void connection_opened(const uint8_t *key, void *user)
{
    Connection *connection = user;
    Carrier *carrier = connection->carrier;
    memcpy(connection->key, key, KEY_SIZE);
    connection->data = strcmp(link_alpn(connection->link), TLS_ALPN_DATA) == 0;
    if (!connection->data)
        connection->hub_link =
            hub_link_opened(carrier->hub, connection, key, g_get_monotonic_time());
    if (connection->hub_link == NULL && !connection->data)
        link_finish(connection->link);
    else
        link_set_deadline(connection->link, connection->deadline_us);
}

void carrier_admit(Connection *connection)
{
    Carrier *carrier = connection->carrier;
    link_set_deadline(connection->link, 0);
    admission_leave(&carrier->admission, &connection->entry);
    g_queue_push_tail_link(&carrier->admitted, &connection->node);
}

static void connection_message(const uint8_t *message, size_t length, void *user)
{
    Connection *connection = user;
    if (connection->hub_link == NULL) {
        carrier_data_message(connection, message, length);
        return;
    }
    if (!connection->entry.waiting) {
        carrier_keep(connection, message, length);
        return;
    }
    hub_frame(connection->carrier->hub, connection->hub_link, message, length,
              g_get_monotonic_time());
    if (connection->hub_link != NULL &&
        hub_frame_max(connection->hub_link) > FRAME_MAX_BEFORE_ADMISSION)
        carrier_admit(connection);
}

static void connection_broken(const char *why, void *user)
{
    Connection *connection = user;
    if (connection->hub_link == NULL)
        return;
    Wire__Goodbye goodbye = WIRE__GOODBYE__INIT;
    goodbye.why = WIRE__PARTING__BAD_FRAME;
    goodbye.text = (char *)why;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_GOODBYE;
    frame.goodbye = &goodbye;
    g_autoptr(GBytes) bytes = frame_build(&frame);
    link_send(connection->link, bytes);
}

static void connection_closed(const char *why, void *user)
{
    Connection *connection = user;
    if (connection->entry.waiting && why != NULL)
        count_refusal(connection->carrier, why);
    drop(connection);
}

static size_t connection_message_max(void *user)
{
    const Connection *connection = user;
    return connection->hub_link != NULL ? hub_frame_max(connection->hub_link)
                                        : FRAME_MAX_BEFORE_ADMISSION;
}

static bool hub_sends(void *link, GBytes *frame, void *user)
{
    return link_send(((Connection *)link)->link, frame);
}

static size_t hub_asks_queued(void *link, void *user)
{
    return link_queued(((Connection *)link)->link);
}

static void hub_closes(void *link, void *user)
{
    Connection *connection = link;
    connection->hub_link = NULL;
    link_finish(connection->link);
}

static int64_t hub_asks_wall_ms(void *user)
{
    return g_get_real_time() / 1000;
}

static void hub_asks_exporter(void *link, uint8_t *out, void *user)
{
    link_export(((Connection *)link)->link, LOCK_EXPORTER, out);
}

static const char *hub_asks_address(void *link, void *user)
{
    Carrier *carrier = user;
    source_address_text(&((Connection *)link)->entry.from, carrier->address);
    return carrier->address;
}

static void hub_asks_random(void *bytes, size_t length, void *user)
{
    randombytes_buf(bytes, length);
}

static void hub_reports(const char *event, const char *detail, void *user)
{
    carrier_report(user, event, detail);
}

static char *hub_claims(const uint8_t *key, const char *code, void *user)
{
    Carrier *carrier = user;
    return carrier->claim(key, code, carrier->user);
}

static void hub_is_renamed(void *user)
{
    Carrier *carrier = user;
    if (carrier->renamed != NULL)
        carrier->renamed(carrier->user);
}

static void accepted(int fd, const struct sockaddr_storage *address, void *user)
{
    static const LinkEvents events = {.opened = connection_opened,
                                      .message = connection_message,
                                      .broken = connection_broken,
                                      .closed = connection_closed,
                                      .message_max = connection_message_max};
    Carrier *carrier = user;
    SourceAddress from = source_address_of(address);
    const char *why = admission_refusal(&carrier->admission, &from);
    if (why != NULL) {
        close(fd);
        count_refusal(carrier, why);
        return;
    }
    Connection *surplus = admission_surplus(&carrier->admission);
    if (surplus != NULL) {
        count_refusal(carrier, "too many connections that say nothing");
        drop(surplus);
    }
    Connection *connection = g_new0(Connection, 1);
    connection->carrier = carrier;
    connection->deadline_us = g_get_monotonic_time() + HANDSHAKE_US;
    connection->node.data = connection;
    admission_enter(&carrier->admission, &connection->entry, &from, connection);
    connection->link = link_new(carrier->poller, fd, tls_accept(carrier->tls),
                                connection->deadline_us, &events, connection);
}

static void round_end(void *user)
{
    Carrier *carrier = user;
    if (carrier->shutting_down)
        return;
    carrier_flush_batch(carrier);
    hub_flush(carrier->hub, g_get_monotonic_time());
    if (carrier->shutting_down) /* something was handed over, and that was the last thing to do */
        return;
    int64_t deadline_us = hub_deadline(carrier->hub);
    poller_set_deadline(carrier->timer, deadline_us == INT64_MAX ? 0 : deadline_us);
}

static void timer_fired(uint32_t events, void *user)
{
    Carrier *carrier = user;
    if (!carrier->shutting_down) {
        carrier_flush_batch(carrier); /* nobody who has just spoken is silent */
        hub_tick(carrier->hub, g_get_monotonic_time());
        return;
    }
    poller_set_deadline(carrier->timer, 0);
    void (*done)(void *user) = g_steal_pointer(&carrier->done);
    if (done != NULL)
        done(carrier->done_user);
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* less will do, too */
}

static void make_hub(Carrier *carrier, const CarrierConfig *config, const Identity *identity,
                     Log *log)
{
    HubOutput output = {.send = hub_sends,
                        .queued = hub_asks_queued,
                        .close = hub_closes,
                        .wall_ms = hub_asks_wall_ms,
                        .report = hub_reports,
                        .exporter = hub_asks_exporter,
                        .address = hub_asks_address,
                        .random = hub_asks_random,
                        .claim = carrier->claim != NULL ? hub_claims : NULL,
                        .renamed = hub_is_renamed,
                        .verify = carrier_verify};
    HubConfig hub = {.place_name = config->place_name,
                     .self = identity_key(identity),
                     .relay_program = config->relay_program,
                     .room_time_ms = config->room_time_ms,
                     .software = "backfence " BACKFENCE_VERSION};
    carrier->hub = hub_new(&hub, log, &output, carrier, g_get_monotonic_time());
}

Carrier *carrier_new(GMainContext *context, const CarrierConfig *config, const Identity *identity,
                     Log *log, GError **error)
{
    raise_descriptor_limit();
    Carrier *carrier = g_new0(Carrier, 1);
    admission_init(&carrier->admission, config->allow_public);
    carrier->report = config->report;
    carrier->claim = config->claim;
    carrier->renamed = config->renamed;
    carrier->user = config->user;
    g_queue_init(&carrier->admitted);
    carrier_make_batch(carrier);
    carrier->poller = poller_new(context);
    carrier->timer = poller_watch(carrier->poller, -1, 0, timer_fired, carrier);
    carrier->tls = tls_new(identity, error);
    if (carrier->tls != NULL && !config->no_listener)
        carrier->listener = listener_new(carrier->poller, config->port, config->port_is_wish,
                                         accepted, carrier, error);
    if (carrier->tls == NULL || (carrier->listener == NULL && !config->no_listener)) {
        carrier_free(carrier);
        return NULL;
    }
    make_hub(carrier, config, identity, log);
    carrier_make_meetings(carrier, &config->meetings);
    poller_set_round_end(carrier->poller, round_end, carrier);
    return carrier;
}

static void free_connections(Carrier *carrier)
{
    while (!is_empty(carrier)) {
        const GQueue *waiting = &carrier->admission.waiting;
        Connection *connection = waiting->head != NULL
                                     ? ((AdmissionEntry *)waiting->head->data)->owner
                                     : carrier->admitted.head->data;
        connection->hub_link = NULL;
        carrier_remove(connection);
    }
}

void carrier_free(Carrier *carrier)
{
    if (carrier == NULL)
        return;
    carrier->done = NULL;
    listener_free(carrier->listener);
    carrier_free_batch(carrier);
    free_connections(carrier);
    meetings_free(carrier->meetings);
    hub_free(carrier->hub);
    poller_unwatch(carrier->timer);
    poller_free(carrier->poller);
    tls_free(carrier->tls);
    g_free(carrier);
}

/* Those who have not said why they came, and those who wait to meet. */
static void drop_idle(Carrier *carrier)
{
    for (GList *node = carrier->admission.waiting.head, *next; node != NULL; node = next) {
        next = node->next;
        Connection *connection = ((AdmissionEntry *)node->data)->owner;
        if (connection->data || !link_is_open(connection->link))
            drop(connection);
    }
    for (GList *node = carrier->admitted.head, *next; node != NULL; node = next) {
        next = node->next;
        Connection *connection = node->data;
        if (connection->meets)
            drop(connection);
    }
}

void carrier_accept(Carrier *carrier, int fd, const struct sockaddr_storage *from)
{
    if (carrier->shutting_down) {
        close(fd);
        return;
    }
    accepted(fd, from, carrier);
    poller_wake(carrier->poller);
}

void carrier_hand_over(Carrier *carrier, void (*done)(void *user), void *user)
{
    poller_wake(carrier->poller); /* its end has a deadline */
    hub_hand_over(carrier->hub, done, user, g_get_monotonic_time());
}

void carrier_shut_down(Carrier *carrier, const HubSuccessor *successor, void (*done)(void *user),
                       void *user)
{
    g_clear_pointer(&carrier->listener, listener_free);
    int64_t now_us = g_get_monotonic_time();
    carrier_flush_batch(carrier);
    hub_shut_down(carrier->hub, successor, now_us);
    carrier->shutting_down = true;
    carrier->done = done;
    carrier->done_user = user;
    poller_set_deadline(carrier->timer, now_us + SHUT_DOWN_US);
    drop_idle(carrier);
    g_clear_pointer(&carrier->meetings, meetings_free);
    if (is_empty(carrier))
        poller_poke(carrier->timer);
}

uint16_t carrier_port(const Carrier *carrier)
{
    return carrier->listener != NULL ? listener_port(carrier->listener) : 0;
}

Hub *carrier_hub(Carrier *carrier)
{
    return carrier->hub;
}

void carrier_touched(Carrier *carrier)
{
    poller_wake(carrier->poller);
}
