/* Offers and transfers in the face, as a person uses them: cards, the prompt, the dock, the list.
 */

#include "tests/unit/ui/driver.h"
#include "tests/unit/ui/sample_files.h"
#include "ui/card.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void open_scene(const char *name)
{
    drive_open(&(Sample){.link = LINK_JOINED, .files = name}, 1100, 1400);
}

/* The node of the `index`-th message of the scene that does this. */
static Node *node_of(unsigned index, const char *what)
{
    g_autofree char *id = g_strdup_printf("message/ef%02x%028d/0/%s", index, 0, what);
    Node *node = node_find(face_nodes(face), id);
    ck_assert_msg(node != NULL, "no %s", id);
    return node;
}

static void click(unsigned index, const char *what)
{
    Node *node = node_of(index, what);
    drive_click_at(node->rect.x + node->rect.w / 2, node->rect.y + node->rect.h / 2);
}

START_TEST(a_card_decides)
{
    open_scene("coming");
    ck_assert_str_eq(node_of(0, "accept")->name, "Accept");
    click(0, "accept");
    ck_told("accept 0 -");
    click(0, "decline");
    ck_told("decline 0");
    click(2, "pause");
    ck_told("pause 2");
    click(3, "cancel");
    ck_told("cancel 3");
    ck_assert_str_eq(node_of(2, "status")->name, "114 of 184 MB · 6 s left · through the relay");
    ck_assert_str_eq(face_focus(face), "composer");
}
END_TEST

START_TEST(what_is_over_can_be_opened)
{
    open_scene("ended");
    click(0, "pause");
    ck_told("resume 0");
    ck_assert_ptr_null(
        node_find(face_nodes(face), "message/ef010000000000000000000000000000/0/pause"));
    click(2, "open");
    ck_told("open-file /home/alex/Downloads/minutes.odt");
    click(2, "show");
    ck_told("show-in-folder /home/alex/Downloads/minutes.odt");
}
END_TEST

START_TEST(failures_say_why_and_are_retried)
{
    open_scene("failed");
    ck_assert(
        drive_exists(ROLE_STATUS, "There is not enough space in Downloads: 2.1 GB are missing."));
    click(0, "retry");
    ck_told("retry 0");
    ck_assert_ptr_null(
        node_find(face_nodes(face), "message/ef010000000000000000000000000000/0/retry"));
}
END_TEST

START_TEST(a_room_shows_its_receivers)
{
    open_scene("room");
    ck_assert(drive_exists(ROLE_STATUS, "Sam Rivera: 62 % · 6 s left"));
    ck_assert(drive_exists(ROLE_STATUS, "Mira Okafor: has it"));
    ck_assert(drive_exists(ROLE_TEXT, "and 2 others"));
    drive_click(ROLE_BUTTON, "Cancel for Sam Rivera");
    ck_told("cancel 3");
    click(1, "cancel");
    ck_told("cancel 1");
}
END_TEST

START_TEST(heights_stay_when_pictures_come)
{
    open_scene("picture");
    int without = node_of(1, "card")->rect.h;
    drive_close();
    drive_open(&(Sample){.link = LINK_JOINED, .files = "ended"}, 1100, 720);
    recorder->picture_width = 1600;
    recorder->picture_height = 1200;
    drive_model(&(Sample){.link = LINK_JOINED, .files = "picture"});
    int before = node_of(1, "card")->rect.h;
    ck_assert_int_gt(before, without + 200);
    recorder->picture = sample_picture;
    face_pictures_changed(face);
    drive_time(1000);
    ck_assert_int_eq(node_of(1, "card")->rect.h, before);
}
END_TEST

START_TEST(heights_stay_while_bytes_move)
{
    open_scene("coming");
    int before = node_of(2, "card")->rect.h;
    int waiting = node_of(1, "card")->rect.h;
    ck_assert_int_eq(before, waiting);
    ck_assert_int_eq(node_of(3, "card")->rect.h, before);
    drive_close();
    open_scene("ended");
    ck_assert_int_eq(node_of(0, "card")->rect.h, before);
    ck_assert_int_eq(node_of(2, "card")->rect.h, before);
}
END_TEST

START_TEST(the_prompt_takes_no_focus)
{
    open_scene("prompt");
    ck_assert(drive_exists(ROLE_PANE, "Sam Rivera wants to send you a file"));
    ck_assert_str_eq(face_focus(face), "composer");
    drive_type("hello");
    drive_key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general hello");
    drive_click(ROLE_CHECK, "Always accept from this person");
    ck_assert_str_eq(face_focus(face), "composer");
    Node *accept = node_find(face_nodes(face), "prompt/accept");
    drive_click_at(accept->rect.x + 5, accept->rect.y + 5);
    ck_told("accept 0 - always");
    ck_assert_ptr_null(node_find(face_nodes(face), "prompt"));
}
END_TEST

