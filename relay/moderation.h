#pragma once
/* Who may do what in a place, and what those who may have decided: roles, bans, mutes, topics, the
 * place's name, the message of the day. All of it is a pure function of the keeper's key and the
 * set of Topic and Moderation events that a log holds, so that it is the same wherever the place is
 * served: the events count in the order that everybody agrees on (room time, then hash), and one
 * counts when its author was an admin at that point. Events may be added in any order.
 *
 * The keeper is where roles come from: the relay program that this place knew first. A node learns
 * its key from the first relay that it joins (Welcome.keeper), keeps it with the log
 * (log_keeper()), and holds on to it once it has granted something. Without a keeper nobody is an
 * admin. Keepers cannot be kicked, banned, muted or demoted except by themselves.
 *
 * All is kept sorted and gone through again when something turns up in between; what is newer than
 * all else costs one step. Who never was made anything can have no act that counts, so of others
 * little is kept: when somebody turns out to have been an admin after all, or an admin did more
 * than can be kept, moderation_lacks() says so, and it is built anew from the log, in order
 * (log_fill_moderation()), which gives the same for everybody.
 *
 * No clock, no log; one thread. */

#include "relay/event.h"

typedef enum {
    ROLE_MEMBER = 0,
    ROLE_ADMIN = 1,
    ROLE_KEEPER = 2
} Role;

typedef enum {
    ACT_GRANT = 1,
    ACT_KICK,
    ACT_BAN,
    ACT_UNBAN,
    ACT_MUTE,
    ACT_UNMUTE,
    ACT_RENAME,
    ACT_MOTD,
    ACT_ANNOUNCE,
} ModerationAct;

/* What a Moderation event says. */
typedef struct {
    ModerationAct act;
    uint8_t member[KEY_SIZE]; /* zeros: concerns nobody */
    Role role;                /* ACT_GRANT */
    int64_t until_ms;         /* ACT_BAN, ACT_MUTE: room time; 0: until it is taken back */
    char *text;               /* owned; valid, cleaned for showing; "" when there is none */
} ModerationContent;

/* Encoded; NULL when it breaks a rule that the reader checks: sizes, a member where one is needed,
 * a valid name for ACT_RENAME, text where one is needed. `text` NULL: none. */
GBytes *moderation_content(ModerationAct act, const uint8_t *member, Role role, int64_t until_ms,
                           const char *text);
/* False when malformed; else `out` owns what it holds. */
bool moderation_read(const uint8_t *content, size_t length, ModerationContent *out);
void moderation_content_clear(ModerationContent *content);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModerationContent, moderation_content_clear)
/* The form alone: also of acts and roles that this version does not know, which moderation_read()
 * refuses. */
bool moderation_is_content(const uint8_t *content, size_t length);
bool moderation_is_topic(const uint8_t *content, size_t length);
/* One line, or ""; NULL when not valid. */
GBytes *moderation_topic_content(const char *text);
char *moderation_read_topic(const uint8_t *content, size_t length); /* transfer full, or NULL */

typedef struct Moderation Moderation;

Moderation *moderation_new(void);
void moderation_free(Moderation *moderation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Moderation, moderation_free)

/* KEY_SIZE bytes, copied; NULL: none. Everything counts anew. */
void moderation_set_keeper(Moderation *moderation, const uint8_t *key);
const uint8_t *moderation_keeper(const Moderation *moderation); /* NULL: none */
/* The keeper has made somebody something: it is not replaced any more. */
bool moderation_has_grants(const Moderation *moderation);
/* Takes a reference of a Topic or Moderation event; others, and known ones, are ignored. At most
 * MODERATION_MAX are kept. True when what follows may have changed. */
bool moderation_add(Moderation *moderation, Event *event);
/* Events that may count by now were left out: reset it and add all again, in the order shown. */
bool moderation_lacks(const Moderation *moderation);
/* As new; the keeper stays. */
void moderation_reset(Moderation *moderation);
/* Did this very event count? For showing it. */
bool moderation_counts(const Moderation *moderation, const Event *event);
/* Would an act by `author` count now? For refusing it. On false `*why` (static, may be NULL) is a
 * sentence. `member` may be NULL. A topic is as ACT_MOTD. Bans that end are not looked at. */
bool moderation_may(const Moderation *moderation, const uint8_t *author, ModerationAct act,
                    const uint8_t *member, const char **why);

/* Now, after all that counts. */
Role moderation_role(const Moderation *moderation, const uint8_t *key);
/* What is in force against a member at a room time, after all that counts. */
typedef struct {
    int64_t until_ms;  /* 0: until it is taken back */
    const uint8_t *by; /* KEY_SIZE: who decided it */
    const char *why;   /* "" when no reason was given */
} Verdict;
/* False: nothing is. `verdict` may be NULL; what it points to lives until the next change. */
bool moderation_banned(const Moderation *moderation, const uint8_t *key, int64_t time_ms,
                       Verdict *verdict);
bool moderation_muted(const Moderation *moderation, const uint8_t *key, int64_t time_ms,
                      Verdict *verdict);
/* Was the author banned or muted when it wrote this (by its own time)? Then faces do not show it:
 * it came round about from another log. */
bool moderation_silences(const Moderation *moderation, const Event *event);
/* Keys (KEY_SIZE bytes each, GBytes) of those who are banned, muted, or have a role at that time;
 * transfer full. */
GPtrArray *moderation_listed(const Moderation *moderation, int64_t time_ms);

/* "" when there is none; live until the next change. */
const char *moderation_topic(const Moderation *moderation, const uint8_t *room); /* PLACE_SIZE */
const char *moderation_motd(const Moderation *moderation);
/* NULL: never renamed. */
const char *moderation_place_name(const Moderation *moderation);
