/* What members with bad intent try, and what many at once do. */
#include "tests/unit/app/dock_internal.h"
#include "tests/unit/app/dock_play.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

static const uint8_t *token_of(unsigned post)
{
    return ((DockPost *)dock->members[ANN].posted->pdata[post])->token;
}

/* A note of `from` to Ann that its program would not send. */
static void forge(unsigned from, const Wire__Note *note)
{
    transfers_note(dock->members[ANN].transfers, dock->members[from].key, note, dock->now_us);
}

static void forge_accept(unsigned from, const uint8_t *offer, const uint8_t *wire, uint32_t attempt)
{
    uint8_t ticket[TRANSFER_SIZE] = {5};
    Wire__Accept accept = WIRE__ACCEPT__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    accept.offer = (ProtobufCBinaryData){TOKEN_SIZE, (uint8_t *)offer};
    accept.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, (uint8_t *)wire};
    accept.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, ticket};
    accept.attempt = attempt;
    note.body_case = WIRE__NOTE__BODY_ACCEPT;
    note.accept = &accept;
    forge(from, &note);
}

static void forge_halt(unsigned from, const uint8_t *offer, const uint8_t *wire, Wire__Why why)
{
    Wire__Halt halt = WIRE__HALT__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    halt.offer = (ProtobufCBinaryData){TOKEN_SIZE, (uint8_t *)offer};
    halt.transfer = (ProtobufCBinaryData){wire ? TRANSFER_SIZE : 0, (uint8_t *)wire};
    halt.why = why;
    halt.text = (char *)"\x1b[31m";
    note.body_case = WIRE__NOTE__BODY_HALT;
    note.halt = &halt;
    forge(from, &note);
}

/* The newest note that waits for a member; NULL: none. */
static const Wire__Note *last_note(unsigned member)
{
    GPtrArray *inbox = dock->members[member].inbox;

    return inbox->len ? ((DockLetter *)inbox->pdata[inbox->len - 1])->note : NULL;
}

static void expect_halt(unsigned member, Wire__Why why)
{
    const Wire__Note *note = last_note(member);

    ck_assert_ptr_nonnull(note);
    ck_assert_int_eq(note->body_case, WIRE__NOTE__BODY_HALT);
    ck_assert_int_eq(note->halt->why, why);
}

START_TEST(tickets_are_for_one_key_once_and_soon)
{
    dock->hold_tickets = true;
    dock_offer(dock, ANN, SAM, "mockup.fig");
    dock_accept(dock, SAM);
    Transfers *ann = dock->members[ANN].transfers;
    const uint8_t *sam = dock->members[SAM].key, *mira = dock->members[MIRA].key;
    DockWorker *worker = dock_worker(dock, SAM);
    uint8_t wire[TRANSFER_SIZE], right[TRANSFER_SIZE], wrong[TRANSFER_SIZE];

    ck_assert_ptr_nonnull(worker);
    memcpy(wire, worker->config.transfer, TRANSFER_SIZE);
    memcpy(right, worker->ticket, TRANSFER_SIZE);
    memcpy(wrong, right, TRANSFER_SIZE);
    wrong[TRANSFER_SIZE - 1] ^= 1;
    ck_assert(!transfers_expects(ann, wire, wrong, sam, dock->now_us));
    ck_assert(!transfers_expects(ann, wire, right, mira, dock->now_us));
    ck_assert(!transfers_expects(ann, wrong, right, sam, dock->now_us));
    ck_assert(!transfers_expects(ann, wire, right, sam, dock->now_us + 31 * SECOND));
    ck_assert(transfers_expects(ann, wire, right, sam, dock->now_us));
    ck_assert(!transfers_expects(ann, wire, right, sam, dock->now_us));
    transfers_admitted(ann, wire, -1, NULL, dock->now_us);
    ck_assert_uint_eq(dock_workers(dock, ANN), 1);
    ck_assert(!transfers_expects(ann, wire, right, sam, dock->now_us));
    /* Nobody was let in: nothing begins. */
    transfers_admitted(dock->members[MIRA].transfers, wire, -1, NULL, dock->now_us);
    transfers_admitted(ann, wire, -1, NULL, dock->now_us);
    ck_assert_uint_eq(dock_workers(dock, ANN), 1);
    ck_assert_uint_eq(dock_workers(dock, MIRA), 0);
}
END_TEST

