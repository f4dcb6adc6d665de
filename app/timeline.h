#pragma once
/* Turns what a Session reports into the snapshots that faces show (app/model.h). Network thread
 * only; the snapshots may go anywhere. */

#include "app/model.h"
#include "app/session.h"

typedef struct Timeline Timeline;

Timeline *timeline_new(void);
void timeline_free(Timeline *timeline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Timeline, timeline_free)

/* Every SessionEvent goes through here. `session` is asked for history when a conversation is first
 * needed. */
void timeline_event(Timeline *timeline, Session *session, const SessionEvent *event);
/* A line of the program's own in a conversation. */
void timeline_notice(Timeline *timeline, const char *conversation, const char *text);
void timeline_set_choices(Timeline *timeline, const Choice *choices, size_t count);
void timeline_set_finding_line(Timeline *timeline, const char *line);
/* Loads the page before what is shown. */
void timeline_load_older(Timeline *timeline, Session *session, const char *conversation,
                         int64_t now_us);
bool timeline_changed(const Timeline *timeline); /* since the last snapshot */
/* Transfer full. Blocks of messages that did not change are shared with the snapshots before. */
Model *timeline_snapshot(Timeline *timeline, Session *session, int64_t now_us);
