#include "app/transfer_line.h"

#include "relay/text.h"

#include <string.h>

#define NAMES_SHOWN 5

static char *escaped(const char *text)
{
    return text_escape(text, strlen(text));
}

/* "18.4 MB". */
static char *size_words(uint64_t bytes)
{
    g_autofree char *size = g_format_size(bytes);
    g_auto(GStrv) parts = g_strsplit(size, "\u00a0", 2); /* a plain blank is easier to search for */
    return g_strjoinv(" ", parts);
}

static char *line_item(const OfferItem *item)
{
    g_autofree char *name = escaped(item->name);
    return g_strconcat(name, item->folder ? "/" : "", NULL);
}

char *transfer_line_offer(const Offer *offer)
{
    g_autofree char *size = size_words(offer->bytes);
    size_t items = offer->item_count + offer->unlisted;
    if (items == 1 && offer->item_count == 1) {
        g_autofree char *name = line_item(&offer->items[0]);
        if (!offer->items[0].folder)
            return g_strdup_printf("%s (%s)", name, size);
        return g_strdup_printf("%s (%" G_GUINT64_FORMAT " file%s, %s)", name, offer->files,
                               offer->files == 1 ? "" : "s", size);
    }
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "%" G_GUINT64_FORMAT " file%s (%s): ", offer->files,
                    offer->files == 1 ? "" : "s", size);
    size_t shown = MIN(offer->item_count, NAMES_SHOWN);
    for (size_t i = 0; i < shown; i++) {
        g_autofree char *name = line_item(&offer->items[i]);
        g_string_append_printf(line, "%s%s", i > 0 ? ", " : "", name);
    }
    if (items > shown)
        g_string_append_printf(line, " and %zu more", items - shown);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

static char *line_left(int64_t left_ms)
{
    int64_t seconds = (left_ms + 999) / 1000;
    if (left_ms < 0)
        return g_strdup("");
    if (seconds < 60)
        return g_strdup_printf(", %d s left", (int)seconds);
    if (seconds < 3600)
        return g_strdup_printf(", %d min left", (int)((seconds + 59) / 60));
    return g_strdup_printf(", %d h %d min left", (int)(seconds / 3600), (int)(seconds / 60 % 60));
}

static char *line_progress(const Transfer *transfer)
{
    g_autofree char *total = size_words(transfer->total);
    g_autofree char *rate = size_words(transfer->rate);
    g_autofree char *left = line_left(transfer->left_ms);
    double part = transfer->total > 0 ? (double)transfer->bytes / (double)transfer->total : 0.0;
    if (transfer->rate == 0)
        return g_strdup_printf("%d %% of %s", (int)(part * 100), total);
    return g_strdup_printf("%d %% of %s, %s/s%s", (int)(part * 100), total, rate, left);
}

static const char *line_plain_state(const Transfer *transfer)
{
    switch (transfer->state) {
    case TRANSFER_OFFERED:
        return transfer->outgoing ? "offered" : "waits for your decision";
    case TRANSFER_WAITING:
        return "waiting";
    case TRANSFER_CHECKING:
        return "checking";
    case TRANSFER_RUNNING:
        return transfer->outgoing ? "sending" : "receiving";
    case TRANSFER_PAUSED:
        return transfer->by_peer ? "paused by the other side" : "paused";
    case TRANSFER_DONE:
        return transfer->outgoing ? "received" : "done";
    case TRANSFER_DECLINED:
        return "declined";
    case TRANSFER_CANCELLED:
        return transfer->by_peer ? "cancelled by the other side" : "cancelled";
    case TRANSFER_FAILED:
        return "failed";
    }
    return "";
}

/* Where it stands: "45 % of 18.4 MB, 12 MB/s, 3 s left", "paused by the other side", … */
static char *state_words(const Transfer *transfer)
{
    bool moves = transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_CHECKING ||
                 transfer->state == TRANSFER_PAUSED;
    g_autoptr(GString) line = g_string_new(line_plain_state(transfer));
    if (moves && transfer->total > 0) {
        g_autofree char *progress = line_progress(transfer);
        g_string_append_printf(line, ", %s", progress);
    }
    if (transfer->way == TRANSFER_WAY_RELAY && transfer->state == TRANSFER_RUNNING)
        g_string_append(line, ", through the relay");
    if (*transfer->why) {
        g_autofree char *why = escaped(transfer->why);
        g_string_append_printf(line, ". %s", why);
    }
    if (transfer->state == TRANSFER_DONE && transfer->path && !transfer->outgoing) {
        bool several = transfer->content->item_count + transfer->content->unlisted > 1;
        g_autofree char *path = escaped(several ? transfer->into : transfer->path);
        g_string_append_printf(line, ", in %s", path);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

char *transfer_line_row(Session *session, const Transfer *transfer)
{
    static const uint8_t nobody[KEY_SIZE];
    const SessionMember *peer = session_member(session, transfer->peer);
    g_autofree char *name = escaped(peer ? peer->shown : "someone");
    g_autofree char *offer = transfer_line_offer(transfer->content);
    g_autofree char *state = state_words(transfer);
    bool alone = memcmp(transfer->peer, nobody, KEY_SIZE) == 0;
    return g_strdup_printf("%3u  %s %s %s: %s", transfer->number, offer,
                           transfer->outgoing ? "to" : "from", alone ? "everyone" : name, state);
}
