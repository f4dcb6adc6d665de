/* Conversations of a session with a relay, as tables: what happens, and which lines it then gives.
 */
#include "tests/unit/app/session_stage.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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
    PAGE,   /* the first; covers n / 100 … n % 100 */
    ANSWER, /* to the newest Fetch */
    DELIVER,
    TAKEN,  /* the oldest event submitted is stored */
    REFUSE, /* … is refused, for the reason `n` / 100, the feed's head being `n` % 100 */
    ECHO,   /* … comes back in a Deliver */
    TYPES,  /* `who` */
    PART,   /* Goodbye for the reason `n` */
    PONG,
    JUNK,
    SAY, /* to the room, or to `to` */
    RETRY,
    RENAME, /* oneself */
    AWAY,
    TYPE, /* oneself */
    OLDER,
    LEAVE,
    READS, /* the next line is `text` */
    QUIET, /* there is none */
} Act;

typedef struct {
    Act act;
    const char *text;
    int n;
    char who, to;
} Step;

static SessionStage *stage;
static int64_t clock_us; /* for calls that the stage has no word for: never behind its own clock */

static void set_up(void)
{
    stage = session_stage_new();
    clock_us = 0;
}

static void tear_down(void)
{
    g_clear_pointer(&stage, session_stage_free);
}

static uint64_t after_of(const Step *step)
{
    return (uint64_t)step->n / 100;
}

static uint64_t through_of(const Step *step)
{
    return (uint64_t)step->n % 100;
}

static void remember_token(const SessionMessage *message, void *user)
{
    memcpy(user, message->token, TOKEN_SIZE);
}

static void retry(Session *session)
{
    uint8_t token[TOKEN_SIZE];
    ck_assert_uint_gt(session_outbox(session, remember_token, token), 0);
    session_retry(session, token, clock_us);
}

static bool act_on_network(const Step *step)
{
    switch (step->act) {
    case FIND:
        session_stage_find(stage, (uint64_t)step->n, step->text);
        return true;
    case GONE:
        session_stage_gone(stage, (uint64_t)step->n);
        return true;
    case SETTLE:
        session_stage_settle(stage);
        return true;
    case PASS:
        session_stage_pass(stage, step->n);
        return true;
    case UP:
        session_stage_up(stage, step->who ? step->who : 'r');
        return true;
    case FAIL:
        session_stage_fail(stage);
        return true;
    case CUT:
        session_stage_cut(stage);
        return true;
    default:
        return false;
    }
}

static bool act_as_relay(const Step *step)
{
    switch (step->act) {
    case WELCOME:
        session_stage_welcome(stage, step->text ? step->text : "");
        return true;
    case ROSTER:
    case ROSTER_MORE:
        session_stage_roster(stage, step->text, step->act == ROSTER_MORE);
        return true;
    case EVENT:
        session_stage_event(stage, step->who, step->to, step->text);
        return true;
    case NAME:
        session_stage_profile(stage, step->who, step->text);
        return true;
    case AT:
        session_stage_at(stage, (uint64_t)step->n);
        return true;
    case DAMAGE:
        session_stage_damage(stage);
        return true;
    case PAGE:
    case ANSWER:
        session_stage_page(stage, step->act == ANSWER, after_of(step), through_of(step));
        return true;
    case DELIVER:
        session_stage_deliver(stage, after_of(step), through_of(step));
        return true;
    default:
        return false;
    }
}

static bool act_as_relay_on_events(const Step *step)
{
    switch (step->act) {
    case TAKEN:
        session_stage_receipt(stage, WIRE__REFUSAL__NONE, 0);
        return true;
    case REFUSE:
        session_stage_receipt(stage, (Wire__Refusal)after_of(step), through_of(step));
        return true;
    case ECHO:
        session_stage_echo(stage);
        return true;
    case TYPES:
        session_stage_typing(stage, step->who);
        return true;
    case PART:
        session_stage_part(stage, (Wire__Parting)step->n);
        return true;
    case PONG:
        session_stage_pong(stage);
        return true;
    case JUNK:
        session_stage_junk(stage);
        return true;
    default:
        return false;
    }
}

