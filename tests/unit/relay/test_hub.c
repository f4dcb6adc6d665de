/* Conversations with the hub, as tables: who does what, and which lines each member then reads. */
/* lint: file-length one language of acts for all conversations */
#include "relay/bucket.h"
#include "relay/entries.h"
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <stdlib.h>

typedef enum {
    OPEN,    /* TLS is up, nothing said */
    HELLO,   /* … and Hello, holding everything up to `n` */
    CUT,     /* the link is gone */
    SAY,     /* `text` to the room, or to `to` */
    SKIP,    /* the same, leaving out one place of the feed */
    AGAIN,   /* the last event once more */
    STEAL,   /* the last event of `to` */
    FORK,    /* another event at the place of the last */
    PROFILE, /* the name `text` */
    ASK,     /* Fetch(after n / 100, before n % 100) */
    PING,    /* holding everything up to `n` */
    AWAY,
    TYPE, /* in the room, or to `to` */
    NOTE, /* a signal to `to`; `n`: one that pretends to be returned */
    HEADS,
    JUNK,  /* bytes that are no message */
    FLUSH, /* the end of a round */
    PASS,  /* `n` ms */
    RESTART,
    QUEUE, /* takes `n` more frames */
    SLOW,  /* `n` bytes wait in its queue */
    LIMIT, /* the log may have `n` bytes */
    READS, /* the next line is `text` */
    QUIET, /* there is none */
} Act;

typedef struct {
    Act act;
    char who;
    const char *text;
    int n;
    char to;
} Step;

static Stage *stage;

static void setup(void)
{
    stage = stage_new();
}

static void teardown(void)
{
    g_clear_pointer(&stage, stage_free);
}

static ProtobufCBinaryData key_of(char who)
{
    return (ProtobufCBinaryData){who ? KEY_SIZE : 0, who ? (uint8_t *)stage_key(stage, who) : NULL};
}

static void ask(const Step *step)
{
    Wire__Fetch fetch = WIRE__FETCH__INIT;
    fetch.request = 5;
    fetch.after = (uint64_t)step->n / 100;
    fetch.before = (uint64_t)step->n % 100;
    fetch.limit = 2;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_FETCH;
    frame.fetch = &fetch;
    stage_frame(stage, step->who, &frame);
}

static void ping(const Step *step)
{
    Wire__Ping body = WIRE__PING__INIT;
    body.nonce = 3;
    body.position = (uint64_t)step->n;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PING;
    frame.ping = &body;
    stage_frame(stage, step->who, &frame);
}

static void status(const Step *step)
{
    static const uint8_t general[PLACE_SIZE];
    Wire__Status body = WIRE__STATUS__INIT;
    body.what = step->act == AWAY ? WIRE__STATUS__WHAT__AWAY_NOW : WIRE__STATUS__WHAT__TYPING;
    if (step->act == TYPE && step->to)
        body.to = key_of(step->to);
    else if (step->act == TYPE)
        body.room = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)general};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_STATUS;
    frame.status = &body;
    stage_frame(stage, step->who, &frame);
}

static void note(const Step *step)
{
    Wire__Signal body = WIRE__SIGNAL__INIT;
    body.to = key_of(step->to);
    body.returned = step->n != 0;
    if (!body.returned)
        body.sealed = (ProtobufCBinaryData){4, (uint8_t *)"note"};
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SIGNAL;
    frame.signal = &body;
    stage_frame(stage, step->who, &frame);
}

static void ask_heads(const Step *step)
{
    Wire__Heads body = WIRE__HEADS__INIT;
    body.ask = true;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &body;
    stage_frame(stage, step->who, &frame);
}

