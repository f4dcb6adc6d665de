#include "app/files/door.h"

#include "relay/admission.h"
#include "relay/data_frame.h"
#include "relay/limits.h"
#include "relay/link.h"
#include "relay/listener.h"

#include <string.h>
#include <unistd.h>

struct Door {
    Poller *poller;
    Listener *listener;
    Tls *tls;
    Arena *arena;
    Admission admission;
    DoorEvents events;
    void *user;
};

/* Somebody who knocked and has not been let in. */
typedef struct {
    Door *door;
    Link *link;
    AdmissionEntry entry;
    int64_t deadline_us;
    uint8_t key[KEY_SIZE];
} Caller;

static void drop(Caller *caller)
{
    admission_leave(&caller->door->admission, &caller->entry);
    link_free(caller->link);
    g_free(caller);
}

static void caller_opened(const uint8_t *key, void *user)
{
    Caller *caller = user;
    memcpy(caller->key, key, KEY_SIZE);
    if (strcmp(link_alpn(caller->link), TLS_ALPN_DATA) != 0)
        link_finish(caller->link);
    else
        link_set_deadline(caller->link, caller->deadline_us);
}

static void let_in(Caller *caller, const uint8_t *transfer)
{
    Door *door = caller->door;
    SSL *ssl = NULL;
    int fd = link_steal(caller->link, &ssl);
    if (fd < 0) { /* it speaks before it was let in */
        link_finish(caller->link);
        return;
    }
    drop(caller);
    door->events.admitted(transfer, fd, ssl, door->user);
}

static void caller_message(const uint8_t *message, size_t length, void *user)
{
    Caller *caller = user;
    Door *door = caller->door;
    arena_reset(door->arena);
    const Wire__DataFrame *frame = data_frame_parse(door->arena, message, length, NULL);
    if (frame != NULL && frame->body_case == WIRE__DATA_FRAME__BODY_PRESENT &&
        door->events.expects(frame->present->transfer.data, frame->present->ticket.data,
                             caller->key, door->user))
        let_in(caller, frame->present->transfer.data);
    else
        link_finish(caller->link);
}

static void caller_closed(const char *why, void *user)
{
    drop(user);
}

static size_t caller_message_max(void *user)
{
    return FRAME_MAX_BEFORE_ADMISSION;
}

static void accepted(int fd, const struct sockaddr_storage *address, void *user)
{
    static const LinkEvents events = {.opened = caller_opened,
                                      .message = caller_message,
                                      .closed = caller_closed,
                                      .message_max = caller_message_max};
    Door *door = user;
    SourceAddress from = source_address_of(address);
    if (admission_refusal(&door->admission, &from) != NULL) {
        close(fd);
        return;
    }
    Caller *surplus = admission_surplus(&door->admission);
    if (surplus != NULL)
        drop(surplus);
    Caller *caller = g_new0(Caller, 1);
    caller->door = door;
    caller->deadline_us = g_get_monotonic_time() + HANDSHAKE_US;
    admission_enter(&door->admission, &caller->entry, &from, caller);
    caller->link =
        link_new(door->poller, fd, tls_accept(door->tls), caller->deadline_us, &events, caller);
}

static Listener *listen_somewhere(Door *door, GError **error)
{
    for (uint16_t i = 1; i <= DOOR_PORTS; i++) {
        Listener *listener =
            listener_new(door->poller, DEFAULT_PORT + i, false, accepted, door, NULL);
        if (listener != NULL)
            return listener;
    }
    return listener_new(door->poller, 0, false, accepted, door, error);
}

Door *door_new(Poller *poller, Tls *tls, const DoorEvents *events, void *user, GError **error)
{
    Door *door = g_new0(Door, 1);
    door->poller = poller;
    door->tls = tls;
    door->events = *events;
    door->user = user;
    door->arena = arena_new(DATA_ARENA_SIZE);
    admission_init(&door->admission, false);
    door->listener = listen_somewhere(door, error);
    if (door->listener == NULL)
        g_clear_pointer(&door, door_free);
    return door;
}

void door_free(Door *door)
{
    if (door == NULL)
        return;
    listener_free(door->listener);
    while (door->admission.waiting.head != NULL)
        drop(((AdmissionEntry *)door->admission.waiting.head->data)->owner);
    arena_free(door->arena);
    g_free(door);
}

uint16_t door_port(const Door *door)
{
    return listener_port(door->listener);
}
