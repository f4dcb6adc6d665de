/* Offers and transfers between members on a virtual network: tests/unit/app/dock.h. */
#include "tests/unit/app/dock_play.h"

#include <check.h>
#include <string.h>

static void expect_why(unsigned member, unsigned peer, const char *why)
{
    g_autoptr(Transfer) transfer = dock_with(dock, member, peer);

    ck_assert_str_eq(transfer->why, why);
}

static void expect_way(TransferWay way)
{
    g_autoptr(Transfer) there = dock_with(dock, SAM, ANN);
    g_autoptr(Transfer) here = dock_with(dock, ANN, SAM);

    ck_assert_str_eq(transfer_way_name(there->way), transfer_way_name(way));
    ck_assert_str_eq(transfer_way_name(here->way), transfer_way_name(way));
}

typedef gboolean (*Act)(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);

static gboolean try(Act act, unsigned member, unsigned peer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Transfer) transfer = dock_with(dock, member, peer);
    gboolean done = act(dock->members[member].transfers, transfer->id, dock->now_us, &error);

    ck_assert(done == (error == NULL));
    dock_run(dock);
    return done;
}

START_TEST(direct_from_offer_to_done)
{
    dock_play_offered();
    {
        g_autoptr(Transfer) asked = dock_newest(dock, SAM);
        g_autoptr(Transfer) own = dock_newest(dock, ANN);

        ck_assert(asked->prompt && !asked->outgoing && !asked->in_room);
        ck_assert_str_eq(asked->title, "mockup.fig");
        ck_assert_uint_eq(asked->total, 12);
        ck_assert(own->outgoing && own->state == TRANSFER_OFFERED);
        ck_assert(g_str_has_suffix(own->path, "/mockup.fig"));
        ck_assert_mem_eq(own->offer, asked->offer, TOKEN_SIZE);
    }
    ck_assert(dock_sleeps(dock, ANN) && dock_sleeps(dock, SAM));
    dock_accept(dock, SAM);
    dock_move(dock_worker(dock, SAM), 6);
    dock_pass(dock, SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    expect_way(TRANSFER_WAY_DIRECT);
    dock_finish(dock, dock_worker(dock, SAM));
    dock_play_expect(SAM, ANN, TRANSFER_DONE);
    dock_play_expect(ANN, SAM, TRANSFER_DONE);
    g_autoptr(Transfer) done = dock_with(dock, SAM, ANN);

    ck_assert_str_eq(done->path, "/there/it/is");
    ck_assert_uint_eq(done->bytes, 12);
    ck_assert(dock_sleeps(dock, ANN) && dock_sleeps(dock, SAM));
    ck_assert_uint_eq(dock->pairs_made, 1);
}
END_TEST

START_TEST(other_ways_when_blocked)
{
    dock->members[ANN].undialable = _i & 1;
    dock->members[SAM].undialable = _i & 2;
    dock->refuse_dials = _i & 4;
    dock_play_accepted();
    dock_pass(dock, 8 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    expect_way((_i & 3) == 3   ? TRANSFER_WAY_RELAY
               : (_i & 3) == 1 ? TRANSFER_WAY_REVERSE
                               : TRANSFER_WAY_DIRECT);
    ck_assert_uint_eq(dock->pairs_made, 1);
    /* The next attempt begins with what worked. */
    int64_t before_us = dock->now_us;

    dock_move(dock_worker(dock, SAM), 1);
    dock_lose(dock, dock_worker(dock, SAM));
    dock_run(dock);
    ck_assert_uint_eq(dock->pairs_made, 2);
    ck_assert_int_eq(dock->now_us, before_us);
}
END_TEST

START_TEST(nothing_leads_there)
{
    dock->members[ANN].undialable = dock->members[SAM].undialable = true;
    dock->members[ANN].relay_refuses = dock->members[SAM].relay_refuses = true;
    dock_play_accepted();
    dock_pass(dock, 60 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_WAITING);
    dock->members[ANN].undialable = false;
    dock_pass(dock, 90 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
}
END_TEST

START_TEST(no_answer_is_asked_again_less_often)
{
    dock_play_offered();
    dock->drop_notes = true;
    dock_accept(dock, SAM);
    unsigned first = dock->members[SAM].answers;

    dock_pass(dock, 600 * SECOND);
    ck_assert_uint_gt(dock->members[SAM].answers, first + 10);
    ck_assert_uint_lt(dock->members[SAM].answers, first + 40);
    expect_why(SAM, ANN, "Couldn't reach Ann. Trying again.");
    dock->drop_notes = false;
    dock_pass(dock, 60 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
}
END_TEST

START_TEST(decline_is_told)
{
    dock_play_offered();
    if (_i)
        dock_here(dock, ANN, false);
    ck_assert(try(transfers_decline, SAM, ANN));
    dock_play_expect(SAM, ANN, TRANSFER_DECLINED);
    if (_i) {
        dock_play_expect(ANN, SAM, TRANSFER_OFFERED);
        dock_restart(dock, SAM);
        dock_here(dock, ANN, true);
        dock_run(dock);
    }
    dock_play_expect(ANN, SAM, TRANSFER_DECLINED);
    expect_why(ANN, SAM, "Sam declined it.");
    dock_pass(dock, 20 * SECOND);
    ck_assert(dock_sleeps(dock, SAM));
    /* Minds change. */
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_RUNNING);
}
END_TEST

/* Bits: who, whether the other is away, and how far it had come. */
static void at_stage(int stage)
{
    if (stage == 0) {
        dock_play_offered();
        dock->drop_notes = true;
        dock_accept(dock, SAM);
        dock->drop_notes = false;
    } else if (stage == 1) {
        dock->members[ANN].undialable = true;
        dock_play_accepted();
        dock_pass(dock, SECOND); /* dials */
    } else {
        dock_play_running();
    }
}

START_TEST(cancel_by_either_side)
{
    unsigned who = _i & 1 ? SAM : ANN, other = _i & 1 ? ANN : SAM;
    bool away = _i & 2;

    at_stage(_i >> 2);
    if (away)
        dock_here(dock, other, false);
    ck_assert(try(transfers_cancel, who, other));
    dock_run(dock);
    dock_play_expect(who, other, TRANSFER_CANCELLED);
    if (away) {
        dock_restart(dock, who);
        dock_here(dock, other, true);
        dock_run(dock);
    }
    dock_play_expect(other, who, TRANSFER_CANCELLED);
    dock_pass(dock, 60 * SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_CANCELLED);
    dock_play_expect(SAM, ANN, TRANSFER_CANCELLED);
    ck_assert_uint_ge(dock->members[SAM].discards, 1);
    ck_assert(dock_sleeps(dock, ANN) && dock_sleeps(dock, SAM));
    ck_assert_uint_eq(dock_workers(dock, ANN) + dock_workers(dock, SAM), 0);
    ck_assert(!try(transfers_cancel, who, other));
}
END_TEST

START_TEST(pause_and_resume_by_either_side)
{
    unsigned who = _i & 1 ? SAM : ANN, other = _i & 1 ? ANN : SAM;
    bool away = _i & 2;

    at_stage(_i >> 2);
    if (away)
        dock_here(dock, other, false);
    if (dock_state(dock, who, other) == TRANSFER_OFFERED) {
        /* The acceptance got lost: nothing is known to be under way. */
        ck_assert(!try(transfers_pause, who, other));
        return;
    }
    ck_assert(try(transfers_pause, who, other));
    ck_assert(!try(transfers_pause, who, other));
    dock_play_expect(who, other, TRANSFER_PAUSED);
    if (away) {
        dock_restart(dock, who);
        dock_here(dock, other, true);
    }
    dock_pass(dock, 60 * SECOND);
    dock_play_expect(who, other, TRANSFER_PAUSED);
    ck_assert_uint_eq(dock_workers(dock, ANN) + dock_workers(dock, SAM), 0);
    if (dock_state(dock, other, who) != TRANSFER_OFFERED) {
        dock_play_expect(other, who, TRANSFER_PAUSED);
        ck_assert(!try(transfers_resume, other, who));
    }
    ck_assert(dock_sleeps(dock, who));
    ck_assert(try(transfers_resume, who, other));
    dock_pass(dock, 40 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    dock_play_expect(ANN, SAM, TRANSFER_RUNNING);
}
END_TEST

START_TEST(both_pause)
{
    dock_play_running();
    ck_assert(try(transfers_pause, SAM, ANN));
    ck_assert(try(transfers_pause, ANN, SAM));
    ck_assert(try(transfers_resume, SAM, ANN));
    dock_pass(dock, 30 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_PAUSED);
    ck_assert(try(transfers_resume, ANN, SAM));
    dock_pass(dock, 30 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
}
END_TEST

START_TEST(goes_on_after_a_restart)
{
    bool kill = _i & 1;
    unsigned who = _i & 2 ? SAM : ANN, other = _i & 2 ? ANN : SAM;

    at_stage(_i >> 2);
    dock_stop(dock, who, kill);
    dock_run(dock);
    dock_pass(dock, 30 * SECOND);
    if (_i >> 2 == 2) {
        g_autoptr(Transfer) waits = dock_with(dock, other, who);
        g_autofree char *why = g_strdup_printf("%s went offline. It goes on when %s is back.",
                                               dock->members[who].name, dock->members[who].name);

        ck_assert_int_eq(waits->state, TRANSFER_WAITING);
        ck_assert_str_eq(waits->why, why);
    }
    ck_assert(dock_sleeps(dock, other));
    dock_start(dock, who);
    dock_pass(dock, 10 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    dock_finish(dock, dock_worker(dock, SAM));
    dock_restart(dock, SAM);
    dock_restart(dock, ANN);
    dock_play_expect(SAM, ANN, TRANSFER_DONE);
    dock_play_expect(ANN, SAM, TRANSFER_DONE);
}
END_TEST

START_TEST(survives_the_relay)
{
    dock_play_running();
    dock_here(dock, ANN, false);
    dock_here(dock, SAM, false);
    dock_pass(dock, 10 * SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    dock_here(dock, ANN, true);
    dock_here(dock, SAM, true);
    dock_finish(dock, dock_worker(dock, ANN));
    dock_play_expect(ANN, SAM, TRANSFER_DONE);
    ck_assert_uint_eq(dock->pairs_made, 1);
}
END_TEST

START_TEST(an_end_that_was_not_heard_of_is_told)
{
    WorkerResult done = {.end = WORKER_DONE, .opened = true, .text = ""};
    WorkerResult lost = {.end = WORKER_LOST, .opened = true, .text = ""};

    dock_play_running();
    DockWorker *here = dock_worker(dock, SAM), *there = (DockWorker *)here->other;

    here->config.ended(&done, here->config.user);
    if (_i)
        dock_stop(dock, ANN, true);
    else
        there->config.ended(&lost, there->config.user);
    dock_run(dock);
    if (_i)
        dock_start(dock, ANN);
    dock_pass(dock, 30 * SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_DONE);
    ck_assert(dock_sleeps(dock, ANN) && dock_sleeps(dock, SAM));
}
END_TEST

START_TEST(an_end_is_told_to_a_sender_that_asked_before)
{
    WorkerResult done = {.end = WORKER_DONE, .opened = true, .text = ""};
    WorkerResult lost = {.end = WORKER_LOST, .opened = true, .text = ""};

    dock_play_running();
    DockWorker *here = dock_worker(dock, SAM), *there = (DockWorker *)here->other;

    there->config.ended(&lost, there->config.user);
    dock_pass(dock, 30 * SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_WAITING);
    here->config.ended(&done, here->config.user);
    dock_pass(dock, 30 * SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_DONE);
    ck_assert(dock_sleeps(dock, ANN) && dock_sleeps(dock, SAM));
}
END_TEST

START_TEST(lost_again_and_again_backs_off)
{
    dock_play_running();
    for (unsigned i = 0; i < 5; i++) {
        dock_lose(dock, dock_worker(dock, SAM));
        dock_pass(dock, 40 * SECOND);
        dock_play_expect(SAM, ANN, TRANSFER_RUNNING);
    }
    int64_t before_us = dock->now_us;

    dock_lose(dock, dock_worker(dock, SAM));
    ck_assert_uint_eq(dock_workers(dock, SAM), 0);
    ck_assert_int_gt(transfers_deadline(dock->members[SAM].transfers), before_us + 4 * SECOND);
    /* Progress is forgiven at once. */
    dock_pass(dock, 40 * SECOND);
    dock_move(dock_worker(dock, SAM), 1);
    dock_lose(dock, dock_worker(dock, SAM));
    ck_assert_uint_eq(dock_workers(dock, SAM), 1);
}
END_TEST

START_TEST(failures_say_what_and_may_be_retried)
{
    dock_play_running();
    dock_fail(dock, dock_worker(dock, SAM), "disk-full", WIRE__WHY__FAULT, "No room left.");
    {
        g_autoptr(Transfer) failed = dock_with(dock, SAM, ANN);

        ck_assert_int_eq(failed->state, TRANSFER_FAILED);
        ck_assert(failed->retryable);
        ck_assert_str_eq(failed->code, "disk-full");
        ck_assert_str_eq(failed->why, "No room left.");
    }
    dock_play_expect(ANN, SAM, TRANSFER_FAILED);
    dock_restart(dock, SAM);
    dock_restart(dock, ANN);
    ck_assert_uint_eq(dock->members[SAM].discards, 0);
    ck_assert(!try(transfers_retry, ANN, SAM));
    ck_assert(try(transfers_retry, SAM, ANN));
    dock_pass(dock, SECOND);
    dock_play_expect(ANN, SAM, TRANSFER_RUNNING);
    dock_fail(dock, dock_worker(dock, ANN), "changed", WIRE__WHY__CHANGED, "It changed.");
    dock_play_expect(SAM, ANN, TRANSFER_FAILED);
    g_autoptr(Transfer) over = dock_with(dock, SAM, ANN);

    ck_assert(!over->retryable);
    ck_assert_str_eq(over->code, "changed");
    ck_assert_uint_eq(dock->members[SAM].discards, 1);
    ck_assert(!try(transfers_retry, SAM, ANN));
}
END_TEST

START_TEST(withdrawn_offers_are_gone)
{
    dock_offer(dock, ANN, _i ? SAM : -1, "mockup.fig");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = transfers_list(dock->members[ANN].transfers);
    const Transfer *own = list->pdata[0];

    dock_here(dock, SAM, false);
    ck_assert(transfers_cancel(dock->members[ANN].transfers, own->id, dock->now_us, &error));
    dock_restart(dock, ANN);
    dock_here(dock, SAM, true);
    dock_run(dock);
    if (_i)
        dock_play_expect(SAM, ANN, TRANSFER_CANCELLED);
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    dock_play_expect(SAM, ANN, TRANSFER_CANCELLED);
    expect_why(SAM, ANN, "Ann no longer offers it.");
    ck_assert_uint_eq(dock->pairs_made, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transfers");
    TCase *tests = tcase_create("transfers");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dock_play_setup, dock_play_teardown);
    tcase_add_test(tests, direct_from_offer_to_done);
    tcase_add_loop_test(tests, other_ways_when_blocked, 0, 8);
    tcase_add_test(tests, nothing_leads_there);
    tcase_add_test(tests, no_answer_is_asked_again_less_often);
    tcase_add_loop_test(tests, decline_is_told, 0, 2);
    tcase_add_loop_test(tests, cancel_by_either_side, 0, 12);
    tcase_add_loop_test(tests, pause_and_resume_by_either_side, 0, 12);
    tcase_add_test(tests, both_pause);
    tcase_add_loop_test(tests, goes_on_after_a_restart, 0, 12);
    tcase_add_test(tests, survives_the_relay);
    tcase_add_loop_test(tests, an_end_that_was_not_heard_of_is_told, 0, 2);
    tcase_add_test(tests, an_end_is_told_to_a_sender_that_asked_before);
    tcase_add_test(tests, lost_again_and_again_backs_off);
    tcase_add_test(tests, failures_say_what_and_may_be_retried);
    tcase_add_loop_test(tests, withdrawn_offers_are_gone, 0, 2);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
