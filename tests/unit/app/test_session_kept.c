/* Members of a relay that does not keep everything: nobody asks for ever for what is gone, and who
 * has it keeps it. h is the relay program. */
#include "tests/unit/app/party.h"

#include <check.h>

#define MINUTE_MS 60000

static Party *party;

static void set_up(void)
{
    party = party_new();
    party_start_relay(party, 'h');
    party_start(party, 'a');
    party_start(party, 'b');
    party_pass(party, 2000);
    for (unsigned i = 0; i < 40; i++) {
        party_say(party, i % 2 ? 'a' : 'b', i == 7 ? "of old" : "more of old");
        party_pass(party, 200);
    }
    party_pass(party, 2000);
}

static void tear_down(void)
{
    party_free(party);
}

/* What passes between them in a minute in which nobody says anything. */
static unsigned frames_at_rest(void)
{
    unsigned before = party_frames(party);
    party_pass(party, MINUTE_MS);
    return party_frames(party) - before;
}

START_TEST(newcomer_settles_with_what_is_left)
{
    unsigned idle = frames_at_rest();
    ck_assert_uint_ge(party_retain(party, 'h', 30), 40);
    unsigned left = party_bodies(party, 'h');
    ck_assert_uint_le(left, 2); /* the newest profiles */
    party_start(party, 'c');
    party_pass(party, 20000);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_uint_eq(party_kept(party, 'c', "of old"), 0);
    ck_assert_uint_eq(party_told(party, 'c', "notice history"), 1);
    party_say(party, 'a', "of today");
    party_pass(party, 2000);
    ck_assert_uint_eq(party_heard(party, 'c', "of today"), 1);
    ck_assert_uint_eq(party_kept(party, 'b', "of old"), 1);
    ck_assert_uint_le(frames_at_rest(), idle * 3 / 2 + 4); /* one more is there */
    ck_assert_uint_le(party_bodies(party, 'h'), left + 2);
}
END_TEST

START_TEST(who_comes_back_is_told_nothing_twice)
{
    party_retain(party, 'h', 30);
    unsigned left = party_bodies(party, 'h');
    for (unsigned i = 0; i < 3; i++) {
        party_kill(party, 'a');
        party_pass(party, 1000);
        party_start(party, 'a');
        party_pass(party, 10000);
        ck_assert(party_follow(party, "ab", 'h'));
    }
    ck_assert_uint_eq(party_told(party, 'a', "notice history"), 1);
    ck_assert_uint_eq(party_kept(party, 'a', "of old"), 1);
    ck_assert_uint_eq(party_bodies(party, 'h'), left);
    party_retain(party, 'h', 7);
    party_kill(party, 'a');
    party_start(party, 'a');
    party_pass(party, 10000);
    ck_assert_uint_eq(party_told(party, 'a', "notice history"), 2);
}
END_TEST

/* Without the relay, who came later gets from the others what it could not give; and when it is
 * back it does not take it again. */
START_TEST(others_give_what_the_relay_has_not)
{
    party_retain(party, 'h', 30);
    party_start(party, 'c');
    party_pass(party, 20000);
    ck_assert_uint_eq(party_kept(party, 'c', "of old"), 0);
    unsigned left = party_bodies(party, 'h');
    party_pull(party, 'h', true);
    party_pass(party, 60000);
    char serving = party_relay_of(party, 'b');
    ck_assert(serving != 'h' && serving != '-');
    ck_assert_uint_eq(party_kept(party, 'c', "of old"), 1);
    party_pull(party, 'h', false);
    party_pass(party, 60000);
    ck_assert(party_follow(party, "abc", 'h'));
    ck_assert_uint_le(party_bodies(party, 'h'), left + 1);
    unsigned busy = frames_at_rest();
    ck_assert_uint_le(busy, frames_at_rest() * 5 / 4 + 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("session kept");
    TCase *tests = tcase_create("session kept");
    SRunner *runner = srunner_create(suite);
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, newcomer_settles_with_what_is_left);
    tcase_add_test(tests, who_comes_back_is_told_nothing_twice);
    tcase_add_test(tests, others_give_what_the_relay_has_not);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