START_TEST(only_whom_it_was_offered_gets_it)
{
    const uint8_t wire[TRANSFER_SIZE] = {3}, unknown[TOKEN_SIZE] = {4};

    dock_offer(dock, ANN, SAM, "private.txt");
    unsigned before = dock->members[ANN].changes;

    forge_accept(MIRA, token_of(0), wire, 1);
    expect_halt(MIRA, WIRE__WHY__WITHDRAWN);
    forge_accept(MIRA, unknown, wire, 1);
    expect_halt(MIRA, WIRE__WHY__WITHDRAWN);
    forge_halt(MIRA, token_of(0), NULL, WIRE__WHY__DECLINED);
    ck_assert_uint_eq(dock->members[ANN].changes, before);
    ck_assert_int_eq(dock_state(dock, ANN, SAM), TRANSFER_OFFERED);
}
END_TEST

START_TEST(nobody_speaks_for_another)
{
    Wire__Turn turn = WIRE__TURN__INIT;
    Wire__Note note = WIRE__NOTE__INIT;

    dock_offer(dock, ANN, -1, "for-all.txt");
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    uint8_t wire[TRANSFER_SIZE];

    memcpy(wire, dock_worker(dock, SAM)->config.transfer, TRANSFER_SIZE);
    forge_halt(MIRA, token_of(0), wire, WIRE__WHY__CANCELLED);
    turn.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, wire};
    turn.attempt = 1;
    note.body_case = WIRE__NOTE__BODY_TURN;
    note.turn = &turn;
    forge(MIRA, &note);
    forge_accept(MIRA, token_of(0), wire, 7);
    expect_halt(MIRA, WIRE__WHY__BUSY);
    ck_assert_int_eq(dock_state(dock, ANN, SAM), TRANSFER_RUNNING);
    /* Nor does an old word count. */
    forge_accept(SAM, token_of(0), wire, 1);
    ck_assert_int_eq(dock_state(dock, ANN, SAM), TRANSFER_RUNNING);
    ck_assert_uint_eq(dock_workers(dock, ANN), 1);
    forge_halt(SAM, token_of(0), wire, WIRE__WHY__FAULT);
    g_autoptr(Transfer) failed = dock_with(dock, ANN, SAM);

    ck_assert_int_eq(failed->state, TRANSFER_FAILED);
    ck_assert_ptr_null(strchr(failed->why, '\x1b'));
}
END_TEST

START_TEST(a_listing_that_is_gone_is_withdrawn)
{
    g_autofree char *offers = g_build_filename(dock->members[ANN].data_dir, "offers", NULL);
    g_autofree char *away = g_strconcat(offers, ".away", NULL);

    dock_offer(dock, ANN, SAM, "mockup.fig");
    dock_restart(dock, ANN);
    ck_assert_int_eq(g_rename(offers, away), 0);
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    ck_assert_int_eq(dock_state(dock, SAM, ANN), TRANSFER_CANCELLED);
}
END_TEST

START_TEST(offers_of_one_author_are_bounded)
{
    g_autoptr(Offer) offer = NULL;
    ConversationId room = {0};
    unsigned prompts = 0;

    dock_offer(dock, ANN, -1, "first");
    dock_accept(dock, SAM);
    dock_pass(dock, SECOND);
    offer = offer_ref(((DockPost *)dock->members[ANN].posted->pdata[0])->offer);
    for (unsigned i = 0; i < 1000; i++) {
        uint8_t token[TOKEN_SIZE] = {1, (uint8_t)i, (uint8_t)(i >> 8)};
        SessionMessage message = {.conversation = room,
                                  .token = token,
                                  .author = dock->members[ANN].key,
                                  .kind = 7,
                                  .text = "",
                                  .offer = offer};

        transfers_offer_seen(dock->members[SAM].transfers, &message, true, dock->now_us);
    }
    g_autoptr(GPtrArray) list = transfers_list(dock->members[SAM].transfers);

    for (guint i = 0; i < list->len; i++)
        prompts += ((Transfer *)list->pdata[i])->prompt;
    ck_assert_uint_eq(list->len, 101);
    ck_assert_uint_le(prompts, 20);
    ck_assert_uint_ge(dock->members[SAM].gone, 890);
    ck_assert_uint_eq(dock_workers(dock, SAM), 1);
}
END_TEST

START_TEST(notes_are_answered_up_to_a_rate)
{
    unsigned before = dock->members[ANN].answers;

    for (unsigned i = 0; i < 5000; i++) {
        uint8_t wire[TRANSFER_SIZE] = {1, (uint8_t)i, (uint8_t)(i >> 8)};

        forge_accept(MIRA, wire, wire, 1);
    }
    ck_assert_uint_le(dock->members[ANN].answers - before, 256);
}
END_TEST

START_TEST(who_asks_for_too_much_waits)
{
    for (unsigned i = 0; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("file-%u", i);

        dock_offer(dock, ANN, -1, name);
    }
    for (unsigned i = 0; i < 10; i++) {
        uint8_t wire[TRANSFER_SIZE] = {9, (uint8_t)i};

        forge_accept(MIRA, token_of(i), wire, 1);
    }
    expect_halt(MIRA, WIRE__WHY__BUSY);
    uint8_t first[TRANSFER_SIZE] = {9, 0};

    forge_halt(MIRA, token_of(0), first, WIRE__WHY__CANCELLED);
    expect_halt(MIRA, WIRE__WHY__RESUMED);
}
END_TEST

