#include "tests/unit/ui/sample.h"

#include "app/model_build.h"
#include "tests/unit/ui/sample_files.h"

#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)

typedef struct {
    ModelBuilder *builder;
    const Person *alex, *mira, *sam, *sara, *jonas, *li;
    uint64_t serial; /* of message ids */
    bool moderated;
} Making;

static const Person *add_person(Making *making, const char *name, uint8_t salt, Presence presence,
                                int64_t since)
{
    Person person = {.name = name, .shown = name, .suffix = "", .presence = presence};
    person.since_ms = since;
    person.self = salt == 1;
    person.admin = making->moderated && (salt == 2 || salt == 4);
    person.muted = making->moderated && salt == 3;
    memset(person.key, salt, sizeof person.key);
    /* The first byte is chosen for the colour that the design gives this person. */
    static const uint8_t first[] = {0, 0, 3, 3, 4, 9, 1};
    person.key[0] = first[salt];
    return model_builder_person(making->builder, &person);
}

static void add_people(Making *making, const Sample *sample)
{
    making->alex = add_person(making, "Alex Kim", 1, PRESENCE_ONLINE, 0);
    if (sample->alone)
        return;
    making->mira = add_person(making, "Mira Okafor", 2, PRESENCE_ONLINE, 0);
    making->sam = add_person(making, "Sam Rivera", 3, PRESENCE_ONLINE, 0);
    making->sara =
        add_person(making, "سارا احمدی", 4, PRESENCE_AWAY, SAMPLE_NOW_MS - 12 * MINUTE_MS);
    making->jonas = add_person(making, "Jonas Weiß", 5, PRESENCE_OFFLINE,
                               SAMPLE_NOW_MS - 17 * 60 * MINUTE_MS - 44 * MINUTE_MS);
    making->li = add_person(making, "Li Wei", 6, PRESENCE_OFFLINE, SAMPLE_NOW_MS - 4 * DAY_MS);
    if (sample->twins) {
        Person twin = {.name = "Sam Rivera", .shown = "Sam Rivera ·7f3a", .suffix = "7f3a"};
        memset(twin.key, 9, sizeof twin.key);
        model_builder_person(making->builder, &twin);
    }
}

static void say_as(Making *making, const Person *author, const char *text, int64_t time_ms,
                   MessageKind kind, Delivery delivery, const char *why)
{
    Message message = {.author = author,
                       .kind = kind,
                       .delivery = delivery,
                       .time_ms = time_ms,
                       .text = text,
                       .length = strlen(text),
                       .why = why};
    making->serial++;
    memcpy(message.id, &making->serial, sizeof making->serial);
    message.mention = strstr(text, "@Alex") != NULL;
    model_builder_message(making->builder, &message);
}

static void say(Making *making, const Person *author, const char *text, int hour, int minute)
{
    int64_t day = SAMPLE_NOW_MS - SAMPLE_NOW_MS % DAY_MS;
    say_as(making, author, text, day + (hour * 60 + minute) * MINUTE_MS, MESSAGE_TEXT,
           author->self ? DELIVERY_SENT : DELIVERY_RECEIVED, NULL);
}

static void add_talk(Making *making)
{
    say(making, making->mira,
        "Morning! The relay on the fourth floor is up, so everyone should see each other without "
        "typing an address now.",
        10, 41);
    say(making, making->mira,
        "If you don’t, run `backfence --help` and paste what it prints 👍🏽", 10, 42);
    say(making, making->sara, "سلام به همه! فایل نهایی را فرستادم (نسخهٔ v3)، لطفاً نگاه کنید.", 10,
        44);
    say(making, making->alex, "Looks **great**. I'd only move the *title* a little.", 10, 52);
    say(making, making->jonas,
        "Works here. 日本語とハングル 한국어 also render, and https://example.lan/docs opens.", 11,
        58);
    say(making, making->jonas,
        "```\n$ backfence --version\nmdns ok · relay 10.0.4.2:7667 · rtt 0.4 ms\n```", 11, 58);
}

