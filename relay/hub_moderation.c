/* Who may be here and who may write: what the log says of it (relay/moderation.h), and what this
 * node itself lets in.
 *
 * What counts is learnt at the commit, from whomever it came, and then looked at whenever somebody
 * comes or writes; who is here is looked at again when something was learnt. */
#include "relay/duration.h"
#include "relay/hub_internal.h"
#include "relay/key.h"
#include "relay/text.h"

#define KICKED_MAX 4096
#define CLAIMS_A_SECOND 0.1 /* codes that one member may try */
#define CLAIMS_AT_ONCE 5

typedef struct {
    uint8_t key[KEY_SIZE]; /* first: the table's key */
    int64_t until_us;
} Kicked;

void hub_moderation_set_up(Hub *hub)
{
    hub->moderation = moderation_new();
    hub->kicked = g_hash_table_new_full(key_hash, key_equal, NULL, g_free);
    if (hub->relay_program && !log_keeper(hub->log))
        hub->unsaved = log_set_keeper(hub->log, hub->self, NULL);
    log_fill_moderation(hub->log, hub->moderation);
    const char *name = moderation_place_name(hub->moderation);
    if (!name)
        return;
    g_free(hub->place_name);
    hub->place_name = g_strdup(name);
}

void hub_moderation_tear_down(Hub *hub)
{
    g_hash_table_unref(hub->kicked);
    moderation_free(hub->moderation);
}

static bool is_own(const HubLink *link)
{
    return memcmp(link->key, link->hub->self, KEY_SIZE) == 0;
}

/* --- sentences --- */

/* "You are banned from this place for another 2 hours: too loud" */
static char *say(const char *what, const Verdict *verdict, int64_t room_ms)
{
    int64_t rest_ms = MAX(verdict->until_ms - room_ms, 1000);
    g_autofree char *rest = duration_say(rest_ms);
    g_autofree char *end = verdict->until_ms == 0 ? g_strdup("until an admin takes it back")
                                                  : g_strconcat("for another ", rest, NULL);
    bool reason = *verdict->why != '\0';
    g_autofree char *sentence = g_strconcat(what, " ", end, reason ? ": " : "", verdict->why,
                                            g_str_has_suffix(verdict->why, ".") ? "" : ".", NULL);
    return text_cut(sentence, NOTE_MAX);
}

static void part_banned(HubLink *link, const Verdict *verdict)
{
    g_autofree char *text =
        say("You are banned from this place", verdict, hub_room_time_ms(link->hub));
    hub_report(link->hub, "banned", link, NULL);
    hub_part_until(link, WIRE__PARTING__BANNED, text, verdict->until_ms, 0);
}

/* --- who may be here --- */

static bool is_banned_address(const HubLink *link)
{
    const Hub *hub = link->hub;
    if (!hub->admission.address_banned || !hub->output.address)
        return false;
    const char *address = hub->output.address(link->link, hub->user);
    return address && hub->admission.address_banned(address, hub->admission.user);
}

/* Is this still so a moment later? Not who was kicked, and who has to unlock. */
static bool may_stay(HubLink *link)
{
    const Hub *hub = link->hub;
    Verdict verdict = {.until_ms = 0};
    if (is_own(link))
        return true;
    if (moderation_banned(hub->moderation, link->key, hub_room_time_ms(hub), &verdict)) {
        part_banned(link, &verdict);
        return false;
    }
    if (is_banned_address(link)) {
        hub_report(link->hub, "banned", link, "by=address");
        hub_part_until(link, WIRE__PARTING__BANNED, "Nobody is let in from your address.", 0, 0);
        return false;
    }
    if (hub->admission.door == HUB_LISTED &&
        !(hub->admission.listed && hub->admission.listed(link->key, hub->admission.user))) {
        hub_report(link->hub, "not-listed", link, NULL);
        hub_part(link, WIRE__PARTING__NOT_ADMITTED,
                 "Only people on the list of this place are let in.");
        return false;
    }
    return true;
}

bool hub_lets_in(HubLink *link)
{
    const Hub *hub = link->hub;
    const Kicked *kicked = g_hash_table_lookup(hub->kicked, link->key);
    if (!may_stay(link))
        return false;
    if (is_own(link) || !kicked || hub->now_us >= kicked->until_us)
        return true;
    int64_t wait_ms = (kicked->until_us - hub->now_us + 999) / 1000;
    g_autofree char *wait = duration_say(MAX(wait_ms, 1000));
    g_autofree char *text = g_strdup_printf("You were sent away, and may come back in %s.", wait);
    hub_part_until(link, WIRE__PARTING__KICKED, text, 0, (uint32_t)wait_ms);
    return false;
}

