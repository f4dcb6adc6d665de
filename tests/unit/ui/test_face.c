/* The face as a person uses it: keys and the pointer in, nodes and what the host was told out. */

#include "tests/unit/ui/sample.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static Recorder *recorder;
static Face *face;
static int64_t now_us;

static void open_face(const Sample *sample, int width, int height)
{
    g_autoptr(GError) error = NULL;
    Typesetter *typesetter = typesetter_new(1.0, &error);
    ck_assert_msg(typesetter != NULL, "%s", error ? error->message : "");
    Preferences preferences = preferences_default();
    recorder = recorder_new();
    face = face_new(&recorder_host, recorder, typesetter, &preferences);
    now_us = SAMPLE_NOW_US;
    face_set_time(face, now_us, SAMPLE_NOW_MS);
    face_set_size(face, width, height, 1.0);
    face_set_focused(face, true);
    face_set_model(face, sample_model(sample));
    face_draw(face);
}

static void lively(void)
{
    open_face(&(Sample){.link = LINK_JOINED}, 1100, 720);
}

static void teardown(void)
{
    g_clear_pointer(&face, face_free);
    g_clear_pointer(&recorder, recorder_free);
}

static void give(const Sample *sample)
{
    face_set_model(face, sample_model(sample));
    face_draw(face);
}

static void pass(int64_t us)
{
    now_us += us;
    face_set_time(face, now_us, SAMPLE_NOW_MS + us / 1000);
    face_draw(face);
}

static void type(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        SDL_Event event = {.type = SDL_TEXTINPUT};
        memcpy(event.text.text, p, (size_t)(g_utf8_next_char(p) - p));
        face_event(face, &event);
    }
    face_draw(face);
}

static void key(SDL_Keycode sym, SDL_Keymod mod)
{
    SDL_Event event = {.type = SDL_KEYDOWN};
    event.key.keysym.sym = sym;
    event.key.keysym.mod = (uint16_t)mod;
    face_event(face, &event);
    face_draw(face);
}

static void pointer(uint32_t type, int x, int y, uint8_t clicks)
{
    SDL_Event event = {.type = type};
    if (type == SDL_MOUSEMOTION) {
        event.motion.x = x;
        event.motion.y = y;
    } else {
        event.button.x = x;
        event.button.y = y;
        event.button.button = SDL_BUTTON_LEFT;
        event.button.clicks = clicks;
    }
    face_event(face, &event);
    face_draw(face);
}

static void click_at(int x, int y)
{
    pointer(SDL_MOUSEMOTION, x, y, 0);
    pointer(SDL_MOUSEBUTTONDOWN, x, y, 1);
    pointer(SDL_MOUSEBUTTONUP, x, y, 1);
}

static const Node *find(Role role, const char *name)
{
    Node *node = node_query(face_nodes(face), role, name);
    if (!node) {
        g_autofree char *dump = node_dump(face_nodes(face));
        ck_abort_msg("no \"%s\" in:\n%s", name, dump);
    }
    return node;
}

static bool exists(Role role, const char *name)
{
    return node_query(face_nodes(face), role, name) != NULL;
}

static void click(Role role, const char *name)
{
    const Node *node = find(role, name);
    click_at(node->rect.x + node->rect.w / 2, node->rect.y + node->rect.h / 2);
}

static bool told(const char *line)
{
    g_autofree char *whole = g_strdup_printf("%s\n", line);
    return strstr(recorder->log->str, whole) != NULL;
}

#define ck_told(line)                                                                              \
    ck_assert_msg(told(line), "not told \"%s\", but:\n%s", line, recorder->log->str)

static void wheel(int x, int y, int turns)
{
    pointer(SDL_MOUSEMOTION, x, y, 0);
    SDL_Event event = {.type = SDL_MOUSEWHEEL};
    event.wheel.y = turns;
    face_event(face, &event);
    face_draw(face);
}

