/* What catching up asks of a log: what is missing, parts of feeds, private pages, heads since, and
 * what is remembered of other logs; and what an app that serves needs besides. */
#include "tests/unit/relay/log_stage.h"

#include <string.h>

#define LENGTH 40

static Log *the_log;
static Author *ann, *ben, *cid;
static Event *said[LENGTH + 1]; /* Ann's, by seq */

static void setup(void)
{
    g_autoptr(GError) error = NULL;

    the_log = log_open(NULL, scratch_place, &error);
    expect_ok(error);
    ann = author_new(1);
    ben = author_new(2);
    cid = author_new(3);
    for (unsigned seq = 1; seq <= LENGTH; seq++)
        said[seq] = author_says(ann, "text");
}

static void teardown(void)
{
    for (unsigned seq = 1; seq <= LENGTH; seq++)
        event_unref(said[seq]);
    log_close(the_log);
    author_free(ann);
    author_free(ben);
    author_free(cid);
}

/* "3 5-7" */
static void hold(const char *parts)
{
    g_auto(GStrv) all = g_strsplit(parts, " ", -1);

    for (char **part = all; *part && **part; part++) {
        char *end;
        uint64_t first = g_ascii_strtoull(*part, &end, 10);
        uint64_t last = *end == '-' ? g_ascii_strtoull(end + 1, NULL, 10) : first;

        for (uint64_t seq = first; seq <= last; seq++)
            ck_assert_int_eq(try_put(the_log, said[seq], LOG_RULE_SET, NULL), LOG_APPENDED);
    }
    commit(the_log);
}

typedef struct {
    const char *held;
    uint64_t first, last;
    unsigned limit;
    const char *missing;
} MissingCase;

static const MissingCase missing_cases[] = {
    {"", 1, 5, 9, "1-5"},
    {"", 0, 5, 9, "1-5"},
    {"", 5, 4, 9, ""},
    {"", 7, UINT64_MAX, 9, "7-9223372036854775806"},
    {"", UINT64_MAX - 1, UINT64_MAX, 9, ""},
    {"1-10", 1, 10, 9, ""},
    {"1-10", 1, 12, 9, "11-12"},
    {"1-10", 11, 12, 9, "11-12"},
    {"1-10", 12, 12, 9, "12-12"},
    {"3-5", 1, 5, 9, "1-2"},
    {"3-5", 1, 9, 9, "6-9 1-2"},
    {"3-5", 3, 5, 9, ""},
    {"3-5", 2, 6, 9, "6-6 2-2"},
    {"1 3 5 7-9", 1, 9, 9, "6-6 4-4 2-2"},
    {"1 3 5 7-9", 2, 8, 2, "6-6 4-4"},
    {"1 3 5 7-9", 2, 12, 2, "10-12 6-6"},
    {"1 3 5 7-9", 4, 4, 9, "4-4"},
    {"20", 1, 25, 1, "21-25"},
    {"20", 1, 20, 1, "1-19"},
    {"20", 1, 20, 0, ""},
    {"20", 1, 19, 5, "1-19"},
};

START_TEST(missing_parts_are_told_falling)
{
    const MissingCase *row = &missing_cases[_i];
    g_autoptr(GString) told = g_string_new(NULL);

    hold(row->held);
    g_autoptr(GArray) missing = log_missing(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC,
                                            row->first, row->last, row->limit);

    for (guint i = 0; i < missing->len; i++) {
        LogSpan span = g_array_index(missing, LogSpan, i);

        g_string_append_printf(told, "%s%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, i ? " " : "",
                               span.first, span.last);
    }
    ck_assert_str_eq(told->str, row->missing);
}
END_TEST

/* As many events as places, and yet one is missing. */
START_TEST(fork_does_not_hide_what_is_missing)
{
    Author twin = {.identity = ann->identity, .incarnation = ann->incarnation, .tokens = 9000};
    g_autoptr(Event) other = author_says(&twin, "other");

    hold("1 3");
    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_SET, NULL), LOG_FORKED);
    commit(the_log);
    g_autoptr(GArray) missing =
        log_missing(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, 1, 3, 9);

    ck_assert_uint_eq(missing->len, 1);
    ck_assert_uint_eq(g_array_index(missing, LogSpan, 0).first, 2);
    ck_assert_uint_eq(g_array_index(missing, LogSpan, 0).last, 2);
}
END_TEST

