#pragma once
/* The network side of a windowed app: a thread with one GMainContext that runs a Member
 * (app/member.h). Commands go in by a queue, snapshots come out. Every function here may be called
 * from any thread, and none blocks, except engine_free(), which joins the thread. */

#include "app/model.h"

typedef struct {
    const char *data_dir; /* NULL: $XDG_DATA_HOME/backfence */
    const char *name;     /* NULL: as remembered, else first run */
    const char *connect;  /* HOST:PORT or NULL */
    bool use_mdns;
    bool serve; /* carries the room when nobody else does */
} EngineOptions;

typedef struct Engine Engine;

/* What the program does first, at the start of main(): relay/process.h says what. */
void engine_prepare_process(void);

/* `wake` is called on the network thread after each new snapshot, at most once until engine_take()
 * is called. Fails with a sentence for a person when the data directory cannot be used (locked by
 * another running app, newer version, not writable). */
Engine *engine_new(const EngineOptions *options, void (*wake)(void *user), void *user,
                   GError **error);
/* Says Goodbye, flushes and joins; at most 3 s. */
void engine_free(Engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)

/* The newest snapshot; transfer full. */
Model *engine_take(Engine *engine);

/* A line typed in a conversation: a message or a /command, whose answer appears there as notices.
 */
void engine_say(Engine *engine, const char *conversation, const char *text);
void engine_retry(Engine *engine, const char *conversation, const uint8_t *message_id);
void engine_set_name(Engine *engine, const char *name);
void engine_set_away(Engine *engine, bool away);
/* This person is writing in the conversation now; called at each edit, throttled inside. */
void engine_typing(Engine *engine, const char *conversation);
void engine_set_draft(Engine *engine, const char *conversation, const char *text);
/* Everything up to this message was seen. */
void engine_mark_read(Engine *engine, const char *conversation, const uint8_t *message_id);
void engine_load_older(Engine *engine, const char *conversation);
/* A direct with this person exists from now on, even without messages. */
void engine_open_direct(Engine *engine, const uint8_t *key);
/* Joins a choice of model_choices() by id, or a typed address. */
void engine_join(Engine *engine, const char *choice_id);
void engine_connect(Engine *engine, const char *address);
/* The passphrase that model_wants_passphrase() asks for. */
void engine_unlock(Engine *engine, const char *passphrase);
/* Dial again at once. */
void engine_try_now(Engine *engine);

/* Files. `paths` in the file system's encoding, NULL-terminated; `thumbnail` may be NULL. What
 * cannot be done appears as a notice in the conversation. `id` is Transfer.id. */
void engine_offer(Engine *engine, const char *conversation, const char *const *paths,
                  GBytes *thumbnail, uint32_t width, uint32_t height);
/* `into` NULL: the usual folder; `left_out` a bit for each item not wanted, may be NULL; `always`:
 * from now on everything from this person. */
void engine_accept(Engine *engine, const uint8_t *id, const char *into, GBytes *left_out,
                   bool always);
typedef enum {
    ENGINE_DECLINE,
    ENGINE_CANCEL,
    ENGINE_PAUSE,
    ENGINE_RESUME,
    ENGINE_RETRY
} EngineTransferAct;
void engine_transfer(Engine *engine, const uint8_t *id, EngineTransferAct act);
void engine_accept_no_more(Engine *engine, const uint8_t *key);
/* Where files go when nothing else is said; NULL: the desktop's Downloads. */
void engine_set_folder(Engine *engine, const char *folder);
