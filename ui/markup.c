#include "ui/markup.h"

#include <md4c.h>
#include <string.h>

/* md4c is a block parser too, and a chat line that begins with "#" or "- " is neither a heading nor
 * a list. So each line is handed to it behind a guard character, at which no block can begin; being
 * punctuation, the guard changes nothing for the marks after it. The guards are left out again by
 * their place: the start of each line of the parser's input. */
#define GUARD '('

typedef struct {
    GString *text;      /* of the whole markup */
    MarkBlock *block;   /* being filled */
    const char *source; /* the parser's input, with guards */
    size_t source_length;
    unsigned marks;
    unsigned counts[8]; /* how deep each mark is nested, by bit */
    char *url;          /* owned; of the open link */
} Reader;

static void add_text(Reader *reader, const char *text, size_t length, unsigned marks)
{
    size_t start = reader->text->len - reader->block->start;
    g_string_append_len(reader->text, text, (gssize)length);
    size_t end = reader->text->len - reader->block->start;
    if (!marks || start == end)
        return;
    GArray *spans = reader->block->spans;
    if (spans->len) {
        MarkSpan *before = &g_array_index(spans, MarkSpan, spans->len - 1);
        if (before->end == start && before->marks == marks &&
            g_strcmp0(before->url, reader->url) == 0) {
            before->end = end;
            return;
        }
    }
    MarkSpan span = {start, end, marks, g_strdup(marks & MARK_LINK ? reader->url : NULL)};
    g_array_append_val(spans, span);
}

static bool is_guard(const Reader *reader, const char *at)
{
    if (at < reader->source || at >= reader->source + reader->source_length)
        return false;
    return *at == GUARD && (at == reader->source || at[-1] == '\n');
}

/* A newline ends a line inside code spans too, so guards can stand anywhere in a stretch. */
static void add_guarded(Reader *reader, const char *text, size_t length)
{
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_guard(reader, text + i)) {
            add_text(reader, text + start, i - start, reader->marks);
            start = i + 1;
        }
    }
    add_text(reader, text + start, length - start, reader->marks);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *user)
{
    Reader *reader = user;
    if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR)
        add_text(reader, "\n", 1, reader->marks);
    else if (type == MD_TEXT_NULLCHAR)
        add_text(reader, "\uFFFD", 3, reader->marks);
    else
        add_guarded(reader, text, size);
    return 0;
}

static bool web_link(const char *url)
{
    return g_ascii_strncasecmp(url, "http://", 7) == 0 ||
           g_ascii_strncasecmp(url, "https://", 8) == 0;
}

static int mark_bit(MD_SPANTYPE type)
{
    switch (type) {
    case MD_SPAN_STRONG:
        return 0;
    case MD_SPAN_EM:
        return 1;
    case MD_SPAN_CODE:
        return 2;
    case MD_SPAN_DEL:
        return 3;
    default:
        return -1;
    }
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *user)
{
    Reader *reader = user;
    int bit = mark_bit(type);
    if (bit >= 0) {
        reader->counts[bit]++;
        reader->marks |= 1u << bit;
    } else if (type == MD_SPAN_A) {
        const MD_SPAN_A_DETAIL *link = detail;
        g_autofree char *url = g_strndup(link->href.text, link->href.size);
        if (web_link(url)) {
            g_free(reader->url);
            reader->url = g_steal_pointer(&url);
            reader->marks |= MARK_LINK;
        }
    }
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *user)
{
    Reader *reader = user;
    int bit = mark_bit(type);
    if (bit >= 0) {
        if (--reader->counts[bit] == 0)
            reader->marks &= ~(1u << bit);
    } else if (type == MD_SPAN_A) {
        reader->marks &= ~(unsigned)MARK_LINK;
        g_clear_pointer(&reader->url, g_free);
    }
    return 0;
}

static int on_block(MD_BLOCKTYPE type, void *detail, void *user)
{
    return 0;
}

static void clear_span(void *span)
{
    g_free(((MarkSpan *)span)->url);
}

static void clear_block(void *block)
{
    g_array_unref(((MarkBlock *)block)->spans);
}

static MarkBlock *add_block(Markup *markup, GString *text, bool code)
{
    if (markup->blocks->len)
        g_string_append_c(text, '\n');
    MarkBlock block = {code, text->len, 0, g_array_new(FALSE, FALSE, sizeof(MarkSpan))};
    g_array_set_clear_func(block.spans, clear_span);
    g_array_append_val(markup->blocks, block);
    return &g_array_index(markup->blocks, MarkBlock, markup->blocks->len - 1);
}

