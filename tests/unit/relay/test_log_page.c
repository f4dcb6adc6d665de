/* Pages: filtered for a viewer, bounded, and exact about what they cover. */
#include "tests/unit/relay/log_stage.h"

#include <string.h>

static Log *the_log;
static Author *ann, *ben, *cid;

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    the_log = log_open(NULL, scratch_place, &error);
    expect_ok(error);
    ann = author_new(1);
    ben = author_new(2);
    cid = author_new(3);
}

static void teardown(void)
{
    log_close(the_log);
    author_free(ann);
    author_free(ben);
    author_free(cid);
}

/* Appends and commits one event for each letter: 'p' public, 'b' Ann to Ben, 'c' Ann to Cid. */
static void fill(const char *letters)
{
    for (const char *at = letters; *at; at++) {
        const Author *to[] = {*at == 'b' ? ben : cid};
        g_autoptr(Event) event = *at == 'p' ? author_says(ann, "text") : author_seals(ann, to, 1);

        put(the_log, event);
    }
    commit(the_log);
}

typedef struct {
    const char *log;
    char viewer; /* '-': everything; 'x': a stranger */
    uint64_t after, before;
    unsigned limit;
    const char *positions;
    uint64_t covered_after;
} PageCase;

static const PageCase cases[] = {
    {"", '-', 0, 0, 10, "", 0},
    {"pppp", '-', 0, 0, 10, "1 2 3 4", 0},
    {"pppp", '-', 0, 0, 2, "3 4", 2},
    {"pppp", '-', 0, 3, 10, "1 2", 0},
    {"pppp", '-', 2, 0, 10, "3 4", 2},
    {"pppp", '-', 2, 3, 10, "", 2},
    {"pppp", '-', 4, 0, 10, "", 4},
    {"pppp", '-', 9, 0, 10, "", 9},
    {"pppp", '-', 0, 0, 0, "", 4},
    {"pbcpbc", 'b', 0, 0, 10, "1 2 4 5", 0},
    {"pbcpbc", 'c', 0, 0, 10, "1 3 4 6", 0},
    {"pbcpbc", 'a', 0, 0, 10, "1 2 3 4 5 6", 0},
    {"pbcpbc", 'x', 0, 0, 10, "1 4", 0},
    {"pbcpbc", 'x', 0, 0, 1, "4", 1},
    {"pccc", 'b', 1, 0, 10, "", 1},
    {"cccp", 'b', 0, 0, 1, "4", 0},
    {"cbpp", 'b', 0, 0, 2, "3 4", 2},
};

static const uint8_t *key_of(char viewer)
{
    static const uint8_t stranger[KEY_SIZE] = {7};
    const Author *author = viewer == 'a' ? ann : viewer == 'b' ? ben : cid;

    if (viewer == '-')
        return NULL;
    return viewer == 'x' ? stranger : author_key(author);
}

START_TEST(pages_hold_and_cover_what_they_should)
{
    const PageCase *test = &cases[_i];
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);
    uint64_t covered = 12345;

    fill(test->log);
    g_autoptr(GArray) page = log_page(the_log, key_of(test->viewer), test->after, test->before,
                                      test->limit, SIZE_MAX, &covered, &error);

    expect_ok(error);
    for (guint i = 0; i < page->len; i++)
        g_string_append_printf(told, "%s%d", i ? " " : "", (int)entry_at(page, i)->position);
    ck_assert_str_eq(told->str, test->positions);
    ck_assert_uint_eq(covered, test->covered_after);
}
END_TEST

START_TEST(bytes_are_bounded_but_one_comes_always)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered;

    fill("pppp");
    g_autoptr(GArray) one = log_page(the_log, NULL, 0, 0, 10, 1, &covered, &error);

    ck_assert_uint_eq(one->len, 1);
    ck_assert_uint_eq(entry_at(one, 0)->position, 4);
    ck_assert_uint_eq(covered, 3);
    size_t size = g_bytes_get_size(event_body(entry_at(one, 0)->event)) + SIGNATURE_SIZE;
    g_autoptr(GArray) two = log_page(the_log, NULL, 0, 0, 10, 2 * size + 4, &covered, &error);

    ck_assert_uint_eq(two->len, 2);
    ck_assert_uint_eq(covered, 2);
}
END_TEST

