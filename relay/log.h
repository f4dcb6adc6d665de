#pragma once
/* All events of a place that a node holds, in SQLite: appended in an order of its own (positions 1,
 * 2, 3 …), committed in groups, read back in pages. One connection, one thread; the directory is
 * locked against a second process. Appends are inside a transaction until log_commit(). */

#include "relay/database.h"
#include "relay/event.h"
#include "relay/moderation.h"

#define FORKED_MAX 64 /* events at one place of a feed */

/* The errors of relay/database.h under the log's name. */
typedef enum {
    LOG_ERROR_NEWER = DATABASE_ERROR_NEWER, /* written by a newer version: nothing was touched */
    LOG_ERROR_FULL = DATABASE_ERROR_FULL,   /* no room on the disk; reading goes on */
    LOG_ERROR_IO = DATABASE_ERROR_IO, /* the outcome of the transaction is unknown: the log was
                                         opened again, ask for heads */
    LOG_ERROR_LOCKED = DATABASE_ERROR_LOCKED, /* another process has it */
    LOG_ERROR_BROKEN = DATABASE_ERROR_BROKEN, /* cannot be opened, is not ours, or was found damaged
                                                 while running: the next opening sets it aside */
} LogError;
#define LOG_ERROR DATABASE_ERROR

typedef struct Log Log;

/* Opens or makes DIRECTORY/log.db. `place` is used for a new log; an existing one keeps its own;
 * NULL: only an existing one will do, else LOG_ERROR_BROKEN. A damaged database is renamed to
 * log.db.damaged-N, never deleted, and a new one begun: log_damaged() then names it. `directory`
 * NULL: in memory (tests). Migrations make a backup first. */
Log *log_open(const char *directory, const uint8_t *place, GError **error);
/* Only takes the lock, so that no log is opened there: a descriptor whose closing gives it back, or
 * -1 with an error, LOG_ERROR_LOCKED when there is one. `directory` must exist. */
int log_lock(const char *directory, GError **error);
/* Rolls back what is not committed. */
void log_close(Log *log);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Log, log_close)

const uint8_t *log_place(const Log *log); /* PLACE_SIZE bytes */
const uint8_t *log_id(const Log *log);    /* PLACE_SIZE random bytes, made with the file */
/* For a log that was put back to an earlier state: its positions name other events from now on. To
 * be committed; should that be lost, the next run has the old id. */
gboolean log_renew_id(Log *log, GError **error);
const char *log_damaged(const Log *log);    /* path of the file set aside at opening, or NULL */
uint64_t log_head(const Log *log);          /* newest committed position; 0: empty */
int64_t log_newest_time_ms(const Log *log); /* largest time of a committed event; 0: none */
/* Limits the file to this many bytes (PRAGMA max_page_count): for quotas and for testing a full
 * disk. */
void log_set_size_limit(Log *log, uint64_t bytes);

typedef enum {
    LOG_APPENDED,
    LOG_KNOWN,  /* it is here already; `position` is where */
    LOG_GAP,    /* seq leaves out events of the lane */
    LOG_FORK,   /* another event stands there, or it names another predecessor: not in the log, kept
                   as proof */
    LOG_FORKED, /* the same, but it is in the log: appended as any other */
    LOG_FAILED,
} LogAppend;

typedef enum {
    /* What a member submits of its own: continues its feed, or LOG_GAP or LOG_FORK. */
    LOG_RULE_STRICT,
    /* What another log holds: seq may leave out or fill in, for members read newest first and do
     * not hold other people's private events; and the log is a set that only grows, so that all
     * logs of a place end with the same events, forks included. No more than FORKED_MAX stand at
     * one place of a feed, however long each goes on from there (a copied home directory may write
     * for months); then LOG_FORK. */
    LOG_RULE_SET,
} LogRule;

/* Adds an event that was verified. Checked here: that it continues its feed (seq, prev).
 *
 * `source_position` is its position in the log of the relay that it came from, 0 for the relay's
 * own. `conversation` (room id or the other's key, any length up to 32, NULL: none) files it for
 * log_history(). `opened` is the readable content of a sealed event, or NULL.
 *
 * `position` is set on LOG_APPENDED, LOG_FORKED and LOG_KNOWN; above log_head() it is not committed
 * yet. LOG_FAILED sets `error`, and everything appended since the last commit is gone too. */
LogAppend log_append(Log *log, const Event *event, LogRule rule, uint64_t source_position,
                     GBytes *conversation, uint32_t opened_kind, GBytes *opened, uint64_t *position,
                     GError **error);
/* For an app that serves: its hub stored the event at `position` of this same log, and now its
 * session files it for log_history(). Part of the transaction. */
gboolean log_file(Log *log, uint64_t position, GBytes *conversation, uint32_t opened_kind,
                  GBytes *opened, GError **error);
/* Whose log it is (KEY_SIZE bytes, copied): log_delivered() never takes the bodies of what concerns
 * them. NULL, as at first: nobody's, a relay program's. */
void log_set_owner(Log *log, const uint8_t *key);
/* How often a transaction was lost, by a failure or a rollback. Hub and session of an app that
 * serves share one log and so one transaction: who appended something looks whether this is still
 * the same, and else treats it as a failed commit. */
