/* A meeting is WAITING for its second member, MET while the two connections are being turned into
 * sockets, FLOWING when they are joined. From the first moment on it has a place among those that
 * may be at once, and another one of those that its member may have. */
#include "relay/meeting.h"

#include "relay/junction.h"

#include <string.h>
#include <unistd.h>

#define RETRY_MS 2000

typedef enum {
    MEETING_WAITING,
    MEETING_MET,
    MEETING_FLOWING,
} MeetingState;

typedef struct {
    uint8_t key[KEY_SIZE];
    bool here;        /* it came */
    void *connection; /* NULL: not here, or its socket is */
    int fd;           /* -1: none */
} Guest;

typedef struct {
    Meetings *meetings;
    MeetingState state;
    uint8_t id[TRANSFER_SIZE];
    Guest guests[2]; /* in the order in which they came */
    PollerWatch *timer;
    Junction *junction; /* when FLOWING */
    GList node;
} Meeting;

struct Meetings {
    Poller *poller;
    MeetingLimits limits;
    MeetingsEvents events;
    void *user;
    Throttle *throttle;
    GQueue all; /* Meeting, by `node` */
};

static void meeting_free(Meeting *meeting)
{
    g_queue_unlink(&meeting->meetings->all, &meeting->node);
    poller_unwatch(meeting->timer);
    junction_free(meeting->junction);
    for (int i = 0; i < 2; i++) {
        if (meeting->guests[i].fd >= 0)
            close(meeting->guests[i].fd);
    }
    g_free(meeting);
}

/* Nothing will come of it: tells those who are here. */
static void call_off(Meeting *meeting, const char *why)
{
    Meetings *meetings = meeting->meetings;
    void *connections[2] = {meeting->guests[0].connection, meeting->guests[1].connection};
    meeting_free(meeting);
    for (int i = 0; i < 2; i++) {
        if (connections[i] != NULL)
            meetings->events.refused(connections[i], why, RETRY_MS, meetings->user);
    }
}

static void timer_fired(uint32_t events, void *user)
{
    Meeting *meeting = user;
    call_off(meeting, meeting->state == MEETING_WAITING ? "the other one did not come"
                                                        : "the other one is too slow");
}

static Meeting *find_connection(Meetings *meetings, const void *connection, Guest **guest)
{
    for (const GList *node = meetings->all.head; node != NULL; node = node->next) {
        Meeting *meeting = node->data;
        for (int i = 0; i < 2; i++) {
            if (meeting->guests[i].connection == connection) {
                *guest = &meeting->guests[i];
                return meeting;
            }
        }
    }
    return NULL;
}

/* One that waits under this id, `first` being here and `second` not. */
static Meeting *find_waiting(Meetings *meetings, const uint8_t *id, const uint8_t *first,
                             const uint8_t *second)
{
    for (const GList *node = meetings->all.head; node != NULL; node = node->next) {
        Meeting *meeting = node->data;
        if (meeting->state == MEETING_WAITING && memcmp(meeting->id, id, TRANSFER_SIZE) == 0 &&
            memcmp(meeting->guests[0].key, first, KEY_SIZE) == 0 &&
            memcmp(meeting->guests[1].key, second, KEY_SIZE) == 0)
            return meeting;
    }
    return NULL;
}

/* Meetings to which it came, not those in which it is only awaited. */
static unsigned count_of(const Meetings *meetings, const uint8_t *key)
{
    unsigned count = 0;
    for (const GList *node = meetings->all.head; node != NULL; node = node->next) {
        const Meeting *meeting = node->data;
        for (int i = 0; i < 2; i++)
            count += meeting->guests[i].here && memcmp(meeting->guests[i].key, key, KEY_SIZE) == 0;
    }
    return count;
}

/* Why it may not come; NULL: it may. */
static const char *refusal(const Meetings *meetings, const uint8_t *key, const uint8_t *other,
                           bool expected)
{
    if (meetings->limits.meetings_max == 0)
        return "this relay carries no files";
    if (memcmp(key, other, KEY_SIZE) == 0)
        return "nobody meets oneself";
    if (count_of(meetings, key) >= MEETINGS_PER_MEMBER)
        return "you send and receive too many files over this relay";
    if (!expected && meetings->all.length >= meetings->limits.meetings_max)
        return "too many files go over this relay";
    return NULL;
}