/* The message rows that are seen, from the top. */
static const Node *first_row(void)
{
    const Node *list = node_find(face_nodes(face), "messages");
    for (const Node *node = list->first; node; node = node->next) {
        if (node->role == ROLE_ITEM && node->rect.h > 0)
            return node;
    }
    return NULL;
}

START_TEST(enter_sends)
{
    lively();
    type("hello there");
    ck_told("typing #general");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general hello there");
    ck_assert(find(ROLE_BUTTON, "Send")->state & NODE_DISABLED);
    g_string_truncate(recorder->log, 0);
    key(SDLK_RETURN, KMOD_NONE);
    ck_assert_ptr_null(strstr(recorder->log->str, "say"));
}
END_TEST

START_TEST(shift_enter_breaks_the_line)
{
    lively();
    int before = node_find(face_nodes(face), "composer")->rect.h;
    ck_assert_int_eq(before, 48);
    type("one");
    for (int i = 0; i < 3; i++)
        key(SDLK_RETURN, KMOD_LSHIFT);
    type("two");
    ck_assert_int_gt(node_find(face_nodes(face), "composer")->rect.h, before);
    for (int i = 0; i < 20; i++)
        key(SDLK_RETURN, KMOD_LSHIFT);
    type("end");
    ck_assert_int_eq(node_find(face_nodes(face), "composer")->rect.h, 184);
    for (int i = 0; i < 26; i++)
        key(SDLK_BACKSPACE, KMOD_NONE);
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general one");
}
END_TEST

START_TEST(emoji_by_name)
{
    lively();
    type("yes :ta");
    ck_assert(exists(ROLE_ITEM, "tada"));
    key(SDLK_TAB, KMOD_NONE);
    ck_assert(!exists(ROLE_LIST, "Emoji"));
    type(" :rocket:");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general yes 🎉 🚀");
    /* Without going into the list, Enter sends. */
    type(":he");
    ck_assert(exists(ROLE_LIST, "Emoji"));
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general :he");
    type(":he");
    key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert(!exists(ROLE_LIST, "Emoji"));
    type("a");
    ck_assert(exists(ROLE_LIST, "Emoji"));
    key(SDLK_DOWN, KMOD_NONE);
    key(SDLK_UP, KMOD_NONE);
    key(SDLK_RETURN, KMOD_NONE);
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general ❤️");
}
END_TEST

START_TEST(emoji_button_shows_the_list)
{
    lively();
    click(ROLE_BUTTON, "Emoji");
    ck_assert(exists(ROLE_ITEM, "tada"));
    click(ROLE_ITEM, "tada");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general 🎉");
}
END_TEST

START_TEST(conversations_open_and_keep_their_drafts)
{
    lively();
    type("half a thought");
    click(ROLE_ITEM, "Mira Okafor, 1 unread");
    ck_assert_str_eq(face_conversation(face), sample_direct());
    ck_told("draft #general half a thought");
    ck_assert(exists(ROLE_FIELD, "Message Mira Okafor"));
    type("hi");
    key(SDLK_RETURN, KMOD_NONE);
    g_autofree char *said = g_strdup_printf("say %s hi", sample_direct());
    ck_told(said);
    key(SDLK_UP, KMOD_LALT);
    ck_assert_str_eq(face_conversation(face), "#general");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general half a thought");
}
END_TEST

START_TEST(a_person_gets_a_direct)
{
    lively();
    click(ROLE_ITEM, "Sam Rivera");
    ck_told("direct 3");
    ck_assert_int_eq(face_conversation(face)[0], '@');
}
END_TEST

START_TEST(switcher_finds)
{
    lively();
    key(SDLK_k, KMOD_LCTRL);
    ck_assert(exists(ROLE_DIALOG, ""));
    ck_assert_str_eq(face_focus(face), "switcher-field");
    type("mir");
    key(SDLK_RETURN, KMOD_NONE);
    ck_assert_str_eq(face_conversation(face), sample_direct());
    ck_assert_str_eq(face_focus(face), "composer");
    key(SDLK_k, KMOD_LCTRL);
    key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert(!exists(ROLE_DIALOG, ""));
}
END_TEST

