#include "relay/entries.h"

/* Keys, lengths, position and signature of an entry, beside the body: an upper bound. */
#define ENTRY_OVERHEAD 96

struct Entries {
    GArray *entries; /* Wire__Entry */
    GArray *signeds; /* Wire__SignedEvent, the entries' events */
    size_t bytes;
};

void event_to_wire(const Event *event, Wire__SignedEvent *out)
{
    wire__signed_event__init(out);
    gsize length;
    out->body.data = (uint8_t *)g_bytes_get_data(event_body(event), &length);
    out->body.len = length;
    out->signature.data = (uint8_t *)g_bytes_get_data(event_signature(event), &length);
    out->signature.len = length;
}

Entries *entries_new(void)
{
    Entries *entries = g_new0(Entries, 1);
    entries->entries = g_array_new(FALSE, FALSE, sizeof(Wire__Entry));
    entries->signeds = g_array_new(FALSE, FALSE, sizeof(Wire__SignedEvent));
    return entries;
}

void entries_free(Entries *entries)
{
    if (!entries)
        return;
    g_array_unref(entries->entries);
    g_array_unref(entries->signeds);
    g_free(entries);
}

void entries_add(Entries *entries, uint64_t position, const Event *event)
{
    Wire__Entry entry;
    wire__entry__init(&entry);
    entry.position = position;
    g_array_append_val(entries->entries, entry);
    Wire__SignedEvent signed_event;
    event_to_wire(event, &signed_event);
    g_array_append_val(entries->signeds, signed_event);
    entries->bytes += signed_event.body.len + ENTRY_OVERHEAD;
}

unsigned entries_count(const Entries *entries)
{
    return entries->entries->len;
}

size_t entries_bytes(const Entries *entries)
{
    return entries->bytes;
}

void entries_clear(Entries *entries)
{
    g_array_set_size(entries->entries, 0);
    g_array_set_size(entries->signeds, 0);
    entries->bytes = 0;
}

/* Pointers are taken here, when the arrays do not move any more. */
static Wire__Entry **pointers(const Entries *entries)
{
    unsigned count = entries->entries->len;
    Wire__Entry **list = g_new(Wire__Entry *, count);
    for (unsigned i = 0; i < count; i++) {
        list[i] = &g_array_index(entries->entries, Wire__Entry, i);
        list[i]->event = &g_array_index(entries->signeds, Wire__SignedEvent, i);
    }
    return list;
}

GBytes *entries_deliver(const Entries *entries, uint64_t after, uint64_t through)
{
    g_autofree Wire__Entry **list = pointers(entries);
    Wire__Deliver deliver = WIRE__DELIVER__INIT;
    deliver.after = after;
    deliver.through = through;
    deliver.n_entries = entries->entries->len;
    deliver.entries = list;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_DELIVER;
    frame.deliver = &deliver;
    return frame_build(&frame);
}

GBytes *entries_page(const Entries *entries, uint32_t request, uint64_t after, uint64_t through)
{
    g_autofree Wire__Entry **list = pointers(entries);
    Wire__Page page = WIRE__PAGE__INIT;
    page.request = request;
    page.after = after;
    page.through = through;
    page.n_entries = entries->entries->len;
    page.entries = list;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PAGE;
    frame.page = &page;
    return frame_build(&frame);
}
