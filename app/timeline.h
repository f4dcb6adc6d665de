#pragma once
/* Turns what a Session reports into the snapshots that faces show (app/model.h). Network thread
 * only; the snapshots may go anywhere. Times are monotonic µs. */

#include "app/model.h"
#include "app/session.h"

typedef struct Timeline Timeline;

/* Loads what the session holds already. Both must outlive it. */
Timeline *timeline_new(Session *session, Store *store, int64_t now_us);
void timeline_free(Timeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Timeline, timeline_free)

/* Every SessionEvent goes through here. */
void timeline_event(Timeline *timeline, const SessionEvent *event, int64_t now_us);
/* A line of the program's own in a conversation; nothing when there is no such one. */
void timeline_notice(Timeline *timeline, const char *conversation, const char *text);
void timeline_set_choices(Timeline *timeline, const Choice *choices, size_t count);
/* All that there are, newest first; they are referenced. */
void timeline_set_transfers(Timeline *timeline, const GPtrArray *transfers);
/* A new one, or a new snapshot of a known one; referenced. */
void timeline_transfer(Timeline *timeline, Transfer *transfer);
void timeline_transfer_gone(Timeline *timeline, const uint8_t *id);
/* GBytes; referenced, and nobody changes it any more. */
void timeline_set_accepted(Timeline *timeline, GPtrArray *keys);
/* UTF-8, for showing. */
void timeline_set_folder(Timeline *timeline, const char *folder);
void timeline_set_finding_line(Timeline *timeline, const char *line);
/* The person asked to go by a command. */
void timeline_set_wants_quit(Timeline *timeline);

/* Loads the page before what is shown, from the log or from the relay. */
void timeline_load_older(Timeline *timeline, const char *conversation, int64_t now_us);
/* Kept on the disk. */
void timeline_set_draft(Timeline *timeline, const char *conversation, const char *text);
/* Everything up to this message was seen; never goes back. */
void timeline_mark_read(Timeline *timeline, const char *conversation, const uint8_t *message_id);
/* Shows a direct with this member from now on. */
void timeline_open_direct(Timeline *timeline, const uint8_t *key);

/* "#general", or "@" and a key in hex. */
bool timeline_conversation(const char *id, ConversationId *out);
/* Transfer full. */
char *timeline_conversation_name(const ConversationId *conversation);

/* Something that no event tells of changed: make a snapshot. */
void timeline_touch(Timeline *timeline);
bool timeline_changed(const Timeline *timeline); /* since the last snapshot */
/* Only bytes of running transfers did. */
bool timeline_only_progress(const Timeline *timeline);
/* Transfer full. Blocks of messages that did not change are shared with the snapshots before. */
Model *timeline_snapshot(Timeline *timeline, int64_t now_us);
