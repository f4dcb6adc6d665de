#include "ui/prompt.h"

#include "ui/card.h"
#include "ui/chooser.h"
#include "ui/file_words.h"

#include <stdlib.h>
#include <string.h>

/* After an offer went away by itself and another took its place, nothing is decided for a moment:
 * the person meant the one before. */
#define GUARD_US (500 * INT64_C(1000))

static bool put_off(const Face *face, const Transfer *transfer)
{
    g_autofree char *hex = card_hex(transfer->id);
    return face->prompt.gone && g_hash_table_contains(face->prompt.gone, hex);
}

static bool waits(const Face *face, const Transfer *transfer)
{
    return transfer->prompt && !transfer->outgoing && transfer->state == TRANSFER_OFFERED &&
           !put_off(face, transfer);
}

static void reset(Face *face, const Transfer *front)
{
    Prompt *prompt = &face->prompt;
    prompt->guard_us = prompt->shown && front && !prompt->decided ? face->now_us + GUARD_US : 0;
    prompt->shown = front != NULL;
    prompt->decided = prompt->always = false;
    prompt->scroll = 0;
    g_clear_pointer(&prompt->into, g_free);
    g_clear_pointer(&prompt->left_out, g_free);
    if (!front)
        return;
    memcpy(prompt->id, front->id, TRANSFER_SIZE);
    prompt->left_out = g_new0(bool, prompt_rows(front->content) + 1);
}

/* The one that was asked for by its card goes before those that came. */
static const Transfer *asked_for(const Face *face)
{
    const Prompt *prompt = &face->prompt;
    const Transfer *transfer =
        prompt->has_asked ? model_find_transfer(face->model, prompt->asked) : NULL;
    bool open = transfer && transfer->state == TRANSFER_OFFERED && !transfer->outgoing;
    return open && !put_off(face, transfer) ? transfer : NULL;
}

const Transfer *prompt_front(Face *face, unsigned *count)
{
    const Transfer *front = face->model ? asked_for(face) : NULL;
    const GPtrArray *all = face->model ? model_transfers(face->model) : NULL;
    unsigned waiting = front != NULL;
    for (guint i = all ? all->len : 0; i-- > 0;) {
        const Transfer *transfer = all->pdata[i];
        if (transfer == front || !waits(face, transfer))
            continue;
        front = front ? front : transfer;
        waiting++;
    }
    if (count)
        *count = waiting;
    Prompt *prompt = &face->prompt;
    if (prompt->shown != (front != NULL) ||
        (front && memcmp(prompt->id, front->id, TRANSFER_SIZE) != 0))
        reset(face, front);
    return front;
}

size_t prompt_rows(const Offer *offer)
{
    if (offer->item_count + (uint64_t)offer->unlisted <= 1)
        return 0;
    return offer->item_count + (offer->unlisted ? 1 : 0);
}

bool prompt_row_wanted(const Face *face, size_t row)
{
    return !face->prompt.left_out || !face->prompt.left_out[row];
}

size_t prompt_wanted(const Face *face, const Offer *offer, uint64_t *bytes)
{
    size_t rows = prompt_rows(offer);
    size_t wanted = 0;
    uint64_t listed = 0;
    *bytes = 0;
    for (size_t i = 0; i < offer->item_count; i++) {
        listed += offer->items[i].bytes;
        if (i < rows && !prompt_row_wanted(face, i))
            continue;
        wanted++;
        *bytes += offer->items[i].bytes;
    }
    if (offer->unlisted && prompt_row_wanted(face, offer->item_count)) {
        wanted += offer->unlisted;
        *bytes += offer->bytes > listed ? offer->bytes - listed : 0;
    }
    return wanted;
}

void prompt_clear(Face *face)
{
    reset(face, NULL);
    g_clear_pointer(&face->prompt.gone, g_hash_table_unref);
}

/* --- actions --- */