static void begin_waiting(Meetings *meetings, void *connection, const uint8_t *key,
                          const uint8_t *id, const uint8_t *other)
{
    Meeting *meeting = g_new0(Meeting, 1);
    meeting->meetings = meetings;
    memcpy(meeting->id, id, TRANSFER_SIZE);
    memcpy(meeting->guests[0].key, key, KEY_SIZE);
    memcpy(meeting->guests[1].key, other, KEY_SIZE);
    meeting->guests[0].connection = connection;
    meeting->guests[0].here = true;
    meeting->guests[0].fd = meeting->guests[1].fd = -1;
    meeting->timer = poller_watch(meetings->poller, -1, 0, timer_fired, meeting);
    poller_set_deadline(meeting->timer, g_get_monotonic_time() + meetings->limits.wait_us);
    meeting->node.data = meeting;
    g_queue_push_tail_link(&meetings->all, &meeting->node);
}

static void meet(Meeting *meeting, void *connection)
{
    Meetings *meetings = meeting->meetings;
    void *first = meeting->guests[0].connection;
    meeting->guests[1].connection = connection;
    meeting->guests[1].here = true;
    meeting->state = MEETING_MET;
    poller_set_deadline(meeting->timer, g_get_monotonic_time() + HANDSHAKE_US);
    meetings->events.met(first, meetings->user);
    /* It may have been called off by that. */
    Guest *guest;
    if (find_connection(meetings, connection, &guest) != NULL)
        meetings->events.met(connection, meetings->user);
}

void meetings_enter(Meetings *meetings, void *connection, const uint8_t *key, const uint8_t *id,
                    const uint8_t *other)
{
    /* Whoever comes twice has lost the first connection. */
    Meeting *stale = find_waiting(meetings, id, key, other);
    if (stale != NULL)
        call_off(stale, "you came again");
    Meeting *meeting = find_waiting(meetings, id, other, key);
    const char *why = refusal(meetings, key, other, meeting != NULL);
    if (why != NULL)
        meetings->events.refused(connection, why, meetings->limits.meetings_max > 0 ? RETRY_MS : 0,
                                 meetings->user);
    else if (meeting != NULL)
        meet(meeting, connection);
    else
        begin_waiting(meetings, connection, key, id, other);
}

void meetings_leave(Meetings *meetings, void *connection)
{
    Guest *guest;
    Meeting *meeting = find_connection(meetings, connection, &guest);
    if (meeting == NULL)
        return;
    guest->connection = NULL;
    call_off(meeting, "the other one left");
}

static void junction_over(const char *why, void *user)
{
    Meeting *meeting = user;
    Meetings *meetings = meeting->meetings;
    uint64_t bytes = junction_bytes(meeting->junction);
    meeting_free(meeting);
    meetings->events.over(why, bytes, meetings->user);
}

static void flow(Meeting *meeting)
{
    Meetings *meetings = meeting->meetings;
    const JunctionLimits limits = {.bytes_max = meetings->limits.bytes_max,
                                   .silence_us = meetings->limits.silence_us};
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = meeting->guests[i].fd;
        meeting->guests[i].fd = -1;
    }
    meeting->state = MEETING_FLOWING;
    poller_set_deadline(meeting->timer, 0);
    meeting->junction = junction_new(meetings->poller, meetings->throttle, fds, &limits,
                                     junction_over, meeting, NULL);
    meetings->events.began(meetings->user);
    if (meeting->junction == NULL) {
        meeting_free(meeting);
        meetings->events.over("no descriptors are left", 0, meetings->user);
    }
}

void meetings_start(Meetings *meetings, void *connection, int fd)
{
    Guest *guest = NULL;
    Meeting *meeting = find_connection(meetings, connection, &guest);
    if (meeting == NULL || meeting->state != MEETING_MET) {
        close(fd);
        return;
    }
    guest->connection = NULL;
    guest->fd = fd;
    if (meeting->guests[0].fd >= 0 && meeting->guests[1].fd >= 0)
        flow(meeting);
}

Meetings *meetings_new(Poller *poller, const MeetingLimits *limits, const MeetingsEvents *events,
                       void *user)
{
    Meetings *meetings = g_new0(Meetings, 1);
    meetings->poller = poller;
    meetings->limits = *limits;
    if (limits->wait_us == 0)
        meetings->limits.wait_us = MEETING_WAIT_US;
    if (limits->silence_us == 0)
        meetings->limits.silence_us = MEETING_SILENCE_US;
    meetings->events = *events;
    meetings->user = user;
    meetings->throttle = throttle_new(poller, limits->rate);
    g_queue_init(&meetings->all);
    return meetings;
}

void meetings_free(Meetings *meetings)
{
    if (meetings == NULL)
        return;
    while (meetings->all.head != NULL)
        meeting_free(meetings->all.head->data);
    throttle_free(meetings->throttle);
    g_free(meetings);
}

unsigned meetings_count(const Meetings *meetings)
{
    return meetings->all.length;
}