void hub_set_admission(Hub *hub, const HubAdmission *admission, int64_t now_us)
{
    hub_begin(hub, now_us);
    hub->admission = admission ? *admission : (HubAdmission){.door = HUB_OPEN};
    hub_lock_changed(hub);
    hub->moderated = true;
    hub_enforce(hub);
    hub_sweep(hub);
}

void hub_set_limits(Hub *hub, const HubLimits *limits)
{
    hub->limits = *limits;
}

void hub_set_history_days(Hub *hub, unsigned days)
{
    hub->history_days = days;
}

/* --- what is learnt --- */

void hub_follow_keeper(Hub *hub)
{
    if (hub->over) /* so may the log be */
        return;
    const uint8_t *keeper = log_keeper(hub->log), *known = moderation_keeper(hub->moderation);
    if (keeper == known || (keeper && known && memcmp(keeper, known, KEY_SIZE) == 0))
        return;
    log_fill_moderation(hub->log, hub->moderation);
    hub->moderated = true;
}

static gboolean is_over(gpointer key, gpointer kicked, gpointer hub)
{
    return ((const Hub *)hub)->now_us >= ((const Kicked *)kicked)->until_us;
}

static void note_kicked(Hub *hub, const uint8_t *key, int64_t left_us)
{
    if (g_hash_table_size(hub->kicked) >= KICKED_MAX)
        g_hash_table_foreach_remove(hub->kicked, is_over, hub);
    if (g_hash_table_size(hub->kicked) >= KICKED_MAX)
        return;
    Kicked *kicked = g_new0(Kicked, 1);
    memcpy(kicked->key, key, KEY_SIZE);
    kicked->until_us = hub->now_us + left_us;
    g_hash_table_replace(hub->kicked, kicked->key, kicked);
}

/* One from another log may be long over. */
static void kick(Hub *hub, const Event *event, const ModerationContent *content)
{
    int64_t age_us = (hub_room_time_ms(hub) - event_time_ms(event)) * 1000;
    int64_t left_us = KICK_US - MAX(age_us, 0);
    HubLink *link = g_hash_table_lookup(hub->by_key, content->member);
    if (left_us <= 0)
        return;
    note_kicked(hub, content->member, left_us);
    if (!link || is_own(link))
        return;
    bool reason = *content->text != '\0';
    g_autofree char *text = g_strconcat("You were sent away", reason ? ": " : "", content->text,
                                        g_str_has_suffix(content->text, ".") ? "" : ".",
                                        " You may come back in a minute.", NULL);
    hub_report(hub, "kicked", link, NULL);
    hub_part_until(link, WIRE__PARTING__KICKED, text, 0, (uint32_t)(left_us / 1000));
}

void hub_learn_moderation(Hub *hub, Event *event)
{
    if (event_kind(event) != EVENT_MODERATION && event_kind(event) != EVENT_TOPIC)
        return;
    bool changed = moderation_add(hub->moderation, event);
    if (moderation_lacks(hub->moderation))
        log_fill_moderation(hub->log, hub->moderation);
    if (!changed)
        return;
    hub->moderated = true;
    size_t length = 0;
    const uint8_t *bytes = event_content(event, &length);
    g_auto(ModerationContent) content = {.text = NULL};
    if (event_kind(event) == EVENT_MODERATION && moderation_counts(hub->moderation, event) &&
        moderation_read(bytes, length, &content) && content.act == ACT_KICK)
        kick(hub, event, &content);
}

static void follow_name(Hub *hub)
{
    const char *name = moderation_place_name(hub->moderation);
    if (!name || strcmp(name, hub->place_name) == 0)
        return;
    g_free(hub->place_name);
    hub->place_name = g_strdup(name);
    if (hub->output.renamed)
        hub->output.renamed(hub->user);
}

void hub_enforce(Hub *hub)
{
    if (!hub->moderated)
        return;
    hub->moderated = false;
    for (guint i = 0; i < hub->links->len; i++) {
        HubLink *link = g_ptr_array_index(hub->links, i);
        if ((link->joined || link->greeting) && !link->doomed)
            may_stay(link);
    }
    follow_name(hub);
}

/* --- who may write --- */

