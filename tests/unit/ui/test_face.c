/* The window without its messages: writing, going about, dialogs, sizes. */

#include "tests/unit/ui/driver.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(enter_sends)
{
    drive_lively();
    drive_type("hello there");
    ck_told("typing #general");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general hello there");
    ck_assert(drive_find(ROLE_BUTTON, "Send")->state & NODE_DISABLED);
    g_string_truncate(recorder->log, 0);
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_assert_ptr_null(strstr(recorder->log->str, "say"));
}
END_TEST

START_TEST(commands_are_not_told_while_they_are_typed)
{
    drive_lively();
    drive_type("/me");
    ck_assert_ptr_null(strstr(recorder->log->str, "typing"));
}
END_TEST

START_TEST(shift_enter_breaks_the_line)
{
    drive_lively();
    int before = node_find(face_nodes(face), "composer")->rect.h;
    ck_assert_int_eq(before, 48);
    drive_type("one");
    for (int i = 0; i < 3; i++)
        drive_key(SDLK_RETURN, KMOD_LSHIFT);
    drive_type("two");
    ck_assert_int_gt(node_find(face_nodes(face), "composer")->rect.h, before);
    for (int i = 0; i < 20; i++)
        drive_key(SDLK_RETURN, KMOD_LSHIFT);
    drive_type("end");
    ck_assert_int_eq(node_find(face_nodes(face), "composer")->rect.h, 184);
    for (int i = 0; i < 26; i++)
        drive_key(SDLK_BACKSPACE, KMOD_NONE);
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general one");
}
END_TEST

START_TEST(emoji_by_name)
{
    drive_lively();
    drive_type("yes :ta");
    ck_assert(drive_exists(ROLE_ITEM, "tada"));
    drive_key(SDLK_TAB, KMOD_NONE);
    ck_assert(!drive_exists(ROLE_LIST, "Emoji"));
    drive_type(" :rocket:");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general yes 🎉 🚀");
    /* Without going into the list, Enter sends. */
    drive_type(":he");
    ck_assert(drive_exists(ROLE_LIST, "Emoji"));
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general :he");
    drive_type(":he");
    drive_key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert(!drive_exists(ROLE_LIST, "Emoji"));
    drive_type("a");
    ck_assert(drive_exists(ROLE_LIST, "Emoji"));
    drive_key(SDLK_DOWN, KMOD_NONE);
    drive_key(SDLK_UP, KMOD_NONE);
    drive_key(SDLK_RETURN, KMOD_NONE);
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general ❤️");
}
END_TEST

START_TEST(emoji_button_shows_the_list)
{
    drive_lively();
    drive_click(ROLE_BUTTON, "Emoji");
    ck_assert(drive_exists(ROLE_ITEM, "tada"));
    drive_click(ROLE_ITEM, "tada");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general 🎉");
}
END_TEST

START_TEST(conversations_open_and_keep_their_drafts)
{
    drive_lively();
    drive_type("half a thought");
    drive_click(ROLE_ITEM, "Mira Okafor, 1 unread");
    ck_assert_str_eq(face_conversation(face), sample_direct());
    ck_told("draft #general half a thought");
    ck_assert(drive_exists(ROLE_FIELD, "Message Mira Okafor"));
    drive_type("hi");
    drive_key(SDLK_RETURN, KMOD_NONE);
    g_autofree char *said = g_strdup_printf("say %s hi", sample_direct());
    ck_told(said);
    drive_key(SDLK_UP, KMOD_LALT);
    ck_assert_str_eq(face_conversation(face), "#general");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general half a thought");
}
END_TEST

START_TEST(a_person_gets_a_direct)
{
    drive_lively();
    drive_click(ROLE_ITEM, "Sam Rivera");
    ck_told("direct 3");
    ck_assert_int_eq(face_conversation(face)[0], '@');
}
END_TEST

START_TEST(switcher_finds)
{
    drive_lively();
    drive_key(SDLK_k, KMOD_LCTRL);
    ck_assert(drive_exists(ROLE_DIALOG, ""));
    ck_assert_str_eq(face_focus(face), "switcher-field");
    drive_type("mir");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_assert_str_eq(face_conversation(face), sample_direct());
    ck_assert_str_eq(face_focus(face), "composer");
    drive_key(SDLK_k, KMOD_LCTRL);
    drive_key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert(!drive_exists(ROLE_DIALOG, ""));
}
END_TEST

START_TEST(f6_and_tab_reach_everything)
{
    drive_lively();
    const char *panes[] = {"people", "sidebar", "messages", "composer-pane"};
    for (size_t i = 0; i < G_N_ELEMENTS(panes); i++) {
        drive_key(SDLK_F6, KMOD_NONE);
        Node *focus = node_find(face_nodes(face), face_focus(face));
        ck_assert_ptr_nonnull(focus);
        ck_assert_str_eq(node_ancestor(focus, ROLE_PANE)->id, panes[i]);
    }
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 60; i++) {
        drive_key(SDLK_TAB, KMOD_NONE);
        g_hash_table_add(seen, g_strdup(face_focus(face)));
    }
    const char *ids[] = {"place",    "search", "sidebar/#general", "settings", "people-button",
                         "composer", "emoji"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        ck_assert_msg(g_hash_table_contains(seen, ids[i]), "Tab never reaches %s", ids[i]);
    ck_assert_uint_ge(g_hash_table_size(seen), 16);
}
END_TEST

