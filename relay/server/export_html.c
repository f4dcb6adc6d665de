/* A page for each month of a room. Everything that members wrote is escaped; a policy in each page
 * forbids whatever an escape might have missed. */
#include "relay/server/export_internal.h"
#include "relay/server/show.h"
#include "relay/text.h"

#include <errno.h>
#include <string.h>

#define STEP 512 /* events read at once */
#define IDENTITIES 10

static const char style[] =
    ":root{color-scheme:light dark;--text:#161D20;--dim:#5A656B;--bg:#fff;--line:#DCE0E3;"
    "--p0:#923A37;--p1:#8E4208;--p2:#735601;--p3:#4C6504;--p4:#016D3C;--p5:#016869;--p6:#0B6289;"
    "--p7:#39579E;--p8:#664893;--p9:#853C70}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#E6EAEC;--dim:#939EA3;--bg:#151A1C;"
    "--line:#2D3438;--p0:#FDA199;--p1:#F9A779;--p2:#E0B861;--p3:#ADCB77;--p4:#7ED49D;--p5:#4ED5D5;"
    "--p6:#6CC9FD;--p7:#9FBDFE;--p8:#C9ADFD;--p9:#F0A0D5}}\n"
    "body{font:16px/1.45 system-ui,sans-serif;color:var(--text);background:var(--bg);"
    "max-width:46rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.3rem}h2{font-size:.9rem;color:var(--dim);border-bottom:1px solid var(--line);"
    "margin:1.6rem 0 .5rem}\n"
    "p{margin:.15rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "time{color:var(--dim);font-size:.8rem;margin-right:.6rem}b{margin-right:.5rem}"
    ".n{color:var(--dim)}a{color:inherit}\n";

typedef struct {
    FILE *file;     /* NULL: none is open */
    char *path;     /* owned */
    char *room;     /* owned */
    char month[8];  /* "2026-11" */
    char day[11];   /* "2026-11-22" */
    uint64_t count; /* of the page */
} Page;

static void page_clear(Page *page)
{
    if (page->file != NULL)
        fclose(page->file);
    g_free(page->path);
    g_free(page->room);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Page, page_clear)

static void put_text(FILE *file, const char *text)
{
    g_autofree char *visible = text_visible(text, strlen(text));
    g_autofree char *escaped = g_markup_escape_text(visible, -1);
    fputs(escaped, file);
}

/* As the window colours people. */
static unsigned identity(const uint8_t *key)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < KEY_SIZE; i++) {
        hash ^= key[i];
        hash *= 16777619u;
    }
    return (hash >> 8) % IDENTITIES;
}

static FILE *begin_file(const char *path, const char *title, GError **error)
{
    FILE *file = fopen(path, "wxe");
    if (file == NULL) {
        export_fail(error, "make", path);
        return NULL;
    }
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
          "<meta name=\"viewport\" content=\"width=device-width\"><title>",
          file);
    put_text(file, title);
    fprintf(file, "</title><style>\n%s</style></head><body><h1>", style);
    put_text(file, title);
    fputs("</h1>\n", file);
    return file;
}

static gboolean end_file(FILE *file, const char *path, GError **error)
{
    fputs("</body></html>\n", file);
    if (ferror(file)) {
        errno = EIO;
        export_fail(error, "write", path);
        fclose(file);
        return FALSE;
    }
    return export_close(file, path, error);
}

/* --- an event --- */

static void put_offer(FILE *file, const Offer *offer)
{
    fputs("<span class=\"n\">offered ", file);
    for (size_t i = 0; i < offer->item_count; i++) {
        g_autofree char *size = show_size(offer->items[i].bytes);
        fputs(i > 0 ? ", " : "", file);
        put_text(file, offer->items[i].name);
        fprintf(file, " (%s)", size);
    }
    if (offer->unlisted > 0)
        fprintf(file, " and %u more", offer->unlisted);
    fputs("</span>", file);
}

/* False: nothing that people look for. */
static bool is_shown(const ExportItem *item)
{
    return item->text != NULL || item->offer != NULL;
}

