/* Snapshots of a session that talks with a relay played by hand. */
#include "app/timeline.h"
#include "tests/unit/app/session_stage.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static SessionStage *stage;
static Timeline *timeline;
static Model *model;

static void listen(const SessionEvent *event, void *user)
{
    if (timeline)
        timeline_event(timeline, event, 1);
}

static void look(void)
{
    model_unref(model);
    model = timeline_snapshot(timeline, 1);
}

static void join(void)
{
    session_stage_find(stage, 1, "relay here");
    session_stage_up(stage, 'r');
    session_stage_welcome(stage, "");
    session_stage_roster(stage, "b named Ben", false);
}

static void set_up(void)
{
    stage = session_stage_new();
    session_stage_listen(stage, listen, NULL);
    timeline = timeline_new(session_stage_session(stage), session_stage_store(stage), 1);
    look();
}

static void tear_down(void)
{
    g_clear_pointer(&model, model_unref);
    g_clear_pointer(&timeline, timeline_free);
    g_clear_pointer(&stage, session_stage_free);
}

static const Conversation *room(void)
{
    return model_find_conversation(model, "#general");
}

static const Message *message(size_t index)
{
    return model_message(model, room(), index);
}

static void check_texts(const char *texts)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < room()->message_count; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "", message(i)->text);
    ck_assert_str_eq(all->str, texts);
}

START_TEST(begins_empty)
{
    ck_assert_int_eq(model_link(model), LINK_SEARCHING);
    ck_assert_str_eq(model_self(model)->name, "Me");
    ck_assert_uint_eq(room()->message_count, 0);
    ck_assert(!model_first_run(model));
    ck_assert(!timeline_changed(timeline));
}
END_TEST

START_TEST(history_is_read_and_news_are_not)
{
    join();
    session_stage_event(stage, 'b', '\0', "long ago");
    session_stage_page(stage, false, 0, 1);
    look();
    ck_assert_int_eq(model_link(model), LINK_JOINED);
    ck_assert_str_eq(model_place_name(model), "Home");
    ck_assert_uint_eq(room()->unread, 0);
    session_stage_event(stage, 'b', '\0', "hello me, and others");
    session_stage_deliver(stage, 1, 2);
    look();
    check_texts("long ago, hello me, and others");
    ck_assert_uint_eq(room()->unread, 1);
    ck_assert_uint_eq(room()->mentions, 1);
    ck_assert(message(1)->mention);
    ck_assert_str_eq(message(1)->author->shown, "Ben");
    timeline_mark_read(timeline, "#general", message(1)->id);
    look();
    ck_assert_uint_eq(room()->unread, 0);
    timeline_mark_read(timeline, "#general", message(0)->id);
    look();
    ck_assert_mem_eq(room()->read_mark, message(1)->id, MODEL_ID_SIZE);
}
END_TEST

START_TEST(what_waits_comes_last)
{
    join();
    session_stage_page(stage, false, 0, 0);
    session_stage_receipt(stage, WIRE__REFUSAL__NONE, 0); /* the profile */
    session_stage_say(stage, '\0', "mine");
    session_stage_event(stage, 'b', '\0', "later");
    session_stage_deliver(stage, 1, 2);
    look();
    check_texts("later, mine");
    ck_assert_int_eq(message(1)->delivery, DELIVERY_SENDING);
    session_stage_receipt(stage, WIRE__REFUSAL__NOT_ALLOWED, 0);
    look();
    ck_assert_int_eq(message(1)->delivery, DELIVERY_FAILED);
    ck_assert_str_eq(message(1)->why, "no");
    session_retry(session_stage_session(stage), message(1)->id, 1);
    session_stage_receipt(stage, WIRE__REFUSAL__NONE, 0);
    look();
    ck_assert_uint_eq(room()->message_count, 2);
    ck_assert_int_eq(message(0)->delivery == DELIVERY_SENT || message(1)->delivery == DELIVERY_SENT,
                     true);
}
END_TEST

START_TEST(shares_what_did_not_change)
{
    join();
    for (unsigned i = 0; i < 200; i++) {
        g_autofree char *text = g_strdup_printf("line %u", i);
        session_stage_event(stage, 'b', '\0', text);
    }
    session_stage_page(stage, false, 0, 200);
    look();
    Model *before = model_ref(model);
    const Message *first = message(0);
    size_t count = room()->message_count;
    session_stage_event(stage, 'b', '\0', "one more");
    session_stage_deliver(stage, 200, 201);
    look();
    ck_assert_uint_eq(room()->message_count, count + 1);
    ck_assert_ptr_eq(message(0), first);
    session_stage_profile(stage, 'b', "Benedict");
    session_stage_deliver(stage, 201, 202);
    look();
    ck_assert_str_eq(message(0)->author->shown, "Benedict");
    ck_assert_str_eq(first->author->shown, "Ben");
    model_unref(before);
}
END_TEST