START_TEST(uncommitted_is_not_seen)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered;

    fill("pp");
    g_autoptr(Event) event = author_says(ann, "not yet");

    put(the_log, event);
    g_autoptr(GArray) page = log_page(the_log, NULL, 0, 0, 10, SIZE_MAX, &covered, &error);

    ck_assert_uint_eq(page->len, 2);
}
END_TEST

/* Walks back from the newest; each event once, no event left out. */
static unsigned walk(const uint8_t *viewer, unsigned *pages)
{
    uint64_t before = 0, covered = UINT64_MAX, expected = 0;
    unsigned found = 0;

    for (*pages = 0; covered > 0; (*pages)++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) page =
            log_page(the_log, viewer, 0, before, PAGE_MAX, FRAME_MAX, &covered, &error);

        expect_ok(error);
        ck_assert(before == 0 || covered < before - 1 || covered == 0);
        for (guint i = page->len; i-- > 0;) {
            uint64_t position = entry_at(page, i)->position;

            ck_assert_uint_gt(position, covered);
            ck_assert(expected == 0 || position < expected);
            expected = position;
        }
        found += page->len;
        before = covered + 1;
    }
    return found;
}

START_TEST(ten_thousand_messages_back_to_the_first)
{
    unsigned pages;
    uint64_t covered;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) room = g_bytes_new_static(scratch_room, PLACE_SIZE);

    for (unsigned i = 1; i <= 10000; i++) {
        g_autofree char *text = g_strdup_printf("message %u", i);
        g_autoptr(Event) event = author_says(i % 3 == 0 ? ann : i % 3 == 1 ? ben : cid, text);

        put(the_log, event);
        if (i % 256 == 0)
            commit(the_log);
    }
    commit(the_log);
    g_autoptr(GArray) newest =
        log_page(the_log, author_key(ben), 0, 0, 50, FRAME_MAX, &covered, &error);
    g_autofree char *last = entry_text(newest, 49);

    ck_assert_str_eq(last, "message 10000");
    ck_assert_uint_eq(walk(author_key(ben), &pages), 10000);
    ck_assert_uint_eq(pages, 50);

    /* The order shown, back to the first, too. */
    LogPoint point = {.time_ms = INT64_MAX};
    unsigned found = 0;

    for (guint length = 1; length > 0; found += length) {
        g_autoptr(GArray) history = log_history(the_log, room, &point, 150, &error);

        expect_ok(error);
        length = history->len;
        if (length > 0) {
            point.time_ms = event_time_ms(entry_at(history, 0)->event);
            memcpy(point.hash, event_hash(entry_at(history, 0)->event), HASH_SIZE);
        }
    }
    ck_assert_uint_eq(found, 10000);
    ck_assert_int_eq(point.time_ms, 1000);
}
END_TEST

START_TEST(many_events_of_others_do_not_slow_a_page)
{
    unsigned pages;

    fill("p");
    for (unsigned i = 0; i < 9000; i++) {
        const Author *to[] = {ben};
        g_autoptr(Event) event = author_seals(ann, to, 1);

        put(the_log, event);
    }
    commit(the_log);
    ck_assert_uint_eq(walk(author_key(cid), &pages), 1);
    ck_assert_uint_eq(pages, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log pages");
    TCase *tests = tcase_create("log pages");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, pages_hold_and_cover_what_they_should, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tests, bytes_are_bounded_but_one_comes_always);
    tcase_add_test(tests, uncommitted_is_not_seen);
    tcase_add_test(tests, ten_thousand_messages_back_to_the_first);
    tcase_add_test(tests, many_events_of_others_do_not_slow_a_page);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
