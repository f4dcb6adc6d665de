#pragma once
/* Where two members meet who cannot reach each other: each makes a data connection to the relay and
 * names the same meeting and each other; then their TCP connections are spliced (splice(2), no copy
 * through this process) and the relay forwards bytes that it cannot read: the two run a TLS of
 * their own inside. Bounded: who may come, how many, how fast. One thread, that of the poller;
 * SIGPIPE must be ignored. */

#include "relay/limits.h"
#include "relay/poller.h"

typedef struct {
    uint64_t rate;      /* bytes a second of all meetings together, both directions; 0: no bound */
    uint64_t bytes_max; /* of one meeting; 0: no bound */
    unsigned meetings_max; /* at once; 0: none at all */
    int64_t wait_us;       /* for the other one to come; 0: MEETING_WAIT_US */
    int64_t silence_us;    /* without a byte; 0: MEETING_SILENCE_US */
} MeetingLimits;

/* Of a relay whose operator said nothing. */
#define MEETING_LIMITS_DEFAULT                                                                     \
    {                                                                                              \
        .rate = UINT64_C(64) * 1024 * 1024, .meetings_max = 32                                     \
    }

#define MEETING_WAIT_US (10 * INT64_C(1000000))
#define MEETING_SILENCE_US (60 * INT64_C(1000000))
#define MEETINGS_PER_MEMBER 8

typedef struct {
    /* The other one has come: say Met on this connection, write it out, give its descriptor by
     * meetings_start(), or meetings_leave() when that is not possible; both may be called from
     * inside. */
    void (*met)(void *connection, void *user);
    /* It will not be: too many, or nobody came. Say so and close; the connection is forgotten here.
     * `why` is static. */
    void (*refused)(void *connection, const char *why, uint32_t retry_ms, void *user);
    /* Bytes can flow: for the log. */
    void (*began)(void *user);
    /* A meeting that began is over, for the log: static words and how many bytes went through. */
    void (*over)(const char *why, uint64_t bytes, void *user);
} MeetingsEvents;

typedef struct Meetings Meetings;

Meetings *meetings_new(Poller *poller, const MeetingLimits *limits, const MeetingsEvents *events,
                       void *user);
/* Ends all. */
void meetings_free(Meetings *meetings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Meetings, meetings_free)

/* `connection` of member `key` wants to meet `other` under this id (TRANSFER_SIZE bytes). met() or
 * refused() follows, maybe before this returns. */
void meetings_enter(Meetings *meetings, void *connection, const uint8_t *key, const uint8_t *id,
                    const uint8_t *other);
/* It closed while waiting. Does nothing when it is not known. */
void meetings_leave(Meetings *meetings, void *connection);
/* After met(): the bare socket, non-blocking, taken over; `connection` is forgotten here. When both
 * are given, bytes flow. */
void meetings_start(Meetings *meetings, void *connection, int fd);

unsigned meetings_count(const Meetings *meetings); /* waiting ones too */