START_TEST(loads_pages_back_from_the_relay)
{
    join();
    session_stage_at(stage, 40);
    session_stage_event(stage, 'b', '\0', "newest");
    session_stage_page(stage, false, 39, 40);
    look();
    ck_assert(room()->more_before);
    timeline_load_older(timeline, "#general", 1);
    look();
    ck_assert(room()->loading_before);
    session_stage_at(stage, 20);
    session_stage_event(stage, 'c', '\0', "older by its place only");
    session_stage_page(stage, true, 19, 39);
    look();
    ck_assert(!room()->loading_before);
    ck_assert_uint_eq(room()->message_count, 2);
    session_stage_page(stage, true, 0, 19);
    look();
    ck_assert(!room()->more_before);
}
END_TEST

START_TEST(keeps_drafts_and_directs)
{
    join();
    session_stage_page(stage, false, 0, 0);
    timeline_set_draft(timeline, "#general", "half a");
    timeline_open_direct(timeline, session_stage_key(stage, 'b'));
    session_stage_typing(stage, 'b');
    look();
    ck_assert_str_eq(room()->draft, "half a");
    ck_assert_uint_eq(room()->typing->len, 1);
    ck_assert_uint_eq(model_conversations(model)->len, 2);
    const Conversation *direct = model_conversations(model)->pdata[1];
    ck_assert_str_eq(direct->name, "Ben");
    timeline_free(timeline);
    timeline = timeline_new(session_stage_session(stage), session_stage_store(stage), 1);
    look();
    ck_assert_str_eq(room()->draft, "half a");
    ck_assert_uint_eq(model_conversations(model)->len, 2);
}
END_TEST

START_TEST(tells_joins_and_leaves)
{
    join();
    session_stage_page(stage, false, 0, 0);
    session_stage_roster(stage, "c named Cleo", false);
    session_stage_roster(stage, "c gone", false);
    look();
    check_texts("Cleo joined, Cleo left");
    ck_assert_int_eq(message(0)->kind, MESSAGE_JOINED);
    ck_assert_int_eq(message(1)->kind, MESSAGE_LEFT);
    ck_assert_uint_eq(room()->unread, 0);
    timeline_notice(timeline, "#general", "a line");
    look();
    check_texts("Cleo joined, Cleo left, a line");
}
END_TEST

static void room_moves(const char *text)
{
    SessionEvent event = {.type = SESSION_EVENT_MOVED, .text = text};
    timeline_event(timeline, &event, 1);
    look();
}

START_TEST(moves_are_one_quiet_line)
{
    join();
    session_stage_page(stage, false, 0, 0);
    timeline_notice(timeline, "#general", "a line");
    room_moves("The room moved to Ben's computer.");
    ck_assert_int_eq(message(1)->kind, MESSAGE_MOVED);
    session_stage_roster(stage, "c named Cleo", false);
    room_moves("The room moved to the relay.");
    check_texts("a line, Cleo joined, The room moved to the relay");
    ck_assert_uint_eq(room()->unread, 0);
    /* What was said between keeps both. */
    session_stage_event(stage, 'b', '\0', "hello");
    session_stage_deliver(stage, 0, 1);
    room_moves("This computer carries the room now.");
    check_texts("a line, Cleo joined, The room moved to the relay, hello, "
                "This computer carries the room now");
    ck_assert_uint_eq(room()->unread, 1);
}
END_TEST

START_TEST(forks_are_warnings)
{
    join();
    SessionEvent event = {.type = SESSION_EVENT_NOTICE, .code = "fork", .text = "Ben has two."};
    timeline_event(timeline, &event, 1);
    event.code = "clock";
    timeline_event(timeline, &event, 1);
    look();
    ck_assert_int_eq(message(0)->kind, MESSAGE_WARNING);
    ck_assert_int_eq(message(1)->kind, MESSAGE_NOTICE);
    ck_assert_uint_eq(room()->unread, 0);
}
END_TEST

