#pragma once
/* What is done in the relay's own name: events signed with its key, and the codes that make admins.
 * The feed that they stand in begins anew with each process, at its first act, so that data put
 * back to an earlier state never forks it. Times are those of the monotonic clock. Default
 * GMainContext. */

#include "relay/hub.h"
#include "relay/identity.h"

typedef struct Moderator Moderator;

#define CLAIM_LASTS_US (INT64_C(3600) * 1000000)
#define CLAIM_TRIES_A_MINUTE 5 /* of all together */

/* `identity` and `log`, which is the hub's, must outlive it. */
Moderator *moderator_new(const Identity *identity, Log *log);
void moderator_free(Moderator *moderator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Moderator, moderator_free)

/* Signs, posts and commits; as moderation_content() and hub_post(). FALSE with a sentence: nothing
 * happened. Not from inside the hub's callbacks. */
gboolean moderator_act(Moderator *moderator, Hub *hub, const ModerationContent *what,
                       int64_t now_us, GError **error);
gboolean moderator_set_topic(Moderator *moderator, Hub *hub, const uint8_t *room, const char *text,
                             int64_t now_us, GError **error);
/* A new code, good once and for an hour, in place of an older one: letters and digits that are not
 * mistaken for others. Transfer full. */
char *moderator_new_code(Moderator *moderator, int64_t now_us);
/* A member typed it; one sentence for it, transfer full. From inside HubOutput.claim: what it posts
 * is committed with the hub's next round. */
char *moderator_claim(Moderator *moderator, Hub *hub, const uint8_t *key, const char *code,
                      int64_t now_us);