static void add_deliveries(Making *making)
{
    int64_t now = SAMPLE_NOW_MS - 4 * MINUTE_MS;
    say_as(making, making->sam, "Sam Rivera joined", now, MESSAGE_JOINED, DELIVERY_RECEIVED, NULL);
    say_as(making, making->li, "Li Wei joined", now, MESSAGE_JOINED, DELIVERY_RECEIVED, NULL);
    say_as(making, making->mira, "Mira Okafor joined", now, MESSAGE_JOINED, DELIVERY_RECEIVED,
           NULL);
    say_as(making, making->jonas, "Jonas Weiß left", now, MESSAGE_LEFT, DELIVERY_RECEIVED, NULL);
    say_as(making, making->sam, "waves from the workshop", now, MESSAGE_ACTION, DELIVERY_RECEIVED,
           NULL);
    say_as(making, NULL, "Online: Alex Kim, Mira Okafor, Sam Rivera\nAway: سارا احمدی", now,
           MESSAGE_NOTICE, DELIVERY_RECEIVED, NULL);
    say_as(making, making->mira, "", now, MESSAGE_UNKNOWN, DELIVERY_RECEIVED, NULL);
    say_as(making, making->mira, "@Alex can you bring the long cable?", now, MESSAGE_TEXT,
           DELIVERY_RECEIVED, NULL);
    say_as(making, making->alex, "Sure, on my way.", now + MINUTE_MS, MESSAGE_TEXT, DELIVERY_SENT,
           NULL);
    say_as(making, making->alex, "This one waits for the link.", now + MINUTE_MS, MESSAGE_TEXT,
           DELIVERY_SENDING, NULL);
    say_as(making, making->alex, "And this one was refused.", now + MINUTE_MS, MESSAGE_TEXT,
           DELIVERY_FAILED, "You wrote faster than the relay takes it.");
}

static void add_moves(Making *making)
{
    int64_t now = SAMPLE_NOW_MS - 3 * MINUTE_MS;
    say_as(making, making->jonas, "Jonas Weiß left", now, MESSAGE_LEFT, DELIVERY_RECEIVED, NULL);
    say_as(making, NULL, "The room moved to Mira Okafor's computer", now, MESSAGE_MOVED,
           DELIVERY_RECEIVED, NULL);
    say_as(making, making->sam, "Did you notice anything?", now + MINUTE_MS, MESSAGE_TEXT,
           DELIVERY_RECEIVED, NULL);
    say_as(making, NULL, "The room moved to the relay", now + MINUTE_MS, MESSAGE_MOVED,
           DELIVERY_RECEIVED, NULL);
}

static void add_fork(Making *making)
{
    say_as(making, NULL,
           "Jonas Weiß has signed two different things as one: that device's key is misused, or it "
           "was restored from a copy. Both are kept as proof.",
           SAMPLE_NOW_MS - 2 * MINUTE_MS, MESSAGE_WARNING, DELIVERY_RECEIVED, NULL);
}

static void add_moderation(Making *making)
{
    int64_t now = SAMPLE_NOW_MS - 6 * MINUTE_MS;
    say_as(making, making->mira, "Mira Okafor made Sara an admin", now, MESSAGE_MODERATION,
           DELIVERY_RECEIVED, NULL);
    say_as(making, making->mira,
           "Mira Okafor muted Sam Rivera for 10 minutes: one at a time, please", now,
           MESSAGE_MODERATION, DELIVERY_RECEIVED, NULL);
    say_as(making, making->mira, "Lunch is in the **big** room today.", now + MINUTE_MS,
           MESSAGE_ANNOUNCEMENT, DELIVERY_RECEIVED, NULL);
    say_as(making, NULL, "The relay restarts at six.", now + 2 * MINUTE_MS, MESSAGE_ANNOUNCEMENT,
           DELIVERY_RECEIVED, NULL);
    say_as(making, making->jonas, "Thanks!", now + 2 * MINUTE_MS, MESSAGE_TEXT, DELIVERY_RECEIVED,
           NULL);
}