START_TEST(dialog_keeps_the_focus)
{
    drive_lively();
    drive_key(SDLK_COMMA, KMOD_LCTRL);
    const Node *dialog = drive_find(ROLE_DIALOG, "Settings");
    ck_assert_ptr_nonnull(dialog);
    for (int i = 0; i < 20; i++) {
        drive_key(SDLK_TAB, i % 3 ? KMOD_NONE : KMOD_LSHIFT);
        Node *focus = node_find(face_nodes(face), face_focus(face));
        ck_assert_ptr_nonnull(node_ancestor(focus, ROLE_DIALOG));
    }
    drive_click(ROLE_CHECK, "Light");
    ck_assert_int_eq(recorder->preferences.looks, LOOKS_LIGHT);
    drive_click(ROLE_BUTTON, "+");
    ck_assert_double_eq_tol(recorder->preferences.zoom, 1.1, 0.001);
    drive_click_at(3, 3);
    ck_assert(!drive_exists(ROLE_DIALOG, "Settings"));
    ck_assert_str_eq(face_focus(face), "composer");
}
END_TEST

START_TEST(first_run_asks_for_a_name)
{
    drive_open(&(Sample){.link = LINK_JOINED, .first_run = true}, 1100, 720);
    ck_assert_str_eq(face_focus(face), "first-name");
    ck_assert(!drive_exists(ROLE_BUTTON, "Send"));
    drive_type("Robin");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("name Robin");
    ck_assert_str_eq(face_focus(face), "composer");
    ck_assert(drive_exists(ROLE_BUTTON, "Send"));
}
END_TEST

START_TEST(connect_dialog_comes_and_goes)
{
    Sample nothing = {.no_place = true, .alone = true, .wants_connect = true};
    drive_open(&nothing, 1100, 720);
    ck_assert(drive_exists(ROLE_DIALOG, "Connect"));
    ck_assert(drive_find(ROLE_BUTTON, "Join")->state & NODE_DISABLED);
    nothing.choices = 2;
    drive_model(&nothing);
    drive_click(ROLE_CHECK, "Workshop, Without a relay · [fe80::1c2a]:7667");
    drive_click(ROLE_BUTTON, "Join");
    ck_told("join 2");
    ck_assert(drive_exists(ROLE_DIALOG, "Connect"));
    drive_model(&(Sample){.link = LINK_JOINED});
    ck_assert(!drive_exists(ROLE_DIALOG, "Connect"));
}
END_TEST

START_TEST(connect_by_address)
{
    drive_open(&(Sample){.no_place = true, .alone = true, .wants_connect = true, .choices = 1},
               1100, 720);
    ck_assert_str_eq(face_focus(face), "address");
    drive_type("10.1.2.3:7667");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("connect 10.1.2.3:7667");
    /* Put away, it does not come again by itself. */
    drive_key(SDLK_ESCAPE, KMOD_NONE);
    drive_model(&(Sample){.no_place = true, .alone = true, .wants_connect = true});
    ck_assert(!drive_exists(ROLE_DIALOG, "Connect"));
}
END_TEST

START_TEST(lost_link_is_said_after_a_while)
{
    drive_open(&(Sample){.link = LINK_LOST, .link_since_us = SAMPLE_NOW_US}, 1100, 720);
    ck_assert_ptr_null(node_find(face_nodes(face), "pill"));
    ck_assert_int_le(face_deadline(face), SAMPLE_NOW_US + 3 * G_USEC_PER_SEC);
    drive_time(3 * G_USEC_PER_SEC);
    ck_assert(drive_exists(ROLE_STATUS, "Reconnecting… messages go out when you're back."));
    drive_time(28 * G_USEC_PER_SEC);
    drive_click(ROLE_BUTTON, "Try now");
    ck_told("try");
    drive_type("still writing");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general still writing");
}
END_TEST

START_TEST(narrow_window_has_one_pane)
{
    drive_open(&(Sample){.link = LINK_JOINED}, 420, 720);
    ck_assert_ptr_null(node_find(face_nodes(face), "sidebar"));
    drive_click(ROLE_BUTTON, "Conversations");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "sidebar"));
    ck_assert_ptr_null(node_find(face_nodes(face), "messages"));
    drive_click(ROLE_ITEM, "Mira Okafor, 1 unread");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "messages"));
    drive_click(ROLE_BUTTON, "People");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "people"));
    drive_key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert_ptr_null(node_find(face_nodes(face), "people"));
}
END_TEST