START_TEST(f6_and_tab_reach_everything)
{
    lively();
    const char *panes[] = {"people", "sidebar", "messages", "composer-pane"};
    for (size_t i = 0; i < G_N_ELEMENTS(panes); i++) {
        key(SDLK_F6, KMOD_NONE);
        Node *focus = node_find(face_nodes(face), face_focus(face));
        ck_assert_ptr_nonnull(focus);
        ck_assert_str_eq(node_ancestor(focus, ROLE_PANE)->id, panes[i]);
    }
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 60; i++) {
        key(SDLK_TAB, KMOD_NONE);
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
    lively();
    key(SDLK_COMMA, KMOD_LCTRL);
    const Node *dialog = find(ROLE_DIALOG, "Settings");
    ck_assert_ptr_nonnull(dialog);
    for (int i = 0; i < 20; i++) {
        key(SDLK_TAB, i % 3 ? KMOD_NONE : KMOD_LSHIFT);
        Node *focus = node_find(face_nodes(face), face_focus(face));
        ck_assert_ptr_nonnull(node_ancestor(focus, ROLE_DIALOG));
    }
    click(ROLE_CHECK, "Light");
    ck_assert_int_eq(recorder->preferences.looks, LOOKS_LIGHT);
    click(ROLE_BUTTON, "+");
    ck_assert_double_eq_tol(recorder->preferences.zoom, 1.1, 0.001);
    click_at(3, 3);
    ck_assert(!exists(ROLE_DIALOG, "Settings"));
    ck_assert_str_eq(face_focus(face), "composer");
}
END_TEST

START_TEST(first_run_asks_for_a_name)
{
    open_face(&(Sample){.link = LINK_JOINED, .first_run = true}, 1100, 720);
    ck_assert_str_eq(face_focus(face), "first-name");
    ck_assert(!exists(ROLE_BUTTON, "Send"));
    type("Robin");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("name Robin");
    ck_assert_str_eq(face_focus(face), "composer");
    ck_assert(exists(ROLE_BUTTON, "Send"));
}
END_TEST

START_TEST(connect_dialog_comes_and_goes)
{
    Sample nothing = {.no_place = true, .alone = true, .wants_connect = true};
    open_face(&nothing, 1100, 720);
    ck_assert(exists(ROLE_DIALOG, "Connect"));
    ck_assert(find(ROLE_BUTTON, "Join")->state & NODE_DISABLED);
    nothing.choices = 2;
    give(&nothing);
    click(ROLE_CHECK, "Workshop, [fe80::1c2a]:7667");
    click(ROLE_BUTTON, "Join");
    ck_told("join 2");
    ck_assert(exists(ROLE_DIALOG, "Connect"));
    give(&(Sample){.link = LINK_JOINED});
    ck_assert(!exists(ROLE_DIALOG, "Connect"));
}
END_TEST

START_TEST(connect_by_address)
{
    open_face(&(Sample){.no_place = true, .alone = true, .wants_connect = true, .choices = 1}, 1100,
              720);
    ck_assert_str_eq(face_focus(face), "address");
    type("10.1.2.3:7667");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("connect 10.1.2.3:7667");
    /* Put away, it does not come again by itself. */
    key(SDLK_ESCAPE, KMOD_NONE);
    give(&(Sample){.no_place = true, .alone = true, .wants_connect = true});
    ck_assert(!exists(ROLE_DIALOG, "Connect"));
}
END_TEST

START_TEST(lost_link_is_said_after_a_while)
{
    open_face(&(Sample){.link = LINK_LOST, .link_since_us = SAMPLE_NOW_US}, 1100, 720);
    ck_assert_ptr_null(node_find(face_nodes(face), "pill"));
    ck_assert_int_le(face_deadline(face), SAMPLE_NOW_US + 3 * G_USEC_PER_SEC);
    pass(3 * G_USEC_PER_SEC);
    ck_assert(exists(ROLE_STATUS, "Reconnecting… messages go out when you're back."));
    pass(28 * G_USEC_PER_SEC);
    click(ROLE_BUTTON, "Try now");
    ck_told("try");
    type("still writing");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general still writing");
}
END_TEST

