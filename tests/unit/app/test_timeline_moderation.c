/* What a window is given of moderation: h is a relay program, a an admin, b looks. */
#include "app/timeline.h"
#include "tests/unit/app/party.h"

#include <check.h>

#define NOBODY '-'
#define MINUTE_MS (60 * INT64_C(1000))

static Party *party;
static Timeline *timeline;
static Model *model;

static void listen(const SessionEvent *event, void *user)
{
    timeline_event(timeline, event, party_now_us(party));
}

static void look(void)
{
    model_unref(model);
    model = timeline_snapshot(timeline, party_now_us(party));
}

static void pass(int64_t ms)
{
    party_pass(party, ms);
    look();
}

static void set_up(void)
{
    party = party_new();
    party_start_relay(party, 'h');
    party_start(party, 'a');
    party_start(party, 'b');
    party_start(party, 'c');
    timeline = timeline_new(party_session(party, 'b'), party_store(party, 'b'), 1);
    party_listen(party, 'b', listen, NULL);
    party_pass(party, 2000);
    party_act(party, 'h', ACT_GRANT, 'a', ROLE_ADMIN, 0, NULL);
    pass(100);
}

static void tear_down(void)
{
    party_listen(party, 'b', NULL, NULL);
    g_clear_pointer(&model, model_unref);
    g_clear_pointer(&timeline, timeline_free);
    g_clear_pointer(&party, party_free);
}

static const Conversation *room(void)
{
    return model_find_conversation(model, "#general");
}

static const Message *last(void)
{
    return model_message(model, room(), room()->message_count - 1);
}

static const Person *person(char who)
{
    return model_person(model, party_key(party, who));
}

static void moderate(ModerationAct act, char member, int64_t lasting_ms, const char *text)
{
    ck_assert_msg(party_moderate(party, 'a', act, member, lasting_ms, text), "%s",
                  party_why(party));
    pass(100);
}

START_TEST(a_relay_s_own_act_has_no_author)
{
    ck_assert_int_eq(last()->kind, MESSAGE_MODERATION);
    ck_assert_ptr_null(last()->author);
    ck_assert_str_eq(last()->text, "The relay made a an admin");
    ck_assert(person('a')->admin && !person('c')->admin);
    ck_assert(!model_admin(model));
    ck_assert_ptr_null(person('h'));
    party_act(party, 'h', ACT_GRANT, 'b', ROLE_ADMIN, 0, NULL);
    pass(100);
    ck_assert(model_admin(model));
}
END_TEST

START_TEST(acts_are_lines_and_announcements_are_news)
{
    unsigned unread = room()->unread;
    moderate(ACT_KICK, 'c', 0, "calm down");
    ck_assert_int_eq(last()->kind, MESSAGE_LEFT);
    const Message *line = model_message(model, room(), room()->message_count - 2);
    ck_assert_int_eq(line->kind, MESSAGE_MODERATION);
    ck_assert_str_eq(line->text, "a removed c: calm down");
    ck_assert_str_eq(line->author->shown, "a");
    ck_assert_uint_eq(room()->unread, unread);
    moderate(ACT_ANNOUNCE, NOBODY, 0, "Tea!");
    ck_assert_int_eq(last()->kind, MESSAGE_ANNOUNCEMENT);
    ck_assert_str_eq(last()->text, "Tea!");
    ck_assert_uint_eq(room()->unread, unread + 1);
    party_act(party, 'h', ACT_ANNOUNCE, NOBODY, ROLE_MEMBER, 0, "The relay rests");
    pass(100);
    ck_assert_int_eq(last()->kind, MESSAGE_ANNOUNCEMENT);
    ck_assert_ptr_null(last()->author);
    ck_assert_uint_eq(room()->unread, unread + 2);
}
END_TEST

START_TEST(one_s_own_act_waits_like_a_message)
{
    party_act(party, 'h', ACT_GRANT, 'b', ROLE_ADMIN, 0, NULL);
    pass(100);
    ck_assert(party_moderate(party, 'b', ACT_MUTE, 'c', MINUTE_MS, NULL));
    look();
    ck_assert_int_eq(last()->kind, MESSAGE_MODERATION);
    ck_assert_int_eq(last()->delivery, DELIVERY_SENDING);
    ck_assert_str_eq(last()->text, "You muted c for 1 minute");
    pass(100);
    ck_assert_int_eq(last()->delivery, DELIVERY_SENT);
    ck_assert(person('c')->muted);
}
END_TEST

START_TEST(one_that_is_muted_is_told_until_it_ends)
{
    ck_assert_str_eq(model_silenced(model), "");
    moderate(ACT_MUTE, 'b', 10 * MINUTE_MS, "loud");
    ck_assert(person('b')->muted && model_self(model)->muted);
    ck_assert(g_str_has_prefix(model_silenced(model), "You are muted until "));
    pass(10 * MINUTE_MS);
    ck_assert(!person('b')->muted);
    ck_assert_str_eq(model_silenced(model), "");
}
END_TEST

START_TEST(one_that_is_banned_is_told_why)
{
    ck_assert_str_eq(model_barred(model), "");
    moderate(ACT_BAN, 'c', 0, NULL);
    ck_assert(person('c')->banned);
    moderate(ACT_BAN, 'b', 10 * MINUTE_MS, "spam");
    ck_assert_ptr_nonnull(strstr(model_barred(model), "spam"));
    ck_assert_int_eq(model_link(model), LINK_SEARCHING);
    pass(11 * MINUTE_MS);
    ck_assert_str_eq(model_barred(model), "");
    ck_assert_int_eq(model_link(model), LINK_JOINED);
}
END_TEST

START_TEST(lines_follow_names)
{
    moderate(ACT_MUTE, 'c', MINUTE_MS, NULL);
    ck_assert_str_eq(last()->text, "a muted c for 1 minute");
    size_t count = room()->message_count;
    ck_assert(session_set_name(party_session(party, 'c'), "Cleo", party_now_us(party), NULL));
    pass(100);
    ck_assert_uint_eq(room()->message_count, count + 1); /* "c is now called Cleo" */
    ck_assert_str_eq(model_message(model, room(), count - 1)->text, "a muted Cleo for 1 minute");
}
END_TEST

START_TEST(topic_motd_and_name)
{
    moderate(ACT_MOTD, NOBODY, 0, "Be kind");
    moderate(ACT_RENAME, NOBODY, 0, "Harbour");
    ck_assert(session_set_topic(party_session(party, 'a'), &(ConversationId){0}, "Boats",
                                party_now_us(party), NULL));
    pass(100);
    ck_assert_str_eq(model_motd(model), "Be kind");
    ck_assert_str_eq(model_place_name(model), "Harbour");
    ck_assert_str_eq(room()->topic, "Boats");
    ck_assert_str_eq(last()->text, "a changed the topic: Boats");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timeline_moderation");
    TCase *test_case = tcase_create("timeline_moderation");
    tcase_set_timeout(test_case, 60);
    tcase_add_checked_fixture(test_case, set_up, tear_down);
    tcase_add_test(test_case, a_relay_s_own_act_has_no_author);
    tcase_add_test(test_case, acts_are_lines_and_announcements_are_news);
    tcase_add_test(test_case, one_s_own_act_waits_like_a_message);
    tcase_add_test(test_case, one_that_is_muted_is_told_until_it_ends);
    tcase_add_test(test_case, one_that_is_banned_is_told_why);
    tcase_add_test(test_case, lines_follow_names);
    tcase_add_test(test_case, topic_motd_and_name);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
