/* The log beside a model of it, by random steps: appending in any order, committing, giving up,
 * opening again. Prints the seed that failed. */
#include "tests/unit/relay/log_stage.h"

#include <string.h>

#define AUTHORS 3
#define LENGTH 30 /* of each feed */
#define STEPS 300

typedef struct {
    char *directory;
    Log *log;
    GRand *random;
    Event *events[AUTHORS][LENGTH];
    GPtrArray *held; /* Event*, by position */
    guint committed;
} Model;

static void open_log(Model *model)
{
    g_autoptr(GError) error = NULL;

    model->log = log_open(model->directory, scratch_place, &error);
    expect_ok(error);
}

static void model_start(Model *model, uint32_t seed)
{
    model->directory = scratch_new();
    model->random = g_rand_new_with_seed(seed);
    model->held = g_ptr_array_new();
    for (uint8_t i = 0; i < AUTHORS; i++) {
        g_autoptr(Author) author = author_new(i);

        for (unsigned n = 0; n < LENGTH; n++)
            model->events[i][n] = author_says(author, "text");
    }
    open_log(model);
}

static void model_stop(Model *model)
{
    log_close(model->log);
    for (unsigned i = 0; i < AUTHORS; i++) {
        for (unsigned n = 0; n < LENGTH; n++)
            event_unref(model->events[i][n]);
    }
    g_ptr_array_unref(model->held);
    g_rand_free(model->random);
    scratch_free(model->directory);
}

static uint64_t position_of(const Model *model, const Event *event)
{
    guint index;

    return g_ptr_array_find(model->held, event, &index) ? index + 1 : 0;
}

static unsigned newest_of(const Model *model, unsigned author, unsigned *held)
{
    unsigned newest = 0;

    *held = 0;
    for (unsigned n = 0; n < LENGTH; n++) {
        if (position_of(model, model->events[author][n]) == 0)
            continue;
        newest = n + 1;
        (*held)++;
    }
    return newest;
}

static void step_append(Model *model)
{
    unsigned author = (unsigned)g_rand_int_range(model->random, 0, AUTHORS), held;
    unsigned newest = newest_of(model, author, &held);
    unsigned n = g_rand_boolean(model->random)
                     ? MIN(newest, LENGTH - 1)
                     : (unsigned)g_rand_int_range(model->random, 0, LENGTH);
    Event *event = model->events[author][n];
    LogRule rule = g_rand_int_range(model->random, 0, 3) > 0 ? LOG_RULE_SET : LOG_RULE_STRICT;
    uint64_t position = 0, known = position_of(model, event);
    LogAppend result = try_put(model->log, event, rule, &position);

    if (known > 0) {
        ck_assert_int_eq(result, LOG_KNOWN);
        ck_assert_uint_eq(position, known);
    } else if (n > newest && rule == LOG_RULE_STRICT) {
        ck_assert_int_eq(result, LOG_GAP);
    } else {
        ck_assert_int_eq(result, LOG_APPENDED);
        g_ptr_array_add(model->held, event);
        ck_assert_uint_eq(position, model->held->len);
    }
}

static void step_commit(Model *model)
{
    commit(model->log);
    model->committed = model->held->len;
}

/* A group that meets a full disk is gone. */
static void step_full(Model *model)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Author) stranger = author_new(200);
    g_autofree char *text = g_strnfill(TEXT_MAX, 'x');
    uint64_t position;
    LogAppend result = LOG_APPENDED;

    log_set_size_limit(model->log, 4096);
    for (unsigned i = 0; i < 50 && result == LOG_APPENDED; i++) {
        g_autoptr(Event) event = author_says(stranger, text);

        result =
            log_append(model->log, event, LOG_RULE_STRICT, 0, NULL, 0, NULL, &position, &error);
    }
    ck_assert_int_eq(result, LOG_FAILED);
    ck_assert(g_error_matches(error, LOG_ERROR, LOG_ERROR_FULL));
    log_set_size_limit(model->log, 0);
    g_ptr_array_set_size(model->held, (gint)model->committed);
}

static void step_reopen(Model *model)
{
    log_close(model->log);
    open_log(model);
    g_ptr_array_set_size(model->held, (gint)model->committed);
}

static void compare_pages(Model *model)
{
    g_autoptr(GError) error = NULL;
    uint64_t covered = 1;
    g_autoptr(GArray) page = log_page(model->log, NULL, 0, 0, 1000, SIZE_MAX, &covered, &error);

    expect_ok(error);
    ck_assert_uint_eq(covered, 0);
    ck_assert_uint_eq(page->len, model->committed);
    for (guint i = 0; i < page->len; i++) {
        ck_assert_uint_eq(entry_at(page, i)->position, i + 1);
        ck_assert_mem_eq(event_hash(entry_at(page, i)->event), event_hash(model->held->pdata[i]),
                         HASH_SIZE);
    }
}

static void compare(Model *model)
{
    ck_assert_uint_eq(log_head(model->log), model->committed);
    ck_assert_uint_eq(log_pending(model->log), model->held->len - model->committed);
    for (unsigned author = 0; author < AUTHORS; author++) {
        const Event *first = model->events[author][0];
        unsigned held, newest = newest_of(model, author, &held);
        LogHead head =
            log_feed_head(model->log, event_author(first), event_incarnation(first), LANE_PUBLIC);

        ck_assert_uint_eq(head.seq, newest);
        ck_assert_uint_eq(head.held, held);
        if (newest > 0)
            ck_assert_mem_eq(head.hash, event_hash(model->events[author][newest - 1]), HASH_SIZE);
        ck_assert_uint_eq(log_find(model->log, first), position_of(model, first));
    }
}

START_TEST(log_does_as_its_model)
{
    Model model = {0};

    model_start(&model, (uint32_t)_i);
    for (unsigned step = 0; step < STEPS; step++) {
        int dice = g_rand_int_range(model.random, 0, 100);

        if (dice < 80)
            step_append(&model);
        else if (dice < 95)
            step_commit(&model);
        else if (dice < 98)
            step_full(&model);
        else
            step_reopen(&model);
        compare(&model);
    }
    step_commit(&model);
    compare_pages(&model);
    model_stop(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log model");
    TCase *tests = tcase_create("log model");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, log_does_as_its_model, 0, 12);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);

    srunner_free(runner);
    return failed ? 1 : 0;
}
