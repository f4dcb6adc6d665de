/* Answers about the past: the roster and the page after Welcome, pages. Long answers go piece by
 * piece as the link's queue drains, so a queue that fills up means a slow reader and nothing else.
 */
#include "relay/hub_internal.h"

/* Pages cost the relay more than a message does. */
#define READ_RATE 40
#define READ_BURST 200

static void send_page(HubLink *link, uint32_t request, uint64_t after, uint64_t before,
                      unsigned limit, bool private_only)
{
    Hub *hub = link->hub;
    uint64_t end = log_head(hub->log) + 1; /* not what waits for its commit */
    before = before == 0 ? end : MIN(before, end);
    after = MIN(after, before - 1);
    uint64_t covered = before - 1;
    g_autoptr(GArray) page = NULL;
    if (limit > 0)
        page = (private_only ? log_private_page : log_page)(
            hub->log, link->key, after, before, MIN(limit, PAGE_MAX), BATCH_BYTES, &covered, NULL);
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
        send_page(link, 0, link->page_after, 0, link->page_limit, false);
        link->page_due = false;
        hub->unfinished--;
    }
}

void hub_fetch(HubLink *link, const Wire__Fetch *fetch)
{
    uint32_t retry_ms = bucket_take(&link->reads, READ_RATE, READ_BURST, link->hub->now_us);
    bool full = link->hub->output.queued(link->link, link->hub->user) > QUEUE_MAX / 2;
    if (retry_ms == 0 && !full) {
        send_page(link, fetch->request, fetch->after, fetch->before, fetch->limit,
                  fetch->private_only);
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