START_TEST(many_files_of_one_come_a_few_at_a_time)
{
    unsigned waiting = 0;

    for (unsigned i = 0; i < 10; i++) {
        g_autofree char *name = g_strdup_printf("file-%u", i);

        dock_offer(dock, ANN, SAM, name);
        dock_accept(dock, SAM);
    }
    dock_pass(dock, SECOND);
    ck_assert_uint_eq(dock_workers(dock, SAM), 4);
    g_autoptr(GPtrArray) list = transfers_list(dock->members[SAM].transfers);

    for (guint i = 0; i < list->len; i++)
        waiting += !strcmp(((Transfer *)list->pdata[i])->why, "Waits for another transfer.");
    ck_assert_uint_eq(waiting, 6);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_uint_eq(dock_workers(dock, SAM), MIN(4, 10 - i));
        dock_finish(dock, dock_worker(dock, SAM));
        dock_pass(dock, SECOND);
    }
    ck_assert(dock_sleeps(dock, SAM) && dock_sleeps(dock, ANN));
}
END_TEST

START_TEST(twenty_take_one_offer)
{
    dock_offer(dock, ANN, -1, "for-all.txt");
    for (unsigned i = 1; i < dock->count; i++)
        dock_accept(dock, i);
    dock_pass(dock, SECOND);
    ck_assert_uint_eq(dock_workers(dock, ANN), 20);
    for (unsigned i = 1; i < dock->count; i++) {
        ck_assert_int_eq(dock_state(dock, i, ANN), TRANSFER_RUNNING);
        ck_assert_int_eq(dock_state(dock, ANN, i), TRANSFER_RUNNING);
    }
    dock_lose(dock, dock_worker(dock, 5));
    dock_pass(dock, SECOND);
    for (unsigned i = 1; i < dock->count; i++)
        dock_finish(dock, dock_worker(dock, i));
    for (unsigned i = 1; i < dock->count; i++)
        ck_assert_int_eq(dock_state(dock, ANN, i), TRANSFER_DONE);
    dock_restart(dock, ANN);
    g_autoptr(GPtrArray) list = transfers_list(dock->members[ANN].transfers);

    ck_assert_uint_eq(list->len, 21);
    ck_assert(dock_sleeps(dock, ANN));
}
END_TEST

/* Four who take all that there is, and leave it at that, keep Ann's other people waiting, but not
 * Ann. */
START_TEST(who_takes_everything_takes_no_place_of_what_comes)
{
    for (unsigned i = 0; i < 8; i++) {
        g_autofree char *name = g_strdup_printf("file-%u", i);

        dock_offer(dock, ANN, -1, name);
    }
    for (unsigned i = 0; i < 32; i++) {
        uint8_t wire[TRANSFER_SIZE] = {9, (uint8_t)i};

        forge_accept(MIRA + i / 8, token_of(i % 8), wire, 1);
    }
    uint8_t wire[TRANSFER_SIZE] = {8};

    forge_accept(10, token_of(0), wire, 1);
    expect_halt(10, WIRE__WHY__BUSY);
    dock_offer(dock, SAM, ANN, "for-ann.txt");
    dock_accept(dock, ANN);
    dock_pass(dock, SECOND);
    ck_assert_int_eq(dock_state(dock, ANN, SAM), TRANSFER_RUNNING);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transfers_hostile");
    TCase *tests = tcase_create("hostile"), *many = tcase_create("many");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, dock_play_setup, dock_play_teardown);
    tcase_add_test(tests, tickets_are_for_one_key_once_and_soon);
    tcase_add_test(tests, only_whom_it_was_offered_gets_it);
    tcase_add_test(tests, nobody_speaks_for_another);
    tcase_add_test(tests, a_listing_that_is_gone_is_withdrawn);
    tcase_add_test(tests, offers_of_one_author_are_bounded);
    tcase_add_test(tests, notes_are_answered_up_to_a_rate);
    tcase_add_test(tests, who_asks_for_too_much_waits);
    tcase_add_test(tests, many_files_of_one_come_a_few_at_a_time);
    suite_add_tcase(suite, tests);
    tcase_set_timeout(many, 60);
    tcase_add_checked_fixture(many, dock_play_setup_many, dock_play_teardown);
    tcase_add_test(many, twenty_take_one_offer);
    tcase_add_test(many, who_takes_everything_takes_no_place_of_what_comes);
    suite_add_tcase(suite, many);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
