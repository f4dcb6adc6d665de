/* What members submit: judged, appended, and answered after the commit (hub_deliver.c). */
#include "relay/hub_internal.h"

#include <gio/gio.h>

#define DISK_RETRY_MS 5000
/* Acts of one member that do not count. */
#define VAIN_ACTS_A_SECOND 0.1
#define VAIN_ACTS_AT_ONCE 20

static void send_receipt(HubLink *link, const Wire__Receipt *receipt)
{
    if (!link)
        return;
    link->hub->counters.refused[MIN((unsigned)receipt->refusal, HUB_REFUSALS - 1)]++;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_RECEIPT;
    frame.receipt = (Wire__Receipt *)receipt;
    hub_send_frame(link, &frame);
}

void hub_accept(HubLink *link, const uint8_t *hash, uint64_t position)
{
    Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    receipt.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)hash};
    receipt.position = position;
    send_receipt(link, &receipt);
}

static void refuse(HubLink *link, const uint8_t *hash, Wire__Refusal refusal, const char *text,
                   uint32_t retry_ms)
{
    Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    receipt.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)hash};
    receipt.refusal = refusal;
    receipt.text = (char *)text;
    receipt.retry_ms = retry_ms;
    send_receipt(link, &receipt);
}

const char *hub_refusal_word(unsigned refusal)
{
    static const char *const words[] = {
        [WIRE__REFUSAL__GAP] = "gap",
        [WIRE__REFUSAL__FORK] = "fork",
        [WIRE__REFUSAL__RATE] = "rate",
        [WIRE__REFUSAL__TOO_LARGE] = "too-large",
        [WIRE__REFUSAL__BAD_TIME] = "bad-time",
        [WIRE__REFUSAL__BAD_EVENT] = "bad-event",
        [WIRE__REFUSAL__NOT_ALLOWED] = "not-allowed",
        [WIRE__REFUSAL__DISK] = "disk",
    };
    return refusal < G_N_ELEMENTS(words) ? words[refusal] : NULL;
}

/* Refuses with the head of the feed, so that the member knows what to send first, or that it must
 * begin anew. */
static void refuse_with_head(HubLink *link, const Event *event, Wire__Refusal refusal,
                             const char *text)
{
    LogHead known = log_feed_head(link->hub->log, event_author(event), event_incarnation(event),
                                  event_lane(event));
    Wire__Head head = WIRE__HEAD__INIT;
    head.author = (ProtobufCBinaryData){KEY_SIZE, (uint8_t *)event_author(event)};
    head.incarnation = event_incarnation(event);
    head.lane = event_lane(event);
    head.seq = known.seq;
    if (known.seq > 0)
        head.hash = (ProtobufCBinaryData){HASH_SIZE, known.hash};
    Wire__Receipt receipt = WIRE__RECEIPT__INIT;
    receipt.hash = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)event_hash(event)};
    receipt.refusal = refusal;
    receipt.text = (char *)text;
    receipt.head = &head;
    send_receipt(link, &receipt);
}

/* Everything that waits for the commit is not stored: its authors are told to try again. */
void hub_fail_submitted(Hub *hub, const GError *error)
{
    g_autofree char *detail = g_strdup_printf("events=%u", hub->submitted->len);
    hub_report(hub, g_error_matches(error, LOG_ERROR, LOG_ERROR_FULL) ? "disk-full" : "disk-error",
               NULL, detail);
    for (guint i = 0; i < hub->submitted->len; i++) {
        const Submitted *submitted = &g_array_index(hub->submitted, Submitted, i);
        refuse(submitted->link, event_hash(submitted->event), WIRE__REFUSAL__DISK,
               "The relay cannot store anything now: its disk is full or failing.", DISK_RETRY_MS);
    }
    g_array_set_size(hub->submitted, 0);
    hub->unsaved = false;
    hub->counters.disk_failed = true;
    hub->gathering.disk_us = hub->now_us + DISK_RETRY_MS * INT64_C(1000);
}

void hub_notice_losses(Hub *hub)
{
    if (hub->losses == log_losses(hub->log))
        return;
    hub->losses = log_losses(hub->log);
    if (hub->submitted->len > 0)
        hub_fail_submitted(hub, NULL);
}

static void append(HubLink *link, Event *event)
{
    Hub *hub = link->hub;
    hub_notice_losses(hub);
    const uint8_t *room = event_room(event);
    g_autoptr(GBytes) conversation = room ? g_bytes_new(room, PLACE_SIZE) : NULL;
    g_autoptr(GError) error = NULL;
    uint64_t position = 0;
    Submitted submitted = {.link = link, .event = event_ref(event)};
    LogAppend result =
        log_append(hub->log, event, LOG_RULE_STRICT, 0, conversation, 0, NULL, &position, &error);
    submitted.position = position;
    switch (result) {
    case LOG_APPENDED:
        g_array_append_val(hub->submitted, submitted);
        return;
    case LOG_KNOWN:
        submitted.known = true;
        g_array_append_val(hub->submitted, submitted);
        return;
    case LOG_GAP:
        refuse_with_head(link, event, WIRE__REFUSAL__GAP, "Earlier events are missing.");
        break;
    case LOG_FORK:
    case LOG_FORKED:
        hub->unsaved = true; /* the proof */
        hub_report(hub, "fork", link, NULL);
        refuse_with_head(link, event, WIRE__REFUSAL__FORK,
                         "Another event of yours stands at this place.");
        break;
    case LOG_FAILED:
        g_array_append_val(hub->submitted, submitted);
        hub_fail_submitted(hub, error);
        hub->losses = log_losses(hub->log);
        return;
    }
    event_unref(submitted.event);
}

