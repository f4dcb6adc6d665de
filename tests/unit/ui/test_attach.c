#include "tests/unit/ui/driver.h"
#include "ui/path_text.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

/* A folder with a file in it, for paths that are there. */
static char *folder, *file;

static void open_face(void)
{
    folder = g_dir_make_tmp("attach-XXXXXX", NULL);
    file = g_build_filename(folder, "report.pdf", NULL);
    ck_assert(g_file_set_contents(file, "x", 1, NULL));
    drive_lively();
}

static void close_face(void)
{
    drive_close();
    g_unlink(file);
    g_rmdir(folder);
    g_clear_pointer(&file, g_free);
    g_clear_pointer(&folder, g_free);
}

static void retype(const char *text)
{
    drive_key(SDLK_a, KMOD_LCTRL);
    drive_time(G_USEC_PER_SEC);
    drive_text(text);
}

START_TEST(path_is_typed_where_there_is_no_portal)
{
    drive_key(SDLK_u, KMOD_LCTRL);
    ck_assert(drive_exists(ROLE_DIALOG, "Offer"));
    ck_assert_str_eq(face_focus(face), "attach-files");
    drive_key(SDLK_RETURN, 0);
    ck_assert(drive_exists(ROLE_DIALOG, "Offer files to #general"));
    g_autofree char *missing = g_strconcat(folder, "/nothing", NULL);
    retype(missing);
    drive_key(SDLK_RETURN, 0);
    ck_assert(drive_exists(ROLE_STATUS, "There is nothing of this name."));
    g_autofree char *begun = g_strconcat(folder, "/rep", NULL);
    retype(begun);
    ck_assert(!drive_exists(ROLE_STATUS, "There is nothing of this name."));
    drive_key(SDLK_TAB, 0);
    drive_key(SDLK_RETURN, 0);
    g_autofree char *told = g_strdup_printf("offer #general %s", file);
    ck_told(told);
    ck_assert(!drive_exists(ROLE_DIALOG, "Offer files to #general"));
    ck_assert_str_eq(face_focus(face), "composer");
}
END_TEST

START_TEST(folder_must_be_one)
{
    drive_click(ROLE_BUTTON, "Offer files");
    drive_click(ROLE_ITEM, "Folder…");
    retype(file);
    drive_click(ROLE_BUTTON, "Offer");
    ck_assert(drive_exists(ROLE_STATUS, "This is not a folder."));
    drive_key(SDLK_ESCAPE, 0);
    ck_assert(!drive_exists(ROLE_DIALOG, "Offer a folder to #general"));
    ck_assert_ptr_null(strstr(recorder->log->str, "offer"));
}
END_TEST

START_TEST(portal_answers_once)
{
    recorder->portal = true;
    const char *const paths[] = {"/a", "/b c", NULL};
    ck_assert(face_run(face, "attach-files", NULL));
    ck_told("choose Offer files to #general");
    /* What it was asked for stays, also when the person has gone elsewhere meanwhile. */
    face_run(face, "next", NULL);
    face_chosen(face, recorder->ticket + 1, paths, false);
    face_chosen(face, recorder->ticket, paths, false);
    face_chosen(face, recorder->ticket, paths, false);
    const char *once = strstr(recorder->log->str, "offer #general /a /b c\n");
    ck_assert_ptr_nonnull(once);
    ck_assert_ptr_null(strstr(once + 1, "offer"));
}
END_TEST

START_TEST(portal_that_fails_gives_way_to_the_dialog)
{
    recorder->portal = true;
    face_run(face, "attach-folder", NULL);
    face_chosen(face, recorder->ticket, NULL, true);
    face_draw(face);
    ck_assert(drive_exists(ROLE_DIALOG, "Offer a folder to #general"));
    drive_key(SDLK_ESCAPE, 0);
    face_run(face, "attach-folder", NULL);
    face_chosen(face, recorder->ticket, NULL, false);
    face_draw(face);
    ck_assert(!drive_exists(ROLE_DIALOG, "Offer a folder to #general"));
}
END_TEST

static void drop(uint32_t type, const char *what)
{
    char text[64] = "";
    g_strlcpy(text, what ? what : "", sizeof text);
    SDL_Event event = {.type = type};
    event.drop.file = what ? text : NULL;
    face_event(face, &event);
    face_draw(face);
}