static void add_code_block(Markup *markup, GString *text, const char *code, size_t length)
{
    MarkBlock *block = add_block(markup, text, true);
    g_string_append_len(text, code, (gssize)length);
    block->length = length;
}

/* No line is empty behind its guard, so all of it is one paragraph of md4c. */
static void read_lines(Reader *reader, const char *text, size_t length)
{
    static const MD_PARSER parser = {
        .flags = MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_PERMISSIVEURLAUTOLINKS |
                 MD_FLAG_STRIKETHROUGH,
        .enter_block = on_block,
        .leave_block = on_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };
    g_autoptr(GString) guarded = g_string_sized_new(length + 16);
    g_string_append_c(guarded, GUARD);
    for (size_t i = 0; i < length; i++) {
        g_string_append_c(guarded, text[i]);
        if (text[i] == '\n')
            g_string_append_c(guarded, GUARD);
    }
    reader->source = guarded->str;
    reader->source_length = guarded->len;
    size_t before = reader->text->len;
    size_t spans = reader->block->spans->len;
    if (md_parse(guarded->str, (MD_SIZE)guarded->len, &parser, reader) != 0) {
        g_string_truncate(reader->text, before);
        g_array_set_size(reader->block->spans, (guint)spans);
        add_text(reader, text, length, 0);
    }
}

static void add_text_block(Markup *markup, GString *text, const char *from, size_t length)
{
    Reader reader = {.text = text, .block = add_block(markup, text, false)};
    read_lines(&reader, from, length);
    reader.block->length = text->len - reader.block->start;
    g_free(reader.url);
}

static Markup *markup_empty(void)
{
    Markup *markup = g_new0(Markup, 1);
    markup->blocks = g_array_new(FALSE, FALSE, sizeof(MarkBlock));
    g_array_set_clear_func(markup->blocks, clear_block);
    return markup;
}

static void finish(Markup *markup, GString *text)
{
    markup->length = text->len;
    markup->text = g_string_free(text, FALSE);
}

/* The next line that is a fence, at or after `from`; NULL when there is none. */
static const char *find_fence(const char *from, const char *end)
{
    while (from < end) {
        if (end - from >= 3 && memcmp(from, "```", 3) == 0)
            return from;
        const char *newline = memchr(from, '\n', (size_t)(end - from));
        if (!newline)
            return NULL;
        from = newline + 1;
    }
    return NULL;
}

static const char *line_end(const char *from, const char *end)
{
    const char *newline = memchr(from, '\n', (size_t)(end - from));
    return newline ? newline : end;
}

Markup *markup_parse(const char *text, size_t length)
{
    Markup *markup = markup_empty();
    GString *out = g_string_sized_new(length + 1);
    const char *at = text;
    const char *end = text + length;
    for (;;) {
        const char *open = find_fence(at, end);
        const char *code = open ? line_end(open, end) : NULL;
        const char *close = code && code < end ? find_fence(code + 1, end) : NULL;
        /* More on the closing line makes it no fence: such text is left as it is. */
        if (!close || line_end(close, end) != close + 3)
            break;
        if (open > at)
            add_text_block(markup, out, at, (size_t)(open - at - 1));
        size_t code_length = close > code + 1 ? (size_t)(close - code - 2) : 0;
        add_code_block(markup, out, code + 1, code_length);
        at = MIN(close + 4, end);
    }
    if (at < end || !markup->blocks->len)
        add_text_block(markup, out, at, (size_t)(end - at));
    finish(markup, out);
    return markup;
}

Markup *markup_plain(const char *text, size_t length)
{
    Markup *markup = markup_empty();
    GString *out = g_string_new_len(text, (gssize)length);
    MarkBlock *block = add_block(markup, out, false);
    block->start = 0;
    block->length = length;
    finish(markup, out);
    return markup;
}

void markup_free(Markup *markup)
{
    if (!markup)
        return;
    g_array_unref(markup->blocks);
    g_free(markup->text);
    g_free(markup);
}

const char *markup_url_at(const Markup *markup, size_t offset)
{
    for (guint b = 0; b < markup->blocks->len; b++) {
        const MarkBlock *block = &g_array_index(markup->blocks, MarkBlock, b);
        if (offset < block->start || offset >= block->start + block->length)
            continue;
        for (guint s = 0; s < block->spans->len; s++) {
            const MarkSpan *span = &g_array_index(block->spans, MarkSpan, s);
            if (offset - block->start >= span->start && offset - block->start < span->end)
                return span->url;
        }
    }
    return NULL;
}
