#pragma once
/* All offers and transfers of this member: a state machine without sockets, threads or clock.
 * Offers seen, notes, presence, openings, workers' ends and what the person does go in; notes,
 * dialling, workers and changes for faces come out. What must survive a restart is in the Store.
 *
 * An attempt, driven by the receiver:
 *
 *   Accept ──▶ sender      ◀── Ready      receiver dials (DIRECT)
 *   Turn REVERSE ──▶       sender dials the receiver
 *   Turn MEETING ──▶       both dial the relay
 *
 * each way for a few seconds; whoever is dialled admits exactly the key and the ticket that were
 * agreed, once. A broken transfer begins the next attempt by itself, with back-off, as soon as both
 * are here; also after a restart. One thread. */

#include "app/files/transfer.h"
#include "app/files/worker.h"
#include "app/session.h"

/* What runs a transfer, as in worker.h: in tests something else may stand in. */
typedef struct {
    Worker *(*send)(const WorkerConfig *config, Opening *opening, Listing *listing);
    Worker *(*receive)(const WorkerConfig *config, Opening *opening, const WorkerTarget *target);
    void (*free)(Worker *worker);
    void (*stop)(Worker *worker, Wire__Why why);
    uint64_t (*bytes)(const Worker *worker);
    uint64_t (*total)(const Worker *worker);
    WorkerPhase (*phase)(const Worker *worker);
} TransfersWorkers;
/* The functions of worker.h. */
extern const TransfersWorkers transfers_workers;

/* None of these may call back into the Transfers, but `post`, whose own message may be given to
 * transfers_offer_seen() at once. Answers come later. */
typedef struct {
    /* Posts an offer in a conversation: as session_offer(). */
    gboolean (*post)(const ConversationId *conversation, const Offer *offer, uint8_t *token,
                     GError **error, void *user);
    /* Signs, seals and sends; false: not joined, or that member is not here. */
    bool (*note)(const uint8_t *to, const Wire__Note *note, void *user);
    /* The name shown of a member of this place; NULL: not known. Lives until the next call. */
    const char *(*name)(const uint8_t *key, void *user);
    /* Runs listing_make() aside; the answer is transfers_listed(). `paths` are absolute. */
    void (*list)(uint64_t job, char *const *paths, const char *directory, void *user);
    /* Runs landing_discard() aside; no answer. */
    void (*discard)(const char *state_dir, const char *into, const uint8_t *transfer, void *user);
    /* Where we can be reached for data: numeric host:port; transfer full. Opens the door when it is
     * not open. */
    char **(*addresses)(void *user);
    /* Dials these (texts of the other, for addresses_read()), or the relay that we are linked
     * to when NULL, for data; requires the key `peer` (NULL: the relay's). Answer:
     * transfers_dialled() or transfers_dial_failed(), also when none of them can be dialled. */
    void (*dial)(const uint8_t *transfer, char *const *addresses, const uint8_t *peer, void *user);
    void (*hang_up)(const uint8_t *transfer, void *user); /* gives the dialling up; no answer */
    /* For OPENING_MEET: an SSL object for the TLS inside. */
    SSL *(*inner)(bool as_server, void *user);
    GMainContext *(*context)(void *user); /* for workers */
    /* Something of it changed; `transfer` is a new snapshot, living during the call (reference it).
     * Progress is told at most 4 times a second. */
    void (*changed)(Transfer *transfer, void *user);
    /* Its record was dropped: an old offer that found no room any more. */
    void (*gone)(const uint8_t *id, void *user);
    /* `conversation` may be NULL. */
    void (*notice)(const ConversationId *conversation, const char *code, const char *text,
                   void *user);
    /* A worker ended: ask for transfers_deadline() again. */
    void (*touched)(void *user);
    int64_t (*now_us)(void *user); /* monotonic, as everywhere here */
    int64_t (*wall_ms)(void *user);
    void (*random)(void *bytes, size_t length, void *user);
    const TransfersWorkers *workers;
} TransfersOutput;

typedef struct Transfers Transfers;

/* Takes up what the store remembers, for transfers_list(); says nothing meanwhile. `data_dir` holds
 * listings ("offers/") and states
 * ("transfers/"). */
Transfers *transfers_new(const char *data_dir, Store *store, const uint8_t *self,
                         const TransfersOutput *output, void *user, int64_t now_us, GError **error);
/* Workers stop without a word; everything goes on at the next start. */
void transfers_free(Transfers *transfers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transfers, transfers_free)
/* Tells all others that the program ends; call before the link is given up. */
void transfers_leave(Transfers *transfers, int64_t now_us);