static void act_as_person(const Step *step)
{
    static const ConversationId general;
    Session *session = session_stage_session(stage);
    switch (step->act) {
    case CHOOSE:
        session_choose(session, (uint64_t)step->n, clock_us);
        break;
    case SAY:
        session_stage_say(stage, step->to, step->text);
        break;
    case RETRY:
        retry(session);
        break;
    case RENAME:
        session_set_name(session, step->text, clock_us, NULL);
        break;
    case AWAY:
        session_set_away(session, step->n != 0, clock_us);
        break;
    case TYPE:
        session_typing(session, &general, clock_us);
        break;
    case OLDER:
        session_load_older(session, &general, clock_us);
        break;
    case LEAVE:
        session_leave(session, clock_us);
        break;
    default:
        ck_abort_msg("no such act");
    }
}

static void play(const Step *steps, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const Step *step = &steps[i];
        if (step->act == READS || step->act == QUIET) {
            const char *line = session_stage_next(stage);
            ck_assert_msg(strcmp(line, step->text ? step->text : "") == 0,
                          "%s, step %zu: \"%s\" is \"%s\"", name, i, step->text ? step->text : "",
                          line);
        } else if (!act_on_network(step) && !act_as_relay(step) && !act_as_relay_on_events(step)) {
            act_as_person(step);
        }
    }
}

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

/* --- choosing --- */

START_TEST(waits_a_moment_for_better_ones)
{
    PLAY({FIND, "app", 1}, {READS, "state joining"}, {QUIET}, {FIND, "relay", 2}, {PASS, NULL, 200},
         {QUIET}, {PASS, NULL, 100}, {READS, "dial 2"}, {QUIET});
}
END_TEST

START_TEST(dials_at_once_when_the_network_has_answered)
{
    PLAY({FIND, "app", 1}, {FIND, "relay", 2}, {SETTLE}, {READS, "state joining"},
         {READS, "dial 2"});
}
END_TEST

START_TEST(dials_at_once_what_it_knows)
{
    PLAY({FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"});
}
END_TEST

START_TEST(prefers_what_was_typed)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {FIND, "typed", 2}, {READS, "hang up"}, {READS, "dial 2"}, {FAIL},
         {READS, "state joining"}, {PASS, NULL, 100}, {QUIET}, {PASS, NULL, 400},
         {READS, "dial 2"});
}
END_TEST

START_TEST(tries_others_before_trying_again)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {FIND, "relay place2", 2}, {READS, "state joining"},
         {READS, "dial 1"}, {FAIL}, {READS, "state joining"}, {READS, "dial 2"}, {FAIL}, {QUIET},
         {PASS, NULL, 400}, {READS, "dial 1"});
}
END_TEST

START_TEST(gives_up_a_dial_that_hangs_when_there_are_others)
{
    PLAY({SETTLE}, {FIND, "relay here", 1}, {FIND, "relay", 2}, {PASS, NULL, 1400},
         {READS, "state joining"}, {READS, "dial 1"}, {QUIET}, {PASS, NULL, 200},
         {READS, "hang up"}, {READS, "dial 2"});
}
END_TEST

START_TEST(backs_off_and_comes_at_once_when_it_is_seen_again)
{
    PLAY({SETTLE}, {FIND, "relay remembered", 1}, {READS, "state joining"}, {READS, "dial 1"},
         {FAIL}, {READS, "state joining"}, {PASS, NULL, 400}, {READS, "dial 1"}, {FAIL},
         {PASS, NULL, 200}, {QUIET}, {FIND, "relay", 1}, {READS, "dial 1"});
}
END_TEST

START_TEST(offers_to_connect_when_nothing_is_found)
{
    PLAY({SETTLE}, {PASS, NULL, 2900}, {QUIET}, {PASS, NULL, 200}, {READS, "wants connect"},
         {PASS, NULL, 10000}, {QUIET}, {FIND, "relay", 1}, {READS, "state joining"},
         {READS, "dial 1"});
}
END_TEST

START_TEST(refuses_another_key)
{
    PLAY({SETTLE}, {FIND, "relay key", 1}, {UP, .who = 'c'}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "hang up"}, {READS, "state joining"});
}
END_TEST

START_TEST(refuses_itself)
{
    PLAY({SETTLE}, {FIND, "relay", 1}, {UP, .who = 'a'}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "hang up"}, {READS, "state joining"}, {PASS, NULL, 10000},
         {QUIET});
}
END_TEST

START_TEST(refuses_another_place_than_was_announced)
{
    PLAY({FIND, "relay here", 1}, {UP}, {WELCOME, "place2"}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "> hello place one, holds 0"}, {READS, "hang up"});
}
END_TEST

