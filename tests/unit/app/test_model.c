#include "app/model_build.h"

#include <check.h>
#include <stdlib.h>

static Message message_of(const Person *author, const char *text, int64_t time_ms)
{
    return (Message){.author = author, .text = text, .length = strlen(text), .time_ms = time_ms};
}

START_TEST(builds_a_snapshot)
{
    ModelBuilder *builder = model_builder_new(7);
    model_builder_set_link(builder, LINK_JOINED, 5, "");
    model_builder_set_place(builder, "Home");
    model_builder_set_room_offset(builder, 1000);
    const Person *offline = model_builder_person(
        builder, &(Person){.key = {2}, .name = "anna", .presence = PRESENCE_OFFLINE});
    const Person *self =
        model_builder_person(builder, &(Person){.key = {1}, .name = "Zoe", .self = true});
    model_builder_conversation(builder, &(Conversation){.id = "#general", .name = "general"});
    Message message = message_of(offline, "hello", 1);
    model_builder_message(builder, &message);
    model_builder_choice(builder, &(Choice){.id = "1", .name = "Home", .relay = true});
    g_autoptr(Model) model = model_builder_finish(builder);

    ck_assert_uint_eq(model_version(model), 7);
    ck_assert_str_eq(model_place_name(model), "Home");
    ck_assert_ptr_eq(model_self(model), self);
    ck_assert_int_eq(model_room_time(model, 5), 1005);
    const GPtrArray *people = model_people(model);
    ck_assert_uint_eq(people->len, 2);
    ck_assert_ptr_eq(people->pdata[0], self);
    ck_assert_str_eq(((const Person *)people->pdata[1])->shown, "anna");
    const Conversation *conversation = model_find_conversation(model, "#general");
    ck_assert_ptr_nonnull(conversation);
    ck_assert_uint_eq(conversation->message_count, 1);
    ck_assert_str_eq(model_message(model, conversation, 0)->text, "hello");
    ck_assert_ptr_eq(model_message(model, conversation, 0)->author, offline);
    ck_assert_ptr_null(model_find_conversation(model, "#nothing"));
}
END_TEST

START_TEST(shares_blocks_between_snapshots)
{
    const Person *author = person_new(&(Person){.name = "Mira"});
    Message old[] = {message_of(author, "one", 1), message_of(author, "two", 2)};
    MessageBlock *block = message_block_new(old, G_N_ELEMENTS(old));
    person_unref(author);
    Model *models[2];
    for (int i = 0; i < 2; i++) {
        ModelBuilder *builder = model_builder_new((uint64_t)i);
        model_builder_conversation(builder, &(Conversation){.id = "#general"});
        model_builder_block(builder, block);
        for (int j = 0; j < 3; j++) {
            Message message = message_of(NULL, "later", 3 + j);
            model_builder_message(builder, &message);
        }
        models[i] = model_builder_finish(builder);
    }
    message_block_unref(block);
    const Conversation *first = model_find_conversation(models[0], "#general");
    const Conversation *second = model_find_conversation(models[1], "#general");
    ck_assert_uint_eq(second->message_count, 5);
    ck_assert_ptr_eq(model_message(models[0], first, 1), model_message(models[1], second, 1));
    model_unref(models[0]);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(model_message(models[1], second, i)->time_ms, (int64_t)i + 1);
    }
    ck_assert_str_eq(model_message(models[1], second, 0)->author->name, "Mira");
    model_unref(models[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tests = tcase_create("snapshots");
    tcase_add_test(tests, builds_a_snapshot);
    tcase_add_test(tests, shares_blocks_between_snapshots);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
