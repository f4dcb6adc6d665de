#pragma once
/* An announcement on its way through the states of avahi-daemon: what announcer.h promises, on the
 * thread that libavahi-client may hold up. */

#include "discovery/announcer.h"

typedef struct Publication Publication;

/* `event` fires on the thread of `context`, also from inside publication_update(). */
Publication *publication_new(GMainContext *context, const Announcement *announcement,
                             AnnouncerEvent event, void *user);
void publication_free(Publication *publication);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Publication, publication_free)

/* Changes the TXT record; the service stays. */
void publication_update(Publication *publication, const Announcement *announcement);