static void put_event(Export *export, Page *page, const Event *event, const ExportItem *item,
                      const char *time)
{
    FILE *file = page->file;
    bool said = g_strcmp0(item->kind, "message") == 0 && !item->action;
    fprintf(file, "<p><time datetime=\"%s\">%.5s</time><b style=\"color:var(--p%u)\">", time,
            time + 11, identity(event_author(event)));
    put_text(file, export_name(export, event_author(event)));
    fputs("</b>", file);
    if (item->offer != NULL) {
        put_offer(file, item->offer);
    } else {
        fputs(said ? "" : "<span class=\"n\">", file);
        if (g_strcmp0(item->kind, "profile") == 0)
            fputs("is called ", file);
        else if (g_strcmp0(item->kind, "topic") == 0)
            fputs("set the topic: ", file);
        put_text(file, item->text);
        fputs(said ? "" : "</span>", file);
    }
    fputs("</p>\n", file);
}

/* --- pages --- */

/* A line of the index for the page that ends. */
static gboolean end_page(Page *page, FILE *index, GError **error)
{
    g_autofree char *name = page->path != NULL ? g_path_get_basename(page->path) : NULL;
    FILE *file = g_steal_pointer(&page->file);
    if (file == NULL)
        return TRUE;
    fprintf(index, "<p><a href=\"%s\">%s</a> <span class=\"n\">%" G_GUINT64_FORMAT "</span></p>\n",
            name, page->month, page->count);
    return end_file(file, page->path, error);
}

static gboolean begin_page(Export *export, Page *page, const char *directory, const char *time,
                           GError **error)
{
    g_strlcpy(page->month, time, sizeof page->month);
    page->day[0] = '\0';
    page->count = 0;
    g_autofree char *name = g_strdup_printf("%s-%s.html", page->room, page->month);
    g_autofree char *title =
        g_strdup_printf("%s · #%s · %s", export->place_name, page->room, page->month);
    g_free(page->path);
    page->path = g_build_filename(directory, name, NULL);
    page->file = begin_file(page->path, title, error);
    return page->file != NULL;
}

static gboolean put_entry(Export *export, Page *page, const char *directory, FILE *index,
                          const Event *event, GError **error)
{
    g_auto(ExportItem) item = {0};
    export_item_read(export, event, &item);
    if (!is_shown(&item))
        return TRUE;
    g_autofree char *time = export_time(event_time_ms(event));
    if (page->file == NULL || strncmp(time, page->month, 7) != 0) {
        if (!end_page(page, index, error) || !begin_page(export, page, directory, time, error))
            return FALSE;
    }
    if (strncmp(time, page->day, 10) != 0) {
        g_strlcpy(page->day, time, sizeof page->day);
        fprintf(page->file, "<h2>%s</h2>\n", page->day);
    }
    put_event(export, page, event, &item, time);
    page->count++;
    return TRUE;
}

static gboolean put_room(Export *export, GBytes *room, const char *directory, FILE *index,
                         uint64_t *events, GError **error)
{
    g_auto(Page) page = {.room = export_room(g_bytes_get_data(room, NULL))};
    LogPoint point = {.time_ms = G_MININT64};
    fputs("<h2>#", index);
    put_text(index, page.room);
    fputs("</h2>\n", index);
    for (;;) {
        g_autoptr(GArray) some = log_history_after(export->log, room, &point, STEP, error);
        if (some == NULL)
            return FALSE;
        for (guint i = 0; i < some->len; i++) {
            const Event *event = g_array_index(some, LogEntry, i).event;
            if (!put_entry(export, &page, directory, index, event, error))
                return FALSE;
        }
        *events += some->len;
        if (some->len == 0)
            return end_page(&page, index, error);
        const Event *last = g_array_index(some, LogEntry, some->len - 1).event;
        point.time_ms = event_time_ms(last);
        memcpy(point.hash, event_hash(last), HASH_SIZE);
    }
}

static gboolean put_rooms(Export *export, const char *directory, FILE *index, uint64_t *events,
                          GError **error)
{
    g_autoptr(GPtrArray) rooms = log_conversations(export->log, error);
    for (guint i = 0; rooms != NULL && i < rooms->len; i++) {
        GBytes *room = g_ptr_array_index(rooms, i);
        if (g_bytes_get_size(room) == PLACE_SIZE &&
            !put_room(export, room, directory, index, events, error))
            return FALSE;
    }
    return rooms != NULL;
}

gboolean export_html(Export *export, const char *directory, uint64_t *events, GError **error)
{
    g_autofree char *path = g_build_filename(directory, "index.html", NULL);
    FILE *index = begin_file(path, export->place_name, error);
    if (index == NULL)
        return FALSE;
    if (!put_rooms(export, directory, index, events, error)) {
        fclose(index);
        return FALSE;
    }
    return end_file(index, path, error);
}