unsigned log_losses(const Log *log);
/* COMMIT with synchronous=FULL; TRUE at once when nothing was changed. On failure nothing of the
 * transaction is there, unless LOG_ERROR_IO. */
gboolean log_commit(Log *log, GError **error);
/* What commits took since the log was opened: how many lasted at most each of the bounds. */
#define LOG_COMMIT_BOUNDS 9
extern const int64_t log_commit_bounds_us[LOG_COMMIT_BOUNDS]; /* rising */
typedef struct {
    uint64_t count; /* those that lasted longer than all bounds, too */
    int64_t total_us;
    uint64_t within[LOG_COMMIT_BOUNDS]; /* each counts what the one before does */
} LogCommits;
const LogCommits *log_commits(const Log *log);
/* Events appended since the last commit. */
unsigned log_pending(const Log *log);
/* Appended, seen, delivered or covered since the last commit. */
bool log_changed(const Log *log);

/* Reading sees committed events only, unless said otherwise. */
typedef struct {
    uint64_t position;
    uint64_t source_position;
    Event *event;         /* owned */
    uint32_t opened_kind; /* 0: not sealed or not opened */
    GBytes *opened;       /* owned, or NULL */
    GBytes *conversation; /* owned, or NULL: not filed */
} LogEntry;
void log_entry_clear(LogEntry *entry);

/* The newest `limit` events with after < position < before (0: no bound) that concern `viewer`
 * (NULL: everything), rising; not more than `max_bytes` of bodies but at least one. `covered_after`
 * is set to the position above which the answer is complete; where many events do not concern the
 * viewer, the answer may be short or empty while covered_after is still above `after`: go on with
 * before = covered_after + 1. GArray of LogEntry with a clear function, transfer full; NULL with an
 * error. */
GArray *log_page(Log *log, const uint8_t *viewer, uint64_t after, uint64_t before, unsigned limit,
                 size_t max_bytes, uint64_t *covered_after, GError **error);
/* The same of the private lane only: what is public counts as not concerning the viewer. */
GArray *log_private_page(Log *log, const uint8_t *viewer, uint64_t after, uint64_t before,
                         unsigned limit, size_t max_bytes, uint64_t *covered_after, GError **error);

/* A point in the order shown: (time, hash). */
typedef struct {
    int64_t time_ms;
    uint8_t hash[HASH_SIZE];
} LogPoint;
/* The newest `limit` events of a conversation before `before` (NULL: newest), in the order shown.
 * As log_page(). */
GArray *log_history(Log *log, GBytes *conversation, const LogPoint *before, unsigned limit,
                    GError **error);
/* The oldest `limit` events of a conversation after `after`, in the order shown. As log_page(). */
GArray *log_history_after(Log *log, GBytes *conversation, const LogPoint *after, unsigned limit,
                          GError **error);
/* Messages that match `query` (words, as a person types them), newest first; FTS5, quoted inside.
 */
GArray *log_search(Log *log, const char *query, unsigned limit, GError **error);
/* Conversations that have events: GPtrArray of GBytes, newest first. */
GPtrArray *log_conversations(Log *log, GError **error);

typedef struct {
    uint8_t author[KEY_SIZE];
    uint64_t incarnation;
    Lane lane;
    uint64_t seq;  /* 0: nothing */
    uint64_t held; /* how many events are here: fewer than `seq` when there are gaps, more when the
                      feed is forked */
    uint8_t hash[HASH_SIZE]; /* of the event at `seq`; of several the smallest */
    /* Sum of the first 16 bytes of all hashes, as big-endian numbers modulo 2^128: two nodes with
     * equal `held` and `sum` hold the same events. The author alone could choose events whose sums
     * are equal, and would only harm its own feed. */
    uint8_t sum[SUM_SIZE];
    uint64_t first; /* log_heads_since(), private lane: the lowest seq whose body is still here */
} LogHead;
/* Also counts what is appended and not committed yet. seq 0 when the feed is unknown. */
LogHead log_feed_head(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane);
/* The same for all feeds of `author` (NULL: of everybody): GArray of LogHead, empty when reading
 * fails. */
GArray *log_heads(Log *log, const uint8_t *author);
/* What another node may lack that holds everything up to `position` of this log: heads of the
 * public feeds, and of private feeds with bodies still here, that have events above it. `owner`
 * (may be NULL): of this member's private feeds always. */
GArray *log_heads_since(Log *log, uint64_t position, const uint8_t *owner);
/* Parts of [first, last] of a feed that are not here, falling, at most `limit`: GArray of LogSpan.
 */
typedef struct {
    uint64_t first, last; /* seq, both included */
} LogSpan;
GArray *log_missing(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane,
                    uint64_t first, uint64_t last, unsigned limit);
/* Is this very event of the feed here (HASH_SIZE bytes)? */
bool log_holds(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t seq,
               const uint8_t *hash);
