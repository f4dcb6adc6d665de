/* The body of an event from a stranger: what is taken says the same to another reader of protobuf,
 * keeps its bytes, and its content can be read. */

#include "relay/content.h"
#include "relay/moderation.h"
#include "relay/seal.h"
#include "wire.pb-c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void compare(const Event *event, const uint8_t *data, size_t size)
{
    Wire__Event *other = wire__event__unpack(NULL, size, data);
    check(other != NULL);
    check(memcmp(event_author(event), other->author.data, KEY_SIZE) == 0);
    check(memcmp(event_place(event), other->place.data, PLACE_SIZE) == 0);
    check(event_incarnation(event) == other->incarnation && event_seq(event) == other->seq);
    check(event_lane(event) == other->lane && event_kind(event) == other->kind);
    check(event_time_ms(event) == other->time_ms);
    check(event_recipient_count(event) == other->n_recipients);
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    check(length == other->content.len &&
          (length == 0 || memcmp(content, other->content.data, length) == 0));
    wire__event__free_unpacked(other, NULL);
}

static void read_content(const uint8_t *content, size_t length)
{
    MessageContent message;
    check(content_read_message(content, length, &message) == content_is_message(content, length));
    if (content_is_message(content, length))
        message_content_clear(&message);
    ProfileContent profile;
    if (content_read_profile(content, length, &profile))
        profile_content_clear(&profile);
    ModerationContent moderation;
    if (moderation_read(content, length, &moderation)) {
        check(moderation_is_content(content, length) && moderation.text != NULL);
        moderation_content_clear(&moderation);
    }
    g_autofree char *topic = moderation_read_topic(content, length);
    check((topic != NULL) == moderation_is_topic(content, length));
}

static void try_to_open(const Event *event)
{
    static Keyring *keyring;
    if (keyring == NULL)
        keyring = keyring_open(NULL, 0, NULL);
    uint32_t kind = 0;
    GBytes *content = NULL;
    if (event_kind(event) == EVENT_SEALED)
        check(seal_open(keyring, event, event_author(event), &kind, &content) != SEAL_OPENED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t signature[SIGNATURE_SIZE];
    const char *why = NULL;
    check(event_open(data, size, signature, sizeof signature, NULL, &why) == NULL && why != NULL);
    g_autoptr(GBytes) body = g_bytes_new_static(data, size);
    g_autoptr(GBytes) unsigned_yet = g_bytes_new_static(signature, sizeof signature);
    g_autoptr(Event) event = event_from_log(body, unsigned_yet);
    read_content(data, size);
    if (event == NULL)
        return 0;
    check(g_bytes_equal(event_body(event), body));
    compare(event, data, size);
    size_t length = 0;
    const uint8_t *content = event_content(event, &length);
    read_content(content, length);
    try_to_open(event);
    return 0;
}