bool hub_is_muted(const Hub *hub, const uint8_t *key)
{
    return moderation_muted(hub->moderation, key, hub_room_time_ms(hub), NULL);
}

/* An admin makes this relay a keeper in the eyes of those who follow another one: here it is one
 * already. */
static bool vouches(const Hub *hub, const Event *event, const ModerationContent *content)
{
    const uint8_t *keeper = moderation_keeper(hub->moderation);
    return content->act == ACT_GRANT && content->role == ROLE_KEEPER && keeper &&
           memcmp(content->member, keeper, KEY_SIZE) == 0 &&
           moderation_role(hub->moderation, event_author(event)) != ROLE_MEMBER;
}

char *hub_objection_to_act(const Hub *hub, const Event *event)
{
    uint32_t kind = event_kind(event);
    if (kind != EVENT_TOPIC && kind != EVENT_MODERATION)
        return NULL;
    size_t length = 0;
    const uint8_t *bytes = event_content(event, &length);
    g_auto(ModerationContent) content = {.act = ACT_MOTD}; /* a topic is like it */
    if (kind == EVENT_MODERATION && !moderation_read(bytes, length, &content))
        return g_strdup("This relay is too old for that.");
    if (vouches(hub, event, &content))
        return NULL;
    bool about_somebody = content.act >= ACT_GRANT && content.act <= ACT_UNMUTE;
    const char *why = NULL;
    moderation_may(hub->moderation, event_author(event), content.act,
                   about_somebody ? content.member : NULL, &why);
    return g_strdup(why);
}

char *hub_objection(Hub *hub, const Event *event)
{
    const uint8_t *author = event_author(event);
    int64_t room_ms = hub_room_time_ms(hub);
    uint32_t kind = event_kind(event);
    Verdict verdict = {.until_ms = 0};
    if (moderation_banned(hub->moderation, author, room_ms, &verdict))
        return say("You are banned from this place", &verdict, room_ms);
    bool speech = event_room(event) && kind != EVENT_PROFILE && kind != EVENT_MODERATION;
    if (speech && moderation_muted(hub->moderation, author, room_ms, &verdict))
        return say("You are muted", &verdict, room_ms);
    return NULL;
}

/* --- who would be an admin --- */

void hub_claim(HubLink *link, const Wire__Claim *claim)
{
    Hub *hub = link->hub;
    g_autofree char *text = NULL;
    if (!hub->output.claim)
        text = g_strdup("No codes are given here: a relay program gives them.");
    else if (bucket_take(&link->claims, CLAIMS_A_SECOND, CLAIMS_AT_ONCE, hub->now_us) > 0)
        text = g_strdup("Too many tries. Wait a minute, then try again.");
    else
        text = hub->output.claim(link->key, claim->code, hub->user);
    g_autofree char *short_text = text_cut(text ? text : "", NOTE_MAX);
    Wire__Advice advice = WIRE__ADVICE__INIT;
    advice.code = (char *)"claim";
    advice.text = short_text;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_ADVICE;
    frame.advice = &advice;
    hub_send_frame(link, &frame);
}

/* --- for the node itself --- */

bool hub_send_away(Hub *hub, const uint8_t *key, const char *why, int64_t now_us)
{
    hub_begin(hub, now_us);
    HubLink *link = g_hash_table_lookup(hub->by_key, key);
    if (!link || link->doomed)
        return false;
    hub_report(hub, "sent-away", link, NULL);
    if (is_banned_address(link)) {
        hub_part_until(link, WIRE__PARTING__BANNED, why, 0, 0);
    } else {
        note_kicked(hub, key, KICK_US);
        hub_part_until(link, WIRE__PARTING__KICKED, why, 0, (uint32_t)(KICK_US / 1000));
    }
    hub_sweep(hub);
    return true;
}

const Moderation *hub_moderation(const Hub *hub)
{
    return hub->moderation;
}

const char *hub_place_name(const Hub *hub)
{
    return hub->place_name;
}

void hub_each_linked(Hub *hub, void (*each)(const HubLinked *linked, void *user), void *user)
{
    for (guint i = 0; i < hub->links->len; i++) {
        const HubLink *link = g_ptr_array_index(hub->links, i);
        if (!link->joined)
            continue;
        HubLinked linked = {
            .key = link->key,
            .address = hub->output.address ? hub->output.address(link->link, hub->user) : NULL,
            .opened_us = link->opened_us,
            .queued = hub->output.queued(link->link, hub->user),
            .relay_program = link->relay_program,
        };
        each(&linked, user);
    }
}
