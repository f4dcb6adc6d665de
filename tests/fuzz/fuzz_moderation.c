/* Any set of acts, in any order, adds up to the same; asking in between changes nothing. Six bytes
 * are an act: who, what, whom, when, until when, role and where it stands in the other order. */

#include "relay/moderation.h"
#include "wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

#define STEP 6
#define EVENTS_MAX 256
#define MEMBERS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Nobody is all zeros. */
static const uint8_t *key(unsigned who)
{
    static uint8_t keys[MEMBERS][KEY_SIZE];
    memset(keys[who % MEMBERS], (int)(who % MEMBERS + 1), KEY_SIZE);
    return keys[who % MEMBERS];
}

static GBytes *content_of(const uint8_t *act)
{
    int64_t until_ms = act[4] % 2 == 0 ? 0 : act[4];
    unsigned what = act[1] % (ACT_ANNOUNCE + 1);
    if (what == 0)
        return moderation_topic_content(act[5] % 2 == 0 ? "One" : "");
    return moderation_content((ModerationAct)what, key(act[2]), (Role)(act[5] % 3), until_ms,
                              "Text");
}

/* As a log returns it: nobody looks at signatures there. */
static Event *make_event(const uint8_t *act, size_t index)
{
    static const uint8_t signature[SIGNATURE_SIZE], place[PLACE_SIZE];
    uint8_t token[TOKEN_SIZE] = {(uint8_t)index, (uint8_t)(index >> 8)};
    g_autoptr(GBytes) content = content_of(act);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(content, &length);
    Wire__Event event = WIRE__EVENT__INIT;
    event.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)key(act[0])};
    event.incarnation = index;
    event.seq = 1;
    event.place = event.room = (ProtobufCBinaryData){PLACE_SIZE, (uint8_t *)place};
    event.token = (ProtobufCBinaryData){TOKEN_SIZE, token};
    event.time_ms = act[3];
    event.kind = act[1] % (ACT_ANNOUNCE + 1) == 0 ? EVENT_TOPIC : EVENT_MODERATION;
    event.content = (ProtobufCBinaryData){length, (uint8_t *)bytes};
    size_t packed = wire__event__get_packed_size(&event);
    uint8_t *body = g_malloc(packed);
    wire__event__pack(&event, body);
    g_autoptr(GBytes) body_bytes = g_bytes_new_take(body, packed);
    g_autoptr(GBytes) signature_bytes = g_bytes_new_static(signature, sizeof signature);
    return event_from_log(body_bytes, signature_bytes);
}

static void tell_member(GString *told, const Moderation *moderation, unsigned who)
{
    for (int64_t time_ms = 0; time_ms <= 256; time_ms += 64) {
        Verdict ban = {0}, mute = {0};
        bool banned = moderation_banned(moderation, key(who), time_ms, &ban);
        bool muted = moderation_muted(moderation, key(who), time_ms, &mute);
        g_string_append_printf(told, "%d %d %d %d ", banned, (int)ban.until_ms, muted,
                               (int)mute.until_ms);
    }
    g_string_append_printf(told, "%d\n", (int)moderation_role(moderation, key(who)));
}

static char *tell(const Moderation *moderation, const GPtrArray *events)
{
    static const uint8_t room[PLACE_SIZE];
    const char *name = moderation_place_name(moderation);
    GString *told = g_string_new(name ? name : "-");
    g_string_append_printf(told, " %s %s %d\n", moderation_motd(moderation),
                           moderation_topic(moderation, room), moderation_has_grants(moderation));
    for (unsigned i = 0; i < MEMBERS; i++)
        tell_member(told, moderation, i);
    for (guint i = 0; i < events->len; i++)
        g_string_append_printf(told, "%d%d", moderation_counts(moderation, events->pdata[i]),
                               moderation_silences(moderation, events->pdata[i]));
    return g_string_free(told, FALSE);
}

static gint by_order(gconstpointer a, gconstpointer b)
{
    const Event *left = *(Event *const *)a, *right = *(Event *const *)b;
    if (event_time_ms(left) != event_time_ms(right))
        return event_time_ms(left) < event_time_ms(right) ? -1 : 1;
    return memcmp(event_hash(left), event_hash(right), HASH_SIZE);
}

static void add_all(Moderation *moderation, const GPtrArray *events, unsigned ask)
{
    for (guint i = 0; i < events->len; i++) {
        moderation_add(moderation, events->pdata[i]);
        if (ask != 0 && i % ask == 0)
            moderation_motd(moderation);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = MIN(size / STEP, EVENTS_MAX);
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_unref);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new(), other = g_ptr_array_new();
    for (size_t i = 0; i < count; i++) {
        Event *event = make_event(data + i * STEP, i);
        check(event != NULL);
        g_ptr_array_add(events, event);
        g_ptr_array_add(sorted, event);
        g_ptr_array_insert(other, (gint)(data[i * STEP + 5] % (other->len + 1)), event);
    }
    g_ptr_array_sort(sorted, by_order);
    g_autoptr(Moderation) in_order = moderation_new(), as_they_came = moderation_new();
    moderation_set_keeper(in_order, key(0));
    add_all(in_order, sorted, 1);
    check(!moderation_lacks(in_order));
    if (size % 2 == 1) /* known from the beginning */
        moderation_set_keeper(as_they_came, key(0));
    add_all(as_they_came, other, size % 7);
    moderation_set_keeper(as_they_came, key(0));
    add_all(as_they_came, other, 0); /* which are known */
    if (moderation_lacks(as_they_came)) {
        moderation_reset(as_they_came);
        add_all(as_they_came, sorted, 0);
    }
    g_autofree char *expected = tell(in_order, events), *told = tell(as_they_came, events);
    check(strcmp(expected, told) == 0);
    return 0;
}