static void add_scripts(Making *making)
{
    static const char *const texts[] = {
        "العربية: مرحباً بالجميع، كيف حالكم اليوم؟ هذا سطر طويل بما يكفي ليلتف على سطرين كاملين في "
        "النافذة.",
        "עברית: שלום לכולם, מה שלומכם היום?",
        "हिन्दी: नमस्ते, आप सब कैसे हैं? क्षत्रिय, ज्ञान, श्री",
        "中文:大家好，今天天气很好。日本語：こんにちは、皆さん。한국어: 안녕하세요 여러분",
        "ไทย: สวัสดีทุกคน วันนี้เป็นอย่างไรบ้าง · Ελληνικά: γεια σας · Русский: привет",
        "👍🏻👍🏿 👩‍👩‍👧‍👦 🇩🇪🇯🇵🇧🇷 ❤️ 🏳️‍🌈 "
        "🧑🏽‍🚀 "
        "1️⃣",
        "mixed: hello שלום (v3) مرحبا 123 — tail",
        "Z̸̡a͠l̵g̕o and ﷽ and a word "
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsangelege"
        "nheiten",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        say(making, i % 2 ? making->mira : making->sara, texts[i], 9, (int)i * 6);
}

static void add_history(Making *making, unsigned count)
{
    const Person *people[] = {making->mira, making->sam, making->alex, making->jonas, making->sara};
    static const char *const texts[] = {
        "Did anyone see where the ladder went?",
        "Second shelf, behind the paint. Take the short one, the long one is promised to Jonas "
        "until Friday and he will be cross.",
        "ok",
        "Thanks!",
        "The printer wants toner again. I ordered some, it comes **tomorrow**, and until then "
        "the one downstairs works for everybody.",
    };
    for (unsigned i = 0; i < count; i++) {
        char text[256];
        g_snprintf(text, sizeof text, "%s (%u)", texts[i * 7 / 3 % 5], i);
        int64_t time = SAMPLE_NOW_MS - 2 * DAY_MS - (int64_t)(count - i) * 3 * MINUTE_MS;
        const Person *author = people[i / 3 % 5];
        say_as(making, author, text, time, MESSAGE_TEXT,
               author->self ? DELIVERY_SENT : DELIVERY_RECEIVED, NULL);
    }
}

static void add_giant(Making *making, const char *piece)
{
    g_autoptr(GString) text = g_string_new(NULL);
    while (text->len + strlen(piece) <= 16384)
        g_string_append(text, piece);
    say(making, making->sam, text->str, 12, 1);
}

static char direct_id[2 + 2 * MODEL_KEY_SIZE];

static const char *id_of(const Person *person)
{
    g_autoptr(GString) id = g_string_new("@");
    for (int i = 0; i < MODEL_KEY_SIZE; i++)
        g_string_append_printf(id, "%02x", person->key[i]);
    g_strlcpy(direct_id, id->str, sizeof direct_id);
    return direct_id;
}

const char *sample_direct(void)
{
    Person mira = {.name = ""};
    memset(mira.key, 2, sizeof mira.key);
    mira.key[0] = 3;
    return id_of(&mira);
}

static void begin_direct(Making *making, const Person *person, unsigned unread, bool typing)
{
    g_autoptr(GPtrArray) who = g_ptr_array_new();
    if (typing)
        g_ptr_array_add(who, (gpointer)person);
    Conversation direct = {.id = id_of(person),
                           .person = person,
                           .name = person->shown,
                           .topic = "",
                           .unread = unread,
                           .draft = "",
                           .typing = who};
    model_builder_conversation(making->builder, &direct);
}

static void add_files(Making *making, const Sample *sample)
{
    SampleFiles files = {
        {making->alex, making->mira, making->sam, making->sara, making->jonas, making->li},
        SAMPLE_NOW_MS};
    sample_files(making->builder, &files, sample->files);
}

static void add_directs(Making *making, const Sample *sample)
{
    begin_direct(making, making->mira, 1, true);
    say(making, making->mira, "Shall we look at it together?", 11, 30);
    if (sample->files && sample->files_direct)
        add_files(making, sample);
    begin_direct(making, making->sara, 0, false);
    say(making, making->sara, "فایل رسید، ممنون 🙏", 11, 2);
    begin_direct(making, making->jonas, 0, false);
    say_as(making, making->alex, "see you tomorrow", SAMPLE_NOW_MS - 3 * DAY_MS, MESSAGE_TEXT,
           DELIVERY_SENT, NULL);
}

static void add_general(Making *making, const Sample *sample)
{
    g_autoptr(GPtrArray) typing = g_ptr_array_new();
    if (making->mira && !sample->giant)
        g_ptr_array_add(typing, (gpointer)making->mira);
    Conversation general = {.id = "#general",
                            .name = "general",
                            .topic = sample->moderated ? "Autumn issue: pages due Friday" : "",
                            .unread = sample->unread,
                            .more_before = sample->more_before,
                            .draft = "",
                            .typing = typing};
    model_builder_conversation(making->builder, &general);
    if (sample->alone)
        return;
    add_history(making, sample->history);
    if (sample->scripts)
        add_scripts(making);
    else if (sample->repeated)
        add_giant(making, sample->repeated);
    else if (sample->giant)
        add_giant(making, "All work and no play makes Jack a dull boy. ");
    else
        add_talk(making);
    if (sample->deliveries)
        add_deliveries(making);
    if (sample->moves)
        add_moves(making);
    if (sample->fork)
        add_fork(making);
    if (sample->moderated)
        add_moderation(making);
    if (sample->files && !sample->files_direct)
        add_files(making, sample);
    for (unsigned i = 0; i < sample->extra; i++) {
        char text[64];
        g_snprintf(text, sizeof text, "and one more thing (%u)", i);
        say(making, making->sam, text, 12, 2);
    }
}

static void add_choices(Making *making, const Sample *sample)
{
    static const Choice choices[] = {
        {.id = "1", .name = "Studio LAN", .address = "10.0.4.2:7667", .relay = true},
        {.id = "2", .name = "Workshop", .address = "[fe80::1c2a]:7667"},
        {.id = "3", .name = "Attic", .address = "10.0.4.77:7667", .relay = true, .locked = true},
        {.id = "4", .name = "Holiday house", .address = "192.168.7.2:7667", .remembered = true},
    };
    for (unsigned i = 0; i < sample->choices && i < G_N_ELEMENTS(choices); i++) {
        Choice choice = choices[i];
        choice.joined = i == 0 && sample->link == LINK_JOINED;
        choice.relay &= !choice.joined || sample->carried <= CARRIED_BY_RELAY;
        model_builder_choice(making->builder, &choice);
    }
}

static void add_carrier(Making *making, const Sample *sample)
{
    CarriedBy carried = sample->carried != CARRIED_BY_NOBODY ? sample->carried : CARRIED_BY_RELAY;
    if (sample->link == LINK_JOINED)
        model_builder_set_carrier(making->builder, carried,
                                  carried == CARRIED_BY_PERSON ? making->mira->key : NULL);
}

static void add_accepted(Making *making, unsigned count)
{
    const Person *people[] = {making->sam, making->mira, making->sara, making->jonas, making->li};
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (unsigned i = 0; i < MIN(count, G_N_ELEMENTS(people)); i++)
        g_ptr_array_add(keys, g_bytes_new(people[i]->key, MODEL_KEY_SIZE));
    model_builder_share_accepted(making->builder, keys);
}

Model *sample_model(const Sample *sample)
{
    Making making = {.builder = model_builder_new(sample->version ? sample->version : 1),
                     .moderated = sample->moderated};
    int64_t since = sample->link_since_us ? sample->link_since_us : SAMPLE_NOW_US;
    model_builder_set_link(making.builder, sample->link, since, sample->why ? sample->why : "");
    model_builder_set_first_run(making.builder, sample->first_run);
    model_builder_set_wants_connect(making.builder, sample->wants_connect);
    model_builder_set_finding_line(making.builder, sample->finding ? sample->finding : "");
    if (sample->barred)
        model_builder_set_barred(making.builder, sample->barred);
    if (sample->passphrase_why)
        model_builder_set_passphrase(making.builder, "Studio LAN", sample->passphrase_why);
    if (sample->no_network)
        model_builder_set_no_network(making.builder, since);
    add_people(&making, sample);
    add_carrier(&making, sample);
    if (!sample->no_place) {
        model_builder_set_place(making.builder, "Studio LAN");
        add_general(&making, sample);
        if (!sample->alone)
            add_directs(&making, sample);
    }
    add_choices(&making, sample);
    model_builder_set_folder(making.builder, "/home/alex/Downloads");
    add_accepted(&making, sample->accepted);
    return model_builder_finish(making.builder);
}