START_TEST(leaves_for_what_the_person_chooses)
{
    PLAY(JOIN, {FIND, "typed", 2}, {QUIET}, {CHOOSE, NULL, 2}, {READS, "> goodbye"},
         {READS, "hang up"}, {READS, "state joining"}, {READS, "dial 2"}, {UP},
         {READS, "> hello any, holds 1"}, {WELCOME, "place2"}, {READS, "place"});
}
END_TEST

/* --- joining and losing --- */

START_TEST(joins)
{
    PLAY(JOIN, {QUIET});
}
END_TEST

START_TEST(does_not_wait_forever_for_a_welcome)
{
    PLAY({FIND, "relay here", 1}, {UP}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {PASS, NULL, 6100}, {READS, "hang up"});
}
END_TEST

START_TEST(returns_quickly_to_a_relay_that_was_restarted)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME},
         {ROSTER, "b named Ben"}, {PAGE, NULL, 101}, {READS, "state joined"}, {READS, "joined"},
         {QUIET});
}
END_TEST

START_TEST(backs_off_from_one_that_throws_it_out)
{
    PLAY(JOIN, {CUT}, {READS, "state lost"}, {PASS, NULL, 100}, {QUIET}, {PASS, NULL, 300},
         {READS, "dial 1"});
}
END_TEST

START_TEST(does_not_go_elsewhere_when_its_place_restarts)
{
    PLAY(JOIN, {SETTLE}, {FIND, "relay place2", 2}, {PASS, NULL, 1000}, {CUT}, {GONE, NULL, 1},
         {READS, "state lost"}, {PASS, NULL, 1900}, {QUIET}, {FIND, "relay here", 1},
         {READS, "dial 1"});
}
END_TEST

START_TEST(goes_elsewhere_when_its_place_is_gone)
{
    PLAY(JOIN, {SETTLE}, {FIND, "relay place2", 2}, {PASS, NULL, 1000}, {CUT}, {GONE, NULL, 1},
         {READS, "state lost"}, {PASS, NULL, 16000}, {READS, "dial 2"});
}
END_TEST

START_TEST(notices_a_dead_relay)
{
    PLAY(JOIN, {PASS, NULL, 2000}, {READS, "> ping 1"}, {PASS, NULL, 2000}, {READS, "> ping 1"},
         {PONG}, {PASS, NULL, 5900}, {READS, "> ping 1"}, {READS, "> ping 1"}, {QUIET},
         {PASS, NULL, 200}, {READS, "hang up"}, {READS, "state lost"}, {READS, "dial 1"});
}
END_TEST

START_TEST(obeys_a_goodbye)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {PART, NULL, WIRE__PARTING__REPLACED},
         {READS, "notice replaced"}, {READS, "hang up"}, {READS, "state lost"}, {PASS, NULL, 14000},
         {QUIET}, {PASS, NULL, 2000}, {READS, "dial 1"});
}
END_TEST

START_TEST(hangs_up_on_junk)
{
    PLAY(JOIN, {JUNK}, {READS, "hang up"}, {READS, "state lost"});
}
END_TEST

START_TEST(says_goodbye)
{
    PLAY(JOIN, {LEAVE}, {READS, "> goodbye"}, {READS, "hang up"}, {READS, "state searching"},
         {PASS, NULL, 20000}, {QUIET});
}
END_TEST

/* --- reading --- */

