#pragma once
/* What is done in the relay's own name: events signed with its key, and the codes that make admins.
 * Default GMainContext. */

#include "relay/hub.h"
#include "relay/identity.h"

typedef struct Moderator Moderator;

#define CLAIM_LASTS_US (INT64_C(3600) * 1000000)
#define CLAIM_TRIES_A_MINUTE 5 /* of all together */

/* `identity` must outlive it. */
Moderator *moderator_new(const Identity *identity);
void moderator_free(Moderator *moderator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Moderator, moderator_free)

/* Signs and posts; as moderation_content() and hub_post(). */
gboolean moderator_act(Moderator *moderator, Hub *hub, ModerationAct act, const uint8_t *member,
                       Role role, int64_t until_ms, const char *text, GError **error);
gboolean moderator_set_topic(Moderator *moderator, Hub *hub, const uint8_t *room, const char *text,
                             GError **error);
/* A new code, good once and for an hour, in place of an older one: letters and digits that are not
 * mistaken for others. Transfer full. */
char *moderator_new_code(Moderator *moderator);
/* A member typed it; one sentence for it, transfer full. */
char *moderator_claim(Moderator *moderator, Hub *hub, const uint8_t *key, const char *code);