/* lint: function-length one case for each act */
static void take(const Step *step)
{
    switch (step->act) {
    case OPEN:
        stage_open(stage, step->who);
        break;
    case HELLO:
        stage_hello(stage, step->who, (uint64_t)step->n);
        break;
    case CUT:
        stage_cut(stage, step->who);
        break;
    case SAY:
    case SKIP:
        stage_say(stage, step->who, step->to, step->text, step->act == SKIP);
        break;
    case AGAIN:
        stage_again(stage, step->who);
        break;
    case STEAL:
        stage_steal(stage, step->who, step->to);
        break;
    case FORK:
        stage_fork(stage, step->who, step->text);
        break;
    case PROFILE:
        stage_profile(stage, step->who, step->text);
        break;
    case ASK:
        ask(step);
        break;
    case PING:
        ping(step);
        break;
    case AWAY:
    case TYPE:
        status(step);
        break;
    case NOTE:
        note(step);
        break;
    case HEADS:
        ask_heads(step);
        break;
    case JUNK:
        stage_bytes(stage, step->who, (const uint8_t *)"\xff\xff\xff", 3);
        break;
    case FLUSH:
        stage_flush(stage);
        break;
    case PASS:
        stage_pass(stage, step->n);
        break;
    case RESTART:
        stage_restart(stage);
        break;
    case QUEUE:
        stage_set_room(stage, step->who, step->n);
        break;
    case SLOW:
        stage_set_queued(stage, step->who, (size_t)step->n);
        break;
    case LIMIT:
        log_set_size_limit(stage_log(stage), (uint64_t)step->n);
        break;
    case READS:
    case QUIET:
        break;
    }
}

static void play(const Step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Step *step = &steps[i];
        take(step);
        if (step->act != READS && step->act != QUIET)
            continue;
        const char *line = stage_next(stage, step->who);
        ck_assert_msg(g_str_equal(line, step->text ? step->text : ""),
                      "step %zu: %c reads “%s”, not “%s”", i, step->who, line,
                      step->text ? step->text : "");
    }
}
#define PLAY(...)                                                                                  \
    do {                                                                                           \
        static const Step steps[] = {__VA_ARGS__};                                                 \
        play(steps, G_N_ELEMENTS(steps));                                                          \
    } while (0)

#define JOINS_EMPTY(who)                                                                           \
    {HELLO, who}, {READS, who, "welcome head=0 members=1 own=0"},                                  \
    {                                                                                              \
        FLUSH                                                                                      \
    }

START_TEST(joining_brings_welcome_roster_and_page)
{
    PLAY({HELLO, 'a'}, {READS, 'a', "welcome head=0 members=1 own=0"},
         {READS, 'a', "roster a=online"}, {READS, 'a', "page 0 (0,0]"}, {QUIET, 'a'});
}
END_TEST

/* Everything up to the first receipt, for stories that begin later. */
#define A_AND_B_ARE_IN                                                                             \
    {HELLO, 'a'}, {READS, 'a', "welcome head=0 members=1 own=0"}, {READS, 'a', "roster a=online"}, \
        {READS, 'a', "page 0 (0,0]"}, {FLUSH}, {READS, 'a', "roster a=online"}, {HELLO, 'b'},      \
        {READS, 'b', "welcome head=0 members=2 own=0"}, {READS, 'b', "roster a=online b=online"},  \
        {READS, 'b', "page 0 (0,0]"}, {FLUSH}, {READS, 'a', "roster b=online"},                    \
        {READS, 'b', "roster b=online"}, {QUIET, 'a'},                                             \
    {                                                                                              \
        QUIET, 'b'                                                                                 \
    }

START_TEST(nothing_is_told_before_the_commit)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {SAY, 'b', "two"}, {QUIET, 'a'}, {QUIET, 'b'}, {FLUSH},
         {READS, 'a', "receipt 1"}, {READS, 'b', "receipt 2"},
         {READS, 'a', "deliver (0,2] 1:a:one 2:b:two"},
         {READS, 'b', "deliver (0,2] 1:a:one 2:b:two"}, {QUIET, 'a'}, {QUIET, 'b'});
}
END_TEST