START_TEST(scrolling_keeps_its_place)
{
    Sample sample = {.link = LINK_JOINED, .history = 300};
    open_face(&sample, 1100, 720);
    ck_assert(!exists(ROLE_BUTTON, "Jump to latest"));
    wheel(500, 300, 8);
    ck_assert(exists(ROLE_BUTTON, "Jump to latest"));
    g_autofree char *top = g_strdup(first_row()->id);
    /* New messages below and older ones above move nothing. */
    sample.extra = 4;
    sample.unread = 4;
    give(&sample);
    ck_assert_str_eq(first_row()->id, top);
    ck_assert(exists(ROLE_BUTTON, "Jump to latest, 4 new"));
    click(ROLE_BUTTON, "Jump to latest, 4 new");
    ck_assert_ptr_null(node_find(face_nodes(face), "jump"));
    ck_told("read #general");
}
END_TEST

START_TEST(older_messages_are_asked_for)
{
    Sample sample = {.link = LINK_JOINED, .history = 60, .more_before = true};
    open_face(&sample, 1100, 720);
    ck_assert(!told("older #general"));
    for (int i = 0; i < 40; i++)
        wheel(500, 300, 3);
    ck_told("older #general");
    g_string_truncate(recorder->log, 0);
    wheel(500, 300, 1);
    ck_assert(!told("older #general"));
}
END_TEST

START_TEST(unread_line_stays_for_the_visit)
{
    Sample sample = {.link = LINK_JOINED, .unread = 2};
    open_face(&sample, 1100, 720);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
    sample.unread = 0;
    give(&sample);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
    key(SDLK_DOWN, KMOD_LALT);
    key(SDLK_UP, KMOD_LALT);
    ck_assert_ptr_null(node_find(face_nodes(face), "unread-line"));
    /* What comes while one looks at the end gets no line; what comes while one is away does. */
    sample.extra = 1;
    give(&sample);
    ck_assert_ptr_null(node_find(face_nodes(face), "unread-line"));
    face_set_focused(face, false);
    sample.extra = 2;
    sample.unread = 1;
    give(&sample);
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "unread-line"));
}
END_TEST

START_TEST(text_is_selected_and_copied)
{
    lively();
    const Node *first = find(ROLE_ITEM, "Alex Kim: Looks great. I'd only move the title a little.");
    int y = first->rect.y + first->rect.h - 8;
    pointer(SDL_MOUSEBUTTONDOWN, 322, y, 1);
    pointer(SDL_MOUSEMOTION, 800, y, 0);
    pointer(SDL_MOUSEBUTTONUP, 800, y, 1);
    key(SDLK_c, KMOD_LCTRL);
    ck_assert_str_eq(recorder->clipboard, "Looks great. I'd only move the title a little.");
    ck_assert_str_eq(recorder->primary, recorder->clipboard);
    /* A double click takes a word. */
    pointer(SDL_MOUSEBUTTONDOWN, 335, y, 2);
    pointer(SDL_MOUSEBUTTONUP, 335, y, 2);
    key(SDLK_c, KMOD_LCTRL);
    ck_assert_str_eq(recorder->clipboard, "Looks");
    /* Over two messages the names stand before. */
    pointer(SDL_MOUSEBUTTONDOWN, 322, y, 1);
    pointer(SDL_MOUSEMOTION, 330, y + 62, 0);
    pointer(SDL_MOUSEBUTTONUP, 330, y + 62, 1);
    key(SDLK_c, KMOD_LCTRL);
    ck_assert_ptr_nonnull(strstr(recorder->clipboard, "Alex Kim: Looks great"));
    ck_assert_ptr_nonnull(strstr(recorder->clipboard, "\nJonas Weiß: "));
}
END_TEST

START_TEST(links_open_on_a_click)
{
    lively();
    click(ROLE_LINK, "https://example.lan/docs");
    ck_told("link https://example.lan/docs");
}
END_TEST