typedef struct {
    const char *held;
    uint64_t first, last;
    unsigned limit;
    unsigned bodies; /* max_bytes, in bodies of these events */
    const char *given;
    uint64_t covered;
} SpanCase;

static const SpanCase span_cases[] = {
    {"", 1, 9, 9, 99, "", 1},
    {"1-9", 1, 9, 99, 99, "9 8 7 6 5 4 3 2 1", 1},
    {"1-9", 1, 9, 3, 99, "9 8 7", 7},
    {"1-9", 4, 6, 3, 99, "6 5 4", 4},
    {"1-9", 4, 6, 2, 99, "6 5", 5},
    {"1-9", 8, 20, 9, 99, "9 8", 8},
    {"1-9", 1, 9, 9, 2, "9 8", 8},
    {"1-9", 1, 9, 9, 0, "9", 9},
    {"1 5 9", 1, 9, 9, 99, "9 5 1", 1},
    {"1 5 9", 2, 8, 9, 99, "5", 2},
    {"1 5 9", 1, 9, 2, 99, "9 5", 5},
    {"1 5 9", 6, 8, 2, 99, "", 6},
    {"1-9", 1, UINT64_MAX, 1, 99, "9", 9},
    {"1-9", UINT64_MAX, UINT64_MAX, 1, 99, "", UINT64_MAX},
};

START_TEST(span_is_given_falling)
{
    const SpanCase *row = &span_cases[_i];
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);
    uint64_t covered = 0;
    size_t size = g_bytes_get_size(event_body(said[9])) + SIGNATURE_SIZE;

    hold(row->held);
    g_autoptr(GArray) span =
        log_span(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, row->first, row->last,
                 row->limit, row->bodies * size, &covered, NULL, &error);

    expect_ok(error);
    for (guint i = 0; i < span->len; i++)
        g_string_append_printf(told, "%s%d", i ? " " : "",
                               (int)event_seq(entry_at(span, i)->event));
    ck_assert_str_eq(told->str, row->given);
    ck_assert_uint_eq(covered, row->covered);
}
END_TEST

START_TEST(span_shows_what_is_committed_and_of_a_fork_all)
{
    g_autoptr(GError) error = NULL;
    Author twin = {.identity = ann->identity, .incarnation = ann->incarnation, .tokens = 9000};
    g_autoptr(Event) other = author_says(&twin, "other");
    uint64_t covered = 0;

    hold("1-3");
    ck_assert_int_eq(try_put(the_log, other, LOG_RULE_SET, NULL), LOG_FORKED);
    g_autoptr(GArray) before = log_span(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, 1,
                                        1, 9, SIZE_MAX, &covered, NULL, &error);

    ck_assert_uint_eq(before->len, 1);
    commit(the_log);
    g_autoptr(GArray) after = log_span(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, 1,
                                       1, 9, SIZE_MAX, &covered, NULL, &error);

    ck_assert_uint_eq(after->len, 2);
    /* The two at one place are not parted. */
    g_autoptr(GArray) parted = log_span(the_log, author_key(ann), ann->incarnation, LANE_PUBLIC, 1,
                                        3, 3, SIZE_MAX, &covered, NULL, &error);

    ck_assert_uint_eq(parted->len, 2);
    ck_assert_uint_eq(covered, 2);
}
END_TEST

/* Public: 1, 4; to Ben: 2, 5; to Cid: 3. */
static void put_private(void)
{
    const Author *to_ben[] = {ben}, *to_cid[] = {cid};
    g_autoptr(Event) two = author_seals(ann, to_ben, 1);
    g_autoptr(Event) three = author_seals(ann, to_cid, 1);
    g_autoptr(Event) five = author_seals(ann, to_ben, 1);

    put(the_log, said[1]);
    put(the_log, two);
    put(the_log, three);
    put(the_log, said[2]);
    put(the_log, five);
    commit(the_log);
}