START_TEST(a_known_event_gets_its_receipt_again_and_is_delivered_once)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {AGAIN, 'a'}, {FLUSH}, {READS, 'a', "receipt 1"},
         {READS, 'a', "receipt 1"}, {READS, 'a', "deliver (0,1] 1:a:one"}, {AGAIN, 'a'}, {FLUSH},
         {READS, 'a', "receipt 1"}, {READS, 'b', "deliver (0,1] 1:a:one"}, {QUIET, 'a'},
         {QUIET, 'b'});
}
END_TEST

START_TEST(gaps_and_forks_are_refused_with_the_head)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {FLUSH}, {READS, 'a', "receipt 1"},
         {READS, 'a', "deliver (0,1] 1:a:one"}, {FORK, 'a', "other"},
         {READS, 'a', "receipt FORK head=1"}, {SKIP, 'a', "three"},
         {READS, 'a', "receipt GAP head=1"});
}
END_TEST

START_TEST(nobody_speaks_for_another)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {STEAL, 'b', NULL, 0, 'a'},
         {READS, 'b', "receipt NOT_ALLOWED"});
}
END_TEST

START_TEST(directs_reach_their_readers_only_and_wait_for_them)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "psst", 0, 'c'}, {SAY, 'a', "hello"}, {FLUSH},
         {READS, 'a', "receipt 1"}, {READS, 'a', "receipt 2"},
         {READS, 'a', "deliver (0,2] 1:a:* 2:a:hello"}, {READS, 'b', "deliver (0,2] 2:a:hello"},
         {HELLO, 'c'}, {READS, 'c', "welcome head=2 members=3 own=0"},
         {READS, 'c', "roster a=online b=online c=online"},
         {READS, 'c', "page 0 (0,2] 1:a:* 2:a:hello"});
}
END_TEST

START_TEST(a_private_event_alone_leaves_no_hole_for_the_others)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "psst", 0, 'c'}, {FLUSH}, {QUIET, 'b'}, {SAY, 'a', "hello"},
         {FLUSH}, {READS, 'b', "deliver (0,2] 2:a:hello"});
}
END_TEST

START_TEST(a_returning_member_gets_what_it_missed)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {FLUSH}, {READS, 'b', "deliver (0,1] 1:a:one"},
         {CUT, 'b'}, {SAY, 'a', "two"}, {FLUSH}, {HELLO, 'b', NULL, 1},
         {READS, 'b', "welcome head=2 members=2 own=0"}, {READS, 'b', "roster a=online b=online"},
         {READS, 'b', "page 0 (1,2] 2:a:two"});
}
END_TEST

START_TEST(pages_go_back_newest_first)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {SAY, 'a', "two"}, {SAY, 'a', "three"}, {FLUSH},
         {READS, 'b', "deliver (0,3] 1:a:one 2:a:two 3:a:three"}, {ASK, 'b'},
         {READS, 'b', "page 5 (1,3] 2:a:two 3:a:three"}, {ASK, 'b', NULL, 2},
         {READS, 'b', "page 5 (0,1] 1:a:one"}, {ASK, 'b', NULL, 203}, {READS, 'b', "page 5 (2,2]"});
}
END_TEST

START_TEST(what_waits_for_its_commit_is_in_no_page)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"}, {ASK, 'b'}, {READS, 'b', "page 5 (0,0]"});
}
END_TEST

START_TEST(leaving_and_silence_are_told)
{
    PLAY(A_AND_B_ARE_IN, {PROFILE, 'b', "Bo"}, {FLUSH}, {READS, 'a', "deliver (0,1] 1:b:*"},
         {READS, 'a', "roster b=online+"}, {CUT, 'b'}, {FLUSH}, {READS, 'a', "roster b=offline+"},
         {PASS, 0, NULL, 5000}, {QUIET, 'a'}, {PASS, 0, NULL, 1500}, {READS, 'a', "goodbye 7"},
         {READS, 'a', "closed"});
}
END_TEST

