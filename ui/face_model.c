#include "ui/actions.h"
#include "ui/face_state.h"
#include "ui/file_words.h"

#include <string.h>

#define TOLD_US (10 * G_USEC_PER_SEC)

/* What a new snapshot does to the retained state: rows follow, visits begin, dialogs come and go by
 * themselves. */

/* Somebody else said it. */
static bool counts(const Message *message)
{
    bool said = row_is_signed(message) || message->kind == MESSAGE_ACTION;
    return said && message->author && !message->author->self;
}

/* The first message after the read mark that somebody else wrote. */
static bool first_unread(const Model *model, const Conversation *conversation, MessageRef *ref)
{
    size_t i = conversation->message_count;
    bool found = false;
    unsigned left = conversation->unread;
    while (i-- > 0 && left > 0) {
        const Message *message = model_message(model, conversation, i);
        if (memcmp(message->id, conversation->read_mark, MODEL_ID_SIZE) == 0)
            break;
        if (!counts(message))
            continue;
        *ref = chat_ref(message);
        found = true;
        left--;
    }
    return found;
}

/* Begins at the unread line when there is one, else at the end. */
static void begin_visit(Face *face, Chat *chat, const Conversation *conversation)
{
    chat->visited = true;
    chat->has_unread =
        conversation->unread > 0 && first_unread(face->model, conversation, &chat->unread);
    size_t row;
    if (!chat->has_unread || !chat_find(chat, &chat->unread, G_MAXSIZE, &row))
        return;
    /* A third from the top; the list pins itself when the rest fits. */
    face_scroll_to_row(face, row, MAX(face->list.h, 1) / 3);
}

/* The first of the messages that came while nobody looked gets the line. */
static void note_arrivals(Face *face, Chat *chat, const Conversation *conversation, size_t added)
{
    size_t count = conversation->message_count;
    if ((face->focused && chat->pinned) || added >= count)
        return;
    /* A line that is there stays, unless all below it was read before these came. */
    const MessageRef *before = &g_array_index(chat->refs, MessageRef, count - added - 1);
    if (chat->has_unread && !chat_same(before, &chat->marked))
        return;
    for (size_t i = count - added; i < count; i++) {
        const Message *message = model_message(face->model, conversation, i);
        if (!counts(message))
            continue;
        chat->has_unread = true;
        chat->unread = chat_ref(message);
        return;
    }
}

/* A locked place asks once, and again when what was typed did not do. */
static void follow_lock(Face *face)
{
    const char *place = model_wants_passphrase(face->model);
    if (!place) {
        face->passphrase_dismissed = false;
        if (face->overlay == OVERLAY_PASSPHRASE)
            face_hide_overlay(face);
        return;
    }
    bool free = face->overlay == OVERLAY_NONE ||
                (face->overlay == OVERLAY_CONNECT && face->connect_automatic);
    if (face->passphrase_dismissed || !free)
        return;
    face_show_overlay(face, OVERLAY_PASSPHRASE);
    face_set_focus(face, "passphrase");
}

static void sync_open(Face *face)
{
    const Conversation *conversation = face_open_conversation(face);
    if (!conversation)
        return;
    Chat *chat = face_open_chat(face);
    size_t added = chat_sync(chat, face->model, conversation);
    if (!chat->visited && (conversation->message_count || !conversation->more_before))
        begin_visit(face, chat, conversation);
    else if (added)
        note_arrivals(face, chat, conversation, added);
}

static void load_draft(Face *face, const Conversation *conversation)
{
    Chat *chat = face_chat(face, conversation->id);
    Editor *editor = field_editor(chat->composer);
    if (chat->draft_serial == 0) {
        if (conversation->draft && *conversation->draft && editor_empty(editor))
            editor_set_text(editor, conversation->draft);
        chat->draft_serial = editor_serial(editor);
    }
}

void face_open(Face *face, const char *id)
{
    face->list_shown = false;
    face->dirty = true;
    if (g_strcmp0(face->open, id) == 0)
        return;
    Chat *left = face_open_chat(face);
    if (left) {
        left->visited = false;
        chat_deselect(left);
        face_flush(face);
    }
    g_free(face->open);
    face->open = g_strdup(id);
    face->completion = (Completion){0};
    Chat *chat = face_open_chat(face);
    chat->has_unread = false;
    const Conversation *conversation = face_open_conversation(face);
    if (conversation)
        load_draft(face, conversation);
    sync_open(face);
}

static unsigned call_count(const Model *model)
{
    unsigned count = 0;
    const GPtrArray *all = model ? model_conversations(model) : NULL;
    for (guint i = 0; all && i < all->len; i++) {
        const Conversation *conversation = g_ptr_array_index(all, i);
        count += conversation->person ? conversation->unread : conversation->mentions;
    }
    const GPtrArray *transfers = model ? model_transfers(model) : NULL;
    for (guint i = 0; transfers && i < transfers->len; i++) {
        const Transfer *transfer = transfers->pdata[i];
        count += transfer->prompt && transfer->in_room;
    }
    return count;
}