START_TEST(shows_history_and_news)
{
    PLAY(JOINING, {EVENT, "long ago", .who = 'b'}, {ROSTER, "b named Ben"}, {PAGE, NULL, 1},
         {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "old Ben: long ago"},
         {READS, "state joined"}, {READS, "joined"}, {READS, "> submit 1 name Me"},
         {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"}, {QUIET});
}
END_TEST

START_TEST(shows_what_came_twice_once)
{
    PLAY(JOIN, {EVENT, "now", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "message Ben: now"},
         {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100}, {READS, "dial 1"},
         {UP}, {READS, "> hello place one, holds 2"}, {WELCOME, "log2"}, {ROSTER, "b"},
         {EVENT, "later", .who = 'b'}, {PAGE, NULL, 3}, {READS, "message Ben: later"},
         {READS, "state joined"}, {READS, "joined"}, {QUIET});
}
END_TEST

START_TEST(fetches_what_is_missing_newest_first)
{
    PLAY(JOINING, {ROSTER, "b named Ben"}, {AT, NULL, 40}, {EVENT, "newest", .who = 'b'},
         {PAGE, NULL, 3940}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {READS, "place"}, {READS, "Ben known"},
         {READS, "old Ben: newest"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> fetch 0..40"}, {OLDER}, {QUIET}, {AT, NULL, 20},
         {EVENT, "older", .who = 'b'}, {ANSWER, NULL, 1939}, {READS, "> fetch 0..20"},
         {READS, "old Ben: older"}, {READS, "history"}, {ANSWER, NULL, 19}, {QUIET}, {OLDER},
         {READS, "history"});
}
END_TEST

START_TEST(does_not_ask_again_what_is_not_answered)
{
    PLAY(JOINING, {ROSTER, "b named Ben"}, {AT, NULL, 40}, {EVENT, "newest", .who = 'b'},
         {PAGE, NULL, 3940}, {READS, "state joining"}, {READS, "dial 1"},
         {READS, "> hello place one, holds 0"}, {READS, "place"}, {READS, "Ben known"},
         {READS, "old Ben: newest"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> fetch 0..40"}, {ANSWER, NULL, 1010}, {QUIET});
}
END_TEST

START_TEST(fetches_what_a_delivery_left_out)
{
    PLAY(JOIN, {AT, NULL, 5}, {EVENT, "far", .who = 'b'}, {DELIVER, NULL, 405},
         {READS, "> fetch 1..5"}, {READS, "message Ben: far"}, {AT, NULL, 3},
         {EVENT, "near", .who = 'b'}, {ANSWER, NULL, 104}, {READS, "message Ben: near"}, {QUIET});
}
END_TEST

START_TEST(leaves_out_what_is_forged)
{
    PLAY(JOIN, {EVENT, "forged", .who = 'b'}, {DAMAGE}, {EVENT, "true", .who = 'c'},
         {DELIVER, NULL, 103}, {READS, "notice bad-event"}, {READS, "message dadbd184: true"},
         {QUIET});
}
END_TEST

START_TEST(opens_directs)
{
    PLAY(JOIN, {EVENT, "psst", .who = 'b', .to = 'a'}, {DELIVER, NULL, 102},
         {READS, "message to me by Ben: psst"}, {QUIET});
}
END_TEST

/* --- people --- */

START_TEST(tells_who_comes_and_goes)
{
    PLAY(JOIN, {ROSTER, "c named Cleo"}, {READS, "Cleo joined"}, {ROSTER, "c away"},
         {READS, "Cleo away"}, {ROSTER, "c"}, {READS, "Cleo back"}, {ROSTER, "c gone"},
         {READS, "Cleo left"}, {ROSTER, "b named Benedict"}, {READS, "Benedict renamed"}, {QUIET});
}
END_TEST

START_TEST(tells_names_apart_that_look_alike)
{
    PLAY(JOIN, {ROSTER, "c named ben"}, {READS, "Ben (6b79) known"}, {READS, "ben (dadb) joined"},
         {QUIET});
}
END_TEST

START_TEST(gives_others_time_to_return_to_a_relay)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME},
         {ROSTER, "b gone"}, {PAGE, NULL, 101}, {READS, "state joined"}, {READS, "joined"},
         {ROSTER, "b"}, {PASS, NULL, 1900}, {QUIET});
}
END_TEST

START_TEST(tells_who_did_not_return_to_a_relay)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME},
         {ROSTER, "b gone"}, {PAGE, NULL, 101}, {READS, "state joined"}, {READS, "joined"},
         {PASS, NULL, 5000}, {READS, "> ping 1"}, {READS, "> ping 1"}, {PONG}, {PASS, NULL, 3500},
         {READS, "> ping 1"}, {READS, "Ben left"});
}
END_TEST

START_TEST(tells_who_types)
{
    PLAY(JOIN, {TYPES, .who = 'b'}, {READS, "Ben types"}, {TYPES, .who = 'b'}, {QUIET},
         {EVENT, "done", .who = 'b'}, {DELIVER, NULL, 102}, {READS, "Ben ceases to type"},
         {READS, "message Ben: done"}, {TYPE}, {READS, "> typing"}, {TYPE}, {QUIET});
}
END_TEST

START_TEST(tells_that_it_is_away)
{
    PLAY(JOIN, {AWAY, NULL, 1}, {READS, "> away"}, {READS, "Me away"}, {PASS, NULL, 600}, {CUT},
         {READS, "state lost"}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b"}, {PAGE, NULL, 101},
         {READS, "> away"}, {READS, "state joined"}, {READS, "joined"}, {AWAY, NULL, 0},
         {READS, "> back"}, {READS, "Me back"});
}
END_TEST

/* --- saying --- */