START_TEST(who_never_had_a_name_is_forgotten)
{
    PLAY(A_AND_B_ARE_IN, {CUT, 'b'}, {FLUSH}, {READS, 'a', "roster b=offline"}, {CUT, 'a'},
         {HELLO, 'c'}, {READS, 'c', "welcome head=0 members=2 own=0"}, {FLUSH},
         {READS, 'c', "roster a=offline c=online"});
}
END_TEST

START_TEST(a_change_does_not_end_the_first_roster)
{
    PLAY(A_AND_B_ARE_IN, {SLOW, 'c', NULL, QUEUE_MAX / 2}, {HELLO, 'c'},
         {READS, 'c', "welcome head=0 members=3 own=0"}, {FLUSH}, {READS, 'a', "roster c=online"},
         {READS, 'c', "roster c=online more"}, {AWAY, 'b'}, {FLUSH}, {READS, 'a', "roster b=away"},
         {READS, 'c', "roster b=away more"}, {QUIET, 'c'}, {SLOW, 'c', NULL, 0}, {FLUSH},
         {READS, 'c', "roster a=online b=away c=online"}, {READS, 'c', "page 0 (0,0]"}, {AWAY, 'a'},
         {FLUSH}, {READS, 'c', "roster a=away"}, {QUIET, 'c'});
}
END_TEST

START_TEST(away_typing_and_notes_are_passed_on)
{
    PLAY(A_AND_B_ARE_IN, {AWAY, 'a'}, {FLUSH}, {READS, 'b', "roster a=away"}, {TYPE, 'a'},
         {READS, 'b', "status a"}, {TYPE, 'a', NULL, 0, 'b'}, {READS, 'b', "status a"},
         {NOTE, 'a', NULL, 0, 'b'}, {READS, 'b', "signal a"}, {PING, 'b'}, {READS, 'b', "pong 3"},
         {HEADS, 'b'}, {READS, 'b', "heads 0"}, {READS, 'a', "roster a=away"}, {QUIET, 'a'});
}
END_TEST

START_TEST(notes_come_back_when_they_cannot_go_on)
{
    PLAY(A_AND_B_ARE_IN, {CUT, 'b'}, {FLUSH}, {READS, 'a', "roster b=offline"},
         {NOTE, 'a', NULL, 0, 'b'}, {READS, 'a', "signal to b returned"}, {NOTE, 'a', NULL, 0, 'c'},
         {READS, 'a', "signal to c returned"}, {NOTE, 'a', NULL, 1, 'c'}, {READS, 'a', "goodbye 1"},
         {READS, 'a', "closed"});
}
END_TEST

START_TEST(notes_that_are_too_many_come_back)
{
    PLAY(A_AND_B_ARE_IN);
    for (unsigned i = 0; i < 120; i++)
        PLAY({NOTE, 'a', NULL, 0, 'b'}, {READS, 'b', "signal a"});
    PLAY({NOTE, 'a', NULL, 0, 'b'}, {READS, 'a', "signal to b returned later"},
         {NOTE, 'a', NULL, 0, 'd'}, {READS, 'a', "signal to d returned later"}, {QUIET, 'b'},
         {PASS, 0, NULL, 200}, {NOTE, 'a', NULL, 0, 'b'}, {READS, 'b', "signal a"}, {QUIET, 'a'});
}
END_TEST

START_TEST(a_note_to_a_slow_reader_comes_back)
{
    PLAY(A_AND_B_ARE_IN, {QUEUE, 'b', NULL, 0}, {NOTE, 'a', NULL, 0, 'b'},
         {READS, 'a', "signal to b returned"}, {READS, 'b', "closed"});
}
END_TEST

START_TEST(the_newer_link_of_a_key_stays)
{
    PLAY(A_AND_B_ARE_IN, {HELLO, 'a'}, {READS, 'a', "goodbye 5"},
         {READS, 'a', "welcome head=0 members=2 own=0"}, {READS, 'a', "roster a=online b=online"},
         {READS, 'a', "page 0 (0,0]"}, {READS, 'a', "closed"}, {FLUSH}, {QUIET, 'b'});
}
END_TEST

