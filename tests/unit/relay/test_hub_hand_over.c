/* The end of serving, and what is handed over before it; and a log that was put back. */
#include "tests/unit/relay/hub_stage.h"

#include <check.h>
#include <stdlib.h>

#define HOME "10.0.0.1:7669"

static Stage *stage;

static void setup(void)
{
    stage = stage_new();
}

static void teardown(void)
{
    g_clear_pointer(&stage, stage_free);
}

static void count(void *user)
{
    (*(unsigned *)user)++;
}

START_TEST(handing_over_to_nobody_is_done_at_once)
{
    unsigned done = 0;
    hub_hand_over(stage_hub(stage), count, &done, G_USEC_PER_SEC);
    ck_assert_uint_eq(done, 1);
    stage_pass(stage, 2000);
    ck_assert_uint_eq(done, 1);
}
END_TEST

/* b writes to c, who is not here; a and d can serve. Their ranks do not matter but to each other.
 */
static char heir, spare;

static void leave_something(void)
{
    char *addresses[] = {(char *)HOME};
    heir = memcmp(stage_key(stage, 'a'), stage_key(stage, 'd'), KEY_SIZE) < 0 ? 'a' : 'd';
    spare = heir == 'a' ? 'd' : 'a';
    for (const char *who = "ad"; *who != '\0'; who++) {
        Wire__Hello hello = WIRE__HELLO__INIT;
        hello.app = true;
        hello.addresses = addresses;
        hello.n_addresses = 1;
        stage_hello_as(stage, *who, &hello);
    }
    stage_hello(stage, 'b', 0);
    stage_say(stage, 'b', '\0', "hello", 0);
    stage_say(stage, 'b', 'c', "psst", 0);
    stage_flush(stage);
}

static bool reads(char who, const char *wanted)
{
    const char *line = stage_next(stage, who);
    while (*line != '\0' && !g_str_equal(line, wanted))
        line = stage_next(stage, who);
    return *line != '\0';
}

static void settle(char who, uint64_t position)
{
    Wire__Settled settled = WIRE__SETTLED__INIT;
    settled.position = position;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_SETTLED;
    frame.settled = &settled;
    stage_frame(stage, who, &frame);
    stage_flush(stage);
}

START_TEST(private_events_that_wait_are_handed_over)
{
    unsigned done = 0;
    leave_something();
    hub_hand_over(stage_hub(stage), count, &done, 0);
    ck_assert(reads(heir, "heads 1"));
    ck_assert(!reads(spare, "heads 1"));
    settle(spare, 2);
    settle(heir, 1);
    ck_assert_uint_eq(done, 0);
    settle(heir, 2);
    ck_assert_uint_eq(done, 1);
    settle(heir, 2);
    stage_pass(stage, 2000);
    ck_assert_uint_eq(done, 1);
}
END_TEST

START_TEST(handing_over_takes_so_long_at_most)
{
    unsigned done = 0;
    leave_something();
    hub_hand_over(stage_hub(stage), count, &done, 0);
    stage_pass(stage, HAND_OVER_US / 1000 - 1);
    ck_assert_uint_eq(done, 0);
    ck_assert_int_le(hub_deadline(stage_hub(stage)), G_USEC_PER_SEC + HAND_OVER_US);
    stage_pass(stage, 1);
    ck_assert_uint_eq(done, 1);
}
END_TEST

START_TEST(when_the_first_one_leaves_the_next_gets_it)
{
    unsigned done = 0;
    leave_something();
    hub_hand_over(stage_hub(stage), count, &done, 0);
    stage_cut(stage, heir);
    stage_flush(stage);
    ck_assert(reads(spare, "heads 1"));
    stage_cut(stage, spare);
    stage_flush(stage);
    ck_assert_uint_eq(done, 1);
}
END_TEST

START_TEST(where_nothing_waits_there_is_nothing_to_hand_over)
{
    unsigned done = 0;
    leave_something();
    stage_hello(stage, 'c', 2);
    stage_bytes(stage, 'c', (const uint8_t *)"\x62\x02\x10\x02", 4); /* Ping{position 2} */
    stage_bytes(stage, 'b', (const uint8_t *)"\x62\x02\x10\x02", 4);
    hub_hand_over(stage_hub(stage), count, &done, 0);
    ck_assert_uint_eq(done, 1);
    ck_assert(!reads(heir, "heads 1"));
}
END_TEST