typedef struct {
    char viewer; /* '*': everybody, '?': nobody known */
    uint64_t after, before;
    unsigned limit;
    const char *shown;
    uint64_t covered;
} PrivateCase;

static const PrivateCase private_cases[] = {
    {'*', 0, 0, 9, "2 3 5", 0}, {'b', 0, 0, 9, "2 5", 0}, {'c', 0, 0, 9, "3", 0},
    {'a', 0, 0, 9, "2 3 5", 0}, {'?', 0, 0, 9, "", 0},    {'b', 0, 0, 1, "5", 4},
    {'b', 0, 5, 1, "2", 0},     {'b', 2, 0, 9, "5", 2},   {'b', 2, 5, 9, "", 2},
    {'*', 0, 5, 1, "3", 2},     {'*', 9, 0, 1, "", 9},
};

START_TEST(private_pages_leave_out_what_is_public)
{
    const PrivateCase *row = &private_cases[_i];
    const uint8_t nobody[KEY_SIZE] = {0};
    const uint8_t *viewer = row->viewer == 'a'   ? author_key(ann)
                            : row->viewer == 'b' ? author_key(ben)
                            : row->viewer == 'c' ? author_key(cid)
                            : row->viewer == '?' ? nobody
                                                 : NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) told = g_string_new(NULL);
    uint64_t covered = 77;

    put_private();
    g_autoptr(GArray) page = log_private_page(the_log, viewer, row->after, row->before, row->limit,
                                              SIZE_MAX, &covered, &error);

    expect_ok(error);
    for (guint i = 0; i < page->len; i++)
        g_string_append_printf(told, "%s%d", i ? " " : "", (int)entry_at(page, i)->position);
    ck_assert_str_eq(told->str, row->shown);
    ck_assert_uint_eq(covered, row->covered);
}
END_TEST

static guint bodies_kept(const uint8_t *owner)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered;

    put_private();
    log_set_owner(the_log, owner);
    ck_assert(log_delivered(the_log, author_key(ann), 5, &error));
    ck_assert(log_delivered(the_log, author_key(ben), 5, &error));
    ck_assert(log_delivered(the_log, author_key(cid), 5, &error));
    commit(the_log);
    g_autoptr(GArray) page = log_private_page(the_log, NULL, 0, 0, 9, SIZE_MAX, &covered, &error);

    return page->len;
}

START_TEST(relay_program_keeps_no_delivered_bodies)
{
    ck_assert_uint_eq(bodies_kept(NULL), 0);
    LogHead head = log_feed_head(the_log, author_key(ann), ann->incarnation, LANE_PRIVATE);

    ck_assert_uint_eq(head.held, 3);
    /* Nothing is left to offer, except to say how far the own feed goes. */
    g_autoptr(GArray) all = log_heads_since(the_log, 0, NULL);
    g_autoptr(GArray) owns = log_heads_since(the_log, 5, author_key(ann));

    ck_assert_uint_eq(all->len, 1);
    ck_assert_int_eq(g_array_index(all, LogHead, 0).lane, LANE_PUBLIC);
    ck_assert_uint_eq(owns->len, 1);
    ck_assert_uint_eq(g_array_index(owns, LogHead, 0).first, 0);
    ck_assert_uint_eq(g_array_index(owns, LogHead, 0).seq, 3);
}
END_TEST

START_TEST(owner_keeps_the_bodies_of_what_concerns_them)
{
    ck_assert_uint_eq(bodies_kept(author_key(ben)), 2);
}
END_TEST

START_TEST(author_is_an_owner_too)
{
    ck_assert_uint_eq(bodies_kept(author_key(ann)), 3);
}
END_TEST

