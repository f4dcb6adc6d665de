/* Members that carry the room themselves, without a relay and without mDNS: real sockets. */
#include "app/member.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 30

/* Somebody who takes part. */
typedef struct {
    Member *member;
    char *directory;
    unsigned joined, left;
    GPtrArray *texts; /* of messages told, own ones too */
} Seat;

static Seat ann, bob;
static char *root;

static void remove_tree(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_remove(path);
}

static void on_event(const SessionEvent *event, void *user)
{
    Seat *seat = user;
    seat->joined += event->type == SESSION_EVENT_JOINED;
    bool said =
        event->type == SESSION_EVENT_MESSAGE && event->message->delivery == DELIVERY_STATE_RECEIVED;
    bool sent =
        event->type == SESSION_EVENT_DELIVERY && event->message->delivery == DELIVERY_STATE_SENT;
    if (said || sent)
        g_ptr_array_add(seat->texts, g_strdup(event->message->text));
}

static void on_choices(void *user)
{
}

static void on_finding(FinderState state, const char *line, void *user)
{
}

static void on_left(void *user)
{
    ((Seat *)user)->left++;
}

static gboolean too_late(gpointer user)
{
    ck_abort_msg("waited too long");
    return G_SOURCE_REMOVE;
}

static void await(const unsigned *count, unsigned enough)
{
    guint alarm = g_timeout_add_seconds(PATIENCE_S, too_late, NULL);
    while (*count < enough)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(alarm);
}

static void await_text(const Seat *seat, const char *text)
{
    guint alarm = g_timeout_add_seconds(PATIENCE_S, too_late, NULL);
    while (!g_ptr_array_find_with_equal_func(seat->texts, text, g_str_equal, NULL))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(alarm);
}

static void await_serving(const Seat *seat)
{
    guint alarm = g_timeout_add_seconds(PATIENCE_S, too_late, NULL);
    while (!session_serving(member_session(seat->member)))
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(alarm);
}

static void sit_down(Seat *seat, const char *name, const char *address)
{
    static const MemberEvents events = {
        .event = on_event, .choices = on_choices, .finding = on_finding};
    seat->directory = g_build_filename(root, name, NULL);
    seat->texts = g_ptr_array_new_with_free_func(g_free);
    MemberOptions options = {.data_dir = seat->directory,
                             .name = name,
                             .connect = address,
                             .serve = true,
                             .loopback = true};
    g_autoptr(GError) error = NULL;
    seat->member = member_new(NULL, &options, &events, seat, &error);
    g_assert_no_error(error);
    member_start(seat->member);
    await(&seat->joined, 1);
}

static void get_up(Seat *seat)
{
    g_clear_pointer(&seat->member, member_free);
    g_clear_pointer(&seat->texts, g_ptr_array_unref);
    g_clear_pointer(&seat->directory, g_free);
    *seat = (Seat){0};
}

static void say(Seat *seat, const char *text)
{
    ConversationId general = {.direct = false};
    g_autoptr(GError) error = NULL;
    int64_t now_us = g_get_monotonic_time();
    ck_assert(
        session_say(member_session(seat->member), &general, text, false, NULL, now_us, &error));
    member_touched(seat->member);
}

/* Bob finds Ann, who carries the room. */
static void meet(void)
{
    sit_down(&ann, "Ann", NULL);
    ck_assert(session_serving(member_session(ann.member)));
    g_auto(GStrv) addresses = member_addresses(ann.member);
    sit_down(&bob, "Bob", addresses[0]);
    ck_assert(!session_serving(member_session(bob.member)));
}

static void set_up(void)
{
    root = g_dir_make_tmp("backfence-member-XXXXXX", NULL);
}

static void tear_down(void)
{
    get_up(&bob);
    get_up(&ann);
    remove_tree(root);
    g_clear_pointer(&root, g_free);
}

START_TEST(carries_the_room_alone)
{
    sit_down(&ann, "Ann", NULL);
    ck_assert(session_serving(member_session(ann.member)));
    ck_assert_str_eq(session_place_name(member_session(ann.member)), "Local network");
    say(&ann, "is anybody here?");
    await_text(&ann, "is anybody here?");
}
END_TEST

START_TEST(others_join_who_carries_it)
{
    meet();
    say(&ann, "from Ann");
    await_text(&bob, "from Ann");
    say(&bob, "from Bob");
    await_text(&ann, "from Bob");
}
END_TEST

START_TEST(who_leaves_hands_over)
{
    meet();
    say(&ann, "before");
    await_text(&bob, "before");
    member_leave(ann.member, on_left, &ann);
    await(&ann.left, 1);
    get_up(&ann);
    await_serving(&bob);
    say(&bob, "after");
    await_text(&bob, "after");
}
END_TEST

START_TEST(who_dies_is_followed)
{
    meet();
    get_up(&ann);
    await_serving(&bob);
    say(&bob, "after");
    await_text(&bob, "after");
}
END_TEST

START_TEST(the_same_place_again)
{
    uint8_t place[PLACE_SIZE];
    sit_down(&ann, "Ann", NULL);
    memcpy(place, session_place(member_session(ann.member)), PLACE_SIZE);
    say(&ann, "kept");
    await_text(&ann, "kept");
    get_up(&ann);
    sit_down(&ann, "Ann", NULL);
    ck_assert_mem_eq(session_place(member_session(ann.member)), place, PLACE_SIZE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("member");
    TCase *tests = tcase_create("member");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, carries_the_room_alone);
    tcase_add_test(tests, others_join_who_carries_it);
    tcase_add_test(tests, who_leaves_hands_over);
    tcase_add_test(tests, who_dies_is_followed);
    tcase_add_test(tests, the_same_place_again);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