START_TEST(bad_manners_end_a_link)
{
    PLAY(A_AND_B_ARE_IN, {JUNK, 'b'}, {READS, 'b', "goodbye 1"}, {READS, 'b', "closed"},
         {OPEN, 'c'}, {PING, 'c'}, {READS, 'c', "goodbye 1"}, {READS, 'c', "closed"}, {OPEN, 'd'},
         {PASS, 0, NULL, 5500}, {READS, 'd', "goodbye 7"}, {READS, 'd', "closed"});
}
END_TEST

START_TEST(a_slow_reader_is_cut_off_and_the_others_go_on)
{
    PLAY(A_AND_B_ARE_IN, {QUEUE, 'b', NULL, 0}, {SAY, 'a', "one"}, {FLUSH}, {READS, 'b', "closed"},
         {READS, 'a', "receipt 1"}, {READS, 'a', "deliver (0,1] 1:a:one"}, {QUEUE, 'b', NULL, -1},
         {HELLO, 'b'}, {READS, 'b', "welcome head=1 members=2 own=0"});
}
END_TEST

START_TEST(a_restarted_relay_goes_on_with_what_was_committed)
{
    PLAY(A_AND_B_ARE_IN, {PROFILE, 'a', "Al"}, {SAY, 'a', "one"}, {FLUSH},
         {READS, 'a', "receipt 1"}, {READS, 'a', "receipt 2"}, {RESTART}, {HELLO, 'b'},
         {READS, 'b', "deliver (0,2] 1:a:* 2:a:one"}, {READS, 'b', "roster a=online+"},
         {READS, 'b', "welcome head=2 members=2 own=0"}, {READS, 'b', "roster a=offline+ b=online"},
         {READS, 'b', "page 0 (0,2] 1:a:* 2:a:one"});
}
END_TEST

START_TEST(a_full_disk_is_answered_and_recovers)
{
    PLAY(A_AND_B_ARE_IN);
    log_set_size_limit(stage_log(stage), 1);
    g_autofree char *long_text = g_strnfill(8000, 'x');
    bool refused = false;
    for (int i = 0; i < 60 && !refused; i++) {
        stage_pass(stage, 1000);
        stage_say(stage, 'a', '\0', long_text, 0);
        stage_flush(stage);
        for (const char *line = stage_next(stage, 'a'); *line; line = stage_next(stage, 'a'))
            refused |= g_str_equal(line, "receipt DISK later");
        take(&(Step){PING, 'b'});
    }
    ck_assert(refused);
    uint64_t before = log_head(stage_log(stage));
    log_set_size_limit(stage_log(stage), UINT64_MAX);
    stage_again(stage, 'a');
    stage_flush(stage);
    ck_assert_uint_eq(log_head(stage_log(stage)), before + 1);
}
END_TEST

START_TEST(too_fast_is_answered)
{
    PLAY(A_AND_B_ARE_IN, {SAY, 'a', "one"});
    unsigned refused = 0;
    for (unsigned i = 0; i < SUBMIT_BURST + 4; i++)
        stage_again(stage, 'a');
    stage_flush(stage);
    for (const char *line = stage_next(stage, 'a'); *line; line = stage_next(stage, 'a'))
        refused += g_str_equal(line, "receipt RATE later");
    ck_assert_uint_eq(refused, 5);
}
END_TEST

static Event *first_of_feed(const Identity *identity, uint64_t incarnation)
{
    static const uint8_t room[PLACE_SIZE], token[TOKEN_SIZE];
    EventDraft draft = {.incarnation = incarnation,
                        .seq = 1,
                        .place = log_place(stage_log(stage)),
                        .token = token,
                        .kind = 99,
                        .room = room};
    return event_sign(identity, &draft);
}