START_TEST(other_logs_are_remembered)
{
    g_autoptr(GError) error = NULL;
    const uint8_t log[PLACE_SIZE] = {9}, another[PLACE_SIZE] = {8};
    LogOther other = {.told = 5, .mark_position = 7, .mark = {1, 2, 3}};

    ck_assert_uint_eq(log_other(the_log, log).told, 0);
    ck_assert(log_set_other(the_log, log, &(LogOther){.told = 1}, &error));
    ck_assert(log_set_other(the_log, log, &other, &error));
    ck_assert(log_set_other(the_log, another, &(LogOther){.told = 4}, &error));
    ck_assert(log_cover(the_log, log, 0, 3, &error));
    ck_assert(log_cover(the_log, another, 0, 3, &error));
    commit(the_log);
    LogOther read = log_other(the_log, log);

    ck_assert_mem_eq(&read, &other, sizeof read);
    ck_assert(log_forget_other(the_log, log, &error));
    commit(the_log);
    read = log_other(the_log, log);
    g_autoptr(GArray) covered = log_covered(the_log, log);
    g_autoptr(GArray) others = log_covered(the_log, another);

    ck_assert_uint_eq(read.told, 0);
    ck_assert_uint_eq(read.mark_position, 0);
    ck_assert_uint_eq(covered->len, 0);
    ck_assert_uint_eq(others->len, 1);
    ck_assert_uint_eq(log_other(the_log, another).told, 4);
}
END_TEST

START_TEST(filing_comes_after_appending)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) direct = g_bytes_new(author_key(ben), KEY_SIZE);
    g_autoptr(GBytes) opened = content_message("hello Ben", false, NULL);
    const Author *to[] = {ben};
    g_autoptr(Event) sealed = author_seals(ann, to, 1);
    uint64_t position = 0;

    ck_assert_int_eq(
        log_append(the_log, sealed, LOG_RULE_STRICT, 0, NULL, 0, NULL, &position, &error),
        LOG_APPENDED);
    commit(the_log);
    /* Searching brings the index up to here; what is filed later is found all the same, once. */
    g_autoptr(GArray) none = log_search(the_log, "hello", 9, &error);

    ck_assert_uint_eq(none->len, 0);
    for (unsigned round = 0; round < 2; round++) {
        ck_assert(log_file(the_log, position, direct, EVENT_MESSAGE, opened, &error));
        ck_assert(log_changed(the_log));
        commit(the_log);
    }
    g_autoptr(GArray) history = log_history(the_log, direct, NULL, 9, &error);
    g_autoptr(GArray) found = log_search(the_log, "hello", 9, &error);

    expect_ok(error);
    ck_assert_uint_eq(history->len, 1);
    ck_assert_uint_eq(found->len, 1);
    ck_assert_uint_eq(entry_at(found, 0)->position, position);
}
END_TEST

START_TEST(losses_are_counted)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(TEXT_MAX, 'x');
    LogAppend result = LOG_APPENDED;

    hold("1-3");
    ck_assert_uint_eq(log_losses(the_log), 0);
    put(the_log, said[4]);
    log_set_size_limit(the_log, 4096);
    while (result == LOG_APPENDED) {
        g_autoptr(Event) large = author_says(ben, text);

        result = try_put(the_log, large, LOG_RULE_SET, NULL);
    }
    ck_assert_int_eq(result, LOG_FAILED);
    ck_assert_uint_eq(log_losses(the_log), 1);
    ck_assert_uint_eq(log_pending(the_log), 0);
    /* The commit of who appended before is an empty one, and only the count tells. */
    ck_assert(log_commit(the_log, &error));
    ck_assert_uint_eq(log_head(the_log), 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log span");
    TCase *tests = tcase_create("log span");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, missing_parts_are_told_falling, 0, (int)G_N_ELEMENTS(missing_cases));
    tcase_add_test(tests, fork_does_not_hide_what_is_missing);
    tcase_add_loop_test(tests, span_is_given_falling, 0, (int)G_N_ELEMENTS(span_cases));
    tcase_add_test(tests, span_shows_what_is_committed_and_of_a_fork_all);
    tcase_add_loop_test(tests, private_pages_leave_out_what_is_public, 0,
                        (int)G_N_ELEMENTS(private_cases));
    tcase_add_test(tests, relay_program_keeps_no_delivered_bodies);
    tcase_add_test(tests, owner_keeps_the_bodies_of_what_concerns_them);
    tcase_add_test(tests, author_is_an_owner_too);
    tcase_add_test(tests, other_logs_are_remembered);
    tcase_add_test(tests, filing_comes_after_appending);
    tcase_add_test(tests, losses_are_counted);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
