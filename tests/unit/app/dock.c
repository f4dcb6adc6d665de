#include "tests/unit/app/dock_internal.h"

#include <check.h>
#include <glib/gstdio.h>
#include <string.h>

static void tell_presence(Dock *dock, unsigned about, bool here)
{
    for (unsigned i = 0; i < dock->count; i++) {
        DockMember *member = &dock->members[i];

        if (i == about || !member->here || !member->transfers)
            continue;
        transfers_presence(member->transfers, dock->members[about].key, here, dock->now_us);
    }
}

void dock_here(Dock *dock, unsigned index, bool here)
{
    DockMember *member = &dock->members[index];

    member->here = here;
    if (member->transfers)
        transfers_place(member->transfers, dock->place, here, dock->now_us);
    if (!here)
        g_ptr_array_set_size(member->inbox, 0);
    for (unsigned i = 0; here && i < dock->count; i++) {
        if (i != index && dock->members[i].here)
            transfers_presence(member->transfers, dock->members[i].key, true, dock->now_us);
    }
    tell_presence(dock, index, here);
}

void dock_start(Dock *dock, unsigned index)
{
    g_autoptr(GError) error = NULL;
    DockMember *member = &dock->members[index];

    member->transfers = transfers_new(member->data_dir, member->store, member->key, &dock_output,
                                      member, dock->now_us, &error);
    ck_assert_ptr_nonnull(member->transfers);
    dock_here(dock, index, true);
}

void dock_stop(Dock *dock, unsigned index, bool kill)
{
    DockMember *member = &dock->members[index];
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    WorkerResult lost = {.end = WORKER_LOST, .opened = true, .text = ""};

    if (!kill) {
        transfers_leave(member->transfers, dock->now_us);
        dock_run(dock);
    }
    for (guint i = 0; i < member->workers->len; i++) {
        const DockWorker *worker = member->workers->pdata[i];

        if (worker->other)
            g_ptr_array_add(others, worker->other);
    }
    g_clear_pointer(&member->transfers, transfers_free);
    for (guint i = 0; i < others->len; i++)
        dock_end_worker(others->pdata[i], &lost);
    g_ptr_array_set_size(member->dials, 0);
    g_ptr_array_set_size(member->jobs, 0);
    dock_here(dock, index, false);
}

void dock_restart(Dock *dock, unsigned index)
{
    dock_stop(dock, index, false);
    dock_run(dock);
    dock_start(dock, index);
    dock_run(dock);
}

Dock *dock_new(unsigned count)
{
    static const char *const names[] = {"Ann", "Sam", "Mira"};
    Dock *dock = g_new0(Dock, 1);

    dock->directory = g_dir_make_tmp("backfence-dock-XXXXXX", NULL);
    dock->now_us = 1000000;
    dock->random = 42;
    dock->place[0] = 7;
    dock->count = count;
    for (unsigned i = 0; i < count; i++) {
        DockMember *member = &dock->members[i];

        member->dock = dock;
        member->index = i;
        member->key[0] = (uint8_t)(i + 1);
        member->name = i < G_N_ELEMENTS(names) ? g_strdup(names[i]) : g_strdup_printf("M%u", i);
        member->store = store_open(NULL, NULL);
        member->data_dir = g_strdup_printf("%s/data-%u", dock->directory, i);
        ck_assert_int_eq(g_mkdir_with_parents(member->data_dir, 0700), 0);
        member->dials = g_ptr_array_new_with_free_func(dock_free_dial);
        member->inbox = g_ptr_array_new_with_free_func(dock_free_letter);
        member->jobs = g_ptr_array_new_with_free_func(dock_free_job);
        member->posted = g_ptr_array_new_with_free_func(dock_free_post);
        member->workers = g_ptr_array_new();
    }
    for (unsigned i = 0; i < count; i++)
        dock_start(dock, i);
    return dock;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);

    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        remove_tree(below);
    }
    g_remove(path);
}

void dock_free(Dock *dock)
{
    for (unsigned i = 0; i < dock->count; i++) {
        DockMember *member = &dock->members[i];

        transfers_free(member->transfers);
        store_close(member->store);
        g_ptr_array_unref(member->dials);
        g_ptr_array_unref(member->inbox);
        g_ptr_array_unref(member->jobs);
        g_ptr_array_unref(member->posted);
        g_ptr_array_unref(member->workers);
        g_free(member->data_dir);
        g_free(member->name);
        g_free(member->notice);
    }
    remove_tree(dock->directory);
    g_free(dock->directory);
    g_free(dock);
}