START_TEST(prompts_queue)
{
    open_scene("prompts");
    ck_assert(drive_exists(ROLE_PANE, "Sam Rivera offers 20 items"));
    ck_assert(drive_exists(ROLE_TEXT, "to everyone in #general · 1 of 3"));
    drive_key(SDLK_r, KMOD_LALT);
    ck_told("decline 0");
    ck_assert(drive_exists(ROLE_PANE, "Mira Okafor wants to send you a folder"));
    drive_key(SDLK_a, KMOD_LALT);
    ck_told("accept 1 -");
    drive_click(ROLE_BUTTON, "Decide later");
    ck_assert_ptr_null(node_find(face_nodes(face), "prompt"));
    ck_assert(!drive_told("decline 2"));
    click(2, "options");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "prompt"));
    drive_key(SDLK_r, KMOD_LALT);
    ck_told("decline 2");
}
END_TEST

START_TEST(single_files_are_left_out)
{
    open_scene("prompt-few");
    drive_click(ROLE_CHECK, "two.png");
    ck_assert(drive_exists(ROLE_STATUS, "2 of 3 · 9.3 MB · to Downloads"));
    drive_key(SDLK_a, KMOD_LALT);
    ck_told("accept 0 - without 02");
    drive_close();
    open_scene("prompt-few");
    drive_click(ROLE_CHECK, "one.png");
    drive_click(ROLE_CHECK, "two.png");
    drive_click(ROLE_CHECK, "three.png");
    ck_assert(node_find(face_nodes(face), "prompt/accept")->state & NODE_DISABLED);
    drive_key(SDLK_a, KMOD_LALT);
    ck_assert_ptr_null(strstr(recorder->log->str, "accept"));
}
END_TEST

START_TEST(another_folder_is_chosen)
{
    open_scene("prompt");
    recorder->portal = true;
    drive_click(ROLE_BUTTON, "Change…");
    ck_told("choose Where to put it /home/alex/Downloads");
    face_chosen(face, recorder->ticket, (const char *const[]){"/srv/Files", NULL}, false);
    face_draw(face);
    ck_assert(drive_exists(ROLE_STATUS, "4.2 MB · to Files"));
    drive_key(SDLK_a, KMOD_LALT);
    ck_told("accept 0 /srv/Files");
}
END_TEST

/* Who offers may take it back at any time, also just before the click. */
START_TEST(a_withdrawn_offer_does_not_pass_its_answer_on)
{
    open_scene("prompt");
    drive_model(&(Sample){.link = LINK_JOINED, .files = "prompts-other"});
    ck_assert(drive_exists(ROLE_PANE, "Mira Okafor wants to send you a file"));
    drive_key(SDLK_a, KMOD_LALT);
    ck_assert_ptr_null(strstr(recorder->log->str, "accept"));
    drive_time(G_USEC_PER_SEC);
    drive_key(SDLK_a, KMOD_LALT);
    ck_told("accept 9 -");
}
END_TEST

START_TEST(the_keyboard_reaches_every_file)
{
    open_scene("prompts");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 80; i++) {
        drive_key(SDLK_TAB, KMOD_NONE);
        g_hash_table_add(seen, g_strdup(face_focus(face)));
    }
    for (int i = 0; i < 9; i++) {
        g_autofree char *id = g_strdup_printf("prompt/item%d", i);
        ck_assert_msg(g_hash_table_contains(seen, id), "%s", id);
    }
    static const char *const ids[] = {"prompt/accept", "prompt/decline", "prompt/change",
                                      "prompt/always", "prompt/later",   "transfers-button"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        ck_assert_msg(g_hash_table_contains(seen, ids[i]), "%s", ids[i]);
}
END_TEST

START_TEST(the_dock_opens_the_list)
{
    open_scene("coming");
    drive_click(ROLE_BUTTON, "Transfers: 3 transfers, 32%");
    ck_assert(drive_exists(ROLE_DIALOG, "Transfers"));
    g_autofree char *hex = sample_transfer_hex(2);
    g_autofree char *id = g_strdup_printf("transfer/%s/cancel", hex);
    const Node *cancel = node_find(face_nodes(face), id);
    ck_assert_ptr_nonnull(cancel);
    drive_click_at(cancel->rect.x + 5, cancel->rect.y + 5);
    ck_told("cancel 2");
    drive_key(SDLK_j, KMOD_LCTRL);
    ck_assert(!drive_exists(ROLE_DIALOG, "Transfers"));
    drive_close();
    drive_lively();
    ck_assert_ptr_null(node_find(face_nodes(face), "dock"));
    drive_key(SDLK_j, KMOD_LCTRL);
    ck_assert(drive_exists(ROLE_STATUS, "Nothing yet. Drop files on the chat to offer them."));
}
END_TEST