/* Who carries the room, and who is here, stay as they were until it is known again. */
START_TEST(keeps_calm_while_the_room_moves)
{
    join();
    session_stage_page(stage, false, 0, 0);
    look();
    ck_assert_int_eq(model_carried_by(model), CARRIED_BY_PERSON);
    ck_assert_uint_eq(model_people_here(model), 2);
    session_stage_cut(stage);
    session_stage_pass(stage, 500);
    look();
    ck_assert_int_eq(model_link(model), LINK_JOINED);
    ck_assert_int_eq(model_carried_by(model), CARRIED_BY_PERSON);
    ck_assert_uint_eq(model_people_here(model), 2);
    session_stage_pass(stage, 2000);
    look();
    ck_assert_int_eq(model_link(model), LINK_LOST);
    ck_assert_int_eq(model_link_since_us(model), session_lost_us(session_stage_session(stage)));
    ck_assert_int_eq(model_carried_by(model), CARRIED_BY_NOBODY);
}
END_TEST

/* However often something is dialled meanwhile. */
START_TEST(no_network_has_one_beginning)
{
    SessionNetwork network = {.known = false};
    ck_assert_int_eq(model_no_network_since_us(model), INT64_MAX);
    session_network(session_stage_session(stage), &network, 1);
    look();
    ck_assert_int_eq(model_no_network_since_us(model), 1);
    session_stage_find(stage, 1, "relay here");
    model_unref(model);
    model = timeline_snapshot(timeline, 5);
    ck_assert_int_eq(model_link(model), LINK_JOINING);
    ck_assert_int_eq(model_no_network_since_us(model), 1);
    network.up = true;
    session_network(session_stage_session(stage), &network, 1);
    look();
    ck_assert_int_eq(model_no_network_since_us(model), INT64_MAX);
}
END_TEST

static Transfer *transfer_at(uint8_t id, TransferState state, uint64_t bytes)
{
    Transfer *transfer = g_new0(Transfer, 1);
    g_atomic_ref_count_init(&transfer->references);
    transfer->id[0] = id;
    transfer->offer[0] = 0xab;
    transfer->state = state;
    transfer->bytes = bytes;
    transfer->why = g_strdup("");
    return transfer;
}

static void transfer_moves(uint8_t id, TransferState state, uint64_t bytes)
{
    g_autoptr(Transfer) transfer = transfer_at(id, state, bytes);
    timeline_transfer(timeline, transfer);
}

/* However much progress there is: no row is made anew, and snapshots taken keep what they showed.
 */
START_TEST(progress_is_no_hurry)
{
    join();
    timeline_notice(timeline, "#general", "a line");
    transfer_moves(1, TRANSFER_OFFERED, 0);
    transfer_moves(2, TRANSFER_RUNNING, 5);
    ck_assert(!timeline_only_progress(timeline));
    look();
    const Message *line = message(room()->message_count - 1);
    g_autoptr(Model) before = model_ref(model);
    ck_assert(!timeline_changed(timeline));
    transfer_moves(2, TRANSFER_RUNNING, 6);
    ck_assert(timeline_changed(timeline));
    ck_assert(timeline_only_progress(timeline));
    look();
    ck_assert_ptr_eq(message(room()->message_count - 1), line);
    const Transfer *first = model_transfers(model)->pdata[0];
    ck_assert_uint_eq(first->id[0], 2);
    ck_assert_uint_eq(first->bytes, 6);
    ck_assert_uint_eq(((const Transfer *)model_transfers(before)->pdata[0])->bytes, 5);
    transfer_moves(2, TRANSFER_DONE, 6);
    ck_assert(!timeline_only_progress(timeline));
    uint8_t offer[MODEL_ID_SIZE] = {0xab}, gone[TRANSFER_SIZE] = {1};
    g_autoptr(GPtrArray) both = model_transfers_of(model, offer);
    ck_assert_uint_eq(both->len, 2);
    timeline_transfer_gone(timeline, gone);
    look();
    ck_assert_uint_eq(model_transfers(model)->len, 1);
    ck_assert_ptr_null(model_find_transfer(model, gone));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timeline");
    TCase *tests = tcase_create("snapshots");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, begins_empty);
    tcase_add_test(tests, history_is_read_and_news_are_not);
    tcase_add_test(tests, what_waits_comes_last);
    tcase_add_test(tests, shares_what_did_not_change);
    tcase_add_test(tests, loads_pages_back_from_the_relay);
    tcase_add_test(tests, keeps_drafts_and_directs);
    tcase_add_test(tests, progress_is_no_hurry);
    tcase_add_test(tests, tells_joins_and_leaves);
    tcase_add_test(tests, moves_are_one_quiet_line);
    tcase_add_test(tests, forks_are_warnings);
    tcase_add_test(tests, no_network_has_one_beginning);
    tcase_add_test(tests, keeps_calm_while_the_room_moves);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