static GBytes *bits_left_out(const Face *face, const Offer *offer)
{
    size_t rows = prompt_rows(offer);
    size_t items = offer->item_count + offer->unlisted;
    bool any = false;
    guint8 *bits = g_malloc0((items + 7) / 8);
    for (size_t i = 0; rows && i < items; i++) {
        if (prompt_row_wanted(face, MIN(i, offer->item_count)))
            continue;
        any = true;
        bits[i / 8] |= (guint8)(1u << i % 8);
    }
    if (any)
        return g_bytes_new_take(bits, (items + 7) / 8);
    g_free(bits);
    return NULL;
}

static const Transfer *decidable(Face *face)
{
    const Transfer *front = face->overlay == OVERLAY_NONE ? prompt_front(face, NULL) : NULL;
    return front && face->now_us >= face->prompt.guard_us ? front : NULL;
}

static void take_away(Face *face, const Transfer *transfer)
{
    if (!face->prompt.gone)
        face->prompt.gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(face->prompt.gone, card_hex(transfer->id));
    face->prompt.decided = true;
    face->prompt.has_asked = false;
    if (face->focus && g_str_has_prefix(face->focus, "prompt/"))
        face_set_focus(face, "composer");
}

static void act_accept(Face *face, const char *argument)
{
    const Transfer *front = decidable(face);
    uint64_t bytes;
    if (!front || !prompt_wanted(face, front->content, &bytes))
        return;
    g_autoptr(GBytes) left_out = bits_left_out(face, front->content);
    if (face->host->accept)
        face->host->accept(front->id, face->prompt.into, left_out, face->prompt.always, face->user);
    take_away(face, front);
}

static void act_decline(Face *face, const char *argument)
{
    const Transfer *front = decidable(face);
    if (!front)
        return;
    if (face->host->transfer)
        face->host->transfer(front->id, ENGINE_DECLINE, face->user);
    take_away(face, front);
}

static void act_later(Face *face, const char *argument)
{
    const Transfer *front = decidable(face);
    if (front)
        take_away(face, front);
}

/* From the card: also what was put off before. */
static void act_open(Face *face, const char *hex)
{
    uint8_t id[TRANSFER_SIZE];
    if (!hex || !face_read_hex(hex, id, sizeof id) || !face->model)
        return;
    if (face->prompt.gone)
        g_hash_table_remove(face->prompt.gone, hex);
    memcpy(face->prompt.asked, id, sizeof id);
    face->prompt.has_asked = true;
    if (face->overlay != OVERLAY_NONE)
        face_hide_overlay(face);
    if (prompt_front(face, NULL))
        face->prompt.guard_us = 0;
}

static void act_always(Face *face, const char *argument)
{
    face->prompt.always = !face->prompt.always;
}

static void act_item(Face *face, const char *row)
{
    const Transfer *front = prompt_front(face, NULL);
    size_t at = row ? (size_t)strtoul(row, NULL, 10) : G_MAXSIZE;
    if (front && at < prompt_rows(front->content))
        face->prompt.left_out[at] = !face->prompt.left_out[at];
}

static void chosen(Face *face, const char *const *paths, const char *hex)
{
    uint8_t id[TRANSFER_SIZE];
    const Transfer *front = prompt_front(face, NULL);
    if (!front || !hex || !face_read_hex(hex, id, sizeof id) ||
        memcmp(id, front->id, sizeof id) != 0)
        return;
    g_free(face->prompt.into);
    face->prompt.into = g_strdup(paths[0]);
    face->dirty = true;
}

static void act_change(Face *face, const char *argument)
{
    const Transfer *front = prompt_front(face, NULL);
    if (!front)
        return;
    g_autofree char *hex = card_hex(front->id);
    const char *folder = face->prompt.into ? face->prompt.into : model_folder(face->model);
    chooser_ask(face, CHOOSER_FOLDER, "Where to put it", "Choose", *folder ? folder : NULL, chosen,
                hex);
}

const Action *prompt_find(const char *name)
{
    static const Action table[] = {
        {"prompt-accept", act_accept}, {"prompt-always", act_always},
        {"prompt-change", act_change}, {"prompt-decline", act_decline},
        {"prompt-item", act_item},     {"prompt-later", act_later},
        {"prompt-open", act_open},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}
