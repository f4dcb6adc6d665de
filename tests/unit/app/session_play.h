#pragma once
/* Conversations of a session with a relay, as tables: what happens, and which lines the session
 * then gives. */

#include "tests/unit/app/session_stage.h"

#include <check.h>

typedef enum {
    FIND,    /* candidate `n` with the traits `text` */
    GONE,    /* candidate `n` */
    SETTLE,  /* the network has answered */
    CHOOSE,  /* candidate `n` */
    PASS,    /* `n` ms */
    UP,      /* the dial succeeds, with the key of `who` */
    FAIL,    /* it does not */
    CUT,     /* the link is gone */
    WELCOME, /* with the traits `text` */
    ROSTER,  /* an entry, the last one of the first roster */
    ROSTER_MORE,
    EVENT,  /* of `who` to the room, or to `to` */
    NAME,   /* a profile of `who` */
    AT,     /* the next event has position `n` */
    DAMAGE, /* the last event */
    AGE,    /* events are `n` ms older from now on */
    PAGE,   /* the first; covers n / 100 … n % 100, negative: n / 10000 … n % 10000 */
    ANSWER, /* to the newest Fetch */
    DELIVER,
    TAKEN,  /* the oldest event submitted is stored */
    REFUSE, /* … is refused, for the reason `n` / 100, the feed's head being `n` % 100 */
    ECHO,   /* … comes back in a Deliver */
    TYPES,  /* `who` */
    PART,   /* Goodbye for the reason `n` */
    PONG,
    JUNK,
    HEADS,   /* names what is held of `who`, was made, and `n` / 10000 more; up to n % 10000 */
    WANT,    /* n / 100 … n % 100 of `who` */
    GIVE,    /* what was wanted last */
    SETTLED, /* up to `n` */
    SAY,     /* to the room, or to `to` */
    RETRY,
    OFFER,    /* one file called `text` */
    OFFERED,  /* the same by `who`, to the room or to `to`; `n`: without sense */
    NOTE,     /* to `to` */
    NOTED,    /* by `who`, with the traits `text` */
    RETURNED, /* a note to `to`, to be said again after `n` ms */
    RENAME,   /* oneself */
    AWAY,
    TYPE, /* oneself */
    OLDER,
    LEAVE,
    READS, /* the next line is `text` */
    QUIET, /* there is none */
} Act;

/* One line of a table; what is not needed is left out. */
typedef struct {
    Act act;
    const char *text;
    int n;
    char who, to;
} Step;

/* A fresh stage for each test. */
void play_set_up(void);
void play_tear_down(void);
Session *play_session(void);
Store *play_store(void);
const uint8_t *play_key(char who);
/* All lines that wait. */
void play_skip(void);
/* `name` is that of the test, for what is said when a line is another. */
void play(const Step *steps, size_t count, const char *name);
/* Runs these tests; returns the exit code. */
int play_suite(const char *name, const TTest *const *tests, size_t count);

#define PLAY(...)                                                                                  \
    do {                                                                                           \
        static const Step steps[] = {__VA_ARGS__};                                                 \
        play(steps, G_N_ELEMENTS(steps), __func__);                                                \
    } while (0)

/* Found, welcomed by a relay where b is, and named. */
#define JOINING                                                                                    \
    {FIND, "relay here", 1}, {UP},                                                                 \
    {                                                                                              \
        WELCOME                                                                                    \
    }
#define JOIN                                                                                       \
    JOINING, {ROSTER, "b named Ben"}, {PAGE}, {TAKEN}, {DELIVER, NULL, 1},                         \
        {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},        \
        {READS, "place"}, {READS, "Ben known"}, {READS, "state joined"}, {READS, "joined"},        \
    {                                                                                              \
        READS, "> submit 1 name Me"                                                                \
    }
