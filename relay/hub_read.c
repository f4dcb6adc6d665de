/* Answers about the past: the roster and the page after Welcome, pages, heads of feeds. Long
 * answers go piece by piece as the link's queue drains, so a queue that fills up means a slow
 * reader and nothing else. */
#include "relay/hub_internal.h"

/* Pages and comparisons of feeds cost the relay more than a message does. */
#define READ_RATE 40
#define READ_BURST 200
#define HEADS_RATE 0.2
#define HEADS_BURST 3
#define HEADS_PER_FRAME 1024

static void send_page(HubLink *link, uint32_t request, uint64_t after, uint64_t before,
                      unsigned limit)
{
    Hub *hub = link->hub;
    uint64_t end = log_head(hub->log) + 1; /* not what waits for its commit */
    before = before == 0 ? end : MIN(before, end);
    after = MIN(after, before - 1);
    uint64_t covered = before - 1;
    g_autoptr(GArray) page = NULL;
    if (limit > 0)
        page = log_page(hub->log, link->key, after, before, MIN(limit, PAGE_MAX), BATCH_BYTES,
                        &covered, NULL);
    g_autoptr(Entries) entries = entries_new();
    for (guint i = 0; page && i < page->len; i++) {
        const LogEntry *entry = &g_array_index(page, LogEntry, i);
        entries_add(entries, entry->position, entry->event);
    }
    g_autoptr(GBytes) frame = entries_page(entries, request, covered, before - 1);
    hub_send(link, frame);
}

void hub_continue(HubLink *link)
{
    Hub *hub = link->hub;
    while (link->page_due && !link->doomed &&
           hub->output.queued(link->link, hub->user) < PACE_BYTES) {
        if (!link->roster_done) {
            g_autoptr(GBytes) frame =
                roster_page(hub->roster, &link->roster_cursor, &link->roster_done);
            hub_send(link, frame);
            continue;
        }
        send_page(link, 0, link->page_after, 0, link->page_limit);
        link->page_due = false;
        hub->unfinished--;
    }
}

void hub_fetch(HubLink *link, const Wire__Fetch *fetch)
{
    uint32_t retry_ms = bucket_take(&link->reads, READ_RATE, READ_BURST, link->hub->now_us);
    bool full = link->hub->output.queued(link->link, link->hub->user) > QUEUE_MAX / 2;
    if (retry_ms == 0 && !full) {
        send_page(link, fetch->request, fetch->after, fetch->before, fetch->limit);
        return;
    }
    Wire__Page page = WIRE__PAGE__INIT;
    page.request = fetch->request;
    page.retry_ms = MAX(retry_ms, 100);
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_PAGE;
    frame.page = &page;
    hub_send_frame(link, &frame);
}

static void send_heads(HubLink *link, const GArray *known, guint from, guint count)
{
    g_autofree Wire__Head *heads = g_new(Wire__Head, count);
    g_autofree Wire__Head **list = g_new(Wire__Head *, count);
    for (guint i = 0; i < count; i++) {
        LogHead *head = &g_array_index(known, LogHead, from + i);
        wire__head__init(&heads[i]);
        heads[i].author = (ProtobufCBinaryData){KEY_SIZE, head->author};
        heads[i].incarnation = head->incarnation;
        heads[i].lane = head->lane;
        heads[i].seq = head->seq;
        heads[i].hash = (ProtobufCBinaryData){HASH_SIZE, head->hash};
        list[i] = &heads[i];
    }
    Wire__Heads answer = WIRE__HEADS__INIT;
    answer.n_heads = count;
    answer.heads = list;
    answer.more = from + count < known->len;
    Wire__Frame frame = WIRE__FRAME__INIT;
    frame.body_case = WIRE__FRAME__BODY_HEADS;
    frame.heads = &answer;
    hub_send_frame(link, &frame);
}

void hub_heads(HubLink *link, const Wire__Heads *heads)
{
    Hub *hub = link->hub;
    if (!heads->ask)
        return;
    uint32_t wait_ms = bucket_take(&link->comparings, HEADS_RATE, HEADS_BURST, hub->now_us);
    g_autoptr(GArray) known = wait_ms == 0 ? log_heads(hub->log, NULL) : NULL;
    if (!known)
        known = g_array_new(FALSE, FALSE, sizeof(LogHead));
    guint from = 0;
    do {
        guint count = MIN(known->len - from, HEADS_PER_FRAME);
        send_heads(link, known, from, count);
        from += count;
    } while (from < known->len && !link->doomed);
}
