#include "ui/row.h"

#include "ui/file_words.h"
#include "ui/format.h"
#include "ui/layout.h"

#include <string.h>

#define GROUP_MS (5 * 60 * 1000)
#define TEXT_MAX_WIDTH 720
#define FOLD_MAX 500 /* joins and leaves in one line */

static bool coming(const Message *message)
{
    return message->kind == MESSAGE_JOINED || message->kind == MESSAGE_LEFT ||
           message->kind == MESSAGE_MOVED;
}

static bool spoken(const Message *message)
{
    return message->kind == MESSAGE_TEXT || message->kind == MESSAGE_ACTION ||
           message->kind == MESSAGE_ANNOUNCEMENT;
}

bool row_is_signed(const Message *message)
{
    return message->kind == MESSAGE_TEXT || message->kind == MESSAGE_OFFER ||
           (message->kind == MESSAGE_ANNOUNCEMENT && message->author);
}

static bool same_author(const Message *a, const Message *b)
{
    if (!a->author || !b->author)
        return a->author == b->author;
    return memcmp(a->author->key, b->author->key, MODEL_KEY_SIZE) == 0;
}

static const Message *before(const RowFrame *frame, size_t index)
{
    return index ? model_message(frame->model, frame->conversation, index - 1) : NULL;
}

/* Decides what stands around the message: it depends on its neighbours only. */
static void decide(Row *row, const RowFrame *frame)
{
    const Message *message = row->message;
    const Message *previous = before(frame, row->index);
    bool other_day = !previous || format_other_day(previous->time_ms, message->time_ms);
    row->unread = frame->chat->has_unread && chat_same(&frame->chat->unread, &row->ref);
    row->folded = previous && coming(message) && coming(previous) && !other_day && !row->unread;
    row->day = other_day ? format_day(message->time_ms, frame->now_ms) : NULL;
    row->group = other_day || row->unread || !row_is_signed(message) || !row_is_signed(previous) ||
                 !same_author(message, previous) || message->time_ms - previous->time_ms > GROUP_MS;
}

/* The line for this row and the joins, leaves and moves that follow it. */
static char *fold(const Row *row, const RowFrame *frame)
{
    g_autoptr(GPtrArray) run = g_ptr_array_new();
    for (size_t i = row->index; i < frame->conversation->message_count && run->len < FOLD_MAX;
         i++) {
        const Message *message = model_message(frame->model, frame->conversation, i);
        if (!coming(message) || format_other_day(row->message->time_ms, message->time_ms))
            break;
        g_ptr_array_add(run, (gpointer)message);
    }
    if (run->len == 1 && row->message->length)
        return g_strdup(row->message->text);
    return format_comings(run);
}

static Markup *shown_text(const Row *row, const RowFrame *frame)
{
    const Message *message = row->message;
    if (message->kind == MESSAGE_TEXT || message->kind == MESSAGE_ANNOUNCEMENT)
        return markup_parse(message->text, message->length);
    g_autofree char *text = NULL;
    if (message->kind == MESSAGE_OFFER)
        text = words_title(message->offer);
    else if (coming(message))
        text = fold(row, frame);
    else if (message->kind == MESSAGE_UNKNOWN)
        text = g_strdup("Something that this version cannot show");
    else if (message->kind == MESSAGE_ACTION && message->author)
        text = g_strdup_printf("%s %s", message->author->shown, message->text);
    else
        text = g_strdup(message->text);
    return markup_plain(text, strlen(text));
}

static TextSpan look_of(const View *view, const MarkSpan *mark)
{
    TextSpan span = {.start = mark->start, .end = mark->end};
    if (mark->marks & MARK_BOLD)
        span.weight = 600;
    span.italic = mark->marks & MARK_ITALIC;
    span.strike = mark->marks & MARK_STRIKE;
    if (mark->marks & MARK_CODE) {
        span.face = FACE_MONO;
        span.has_face = true;
        span.background = view->theme->hover;
    }
    if (mark->marks & MARK_LINK) {
        span.color = view->theme->link;
        span.underline = true;
    }
    return span;
}

/* The name in front of what somebody does. */
static void action_spans(View *view, const Row *row, GArray *spans)
{
    size_t name = strlen(row->message->author->shown);
    TextSpan who = {.start = 0,
                    .end = name,
                    .weight = 600,
                    .color = view_name_color(view, row->message->author)};
    TextSpan what = {.start = name, .end = row->markup->length, .italic = true};
    g_array_append_val(spans, who);
    g_array_append_val(spans, what);
}

static Paragraph *lay_out(View *view, const Row *row, const MarkBlock *block, int width)
{
    const Message *message = row->message;
    g_autoptr(GArray) spans = g_array_new(FALSE, FALSE, sizeof(TextSpan));
    for (guint i = 0; i < block->spans->len; i++) {
        TextSpan span = look_of(view, &g_array_index(block->spans, MarkSpan, i));
        g_array_append_val(spans, span);
    }
    if (message->kind == MESSAGE_ACTION && message->author)
        action_spans(view, row, spans);
    TextStyle style = block->code       ? view_style(TYPE_MONO, 400, view->theme->text)
                      : spoken(message) ? view_style(TYPE_MESSAGE, 400, view->theme->text)
                      : message->kind == MESSAGE_WARNING
                          ? view_style(TYPE_SECONDARY, 400, view->theme->text)
                          : view_style(TYPE_SECONDARY, 400, view->theme->text3);
    ParagraphSpec spec = {.style = style,
                          .spans = (const TextSpan *)(void *)spans->data,
                          .span_count = spans->len,
                          .width = width,
                          .align = block->code ? ALIGN_START : ALIGN_NATURAL};
    return paragraph_new(view->typesetter, row->markup->text + block->start, block->length, &spec);
}

