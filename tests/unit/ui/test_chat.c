/* Rows follow snapshots, whatever happens to the messages. */

#include "app/model_build.h"
#include "ui/chat.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A model whose one conversation has a message for each number. */
static Model *model_of(const unsigned *numbers, size_t count)
{
    ModelBuilder *builder = model_builder_new(1);
    Conversation room = {.id = "#general", .name = "general", .topic = "", .draft = ""};
    model_builder_conversation(builder, &room);
    for (size_t i = 0; i < count; i++) {
        Message message = {.text = "x", .length = 1, .time_ms = 1};
        memcpy(message.id, &numbers[i], sizeof numbers[i]);
        model_builder_message(builder, &message);
    }
    return model_builder_finish(builder);
}

static size_t follow(Chat *chat, const unsigned *numbers, size_t count)
{
    g_autoptr(Model) model = model_of(numbers, count);
    return chat_sync(chat, model, model_find_conversation(model, "#general"));
}

static unsigned number_at(const Chat *chat, size_t row)
{
    unsigned number;
    memcpy(&number, g_array_index(chat->refs, MessageRef, row).id, sizeof number);
    return number;
}

/* Measured heights stay with their messages: a message's height is made its number. */
static void expect(Chat *chat, const unsigned *numbers, size_t count, bool measure)
{
    ck_assert_uint_eq(chat_count(chat), count);
    ck_assert_uint_eq(heights_count(chat->heights), count);
    for (size_t row = 0; row < count; row++) {
        ck_assert_uint_eq(number_at(chat, row), numbers[row]);
        if (heights_measured(chat->heights, row))
            ck_assert_int_eq(heights_get(chat->heights, row), (int)numbers[row]);
        if (measure)
            heights_set(chat->heights, row, (int)numbers[row]);
    }
}

START_TEST(rows_follow)
{
    static const struct {
        unsigned numbers[8];
        size_t count, added;
    } steps[] = {
        {{10, 11, 12}, 3, 0},
        {{10, 11, 12, 13}, 4, 1},              /* one more */
        {{8, 9, 10, 11, 12, 13}, 6, 0},        /* older ones */
        {{7, 8, 9, 10, 11, 12, 13, 14}, 8, 1}, /* both */
        {{7, 8, 9, 10, 11, 12, 14, 13}, 8, 0}, /* the end in another order */
        {{7, 8, 9, 20, 10, 11, 12, 13}, 8, 0}, /* one between, one gone */
        {{7, 8}, 2, 0},
        {{30, 31}, 2, 2}, /* all others */
        {{0}, 0, 0},
        {{40}, 1, 0},
    };
    Chat *chat = chat_new("#general");
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        size_t added = follow(chat, steps[i].numbers, steps[i].count);
        ck_assert_uint_eq(added, steps[i].added);
        expect(chat, steps[i].numbers, steps[i].count, true);
    }
    chat_free(chat);
}
END_TEST

START_TEST(measured_heights_are_kept)
{
    Chat *chat = chat_new("#general");
    follow(chat, (unsigned[]){10, 11, 12}, 3);
    expect(chat, (unsigned[]){10, 11, 12}, 3, true);
    follow(chat, (unsigned[]){9, 10, 12, 11, 13}, 5);
    expect(chat, (unsigned[]){9, 10, 12, 11, 13}, 5, false);
    ck_assert(!heights_measured(chat->heights, 0));
    for (size_t row = 1; row < 4; row++)
        ck_assert(heights_measured(chat->heights, row));
    ck_assert(!heights_measured(chat->heights, 4));
    chat_free(chat);
}
END_TEST

START_TEST(selection_has_an_order)
{
    Chat *chat = chat_new("#general");
    follow(chat, (unsigned[]){10, 11, 12}, 3);
    size_t first;
    size_t last;
    size_t start;
    size_t end;
    ck_assert(!chat_selection(chat, &first, &start, &last, &end));
    chat->selected = true;
    chat->from = (TextPlace){g_array_index(chat->refs, MessageRef, 2), 4};
    chat->to = (TextPlace){g_array_index(chat->refs, MessageRef, 0), 7};
    ck_assert(chat_selection(chat, &first, &start, &last, &end));
    ck_assert_uint_eq(first, 0);
    ck_assert_uint_eq(start, 7);
    ck_assert_uint_eq(last, 2);
    ck_assert_uint_eq(end, 4);
    follow(chat, (unsigned[]){11, 12}, 2);
    ck_assert(!chat_selection(chat, &first, &start, &last, &end));
    chat_free(chat);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("chat");
    TCase *tcase = tcase_create("rows");
    tcase_add_test(tcase, rows_follow);
    tcase_add_test(tcase, measured_heights_are_kept);
    tcase_add_test(tcase, selection_has_an_order);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
