/* Engines on threads of their own, on a real relay on loopback. Runs under ThreadSanitizer too. */
#include "app/engine.h"
#include "relay/carrier.h"

#include <check.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_US (30 * G_USEC_PER_SEC)

typedef struct {
    Log *log;
    Identity *identity;
    Carrier *carrier;
    char *directory;
    char *address;
} Stage;

typedef struct {
    Engine *engine;
    Model *model;
    int woken; /* atomic */
} Seat;

static Stage stage;

static void set_up(void)
{
    static const uint8_t place[PLACE_SIZE] = "test of engines";
    uint8_t seed[32] = {7};
    stage.directory = g_dir_make_tmp("backfence-engine-XXXXXX", NULL);
    stage.log = log_open(NULL, place, NULL);
    stage.identity = identity_from_seed(seed);
    CarrierConfig config = {.place_name = "Home", .relay_program = true};
    stage.carrier = carrier_new(NULL, &config, stage.identity, stage.log, NULL);
    ck_assert_ptr_nonnull(stage.carrier);
    stage.address = g_strdup_printf("127.0.0.1:%u", carrier_port(stage.carrier));
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (directory && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_remove(path);
}

static void tear_down(void)
{
    carrier_free(stage.carrier);
    log_close(stage.log);
    identity_free(stage.identity);
    remove_tree(stage.directory);
    g_free(stage.directory);
    g_free(stage.address);
}

static void wake(void *user)
{
    Seat *seat = user;
    g_atomic_int_set(&seat->woken, 1);
    g_main_context_wakeup(NULL);
}

static void sit_down(Seat *seat, const char *name)
{
    g_autofree char *directory = g_build_filename(stage.directory, name, NULL);
    EngineOptions options = {.data_dir = directory, .name = name, .connect = stage.address};
    g_autoptr(GError) error = NULL;
    seat->engine = engine_new(&options, wake, seat, &error);
    g_assert_no_error(error);
    seat->model = engine_take(seat->engine);
}

static void get_up(Seat *seat)
{
    g_clear_pointer(&seat->engine, engine_free);
    g_clear_pointer(&seat->model, model_unref);
}

static gboolean too_late(gpointer user)
{
    ck_abort_msg("waited too long");
    return G_SOURCE_REMOVE;
}

/* Serves the relay until the newest model is as wanted. */
static void await(Seat *seat, bool (*wanted)(const Model *model, const void *data),
                  const void *data)
{
    guint alarm = g_timeout_add(PATIENCE_US / 1000, too_late, NULL);
    while (!wanted(seat->model, data)) {
        while (!g_atomic_int_compare_and_exchange(&seat->woken, 1, 0))
            g_main_context_iteration(NULL, TRUE);
        model_unref(seat->model);
        seat->model = engine_take(seat->engine);
    }
    g_source_remove(alarm);
}

static bool joined(const Model *model, const void *data)
{
    return model_link(model) == LINK_JOINED;
}

static bool people_are(const Model *model, const void *data)
{
    return model_people(model)->len == *(const unsigned *)data;
}

typedef struct {
    const char *conversation;
    const char *text;
    Delivery delivery;
} Wanted;

static bool shows(const Model *model, const void *data)
{
    const Wanted *wanted = data;
    const Conversation *conversation = model_find_conversation(model, wanted->conversation);
    for (size_t i = 0; conversation && i < conversation->message_count; i++) {
        const Message *message = model_message(model, conversation, i);
        if (strcmp(message->text, wanted->text) == 0 && message->delivery == wanted->delivery)
            return true;
    }
    return false;
}

static char *direct_with(const Person *person)
{
    GString *id = g_string_new("@");
    for (size_t i = 0; i < MODEL_KEY_SIZE; i++)
        g_string_append_printf(id, "%02x", person->key[i]);
    return g_string_free(id, FALSE);
}

static bool types(const Model *model, const void *data)
{
    const Conversation *conversation = model_find_conversation(model, "#general");
    return conversation->typing->len > 0;
}

static bool is_called(const Model *model, const void *data)
{
    const GPtrArray *people = model_people(model);
    for (guint i = 0; i < people->len; i++)
        if (strcmp(((const Person *)people->pdata[i])->shown, data) == 0)
            return true;
    return false;
}

START_TEST(people_talk)
{
    Seat anna = {0}, ben = {0};
    sit_down(&anna, "Anna");
    sit_down(&ben, "Ben");
    await(&anna, joined, NULL);
    await(&ben, joined, NULL);
    unsigned two = 2;
    await(&anna, people_are, &two);
    await(&anna, is_called, "Ben");
    await(&ben, is_called, "Anna");
    ck_assert_str_eq(model_place_name(anna.model), "Home");

    engine_typing(anna.engine, "#general");
    await(&ben, types, NULL);
    engine_say(anna.engine, "#general", "hello");
    await(&anna, shows, &(Wanted){"#general", "hello", DELIVERY_SENT});
    await(&ben, shows, &(Wanted){"#general", "hello", DELIVERY_RECEIVED});

    g_autofree char *to_anna = direct_with(model_self(anna.model));
    g_autofree char *to_ben = direct_with(model_self(ben.model));
    engine_open_direct(ben.engine, model_self(anna.model)->key);
    engine_say(ben.engine, to_anna, "for you alone");
    await(&ben, shows, &(Wanted){to_anna, "for you alone", DELIVERY_SENT});
    await(&anna, shows, &(Wanted){to_ben, "for you alone", DELIVERY_RECEIVED});
    ck_assert_uint_eq(model_find_conversation(anna.model, to_ben)->unread, 1);

    engine_set_name(ben.engine, "Benjamin");
    await(&anna, is_called, "Benjamin");
    engine_say(anna.engine, "#general", "/nonsense");
    await(&anna, shows,
          &(Wanted){"#general", "There is no command /nonsense. /help lists them all.",
                    DELIVERY_RECEIVED});
    get_up(&anna);
    get_up(&ben);
}
END_TEST

static bool has_read(const Model *model, const void *data)
{
    const Conversation *conversation = model_find_conversation(model, "#general");
    return conversation->unread == *(const unsigned *)data;
}

START_TEST(what_was_read_and_written_stays)
{
    Seat anna = {0}, ben = {0};
    unsigned none = 0, one = 1;
    sit_down(&anna, "Anna");
    sit_down(&ben, "Ben");
    await(&anna, joined, NULL);
    await(&ben, joined, NULL);
    engine_say(ben.engine, "#general", "first");
    await(&anna, shows, &(Wanted){"#general", "first", DELIVERY_RECEIVED});
    await(&anna, has_read, &one);
    const Conversation *room = model_find_conversation(anna.model, "#general");
    engine_mark_read(anna.engine, "#general",
                     model_message(anna.model, room, room->message_count - 1)->id);
    engine_set_draft(anna.engine, "#general", "half a thought");
    await(&anna, has_read, &none);
    get_up(&anna);

    sit_down(&anna, "Anna");
    room = model_find_conversation(anna.model, "#general");
    ck_assert_str_eq(room->draft, "half a thought");
    ck_assert(shows(anna.model, &(Wanted){"#general", "first", DELIVERY_RECEIVED}));
    ck_assert_uint_eq(room->unread, 0);
    get_up(&anna);
    get_up(&ben);
}
END_TEST

START_TEST(one_app_for_each_directory)
{
    Seat anna = {0};
    sit_down(&anna, "Anna");
    g_autofree char *directory = g_build_filename(stage.directory, "Anna", NULL);
    EngineOptions options = {.data_dir = directory};
    g_autoptr(GError) error = NULL;
    ck_assert_ptr_null(engine_new(&options, wake, NULL, &error));
    ck_assert_ptr_nonnull(error);
    get_up(&anna);
}
END_TEST

static const Choice *choice_at(const Model *model, guint index)
{
    return index < model_choices(model)->len ? model_choices(model)->pdata[index] : NULL;
}

static bool is_in(const Model *model, const void *data)
{
    const Choice *first = choice_at(model, 0);
    return joined(model, NULL) && strcmp(model_place_name(model), data) == 0 && first &&
           first->joined && strcmp(first->name, data) == 0 && first->relay;
}

/* Places are listed, not nodes: the one that one is in comes first. */
START_TEST(another_place_is_chosen)
{
    static const uint8_t place[PLACE_SIZE] = "the other place";
    uint8_t seed[32] = {8};
    Log *log = log_open(NULL, place, NULL);
    Identity *identity = identity_from_seed(seed);
    CarrierConfig config = {.place_name = "Attic", .relay_program = true};
    Carrier *carrier = carrier_new(NULL, &config, identity, log, NULL);
    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", carrier_port(carrier));
    Seat anna = {0};
    sit_down(&anna, "Anna");
    await(&anna, is_in, "Home");
    ck_assert_uint_eq(model_choices(anna.model)->len, 1);
    ck_assert_str_eq(choice_at(anna.model, 0)->address, stage.address);
    ck_assert_uint_eq(strlen(choice_at(anna.model, 0)->id), 2 * PLACE_SIZE);
    engine_connect(anna.engine, address);
    await(&anna, is_in, "Attic");
    ck_assert_uint_eq(model_choices(anna.model)->len, 2);
    ck_assert(!choice_at(anna.model, 1)->joined);
    engine_join(anna.engine, choice_at(anna.model, 1)->id);
    await(&anna, is_in, "Home");
    get_up(&anna);
    carrier_free(carrier);
    log_close(log);
    identity_free(identity);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *tests = tcase_create("threads");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, people_talk);
    tcase_add_test(tests, what_was_read_and_written_stays);
    tcase_add_test(tests, one_app_for_each_directory);
    tcase_add_test(tests, another_place_is_chosen);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