static int add_part(View *view, Row *row, const MarkBlock *block, int width, int y)
{
    int across = block->code ? px(view, 13) : 0;
    int down = block->code ? px(view, 10) : 0;
    RowPart part = {.code = block->code, .start = block->start, .length = block->length};
    part.paragraph = lay_out(view, row, block, width - 2 * across);
    int height = paragraph_height(part.paragraph);
    if (block->code)
        y += px(view, row->parts->len ? 6 : 3);
    part.box = (Rect){row->text_x, y, width, height + 2 * down};
    part.text = (Rect){row->text_x + across, y + down, width - 2 * across, height};
    g_array_append_val(row->parts, part);
    return part.box.y + part.box.h + (block->code ? px(view, 4) : 0);
}

static int place_above(View *view, Row *row)
{
    int y = 0;
    if (row->day) {
        y += px(view, row->index ? 16 : 8);
        row->day_y = y;
        y += px(view, 16 + 12);
    }
    if (row->unread) {
        y += row->day ? 0 : px(view, 16);
        row->unread_y = y;
        y += px(view, 18 + 8);
    }
    if (!row->day && !row->unread)
        y += px(view, row->group ? 16 : 2);
    return y;
}

static int place_card(View *view, Row *row, const RowFrame *frame, int width, int y)
{
    row->card = card_of_message(view, frame->model, frame->conversation, row->message,
                                frame->pictures, row->id, width);
    row->body_y = y += px(view, 4);
    return y + row->card->height + px(view, 4);
}

static void measure(View *view, Row *row, const RowFrame *frame)
{
    int gutter = px(view, frame->narrow ? 12 : 20);
    row->text_x = px(view, frame->narrow ? 60 : 72);
    int width = MIN(frame->width - row->text_x - gutter, px(view, TEXT_MAX_WIDTH));
    int y = place_above(view, row);
    row->head_y = y;
    bool named = row->group && row_is_signed(row->message);
    if (named)
        y += px(view, 21);
    row->body_y = y;
    if (row->message->kind == MESSAGE_OFFER)
        y = place_card(view, row, frame, width, y);
    for (guint i = 0; !row->card && i < row->markup->blocks->len; i++)
        y = add_part(view, row, &g_array_index(row->markup->blocks, MarkBlock, i),
                     MAX(width, px(view, 40)), y);
    row->foot_y = y;
    if (row->message->delivery == DELIVERY_FAILED)
        y += px(view, 28);
    if (named)
        y = MAX(y, row->head_y + px(view, 38));
    row->height = y;
}

static void clear_part(void *part)
{
    paragraph_unref(((RowPart *)part)->paragraph);
}

static char *node_id(const Row *row)
{
    GString *id = g_string_new("message/");
    for (int i = 0; i < MODEL_ID_SIZE; i++)
        g_string_append_printf(id, "%02x", row->ref.id[i]);
    g_string_append_printf(id, "/%zu", row->message->author ? 0 : row->index);
    return g_string_free(id, FALSE);
}

Row *row_new(View *view, const RowFrame *frame, size_t index)
{
    Row *row = g_new0(Row, 1);
    row->index = index;
    row->message = model_message(frame->model, frame->conversation, index);
    row->ref = chat_ref(row->message);
    row->id = node_id(row);
    row->parts = g_array_new(FALSE, FALSE, sizeof(RowPart));
    g_array_set_clear_func(row->parts, clear_part);
    decide(row, frame);
    row->markup = row->folded ? markup_plain("", 0) : shown_text(row, frame);
    if (!row->folded)
        measure(view, row, frame);
    return row;
}

void row_free(Row *row)
{
    if (!row)
        return;
    g_free(row->id);
    g_free(row->day);
    markup_free(row->markup);
    g_array_unref(row->parts);
    card_free(row->card);
    g_free(row);
}

static const RowPart *part_at(const Row *row, int y)
{
    for (guint i = 0; i < row->parts->len; i++) {
        const RowPart *part = &g_array_index(row->parts, RowPart, i);
        if (y < part->box.y + part->box.h || i + 1 == row->parts->len)
            return part;
    }
    return NULL;
}

size_t row_offset_at(const Row *row, int x, int y)
{
    const RowPart *part = part_at(row, y - row->rect.y);
    if (!part)
        return 0;
    return part->start + paragraph_offset_at(part->paragraph, x - row->rect.x - part->text.x,
                                             y - row->rect.y - part->text.y);
}

static gssize byte_at(const Row *row, int x, int y)
{
    const RowPart *part = part_at(row, y - row->rect.y);
    if (!part)
        return -1;
    gssize byte = paragraph_hit(part->paragraph, x - row->rect.x - part->text.x,
                                y - row->rect.y - part->text.y);
    return byte < 0 ? -1 : byte + (gssize)part->start;
}

bool row_over_text(const Row *row, int x, int y)
{
    return byte_at(row, x, y) >= 0;
}

const char *row_url_at(const Row *row, int x, int y)
{
    gssize byte = byte_at(row, x, y);
    return byte < 0 ? NULL : markup_url_at(row->markup, (size_t)byte);
}

void row_word(const Row *row, size_t offset, size_t *start, size_t *end)
{
    *start = *end = offset;
    for (guint i = 0; i < row->parts->len; i++) {
        const RowPart *part = &g_array_index(row->parts, RowPart, i);
        if (offset < part->start || offset > part->start + part->length)
            continue;
        paragraph_word(part->paragraph, offset - part->start, start, end);
        *start += part->start;
        *end += part->start;
        return;
    }
}