START_TEST(ending_meanwhile_forgets_it)
{
    unsigned done = 0;
    leave_something();
    hub_hand_over(stage_hub(stage), count, &done, 0);
    hub_shut_down(stage_hub(stage), NULL, 0);
    stage_pass(stage, 2000);
    ck_assert_uint_eq(done, 0);
}
END_TEST

static void hello_with_mark(char who, uint64_t position, uint64_t mark_position,
                            const uint8_t *mark)
{
    Wire__Hello hello = WIRE__HELLO__INIT;
    hello.log = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)log_id(stage_log(stage))};
    hello.position = position;
    hello.page = 100;
    hello.mark_position = mark_position;
    if (mark)
        hello.mark = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)mark};
    stage_hello_as(stage, who, &hello);
}

static const char *welcome_of(char who)
{
    const char *line = stage_next(stage, who);
    while (*line != '\0' && !g_str_has_prefix(line, "welcome"))
        line = stage_next(stage, who);
    return line;
}

START_TEST(a_log_that_was_put_back_is_recognised)
{
    stage_hello(stage, 'a', 0);
    stage_say(stage, 'a', '\0', "one", 0);
    stage_say(stage, 'a', 'c', "psst", 0);
    stage_flush(stage);
    uint64_t covered = 0;
    g_autoptr(GArray) page = log_page(stage_log(stage), NULL, 0, 0, 2, G_MAXSIZE, &covered, NULL);
    const uint8_t *first = event_hash(g_array_index(page, LogEntry, 0).event);
    const uint8_t *second = event_hash(g_array_index(page, LogEntry, 1).event);
    static const struct {
        int position, mark_position, mark;
        const char *page;
        bool restored;
    } cases[] = {
        {0, 0, 0, "page 0 (0,2]", false}, {1, 1, 1, "page 0 (1,2]", false},
        {1, 2, 2, "page 0 (1,2]", false}, {2, 2, 1, "page 0 (0,2]", true},
        {1, 1, 2, "page 0 (0,2]", true},  {3, 0, 0, "page 0 (0,2]", true},
        {1, 3, 1, "page 0 (0,2]", true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const uint8_t *mark = cases[i].mark == 1 ? first : cases[i].mark == 2 ? second : NULL;
        hello_with_mark('b', (uint64_t)cases[i].position, (uint64_t)cases[i].mark_position, mark);
        ck_assert_msg(g_str_has_suffix(welcome_of('b'), " restored") == cases[i].restored,
                      "case %zu", i);
        stage_next(stage, 'b'); /* the roster */
        const char *line = stage_next(stage, 'b');
        ck_assert_msg(g_str_has_prefix(line, cases[i].page), "case %zu: %s", i, line);
        stage_cut(stage, 'b');
        while (*stage_next(stage, 'b') != '\0') {
        }
    }
}
END_TEST

/* Its positions may be taken anew before the others return: they are to compare all. */
START_TEST(a_log_that_was_put_back_is_another_one)
{
    uint8_t before[PLACE_SIZE];
    memcpy(before, log_id(stage_log(stage)), PLACE_SIZE);
    stage_hello(stage, 'a', 0);
    stage_say(stage, 'a', '\0', "one", 0);
    stage_flush(stage);
    hello_with_mark('b', 2, 0, NULL);
    ck_assert(g_str_has_suffix(welcome_of('b'), " restored"));
    ck_assert_mem_ne(log_id(stage_log(stage)), before, PLACE_SIZE);
    memcpy(before, log_id(stage_log(stage)), PLACE_SIZE);
    stage_flush(stage);
    ck_assert(!log_changed(stage_log(stage)));
    hello_with_mark('c', 2, 0, NULL); /* anybody may claim that */
    ck_assert(g_str_has_suffix(welcome_of('c'), " restored"));
    ck_assert_mem_eq(log_id(stage_log(stage)), before, PLACE_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hub hands over");
    TCase *test = tcase_create("hand over");
    tcase_add_checked_fixture(test, setup, teardown);
    tcase_add_test(test, handing_over_to_nobody_is_done_at_once);
    tcase_add_test(test, private_events_that_wait_are_handed_over);
    tcase_add_test(test, handing_over_takes_so_long_at_most);
    tcase_add_test(test, when_the_first_one_leaves_the_next_gets_it);
    tcase_add_test(test, where_nothing_waits_there_is_nothing_to_hand_over);
    tcase_add_test(test, ending_meanwhile_forgets_it);
    tcase_add_test(test, a_log_that_was_put_back_is_recognised);
    tcase_add_test(test, a_log_that_was_put_back_is_another_one);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