/* Events of [first, last] of a feed, of a fork all, falling in seq; not more than `limit` and
 * `max_bytes` of bodies but at least one; those whose bodies are gone are left out, and counted in
 * `gone` (may be NULL). As log_page(). `covered` is set to the seq from which on the answer is
 * complete. */
GArray *log_span(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t first,
                 uint64_t last, unsigned limit, size_t max_bytes, uint64_t *covered, unsigned *gone,
                 GError **error);
/* Events of one feed from `seq` on, rising: to answer a GAP. As log_page(). */
GArray *log_feed(Log *log, const uint8_t *author, uint64_t incarnation, Lane lane, uint64_t seq,
                 unsigned limit, GError **error);
/* Position of this event, 0 when it is not here; also of one that is not committed yet (above
 * log_head()). Found by its place in its feed: an index of hashes would cost as much as all else.
 */
uint64_t log_find(Log *log, const Event *event);
/* Events of the public lane that are here but for profiles, topics and moderation. Cheap. */
uint64_t log_said(Log *log);
/* The newest Profile event of a member; transfer full, NULL when none. */
Event *log_profile(Log *log, const uint8_t *key);
/* All Topic and Moderation events that are committed, in the order shown: GPtrArray of Event,
 * transfer full. */
GPtrArray *log_moderation(Log *log, GError **error);
/* Makes it anew from that, and with this log's keeper. False: it could not be read; then it is what
 * could be. */
bool log_fill_moderation(Log *log, Moderation *moderation);
/* The keeper of the place as this node knows it (KEY_SIZE bytes, the log's until it is set anew);
 * NULL: not known. */
const uint8_t *log_keeper(const Log *log);
/* Part of the transaction. */
gboolean log_set_keeper(Log *log, const uint8_t *key, GError **error);
/* A relay told who the keeper is: believed unless the one who is known made somebody something.
 * Part of the transaction. */
gboolean log_adopt_keeper(Log *log, const uint8_t *key, GError **error);
/* Forks, to show them: GArray of two LogEntry each, in pairs: an event in the log, then another,
 * which stands at the same place of the feed or names another predecessor; its position is 0 when
 * it is not in the log. At most 16 pairs of an author. */
GArray *log_forks(Log *log, GError **error);

/* What is known of members, for the roster: all that were seen here or have a feed. */
typedef struct {
    uint8_t key[KEY_SIZE];
    int64_t last_seen_ms; /* room time */
} LogMember;
GArray *log_members(Log *log);
/* Part of the transaction. */
gboolean log_member_seen(Log *log, const uint8_t *key, int64_t time_ms, GError **error);

/* `reader` holds everything up to `position` on its disk: private events that all recipients hold
 * lose their bodies here (hash and place in the feed stay). Part of the transaction. Called by
 * relays only. */
gboolean log_delivered(Log *log, const uint8_t *reader, uint64_t position, GError **error);

/* What the log takes on the disk, without pages that are free to be written again: the file itself
 * does not shrink. */
uint64_t log_bytes(Log *log);
/* Takes the bodies of at most `limit` of the oldest public events: of those from before `before_ms`
 * (0: no bound), or, while log_bytes() is above `max_bytes` (0: no bound), of all but the newest
 * 200. Hash and place in the feed stay, and so do topics, acts, each member's newest profile, and
 * forks. About 100 µs an event, in a transaction of its own that need not survive a power cut;
 * nothing while a group is open. `taken` 0: there is nothing left to take. For relay programs. */
gboolean log_retain(Log *log, int64_t before_ms, uint64_t max_bytes, unsigned limit,
                    unsigned *taken, GError **error);

/* Which positions of another log are held here. */
typedef struct {
    uint64_t after, through; /* (after, through] */
} LogRange;
/* Part of the transaction. Merged with what is known. */
gboolean log_cover(Log *log, const uint8_t *other_log, uint64_t after, uint64_t through,
                   GError **error);
/* GArray of LogRange, rising, disjoint. */
GArray *log_covered(Log *log, const uint8_t *other_log);

/* What is remembered of another log besides which parts of it are held. */
typedef struct {
    uint64_t told;          /* it holds everything of this log up to here */
    uint64_t mark_position; /* the newest event read of it, and its place there; 0: none */
    uint8_t mark[HASH_SIZE];
} LogOther;
/* Zeros when nothing is. */
LogOther log_other(Log *log, const uint8_t *other_log);
/* Part of the transaction. */
gboolean log_set_other(Log *log, const uint8_t *other_log, const LogOther *other, GError **error);
/* Everything remembered of it is void, what is covered too. Part of the transaction. */
gboolean log_forget_other(Log *log, const uint8_t *other_log, GError **error);

/* Compares the stored hash of up to `limit` events after position `*after` with the hash of their
 * bytes; SQLite's own check does not see a flipped bit in them. `*after` moves on; it is log_head()
 * when all were looked at. Positions that do not fit are added to `damaged` (GArray of uint64_t):
 * pages leave them out, and log_append() of the same event repairs them. */
gboolean log_scrub(Log *log, uint64_t *after, unsigned limit, GArray *damaged, GError **error);
/* Events that were found damaged, and whose bytes nobody has brought again yet. */
unsigned log_damaged_events(const Log *log);
