#pragma once
/* What an app keeps besides the logs, in DIRECTORY/member.db: the outbox, drafts, read marks,
 * settings, secrets of places and where its own feeds stand. The directory is locked: one running
 * app for each.
 *
 * Every change is its own transaction, on the disk when the function returns, unless it says
 * otherwise or store_begin() gathers several. Errors are those of relay/database.h. One thread. */

#include "relay/database.h"
#include "relay/event.h"
#include "relay/log.h"

typedef struct Store Store;

/* Makes the directory when it is missing. A damaged file is set aside, see store_damaged().
 * DATABASE_ERROR_LOCKED: another Backfence runs with this directory; DATABASE_ERROR_NEWER: written
 * by a newer version. Both messages are sentences for a person. `directory` NULL: in memory
 * (tests). */
Store *store_open(const char *directory, GError **error);
void store_close(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
/* Path of the file set aside at opening, or NULL. */
const char *store_damaged(const Store *store);

/* Changes until store_commit() become one transaction: for signing many at once. On failure of any
 * of them all are gone. */
gboolean store_begin(Store *store, GError **error);
gboolean store_commit(Store *store, GError **error);
/* Gives up what store_begin() began; nothing when that is gone already. */
void store_rollback(Store *store);

/* --- the outbox: what the person said and the relay has not acknowledged --- */

typedef enum {
    OUTBOX_QUEUED,  /* to be sent */
    OUTBOX_REFUSED, /* the relay will not have it: shown as failed with `why` until retried or
                       removed */
} OutboxState;

typedef struct {
    int64_t id; /* rising in the order queued; never used again */
    uint8_t token[TOKEN_SIZE];
    bool bound; /* `place` is known */
    uint8_t place[PLACE_SIZE];
    GBytes *conversation; /* room id or the other's key */
    uint32_t kind;        /* EventKind of the plain content */
    GBytes *content;
    int64_t queued_ms; /* wall clock */
    OutboxState state;
    char *why; /* OUTBOX_REFUSED: a sentence; else NULL */

    GBytes *body; /* NULL: not signed yet, and then what follows is 0 */
    GBytes *signature;
    uint64_t incarnation;
    Lane lane;
    uint64_t seq;
    uint8_t hash[HASH_SIZE];
} OutboxRow;
void outbox_row_clear(OutboxRow *row);

/* `place` NULL: not known yet, see store_outbox_bind(). `id` may be NULL. The token must be new. */
gboolean store_outbox_add(Store *store, const uint8_t *place, const uint8_t *token,
                          GBytes *conversation, uint32_t kind, GBytes *content, int64_t queued_ms,
                          int64_t *id, GError **error);
/* Rows without a place belong to this one from now on. */
gboolean store_outbox_bind(Store *store, const uint8_t *place, GError **error);
/* Rows in the order queued: of `place`, or all when it is NULL. GArray of OutboxRow with a clear
 * function. */
GArray *store_outbox_list(Store *store, const uint8_t *place, GError **error);
/* To be called, and to have returned, before the event is first sent: from then on only these bytes
 * are. */
gboolean store_outbox_sign(Store *store, int64_t id, const Event *event, GError **error);
/* Forgets the signed bytes, so that the row is signed anew: only when it is certain that no relay
 * has them (never sent, or refused). */
gboolean store_outbox_unsign(Store *store, int64_t id, GError **error);
/* The signed bytes are kept; unsign before another event takes their place in the feed. */
gboolean store_outbox_refuse(Store *store, int64_t id, const char *why, GError **error);
/* Queued again, at its old place in the order. */
gboolean store_outbox_retry(Store *store, int64_t id, GError **error);
/* A row that is not there is no error. Not flushed by itself: at worst it is sent again, which the
 * relay answers with the same receipt. */
gboolean store_outbox_remove(Store *store, int64_t id, GError **error);

/* The incarnation of the own feed in a place; `known` false: none yet. How far the feed goes is in
 * the log and in the signed rows of the outbox. */
gboolean store_incarnation(Store *store, const uint8_t *place, bool *known, uint64_t *incarnation,
                           GError **error);
gboolean store_set_incarnation(Store *store, const uint8_t *place, uint64_t incarnation,
                               GError **error);

/* --- what faces remember; `place` NULL: before any was joined --- */

/* NULL without error: none. Transfer full. */
char *store_draft(Store *store, const uint8_t *place, GBytes *conversation, GError **error);
/* "" or NULL removes it. Not flushed by itself. */
gboolean store_set_draft(Store *store, const uint8_t *place, GBytes *conversation, const char *text,
                         GError **error);

/* The newest message seen in a conversation. */
typedef struct {
    LogPoint point; /* its place in the order shown */
    uint8_t token[TOKEN_SIZE];
} ReadMark;
gboolean store_read_mark(Store *store, const uint8_t *place, GBytes *conversation, bool *known,
                         ReadMark *mark, GError **error);
/* Not flushed by itself. */
gboolean store_set_read_mark(Store *store, const uint8_t *place, GBytes *conversation,
                             const ReadMark *mark, GError **error);

/* Directs that exist even without messages: GPtrArray of GBytes (keys), oldest first. */
gboolean store_add_direct(Store *store, const uint8_t *place, const uint8_t *key, GError **error);
GPtrArray *store_directs(Store *store, const uint8_t *place, GError **error);

/* Small texts by name. */
#define SETTING_NAME "name"             /* the label chosen; none: first run */
#define SETTING_AWAY "away"             /* "1": away */
#define SETTING_THEME "theme"           /* "light", "dark"; none: as the desktop says */
#define SETTING_SCALE "scale"           /* per cent */
#define SETTING_LAST_PLACE "last-place" /* id in hex */
#define SETTING_FOLDER "folder"         /* where files go; none: the desktop's Downloads */
/* NULL without error: not set. Transfer full. */
char *store_setting(Store *store, const char *name, GError **error);
/* NULL removes it. */
gboolean store_set_setting(Store *store, const char *name, const char *value, GError **error);

/* --- places that are locked by a passphrase --- */

/* What was right for a place. Wipe it. */
typedef struct {
    uint8_t secret[SECRET_SIZE]; /* cpace_secret() */
    uint8_t relay[KEY_SIZE];     /* the relay program that knew it last; zeros: only apps did */
} StoredSecret;
/* `known` false: this place is not known to be locked. */
gboolean store_secret(Store *store, const uint8_t *place, bool *known, StoredSecret *secret,
                      GError **error);
gboolean store_set_secret(Store *store, const uint8_t *place, const StoredSecret *secret,
                          GError **error);
gboolean store_forget_secret(Store *store, const uint8_t *place, GError **error);

/* --- files: what was offered and what became of it; filled and read by app/files/transfers.h ---
 */

/* An own offer. */
typedef struct {
    uint8_t token[TOKEN_SIZE];
    uint8_t place[PLACE_SIZE];
    GBytes *conversation; /* room id or the other's key */
    char *directory;      /* of the listing: a name in DATA/offers */
    char *path;           /* of the first item; may be NULL */
    GBytes *content;
    bool withdrawn;
    int64_t made_ms; /* wall clock */
} StoredOffer;

/* A transfer, or an offer of somebody else that waits for a decision. States, ways and reasons are
 * numbers here. */
typedef struct {
    uint8_t id[TRANSFER_SIZE];   /* ours */
    uint8_t wire[TRANSFER_SIZE]; /* the receiver's id for it */
    uint8_t offer[TOKEN_SIZE];
    uint8_t place[PLACE_SIZE];
    uint8_t author[KEY_SIZE], peer[KEY_SIZE];
    GBytes *conversation;
    GBytes *content; /* the offer, encoded */
    int64_t flags;   /* StoredTransferFlag */
    int64_t state, way, attempt;
    int64_t tell; /* what the other has still to be told; -1: nothing */
    int64_t bytes, total, missing;
    int64_t changed_ms;
    char *why, *code, *into, *path; /* may be NULL */
    GBytes *left_out;               /* may be NULL */
} StoredTransfer;
typedef enum {
    STORED_OUTGOING = 1,
    STORED_BY_PEER = 2,
    STORED_PAUSED_HERE = 4,
    STORED_PAUSED_THERE = 8,
    STORED_RETRYABLE = 16,
    STORED_PROMPT = 32,
} StoredTransferFlag;

/* By token and by id; replaces what stood there. */
gboolean store_put_offer(Store *store, const StoredOffer *offer, GError **error);
gboolean store_remove_offer(Store *store, const uint8_t *token, GError **error);
/* GArray of StoredOffer with a clear function, oldest first. */
GArray *store_offers(Store *store, GError **error);
gboolean store_put_transfer(Store *store, const StoredTransfer *transfer, GError **error);
gboolean store_remove_transfer(Store *store, const uint8_t *id, GError **error);
/* GArray of StoredTransfer with a clear function, in the order first put. */
GArray *store_transfers(Store *store, GError **error);

/* Whose files are accepted unasked, and where to; `folder` NULL or "": the usual one. */
gboolean store_accept_person(Store *store, const uint8_t *key, const char *folder, GError **error);
gboolean store_accept_person_no_more(Store *store, const uint8_t *key, GError **error);
/* GPtrArray of GBytes (keys), oldest first. */
GPtrArray *store_accepted_people(Store *store, GError **error);
/* `accepted` false: not one of them. `folder` is transfer full, "" for the usual one. */
gboolean store_accepted_person(Store *store, const uint8_t *key, bool *accepted, char **folder,
                               GError **error);