/* A member that begins feed after feed would outgrow its Welcome. */
static bool has_too_many_feeds(Hub *hub, const Event *event)
{
    if (event_seq(event) != 1)
        return false;
    g_autoptr(GArray) heads = log_heads(hub->log, event_author(event));
    return heads->len >= FEEDS_MAX && log_find(hub->log, event) == 0;
}

/* What is in the log already is told so, whatever became of its author since.
 *
 * An act that does not count is stored all the same, within bounds: another relay may know what
 * makes its author an admin, and were this place of the feed left empty here, what stands behind it
 * there would be signed anew, and be in the place twice. */
static void append_unless_objected(HubLink *link, Event *event)
{
    Hub *hub = link->hub;
    g_autofree char *refusal = hub_objection(hub, event);
    g_autofree char *vain = refusal ? NULL : hub_objection_to_act(hub, event);
    bool known = (refusal || vain) && log_find(hub->log, event) != 0;
    uint32_t retry_ms = vain && !known ? bucket_take(&link->vain_acts, VAIN_ACTS_A_SECOND,
                                                     VAIN_ACTS_AT_ONCE, hub->now_us)
                                       : 0;
    if (refusal && !known)
        refuse(link, event_hash(event), WIRE__REFUSAL__NOT_ALLOWED, refusal, 0);
    else if (retry_ms > 0)
        refuse(link, event_hash(event), WIRE__REFUSAL__RATE, vain, retry_ms);
    else
        append(link, event);
}

static Event *open_event(const Hub *hub, const ProtobufCBinaryData *body,
                         const ProtobufCBinaryData *signature, const char **why)
{
    const uint8_t *place = log_place(hub->log);
    if (hub->output.verify == NULL)
        return event_open(body->data, body->len, signature->data, signature->len, place, why);
    return event_open_by(body->data, body->len, signature->data, signature->len, place,
                         hub->output.verify, hub->user, why);
}

void hub_submit(HubLink *link, const Wire__Submit *submit)
{
    Hub *hub = link->hub;
    const ProtobufCBinaryData *body = &submit->event->body;
    const ProtobufCBinaryData *signature = &submit->event->signature;
    uint8_t hash[HASH_SIZE];
    event_hash_of(body->data, body->len, hash);

    uint32_t retry_ms =
        bucket_take(&link->submits, hub->limits.rate, hub->limits.burst, hub->now_us);
    if (retry_ms > 0) {
        refuse(link, hash, WIRE__REFUSAL__RATE, "Too many messages at once.", retry_ms);
        return;
    }
    if (body->len > EVENT_MAX) {
        refuse(link, hash, WIRE__REFUSAL__TOO_LARGE, "This is too long.", 0);
        return;
    }
    const char *why = NULL;
    g_autoptr(Event) event = open_event(hub, body, signature, &why);
    if (!event) {
        g_autofree char *detail = g_strdup_printf("why=\"%s\"", why);
        hub_report(hub, "bad-event", link, detail);
        refuse(link, hash, WIRE__REFUSAL__BAD_EVENT, why, 0);
    } else if (memcmp(event_author(event), link->key, KEY_SIZE) != 0) {
        refuse(link, hash, WIRE__REFUSAL__NOT_ALLOWED, "This is another member's event.", 0);
    } else if (event_time_ms(event) > hub_room_time_ms(hub) + TIME_AHEAD_MS) {
        refuse(link, hash, WIRE__REFUSAL__BAD_TIME, "Its time is ahead of the room's.", 0);
    } else if (has_too_many_feeds(hub, event)) {
        refuse(link, hash, WIRE__REFUSAL__NOT_ALLOWED, "This key has begun too many feeds.", 0);
    } else {
        append_unless_objected(link, event);
    }
}

/* Why an event of this node's own cannot be posted. */
static const char *wrong_with(LogAppend result)
{
    switch (result) {
    case LOG_GAP:
        return "Earlier events of this feed are missing.";
    case LOG_FORK:
    case LOG_FORKED:
        return "Another event stands at this place of the feed.";
    default:
        return NULL;
    }
}

static gboolean may_post(Hub *hub, const Event *event, GError **error)
{
    g_autofree char *objection = NULL;
    if (hub->over)
        objection = g_strdup("The relay is ending.");
    else if (memcmp(event_author(event), hub->self, KEY_SIZE) != 0)
        objection = g_strdup("This is another member's event.");
    else
        objection = hub_objection(hub, event);
    if (!objection)
        objection = hub_objection_to_act(hub, event);
    if (objection)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, objection);
    return objection == NULL;
}

gboolean hub_post(Hub *hub, Event *event, int64_t now_us, GError **error)
{
    hub_begin(hub, now_us);
    if (!may_post(hub, event, error))
        return FALSE;
    hub_notice_losses(hub);
    const uint8_t *room = event_room(event);
    g_autoptr(GBytes) conversation = room ? g_bytes_new(room, PLACE_SIZE) : NULL;
    Submitted posted = {.event = event};
    g_autoptr(GError) failed = NULL;
    LogAppend result = log_append(hub->log, event, LOG_RULE_STRICT, 0, conversation, 0, NULL,
                                  &posted.position, &failed);
    if (result == LOG_APPENDED) {
        event_ref(event);
        g_array_append_val(hub->submitted, posted);
    } else if (result == LOG_FAILED) {
        hub_fail_submitted(hub, failed);
        hub->losses = log_losses(hub->log);
        g_propagate_prefixed_error(error, g_steal_pointer(&failed),
                                   "The relay cannot store anything now: ");
        return FALSE;
    }
    const char *wrong = wrong_with(result);
    if (wrong)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, wrong);
    return wrong == NULL;
}