/* The dialog of ways to connect comes when nothing is found, once, and goes when we are in. */
static void follow_link(Face *face)
{
    bool joined = model_link(face->model) == LINK_JOINED;
    if (joined)
        face->connect_dismissed = false;
    if (joined && face->overlay == OVERLAY_CONNECT && face->connect_automatic) {
        face_hide_overlay(face);
        return;
    }
    if (!joined && model_wants_connect(face->model) &&
        model_no_network_since_us(face->model) == INT64_MAX && !face->connect_dismissed &&
        face->overlay == OVERLAY_NONE) {
        face_run(face, "connect-dialog", NULL);
        face->connect_automatic = true;
    }
}

/* What is chosen in the connect dialog stays while it is there; else it is the first place that one
 * is not in. */
static void choose_first(Face *face)
{
    const Choice *first = NULL;
    const GPtrArray *choices = model_choices(face->model);
    for (guint i = choices->len; i-- > 0;) {
        const Choice *choice = choices->pdata[i];
        if (g_strcmp0(choice->id, face->choice) == 0)
            return;
        first = choice->joined ? first : choice;
    }
    g_clear_pointer(&face->choice, g_free);
    if (first && editor_empty(field_editor(face->address)))
        face->choice = g_strdup(first->id);
}

static void prefill_first_name(Face *face)
{
    if (!face_asks_name(face) || face->name_prefilled)
        return;
    face->name_prefilled = true;
    Editor *editor = field_editor(face->first_name);
    editor_set_text(editor, model_self(face->model)->name);
    editor_select_all(editor);
    if (face->overlay == OVERLAY_NONE)
        face_set_focus(face, "first-name");
}

void face_set_model(Face *face, Model *model)
{
    unsigned calls = call_count(face->model);
    g_ptr_array_set_size(face->rows, 0);
    g_clear_pointer(&face->model, model_unref);
    face->model = model;
    face->dirty = true;
    const GPtrArray *all = model_conversations(model);
    if (!face->open && all->len)
        face_open(face, ((const Conversation *)g_ptr_array_index(all, 0))->id);
    for (guint i = 0; i < all->len; i++)
        load_draft(face, g_ptr_array_index(all, i));
    sync_open(face);
    choose_first(face);
    follow_link(face);
    follow_lock(face);
    prefill_first_name(face);
    if (!face->focused && call_count(model) > calls)
        face->host->attention(face->user);
}

void face_scroll(Face *face, int by)
{
    Chat *chat = face_open_chat(face);
    if (!chat || (chat->pinned && by > 0))
        return;
    chat->pinned = false;
    chat->anchor_y -= by;
    face->dirty = true;
}

void face_scroll_to_row(Face *face, size_t row, int y)
{
    Chat *chat = face_open_chat(face);
    if (!chat || row >= chat_count(chat))
        return;
    chat->pinned = false;
    chat->anchor = g_array_index(chat->refs, MessageRef, row);
    chat->anchor_row = row;
    chat->anchor_y = y;
    face->dirty = true;
}

void face_to_latest(Face *face)
{
    Chat *chat = face_open_chat(face);
    if (chat)
        chat->pinned = true;
    face->dirty = true;
}

char *face_selected_text(Face *face)
{
    Chat *chat = face_open_chat(face);
    const Conversation *conversation = face_open_conversation(face);
    size_t first;
    size_t last;
    size_t start;
    size_t end;
    if (!chat || !conversation || !chat_selection(chat, &first, &start, &last, &end))
        return NULL;
    GString *out = g_string_new(NULL);
    for (size_t i = first; i <= last && i < conversation->message_count; i++) {
        const Message *message = model_message(face->model, conversation, i);
        bool text = message->kind == MESSAGE_TEXT;
        g_autofree char *title = message->offer ? words_title(message->offer) : NULL;
        g_autoptr(Markup) markup = title  ? markup_plain(title, strlen(title))
                                   : text ? markup_parse(message->text, message->length)
                                          : markup_plain(message->text, message->length);
        size_t from = i == first ? MIN(start, markup->length) : 0;
        size_t to = i == last ? MIN(end, markup->length) : markup->length;
        if (out->len)
            g_string_append_c(out, '\n');
        if (first != last && message->author)
            g_string_append_printf(out, "%s: ", message->author->shown);
        g_string_append_len(out, markup->text + from, (gssize)(to > from ? to - from : 0));
    }
    return g_string_free(out, FALSE);
}

void face_pictures_changed(Face *face)
{
    face->dirty = true;
}

void face_tell(Face *face, const char *words)
{
    g_free(face->told);
    face->told = g_strdup(words);
    face->told_until_us = face->now_us + TOLD_US;
    face->dirty = true;
}