START_TEST(what_is_dropped_together_is_one_offer)
{
    face_set_dragging(face, true);
    face_draw(face);
    ck_assert(drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    face_set_dragging(face, false);
    face_draw(face);
    ck_assert(!drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    drop(SDL_DROPBEGIN, NULL);
    drop(SDL_DROPFILE, "/one");
    ck_assert(drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    drop(SDL_DROPFILE, "/two");
    ck_assert_ptr_null(strstr(recorder->log->str, "offer"));
    drop(SDL_DROPCOMPLETE, NULL);
    ck_told("offer #general /one /two");
    ck_assert(!drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    drop(SDL_DROPCOMPLETE, NULL);
    drop(SDL_DROPBEGIN, NULL);
    drop(SDL_DROPCOMPLETE, NULL);
    ck_assert_ptr_null(strstr(strstr(recorder->log->str, "/two") + 1, "offer"));
}
END_TEST

START_TEST(nothing_is_offered_behind_a_dialog)
{
    face_run(face, "settings", NULL);
    drop(SDL_DROPBEGIN, NULL);
    drop(SDL_DROPFILE, "/one");
    ck_assert(!drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    drop(SDL_DROPCOMPLETE, NULL);
    ck_assert_ptr_null(strstr(recorder->log->str, "offer"));
    ck_assert(drive_exists(ROLE_STATUS, "Not offered: close the dialog, then drop it again."));
}
END_TEST

START_TEST(dropped_text_is_written)
{
    drop(SDL_DROPBEGIN, NULL);
    drop(SDL_DROPTEXT, "from elsewhere");
    ck_assert(!drive_exists(ROLE_STATUS, "Drop to offer to #general"));
    drop(SDL_DROPTEXT, "\xff\xfe");
    drop(SDL_DROPTEXT, "in two lines");
    drop(SDL_DROPCOMPLETE, NULL);
    drive_key(SDLK_RETURN, 0);
    ck_told("say #general from elsewhere\nin two lines");
    ck_assert_ptr_null(strstr(recorder->log->str, "offer"));
}
END_TEST

START_TEST(pasted_picture_asks_first)
{
    recorder->paste = PASTE_ASKED;
    drive_key(SDLK_v, KMOD_LCTRL);
    face_pasted(face, file, NULL);
    face_draw(face);
    ck_assert_str_eq(face_focus(face), "pasted-offer");
    face_run(face, "next", NULL);
    face_draw(face);
    ck_assert(!drive_exists(ROLE_GROUP, "Pasted picture"));
    face_run(face, "previous", NULL);
    face_draw(face);
    drive_click(ROLE_BUTTON, "Offer");
    g_autofree char *told = g_strdup_printf("offer #general %s", file);
    ck_told(told);
    ck_assert(!drive_exists(ROLE_GROUP, "Pasted picture"));
    ck_assert(g_file_test(file, G_FILE_TEST_EXISTS));
    face_pasted(face, file, NULL);
    face_draw(face);
    drive_click(ROLE_BUTTON, "Do not offer it");
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(what_cannot_be_pasted_is_said_and_text_goes_on)
{
    recorder->clipboard = g_strdup("words");
    drive_key(SDLK_v, KMOD_LCTRL);
    drive_key(SDLK_RETURN, 0);
    ck_told("say #general words");
    recorder->paste = PASTE_IMPOSSIBLE;
    drive_key(SDLK_v, KMOD_LCTRL);
    const char *words = "Pictures cannot be pasted under Wayland. Save it, then use the paperclip.";
    ck_assert(drive_exists(ROLE_STATUS, words));
    drive_time(11 * G_USEC_PER_SEC);
    ck_assert(!drive_exists(ROLE_STATUS, words));
    face_pasted(face, NULL, "There is nothing.");
    face_draw(face);
    ck_assert(drive_exists(ROLE_STATUS, "There is nothing."));
}
END_TEST

START_TEST(paths_as_people_type_them)
{
    const char *home = g_get_home_dir();
    const struct {
        const char *typed, *below_home, *whole;
    } cases[] = {
        {"", NULL, NULL},
        {"   ", NULL, NULL},
        {"~", "", NULL},
        {"~/", "", NULL},
        {"~/a b", "a b", NULL},
        {" ~/a/../c ", "c", NULL},
        {"~//etc", NULL, "/etc"},
        {"~root/x", NULL, NULL},
        {"/", NULL, "/"},
        {"/a//b/./c", NULL, "/a/b/c"},
        {"file:///a%20b", NULL, "/a b"},
        {"notes", "notes", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *read = path_text_read(cases[i].typed);
        g_autofree char *below =
            cases[i].below_home ? g_canonicalize_filename(cases[i].below_home, home) : NULL;
        ck_assert_pstr_eq(read, below ? below : cases[i].whole);
    }
    g_autofree char *sub = g_build_filename(folder, "pictures", NULL);
    ck_assert_int_eq(g_mkdir(sub, 0700), 0);
    g_autofree char *begun = g_strconcat(folder, "/p", NULL);
    g_autofree char *whole = path_text_complete(begun, true);
    g_autofree char *wanted = g_strconcat(sub, "/", NULL);
    ck_assert_pstr_eq(whole, wanted);
    g_autofree char *neither = g_strconcat(folder, "/", NULL);
    ck_assert_ptr_null(path_text_complete(neither, false));
    g_rmdir(sub);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("attach");
    TCase *tcase = tcase_create("attach");
    tcase_add_checked_fixture(tcase, open_face, close_face);
    tcase_add_test(tcase, path_is_typed_where_there_is_no_portal);
    tcase_add_test(tcase, folder_must_be_one);
    tcase_add_test(tcase, portal_answers_once);
    tcase_add_test(tcase, portal_that_fails_gives_way_to_the_dialog);
    tcase_add_test(tcase, what_is_dropped_together_is_one_offer);
    tcase_add_test(tcase, nothing_is_offered_behind_a_dialog);
    tcase_add_test(tcase, dropped_text_is_written);
    tcase_add_test(tcase, pasted_picture_asks_first);
    tcase_add_test(tcase, what_cannot_be_pasted_is_said_and_text_goes_on);
    tcase_add_test(tcase, paths_as_people_type_them);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