/* From the least size to a large one, at all scales: nothing breaks, nothing is outside. */
START_TEST(every_size_is_drawn)
{
    drive_open(&(Sample){.link = LINK_JOINED, .deliveries = true}, 360, 480);
    static const double scales[] = {0.8, 1.0, 1.5, 2.0, 4.0};
    for (size_t s = 0; s < G_N_ELEMENTS(scales); s++) {
        for (int width = 300; width < 2200; width += 263) {
            face_set_size(face, width, width * 2 / 3, scales[s]);
            face_draw(face);
            const Node *root = node_tree_root(face_nodes(face));
            ck_assert_int_eq(root->rect.w, width);
        }
    }
}
END_TEST

START_TEST(nothing_wakes_an_unfocused_face)
{
    drive_lively();
    ck_assert_int_lt(face_deadline(face), drive_now() + 2 * G_USEC_PER_SEC);
    face_set_focused(face, false);
    face_draw(face);
    ck_assert_int_eq(face_deadline(face), G_MAXINT64);
    /* Focused, the caret stops to blink; only the minutes of "away" go on. */
    face_set_focused(face, true);
    drive_time(11 * G_USEC_PER_SEC);
    ck_assert_int_ge(face_deadline(face), drive_now() + 30 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(a_call_asks_for_attention)
{
    drive_lively();
    face_set_focused(face, false);
    drive_model(&(Sample){.link = LINK_JOINED});
    ck_assert_uint_eq(recorder->attentions, 0);
}
END_TEST

START_TEST(typing_anywhere_goes_to_the_composer)
{
    drive_lively();
    drive_key(SDLK_F6, KMOD_NONE);
    ck_assert_str_ne(face_focus(face), "composer");
    drive_type("x");
    ck_assert_str_eq(face_focus(face), "composer");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general x");
}
END_TEST

/* Systems send the text of a key, too, although the key did something. */
START_TEST(keys_that_act_type_nothing)
{
    drive_lively();
    static const struct {
        SDL_Keycode key;
        SDL_Keymod mod;
        const char *text;
    } cases[] = {{SDLK_EQUALS, KMOD_LCTRL, "+"}, {SDLK_COMMA, KMOD_LCTRL, ","},
                 {SDLK_ESCAPE, KMOD_NONE, ""},   {SDLK_SLASH, KMOD_LCTRL, "/"},
                 {SDLK_ESCAPE, KMOD_NONE, ""},   {SDLK_g, KMOD_LCTRL, "g"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        drive_key(cases[i].key, cases[i].mod);
        drive_text(cases[i].text);
    }
    /* A space that pressed something, which gave the focus to the composer. */
    drive_key(SDLK_F6, KMOD_NONE);
    drive_key(SDLK_F6, KMOD_NONE);
    drive_key(SDLK_SPACE, KMOD_NONE);
    drive_text(" ");
    /* AltGr types. */
    drive_key(SDLK_q, KMOD_LCTRL | KMOD_RALT);
    drive_text("@");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general @");
}
END_TEST

START_TEST(input_method_text_is_not_sent)
{
    drive_lively();
    SDL_Event event = {.type = SDL_TEXTEDITING};
    g_strlcpy(event.edit.text, "にほ", sizeof event.edit.text);
    face_event(face, &event);
    face_draw(face);
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_assert_ptr_null(strstr(recorder->log->str, "say"));
    drive_type("日本");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general 日本");
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("face");
    TCase *tcase = tcase_create("use");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, drive_close);
    tcase_add_test(tcase, enter_sends);
    tcase_add_test(tcase, commands_are_not_told_while_they_are_typed);
    tcase_add_test(tcase, shift_enter_breaks_the_line);
    tcase_add_test(tcase, emoji_by_name);
    tcase_add_test(tcase, emoji_button_shows_the_list);
    tcase_add_test(tcase, conversations_open_and_keep_their_drafts);
    tcase_add_test(tcase, a_person_gets_a_direct);
    tcase_add_test(tcase, switcher_finds);
    tcase_add_test(tcase, f6_and_tab_reach_everything);
    tcase_add_test(tcase, dialog_keeps_the_focus);
    tcase_add_test(tcase, first_run_asks_for_a_name);
    tcase_add_test(tcase, connect_dialog_comes_and_goes);
    tcase_add_test(tcase, connect_by_address);
    tcase_add_test(tcase, lost_link_is_said_after_a_while);
    tcase_add_test(tcase, narrow_window_has_one_pane);
    tcase_add_test(tcase, every_size_is_drawn);
    tcase_add_test(tcase, nothing_wakes_an_unfocused_face);
    tcase_add_test(tcase, a_call_asks_for_attention);
    tcase_add_test(tcase, typing_anywhere_goes_to_the_composer);
    tcase_add_test(tcase, keys_that_act_type_nothing);
    tcase_add_test(tcase, input_method_text_is_not_sent);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
