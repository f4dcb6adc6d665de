#include "discovery/txt.h"
#include "relay/server/export_internal.h"

#include <json-glib/json-glib.h>

#define STEP 512 /* positions read at once */

static void add_hex(JsonObject *line, const char *name, const uint8_t *bytes, size_t length)
{
    g_autofree char *hex = txt_hex(bytes, length);
    json_object_set_string_member(line, name, hex);
}

static void add_offer(JsonObject *line, const Offer *offer)
{
    JsonArray *items = json_array_new();
    for (size_t i = 0; i < offer->item_count; i++) {
        JsonObject *item = json_object_new();
        json_object_set_string_member(item, "name", offer->items[i].name);
        json_object_set_boolean_member(item, "folder", offer->items[i].folder);
        json_object_set_int_member(item, "bytes", (gint64)offer->items[i].bytes);
        json_array_add_object_element(items, item);
    }
    json_object_set_array_member(line, "items", items);
    json_object_set_int_member(line, "files", (gint64)offer->files);
    json_object_set_int_member(line, "bytes", (gint64)offer->bytes);
}

static void add_item(Export *export, JsonObject *line, const Event *event)
{
    g_auto(ExportItem) item = {0};
    export_item_read(export, event, &item);
    if (item.kind != NULL)
        json_object_set_string_member(line, "kind", item.kind);
    else
        json_object_set_int_member(line, "kind", event_kind(event));
    if (item.text != NULL)
        json_object_set_string_member(line, "text", item.text);
    if (item.action)
        json_object_set_boolean_member(line, "action", TRUE);
    if (item.offer != NULL)
        add_offer(line, item.offer);
}

static JsonObject *line_of(Export *export, const LogEntry *entry)
{
    const Event *event = entry->event;
    JsonObject *line = json_object_new();
    g_autofree char *time = export_time(event_time_ms(event));
    g_autofree char *incarnation =
        g_strdup_printf("%016" G_GINT64_MODIFIER "x", event_incarnation(event));
    json_object_set_int_member(line, "position", (gint64)entry->position);
    json_object_set_string_member(line, "time", time);
    if (event_room(event) != NULL) {
        g_autofree char *room = export_room(event_room(event));
        json_object_set_string_member(line, "room", room);
    }
    json_object_set_string_member(line, "name", export_name(export, event_author(event)));
    add_item(export, line, event);
    add_hex(line, "author", event_author(event), KEY_SIZE);
    json_object_set_string_member(line, "incarnation", incarnation);
    json_object_set_int_member(line, "seq", (gint64)event_seq(event));
    add_hex(line, "hash", event_hash(event), HASH_SIZE);
    return line;
}

static bool write_line(Export *export, const LogEntry *entry, FILE *out)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, line_of(export, entry));
    g_autofree char *text = json_to_string(node, FALSE);
    return fputs(text, out) >= 0 && fputc('\n', out) >= 0;
}

gboolean export_json(Export *export, FILE *out, uint64_t *events, GError **error)
{
    uint64_t head = log_head(export->log), covered;
    for (uint64_t after = 0; after < head; after += STEP) {
        g_autoptr(GArray) page =
            log_page(export->log, NULL, after, after + STEP + 1, STEP, G_MAXSIZE, &covered, error);
        if (page == NULL)
            return FALSE;
        for (guint i = 0; i < page->len; i++) {
            if (!write_line(export, &g_array_index(page, LogEntry, i), out))
                return export_fail(error, "write", "the export");
            (*events)++;
        }
    }
    return TRUE;
}