START_TEST(people_accepted_unasked_are_removed)
{
    drive_open(&(Sample){.link = LINK_JOINED, .accepted = 2}, 1100, 720);
    drive_key(SDLK_COMMA, KMOD_LCTRL);
    drive_click(ROLE_BUTTON, "Files…");
    drive_click(ROLE_BUTTON, "Remove Mira Okafor");
    ck_told("accept-no-more 2");
    recorder->portal = true;
    drive_click(ROLE_BUTTON, "Change…");
    face_chosen(face, recorder->ticket, (const char *const[]){"/srv", NULL}, false);
    ck_told("folder /srv");
}
END_TEST

/* What moves comes as snapshots; the face itself asks for no frame. */
START_TEST(progress_wakes_nobody)
{
    open_scene("coming");
    face_set_focused(face, false);
    face_draw(face);
    ck_assert_int_eq(face_deadline(face), G_MAXINT64);
}
END_TEST

START_TEST(names_keep_their_ending)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DrawList) draw = draw_list_new();
    Typesetter *typesetter = typesetter_new(1.0, &error);
    View view = {
        .typesetter = typesetter, .draw = draw, .theme = theme_get(THEME_DARK), .scale = 1};
    Label label = {TYPE_UI, 600, 0xffffffff, ALIGN_START};
    g_autofree char *whole = card_fit_name(&view, "short.txt", label, 300);
    ck_assert_str_eq(whole, "short.txt");
    g_autofree char *cut =
        card_fit_name(&view, "a very long name of a file that nobody reads.pdf.exe", label, 160);
    ck_assert(g_str_has_suffix(cut, "….exe"));
    ck_assert_int_le(view_text_width(&view, cut, label), 160);
    g_autofree char *tiny = card_fit_name(&view, "abcdefgh.jpeg", label, 3);
    ck_assert_str_eq(tiny, "….jpeg");
    typesetter_free(typesetter);
}
END_TEST

/* In every size, every control of every scene stays inside the window and does something. */
START_TEST(every_scene_in_every_size)
{
    static const char *const names[] = {"running", "coming",        "ended",  "failed",
                                        "many",    "room",          "prompt", "prompts",
                                        "picture", "prompt-picture"};
    static const int widths[] = {360, 720, 1300};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        for (size_t w = 0; w < G_N_ELEMENTS(widths); w++) {
            drive_open(&(Sample){.link = LINK_JOINED, .files = names[i]}, widths[w], 480);
            drive_key(SDLK_j, KMOD_LCTRL);
            drive_key(SDLK_PAGEDOWN, KMOD_NONE);
            drive_key(SDLK_j, KMOD_LCTRL);
            const Node *prompt = node_find(face_nodes(face), "prompt");
            if (prompt) {
                ck_assert_int_ge(prompt->rect.x, 0);
                ck_assert_int_le(prompt->rect.y + prompt->rect.h, 480);
            }
            drive_close();
        }
    }
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("files");
    TCase *tcase = tcase_create("use");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, drive_close);
    tcase_add_test(tcase, a_card_decides);
    tcase_add_test(tcase, what_is_over_can_be_opened);
    tcase_add_test(tcase, failures_say_why_and_are_retried);
    tcase_add_test(tcase, a_room_shows_its_receivers);
    tcase_add_test(tcase, heights_stay_when_pictures_come);
    tcase_add_test(tcase, heights_stay_while_bytes_move);
    tcase_add_test(tcase, the_prompt_takes_no_focus);
    tcase_add_test(tcase, prompts_queue);
    tcase_add_test(tcase, single_files_are_left_out);
    tcase_add_test(tcase, another_folder_is_chosen);
    tcase_add_test(tcase, a_withdrawn_offer_does_not_pass_its_answer_on);
    tcase_add_test(tcase, the_keyboard_reaches_every_file);
    tcase_add_test(tcase, the_dock_opens_the_list);
    tcase_add_test(tcase, people_accepted_unasked_are_removed);
    tcase_add_test(tcase, progress_wakes_nobody);
    tcase_add_test(tcase, names_keep_their_ending);
    tcase_add_test(tcase, every_scene_in_every_size);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
