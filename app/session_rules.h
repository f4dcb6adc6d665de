#pragma once
/* The third part of app/session_internal.h: roles, bans and mutes. Only included by that one. */

/* session_moderation.c */
/* When a place is opened. */
void session_load_moderation(Session *session);
void session_forget_moderation(Session *session);
/* At Welcome; what follows is told after the next commit. The disk may fail. */
void session_adopt_keeper(Session *session, const Wire__Welcome *welcome);
/* After a commit: before what it brought is told, and after. True, and then given on, when
 * something changed. */
bool session_count_acts(Session *session);
void session_acts_told(Session *session, const GArray *arrivals, bool changed);
/* It does not count now, and may later. */
void session_keep_unsure(Session *session, const Arrival *arrival);
/* Not to be shown: an act that does not count, or what a banned or muted author wrote. */
bool session_hides(const Session *session, const Event *event);
/* Nobody's device: has a say, and no profile. */
bool session_is_relay_program(const Session *session, const uint8_t *key);
void session_describe_act(const Session *session, const uint8_t *content, size_t length,
                          SessionMessage *out, Held *held);
void session_advice(Session *session, const Wire__Advice *advice);
/* FALSE with a sentence: this person is muted, or not let in. */
gboolean session_may_write(const Session *session, const ConversationId *conversation,
                           GError **error);
/* Something changed, or a ban or mute is over. */
void session_tell_rules(Session *session);

/* session_barred.c */
/* The relay's Goodbye says so; the link ends. */
void session_bar(Session *session, const Wire__Goodbye *goodbye);
void session_unbar(Session *session);
/* A person wants to: false when it is too early, which is told. */
bool session_may_return(Session *session);
bool session_bars(const Session *session, const SessionCandidate *candidate);
/* The same for one that serves, whom its own hub does not send away: an act came, and is minded at
 * the end of an entry point. */
void session_note_own_kick(Session *session, const Event *event);
void session_mind_own_ban(Session *session);
void session_mind_barred(Session *session);
int64_t session_moderation_deadline(const Session *session);