START_TEST(failed_messages_can_be_retried)
{
    open_face(&(Sample){.link = LINK_JOINED, .deliveries = true}, 1100, 720);
    click(ROLE_BUTTON, "Retry");
    ck_assert_ptr_nonnull(strstr(recorder->log->str, "retry #general "));
    ck_assert(exists(ROLE_ITEM, "Sam Rivera and 2 others joined, Jonas Weiß left"));
    ck_assert(exists(ROLE_ITEM, "Sam Rivera waves from the workshop"));
}
END_TEST

START_TEST(narrow_window_has_one_pane)
{
    open_face(&(Sample){.link = LINK_JOINED}, 420, 720);
    ck_assert_ptr_null(node_find(face_nodes(face), "sidebar"));
    click(ROLE_BUTTON, "Conversations");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "sidebar"));
    ck_assert_ptr_null(node_find(face_nodes(face), "messages"));
    click(ROLE_ITEM, "Mira Okafor, 1 unread");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "messages"));
    click(ROLE_BUTTON, "People");
    ck_assert_ptr_nonnull(node_find(face_nodes(face), "people"));
    key(SDLK_ESCAPE, KMOD_NONE);
    ck_assert_ptr_null(node_find(face_nodes(face), "people"));
}
END_TEST

/* From the least size to a large one, at all scales: nothing breaks, nothing is outside. */
START_TEST(every_size_is_drawn)
{
    open_face(&(Sample){.link = LINK_JOINED, .deliveries = true}, 360, 480);
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
    lively();
    ck_assert_int_lt(face_deadline(face), now_us + 2 * G_USEC_PER_SEC);
    face_set_focused(face, false);
    face_draw(face);
    ck_assert_int_eq(face_deadline(face), G_MAXINT64);
    /* Focused, the caret stops to blink; only the minutes of "away" go on. */
    face_set_focused(face, true);
    pass(11 * G_USEC_PER_SEC);
    ck_assert_int_ge(face_deadline(face), now_us + 30 * G_USEC_PER_SEC);
}
END_TEST

START_TEST(a_call_asks_for_attention)
{
    lively();
    face_set_focused(face, false);
    give(&(Sample){.link = LINK_JOINED});
    ck_assert_uint_eq(recorder->attentions, 0);
}
END_TEST

START_TEST(typing_anywhere_goes_to_the_composer)
{
    lively();
    key(SDLK_F6, KMOD_NONE);
    ck_assert_str_ne(face_focus(face), "composer");
    type("x");
    ck_assert_str_eq(face_focus(face), "composer");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general x");
}
END_TEST

START_TEST(input_method_text_is_not_sent)
{
    lively();
    SDL_Event event = {.type = SDL_TEXTEDITING};
    g_strlcpy(event.edit.text, "にほ", sizeof event.edit.text);
    face_event(face, &event);
    face_draw(face);
    key(SDLK_RETURN, KMOD_NONE);
    ck_assert_ptr_null(strstr(recorder->log->str, "say"));
    type("日本");
    key(SDLK_RETURN, KMOD_NONE);
    ck_told("say #general 日本");
}
END_TEST

int main(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Suite *suite = suite_create("face");
    TCase *tcase = tcase_create("use");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, enter_sends);
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
    tcase_add_test(tcase, scrolling_keeps_its_place);
    tcase_add_test(tcase, older_messages_are_asked_for);
    tcase_add_test(tcase, unread_line_stays_for_the_visit);
    tcase_add_test(tcase, text_is_selected_and_copied);
    tcase_add_test(tcase, links_open_on_a_click);
    tcase_add_test(tcase, failed_messages_can_be_retried);
    tcase_add_test(tcase, narrow_window_has_one_pane);
    tcase_add_test(tcase, every_size_is_drawn);
    tcase_add_test(tcase, nothing_wakes_an_unfocused_face);
    tcase_add_test(tcase, a_call_asks_for_attention);
    tcase_add_test(tcase, typing_anywhere_goes_to_the_composer);
    tcase_add_test(tcase, input_method_text_is_not_sent);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