START_TEST(says)
{
    PLAY(JOIN, {SAY, "hello"}, {READS, "queued hello"}, {READS, "> submit 2 hello"}, {QUIET},
         {TAKEN}, {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(says_later_what_is_said_too_early)
{
    PLAY({SAY, "early"}, {READS, "queued early"}, JOINING, {ROSTER, "b named Ben"}, {PAGE},
         {READS, "state joining"}, {READS, "dial 1"}, {READS, "> hello place one, holds 0"},
         {READS, "place"}, {READS, "Ben known"}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 early"}, {TAKEN}, {TAKEN},
         {READS, "sent early"}, {QUIET});
}
END_TEST

START_TEST(takes_a_delivery_for_a_receipt)
{
    PLAY(JOIN, {SAY, "hello"}, {READS, "queued hello"}, {READS, "> submit 2 hello"}, {ECHO},
         {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(sends_the_same_again_after_a_loss)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {SAY, "hello"}, {READS, "queued hello"},
         {READS, "> submit 2 hello"}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME}, {ROSTER, "b"},
         {PAGE, NULL, 101}, {READS, "state joined"}, {READS, "joined"}, {READS, "> submit 2 hello"},
         {TAKEN}, {READS, "sent hello"}, {QUIET});
}
END_TEST

START_TEST(waits_when_it_is_too_fast)
{
    PLAY(JOIN, {SAY, "one"}, {SAY, "two"}, {READS, "queued one"}, {READS, "> submit 2 one"},
         {READS, "queued two"}, {READS, "> submit 3 two"}, {REFUSE, NULL, 300}, {REFUSE, NULL, 101},
         {PASS, NULL, 1900}, {QUIET}, {PASS, NULL, 200}, {READS, "> submit 2 one"},
         {READS, "> submit 3 two"}, {TAKEN}, {READS, "sent one"}, {TAKEN}, {READS, "sent two"},
         {QUIET});
}
END_TEST

START_TEST(waits_when_the_relays_disk_is_full)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 800},
         {READS, "notice relay-disk"}, {PASS, NULL, 1900}, {QUIET}, {PASS, NULL, 200},
         {READS, "> ping 1"}, {READS, "> submit 2 one"}, {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(tells_what_is_refused)
{
    PLAY(JOIN, {SAY, "one"}, {SAY, "two"}, {READS, "queued one"}, {READS, "> submit 2 one"},
         {READS, "queued two"}, {READS, "> submit 3 two"}, {REFUSE, NULL, 700},
         {READS, "refused one: no"}, {REFUSE, NULL, 101}, {READS, "> submit 2 two"}, {TAKEN},
         {READS, "sent two"}, {QUIET}, {RETRY}, {READS, "queued one"}, {READS, "> submit 3 one"},
         {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(repairs_what_the_relay_lacks)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 100},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 one"}, {TAKEN}, {TAKEN},
         {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(repairs_a_relay_that_lost_its_log)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {TAKEN},
         {READS, "sent one"}, {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {PASS, NULL, 100},
         {READS, "dial 1"}, {UP}, {READS, "> hello place one, holds 1"}, {WELCOME, "log2 forgot"},
         {ROSTER, "b"}, {PAGE}, {READS, "state joined"}, {READS, "joined"},
         {READS, "> submit 1 name Me"}, {READS, "> submit 2 one"}, {TAKEN}, {TAKEN}, {QUIET});
}
END_TEST

START_TEST(begins_anew_after_a_fork)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 202},
         {READS, "> submit 1 one"}, {TAKEN}, {READS, "sent one"}, {QUIET});
}
END_TEST

START_TEST(begins_anew_when_the_relay_knows_more)
{
    PLAY(JOIN, {PASS, NULL, 1000}, {CUT}, {READS, "state lost"}, {SAY, "one"},
         {READS, "queued one"}, {PASS, NULL, 100}, {READS, "dial 1"}, {UP},
         {READS, "> hello place one, holds 1"}, {WELCOME, "ahead"}, {ROSTER, "b"},
         {PAGE, NULL, 101}, {READS, "state joined"}, {READS, "joined"}, {READS, "> submit 1 one"});
}
END_TEST

START_TEST(measures_the_time_again)
{
    PLAY(JOIN, {SAY, "one"}, {READS, "queued one"}, {READS, "> submit 2 one"}, {REFUSE, NULL, 500},
         {READS, "> ping 1"}, {PONG}, {PASS, NULL, 400}, {READS, "> submit 2 one"}, {TAKEN},
         {READS, "sent one"});
}
END_TEST

START_TEST(tells_of_a_clock_that_is_far_off)
{
    PLAY({FIND, "relay here", 1}, {UP}, {WELCOME, "late"}, {READS, "state joining"},
         {READS, "dial 1"}, {READS, "> hello place one, holds 0"}, {READS, "place"},
         {READS, "notice clock"});
}
END_TEST

START_TEST(says_in_private)
{
    PLAY(JOIN, {SAY, "psst", .to = 'b'}, {READS, "queued psst"}, {READS, "> submit 1 private"},
         {TAKEN}, {READS, "sent psst"}, {SAY, "psst", .to = 'a'},
         {READS, "cannot: That is yourself."}, {SAY, "psst", .to = 'd'},
         {READS, "cannot: Nobody in this place has that key."}, {SAY, " "},
         {READS, "cannot: There is nothing to send."});
}
END_TEST

START_TEST(publishes_a_new_name)
{
    PLAY(JOIN, {RENAME, "Myself"}, {READS, "Myself renamed"}, {READS, "> submit 2 name Myself"},
         {TAKEN}, {QUIET});
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session");
    TCase *tests = tcase_create("conversations");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, waits_a_moment_for_better_ones);
    tcase_add_test(tests, dials_at_once_when_the_network_has_answered);
    tcase_add_test(tests, dials_at_once_what_it_knows);
    tcase_add_test(tests, prefers_what_was_typed);
    tcase_add_test(tests, tries_others_before_trying_again);
    tcase_add_test(tests, gives_up_a_dial_that_hangs_when_there_are_others);
    tcase_add_test(tests, backs_off_and_comes_at_once_when_it_is_seen_again);
    tcase_add_test(tests, offers_to_connect_when_nothing_is_found);
    tcase_add_test(tests, refuses_another_key);
    tcase_add_test(tests, refuses_itself);
    tcase_add_test(tests, refuses_another_place_than_was_announced);
    tcase_add_test(tests, leaves_for_what_the_person_chooses);
    tcase_add_test(tests, joins);
    tcase_add_test(tests, does_not_wait_forever_for_a_welcome);
    tcase_add_test(tests, returns_quickly_to_a_relay_that_was_restarted);
    tcase_add_test(tests, backs_off_from_one_that_throws_it_out);
    tcase_add_test(tests, does_not_go_elsewhere_when_its_place_restarts);
    tcase_add_test(tests, goes_elsewhere_when_its_place_is_gone);
    tcase_add_test(tests, notices_a_dead_relay);
    tcase_add_test(tests, obeys_a_goodbye);
    tcase_add_test(tests, hangs_up_on_junk);
    tcase_add_test(tests, says_goodbye);
    tcase_add_test(tests, shows_history_and_news);
    tcase_add_test(tests, shows_what_came_twice_once);
    tcase_add_test(tests, fetches_what_is_missing_newest_first);
    tcase_add_test(tests, does_not_ask_again_what_is_not_answered);
    tcase_add_test(tests, fetches_what_a_delivery_left_out);
    tcase_add_test(tests, leaves_out_what_is_forged);
    tcase_add_test(tests, opens_directs);
    tcase_add_test(tests, tells_who_comes_and_goes);
    tcase_add_test(tests, tells_names_apart_that_look_alike);
    tcase_add_test(tests, gives_others_time_to_return_to_a_relay);
    tcase_add_test(tests, tells_who_did_not_return_to_a_relay);
    tcase_add_test(tests, tells_who_types);
    tcase_add_test(tests, tells_that_it_is_away);
    tcase_add_test(tests, says);
    tcase_add_test(tests, says_later_what_is_said_too_early);
    tcase_add_test(tests, takes_a_delivery_for_a_receipt);
    tcase_add_test(tests, sends_the_same_again_after_a_loss);
    tcase_add_test(tests, waits_when_it_is_too_fast);
    tcase_add_test(tests, waits_when_the_relays_disk_is_full);
    tcase_add_test(tests, tells_what_is_refused);
    tcase_add_test(tests, repairs_what_the_relay_lacks);
    tcase_add_test(tests, repairs_a_relay_that_lost_its_log);
    tcase_add_test(tests, begins_anew_after_a_fork);
    tcase_add_test(tests, begins_anew_when_the_relay_knows_more);
    tcase_add_test(tests, measures_the_time_again);
    tcase_add_test(tests, tells_of_a_clock_that_is_far_off);
    tcase_add_test(tests, says_in_private);
    tcase_add_test(tests, publishes_a_new_name);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