/* Each feed has a line in Welcome, which must stay readable. */
START_TEST(nobody_begins_feeds_without_end)
{
    uint8_t seed[32];
    memset(seed, 'a', sizeof seed);
    g_autoptr(Identity) identity = identity_from_seed(seed);
    for (uint64_t i = 1; i <= FEEDS_MAX; i++) {
        g_autoptr(Event) event = first_of_feed(identity, i);
        uint64_t position = 0;
        log_append(stage_log(stage), event, LOG_RULE_STRICT, 0, NULL, 0, NULL, &position, NULL);
        ck_assert_uint_eq(position, i);
    }
    ck_assert(log_commit(stage_log(stage), NULL));
    stage_restart(stage);
    stage_hello(stage, 'a', FEEDS_MAX);
    g_autoptr(Event) event = first_of_feed(identity, FEEDS_MAX + 1);
    Wire__SignedEvent entry;
    event_to_wire(event, &entry);
    Wire__Submit submit = WIRE__SUBMIT__INIT;
    submit.event = &entry;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SUBMIT;
    frame.submit = &submit;
    stage_frame(stage, 'a', &frame);
    stage_flush(stage);
    const char *line = stage_next(stage, 'a');
    while (*line != '\0' && !g_str_has_prefix(line, "receipt"))
        line = stage_next(stage, 'a');
    ck_assert_str_eq(line, "receipt NOT_ALLOWED");
}
END_TEST

START_TEST(buckets_fill_again)
{
    Bucket bucket = {0};
    for (int i = 0; i < 3; i++)
        ck_assert_uint_eq(bucket_take(&bucket, 10, 3, 1000), 0);
    ck_assert_uint_eq(bucket_take(&bucket, 10, 3, 1000), 100);
    ck_assert_uint_eq(bucket_take(&bucket, 10, 3, 1000 + 100000), 0);
    ck_assert_uint_ge(bucket_take(&bucket, 10, 3, 1000 + 100000), 99);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub");
    TCase *stories = tcase_create("conversations");
    tcase_add_checked_fixture(stories, setup, teardown);
    tcase_add_test(stories, joining_brings_welcome_roster_and_page);
    tcase_add_test(stories, nothing_is_told_before_the_commit);
    tcase_add_test(stories, a_known_event_gets_its_receipt_again_and_is_delivered_once);
    tcase_add_test(stories, gaps_and_forks_are_refused_with_the_head);
    tcase_add_test(stories, nobody_speaks_for_another);
    tcase_add_test(stories, directs_reach_their_readers_only_and_wait_for_them);
    tcase_add_test(stories, a_private_event_alone_leaves_no_hole_for_the_others);
    tcase_add_test(stories, a_returning_member_gets_what_it_missed);
    tcase_add_test(stories, pages_go_back_newest_first);
    tcase_add_test(stories, what_waits_for_its_commit_is_in_no_page);
    tcase_add_test(stories, leaving_and_silence_are_told);
    tcase_add_test(stories, who_never_had_a_name_is_forgotten);
    tcase_add_test(stories, a_change_does_not_end_the_first_roster);
    tcase_add_test(stories, away_typing_and_notes_are_passed_on);
    tcase_add_test(stories, notes_come_back_when_they_cannot_go_on);
    tcase_add_test(stories, notes_that_are_too_many_come_back);
    tcase_add_test(stories, a_note_to_a_slow_reader_comes_back);
    tcase_add_test(stories, the_newer_link_of_a_key_stays);
    tcase_add_test(stories, bad_manners_end_a_link);
    tcase_add_test(stories, a_slow_reader_is_cut_off_and_the_others_go_on);
    tcase_add_test(stories, a_restarted_relay_goes_on_with_what_was_committed);
    tcase_add_test(stories, a_full_disk_is_answered_and_recovers);
    tcase_add_test(stories, too_fast_is_answered);
    tcase_add_test(stories, nobody_begins_feeds_without_end);
    suite_add_tcase(suite, stories);
    TCase *parts = tcase_create("parts");
    tcase_add_test(parts, buckets_fill_again);
    suite_add_tcase(suite, parts);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
