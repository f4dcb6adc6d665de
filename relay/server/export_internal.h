#pragma once
/* What the files of the export share; nobody else includes it. */

#include "relay/offer.h"
#include "relay/server/export.h"

#include <gio/gio.h>

typedef struct {
    Log *log;
    const char *place_name;
    GHashTable *names; /* key as GBytes → name */
} Export;

/* What can be said of an event. */
typedef struct {
    const char *kind; /* a word; NULL: not known here */
    char *text;       /* owned: what was said, or NULL */
    bool action;
    Offer *offer; /* owned, or NULL */
} ExportItem;

/* Whatever it is: `item` is filled, and to be cleared. */
void export_item_read(Export *export, const Event *event, ExportItem *item);
void export_item_clear(ExportItem *item);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExportItem, export_item_clear)

/* The newest name of a member, or the start of its key; the export's. */
const char *export_name(Export *export, const uint8_t *key);
/* "general", or its id in hex; transfer full. */
char *export_room(const uint8_t *room);
/* ISO 8601, UTC; transfer full. */
char *export_time(int64_t time_ms);
/* Sets `error` to `what`, the path and errno; returns FALSE. */
gboolean export_fail(GError **error, const char *what, const char *path);
/* Flushes, brings to the disk and closes. */
gboolean export_close(FILE *file, const char *path, GError **error);

/* A line for each event. */
gboolean export_json(Export *export, FILE *out, uint64_t *events, GError **error);
/* Into a directory that is there and empty. */
gboolean export_html(Export *export, const char *directory, uint64_t *events, GError **error);