char *dock_file(Dock *dock, const char *name)
{
    char *path = g_build_filename(dock->directory, name, NULL);

    ck_assert(g_file_set_contents(path, "twelve bytes", 12, NULL));
    return path;
}

void dock_tell(Dock *dock, unsigned from, unsigned index, bool live)
{
    DockMember *author = &dock->members[from], *member = &dock->members[index];

    for (guint i = 0; i < author->posted->len; i++) {
        const DockPost *said = author->posted->pdata[i];
        SessionMessage message = {
            .conversation = said->conversation,
            .token = said->token,
            .author = author->key,
            .kind = 7,
            .text = "",
            .offer = said->offer,
        };

        if (said->conversation.direct && memcmp(said->conversation.id, member->key, KEY_SIZE) != 0)
            continue;
        if (said->conversation.direct)
            memcpy(message.conversation.id, author->key, KEY_SIZE);
        transfers_offer_seen(member->transfers, &message, live, dock->now_us);
    }
}

void dock_offer(Dock *dock, unsigned from, int to, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = dock_file(dock, name);
    const char *paths[] = {path, NULL};
    ConversationId conversation = {.direct = to >= 0};

    if (to >= 0)
        memcpy(conversation.id, dock->members[to].key, KEY_SIZE);
    ck_assert(transfers_offer(dock->members[from].transfers, &conversation, paths, NULL, 0, 0,
                              dock->now_us, &error));
    dock_run(dock);
    for (unsigned i = 0; i < dock->count; i++) {
        if (i != from && dock->members[i].transfers)
            dock_tell(dock, from, i, true);
    }
    dock_run(dock);
}

Transfer *dock_newest(Dock *dock, unsigned member)
{
    g_autoptr(GPtrArray) list = transfers_list(dock->members[member].transfers);

    ck_assert_uint_gt(list->len, 0);
    return transfer_ref(list->pdata[0]);
}

Transfer *dock_with(Dock *dock, unsigned member, unsigned peer)
{
    g_autoptr(GPtrArray) list = transfers_list(dock->members[member].transfers);

    for (guint i = 0; i < list->len; i++) {
        Transfer *transfer = list->pdata[i];

        if (!memcmp(transfer->peer, dock->members[peer].key, KEY_SIZE))
            return transfer_ref(transfer);
    }
    ck_abort_msg("%s has no transfer with %s", dock->members[member].name,
                 dock->members[peer].name);
}

TransferState dock_state(Dock *dock, unsigned member, unsigned peer)
{
    g_autoptr(Transfer) transfer = dock_with(dock, member, peer);

    return transfer->state;
}

void dock_accept(Dock *dock, unsigned member)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Transfer) transfer = dock_newest(dock, member);

    transfers_accept(dock->members[member].transfers, transfer->id, dock->directory, NULL,
                     dock->now_us, &error);
    if (error)
        ck_abort_msg("%s", error->message);
    dock_run(dock);
}

DockWorker *dock_worker(Dock *dock, unsigned member)
{
    GPtrArray *workers = dock->members[member].workers;

    return workers->len ? workers->pdata[0] : NULL;
}

unsigned dock_workers(Dock *dock, unsigned member)
{
    return dock->members[member].workers->len;
}

void dock_move(DockWorker *worker, uint64_t bytes)
{
    worker->bytes += bytes;
    ((DockWorker *)worker->other)->bytes = worker->bytes;
}

static void end_both(Dock *dock, DockWorker *worker, WorkerResult *result)
{
    DockWorker *other = (DockWorker *)worker->other;

    result->opened = true;
    dock_end_worker(worker, result);
    if (other)
        dock_end_worker(other, result);
    dock_run(dock);
}

void dock_finish(Dock *dock, DockWorker *worker)
{
    WorkerResult result = {.end = WORKER_DONE, .text = "", .path = "/there/it/is"};

    end_both(dock, worker, &result);
}

void dock_lose(Dock *dock, DockWorker *worker)
{
    WorkerResult result = {.end = WORKER_LOST, .text = ""};

    end_both(dock, worker, &result);
}

void dock_fail(Dock *dock, DockWorker *worker, const char *code, Wire__Why told, const char *text)
{
    DockWorker *other = (DockWorker *)worker->other;
    WorkerResult result = {.end = WORKER_FAILED, .opened = true, .code = code, .text = text};
    WorkerResult there = {.end = WORKER_HALTED, .opened = true, .why = told, .text = text};

    dock_end_worker(worker, &result);
    if (other)
        dock_end_worker(other, &there);
    dock_run(dock);
}

bool dock_sleeps(Dock *dock, unsigned member)
{
    return transfers_deadline(dock->members[member].transfers) == INT64_MAX;
}
