/* The network: notes are carried, dials lead somewhere or not, ends of channels meet. */
#include "tests/unit/app/dock_internal.h"

#include <check.h>
#include <string.h>

void dock_free_dial(gpointer data)
{
    DockDial *dial = data;

    g_free(dial->address);
    g_free(dial);
}

void dock_free_letter(gpointer data)
{
    DockLetter *letter = data;

    wire__note__free_unpacked(letter->note, NULL);
    g_free(letter);
}

void dock_free_job(gpointer data)
{
    DockJob *job = data;

    g_strfreev(job->paths);
    g_free(job->directory);
    g_free(job);
}

void dock_free_post(gpointer data)
{
    DockPost *post = data;

    offer_unref(post->offer);
    g_free(post);
}

DockMember *dock_by_key(Dock *dock, const uint8_t *key)
{
    for (unsigned i = 0; i < dock->count; i++) {
        if (!memcmp(dock->members[i].key, key, KEY_SIZE))
            return &dock->members[i];
    }
    return NULL;
}

void dock_end_worker(DockWorker *worker, const WorkerResult *result)
{
    worker->over = true;
    if (worker->other) {
        ((DockWorker *)worker->other)->other = NULL;
        worker->other = NULL;
    }
    worker->config.ended(result, worker->config.user);
}

static void pair(Dock *dock, DockWorker *a, DockWorker *b)
{
    ck_assert(a->sends != b->sends);
    a->other = (Worker *)b;
    b->other = (Worker *)a;
    a->opened = b->opened = true;
    a->phase = b->phase = WORKER_MOVING;
    a->total = b->total = MAX(a->total, b->total);
    dock->pairs_made++;
}

static DockMember *at_address(Dock *dock, const char *address)
{
    for (unsigned i = 0; i < dock->count; i++) {
        g_autofree char *its = g_strdup_printf("10.0.0.%u:7667", i);

        if (!strcmp(its, address))
            return &dock->members[i];
    }
    return NULL;
}

static bool carry_dial(Dock *dock, DockMember *member)
{
    for (guint i = 0; i < member->dials->len; i++) {
        DockDial *made = member->dials->pdata[i];
        const DockMember *there = made->address ? at_address(dock, made->address) : NULL;
        bool blocked = made->address ? !there || !there->transfers || there->undialable
                                     : member->relay_refuses;
        uint8_t transfer[TRANSFER_SIZE];

        if (blocked && !dock->refuse_dials)
            continue;
        memcpy(transfer, made->transfer, TRANSFER_SIZE);
        g_ptr_array_remove_index(member->dials, i);
        if (blocked)
            transfers_dial_failed(member->transfers, transfer, "refused", dock->now_us);
        else
            transfers_dialled(member->transfers, transfer, -1, NULL, dock->now_us);
        return true;
    }
    return false;
}

/* Who dialled shows its ticket. */
static void present(Dock *dock, DockWorker *worker)
{
    for (unsigned i = 0; i < dock->count; i++) {
        DockMember *other = &dock->members[i];

        if (i == worker->member || !other->transfers ||
            !transfers_expects(other->transfers, worker->config.transfer, worker->ticket,
                               dock->members[worker->member].key, dock->now_us))
            continue;
        transfers_admitted(other->transfers, worker->config.transfer, -1, NULL, dock->now_us);
        DockWorker *end = other->workers->pdata[other->workers->len - 1];

        ck_assert_int_eq(end->kind, OPENING_ADMIT);
        pair(dock, worker, end);
        return;
    }
    WorkerResult lost = {.end = WORKER_LOST, .text = ""};

    dock_end_worker(worker, &lost);
}

static bool meet(Dock *dock, DockWorker *worker)
{
    DockMember *other = dock_by_key(dock, worker->peer);

    for (guint i = 0; i < other->workers->len; i++) {
        DockWorker *end = other->workers->pdata[i];

        if (end->opened || end->kind != OPENING_MEET ||
            memcmp(end->ticket, worker->ticket, TRANSFER_SIZE) != 0 ||
            memcmp(end->peer, dock->members[worker->member].key, KEY_SIZE) != 0)
            continue;
        pair(dock, worker, end);
        return true;
    }
    return false;
}

static bool carry_stop(DockWorker *worker)
{
    WorkerResult stopped = {.end = WORKER_STOPPED, .opened = worker->opened, .text = ""};
    WorkerResult halted = {
        .end = WORKER_HALTED, .opened = true, .why = (Wire__Why)worker->stop, .text = ""};
    DockWorker *other = (DockWorker *)worker->other;

    dock_end_worker(worker, &stopped);
    if (other)
        dock_end_worker(other, &halted);
    return true;
}

static bool carry_worker(Dock *dock, DockMember *member)
{
    for (guint i = 0; i < member->workers->len; i++) {
        DockWorker *worker = member->workers->pdata[i];

        if (worker->stop >= 0)
            return carry_stop(worker);
        if (worker->opened)
            continue;
        if (worker->kind == OPENING_PRESENT && !dock->hold_tickets) {
            present(dock, worker);
            return true;
        }
        if (worker->kind == OPENING_MEET && meet(dock, worker))
            return true;
    }
    return false;
}

static bool carry_letter(Dock *dock, DockMember *member)
{
    if (member->inbox->len == 0)
        return false;
    DockLetter *letter = g_ptr_array_steal_index(member->inbox, 0);

    transfers_note(member->transfers, letter->from, letter->note, dock->now_us);
    dock_free_letter(letter);
    return true;
}

static bool carry_job(Dock *dock, DockMember *member)
{
    if (member->jobs->len == 0)
        return false;
    g_autoptr(GError) error = NULL;
    g_autoptr(Offer) offer = NULL;
    DockJob *job = g_ptr_array_steal_index(member->jobs, 0);
    g_autoptr(Listing) listing =
        listing_make((const char *const *)job->paths, job->directory, NULL, &offer, &error);

    transfers_listed(member->transfers, job->id, listing, offer, error ? error->message : NULL,
                     dock->now_us);
    dock_free_job(job);
    return true;
}

void dock_run(Dock *dock)
{
    bool any = true;

    for (unsigned rounds = 0; any; rounds++) {
        ck_assert_uint_lt(rounds, 10000);
        any = false;
        for (unsigned i = 0; i < dock->count; i++) {
            DockMember *member = &dock->members[i];

            if (!member->transfers)
                continue;
            any = carry_job(dock, member) || carry_letter(dock, member) ||
                  carry_dial(dock, member) || carry_worker(dock, member) || any;
        }
    }
}

void dock_pass(Dock *dock, int64_t us)
{
    int64_t end_us = dock->now_us + us;

    dock_run(dock);
    for (unsigned rounds = 0;; rounds++) {
        int64_t next_us = end_us;

        ck_assert_uint_lt(rounds, 100000);
        for (unsigned i = 0; i < dock->count; i++) {
            if (dock->members[i].transfers)
                next_us = MIN(next_us, transfers_deadline(dock->members[i].transfers));
        }
        bool over = next_us >= end_us;

        dock->now_us = MAX(dock->now_us, next_us);
        for (unsigned i = 0; i < dock->count; i++) {
            if (dock->members[i].transfers)
                transfers_tick(dock->members[i].transfers, dock->now_us);
        }
        dock_run(dock);
        if (over)
            return;
    }
}