/* --- what the network brings --- */

/* A message with an offer was told by the session; `live`: said now, or missed while away. */
void transfers_offer_seen(Transfers *transfers, const SessionMessage *message, bool live,
                          int64_t now_us);
/* Joined, or not any more; another place. Being joined begins with nobody here: tell presence of
 * everyone afterwards. */
void transfers_place(Transfers *transfers, const uint8_t *place, bool joined, int64_t now_us);
/* `here`: online or away. */
void transfers_presence(Transfers *transfers, const uint8_t *key, bool here, int64_t now_us);
void transfers_note(Transfers *transfers, const uint8_t *from, const Wire__Note *note,
                    int64_t now_us);
void transfers_note_returned(Transfers *transfers, const uint8_t *to, uint32_t retry_ms,
                             int64_t now_us);
/* The door asks whether this key may come in with this ticket; true once only, and
 * transfers_admitted() follows at once. */
bool transfers_expects(Transfers *transfers, const uint8_t *transfer, const uint8_t *ticket,
                       const uint8_t *key, int64_t now_us);
/* `fd` and `ssl` are taken over. */
void transfers_admitted(Transfers *transfers, const uint8_t *transfer, int fd, SSL *ssl,
                        int64_t now_us);
void transfers_dialled(Transfers *transfers, const uint8_t *transfer, int fd, SSL *ssl,
                       int64_t now_us);
void transfers_dial_failed(Transfers *transfers, const uint8_t *transfer, const char *why,
                           int64_t now_us);
/* `offer` and `listing` NULL with `why` when it failed. */
void transfers_listed(Transfers *transfers, uint64_t job, Listing *listing, const Offer *offer,
                      const char *why, int64_t now_us);
/* Does what is due; early or late calls are harmless. */
void transfers_tick(Transfers *transfers, int64_t now_us);
int64_t transfers_deadline(const Transfers *transfers); /* monotonic µs; INT64_MAX: none */

/* --- what the person does --- */

/* Offers files and folders (file system encoding, absolute or relative to the working directory;
 * NULL-terminated). `thumbnail` (may be NULL) goes into an offer to one person only. Returns at
 * once; fails when a path cannot be at all, or too many are on their way. */
gboolean transfers_offer(Transfers *transfers, const ConversationId *conversation,
                         const char *const *paths, GBytes *thumbnail, uint32_t width,
                         uint32_t height, int64_t now_us, GError **error);
/* `into` NULL: the folder set for this person, else the setting, else Downloads. `left_out`: a bit
 * for each item not wanted, may be NULL. G_IO_ERROR_NOT_FOUND, …EXISTS, …FAILED with a sentence. */
gboolean transfers_accept(Transfers *transfers, const uint8_t *id, const char *into,
                          GBytes *left_out, int64_t now_us, GError **error);
gboolean transfers_decline(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);
/* Both sides; of an own offer that nobody accepted, of the one that stands for a whole offer in a
 * room (all-zero peer), and of any offer to one person: withdraws it. */
gboolean transfers_cancel(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);
gboolean transfers_pause(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);
gboolean transfers_resume(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);
/* A failed one, from where it stopped. */
gboolean transfers_retry(Transfers *transfers, const uint8_t *id, int64_t now_us, GError **error);
/* Everything from this member is accepted from now on, into `into` (NULL: the usual folder); `key`
 * NULL: from everybody, while this program runs (unattended receivers). */
gboolean transfers_accept_from(Transfers *transfers, const uint8_t *key, const char *into,
                               int64_t now_us, GError **error);
gboolean transfers_accept_no_more(Transfers *transfers, const uint8_t *key, GError **error);
/* NULL: the desktop's Downloads again. Kept in the store. */
gboolean transfers_set_folder(Transfers *transfers, const char *folder, GError **error);
/* The usual folder: the setting, else the desktop's Downloads. Transfer full. */
char *transfers_folder(Transfers *transfers);

/* --- questions --- */

/* Transfer*, newest first; transfer full. */
GPtrArray *transfers_list(Transfers *transfers);
/* By the short number or by the beginning of the id in hex; `text` "" means the one that waits for
 * a decision, if there is only one. NULL with a sentence. Transfer full. */
Transfer *transfers_find(Transfers *transfers, const char *text, GError **error);
Transfer *transfers_get(Transfers *transfers, const uint8_t *id); /* NULL; transfer full */
/* Those whose files are accepted unasked: GPtrArray of GBytes (keys). Transfer full. */
GPtrArray *transfers_accepted_people(Transfers *transfers);
