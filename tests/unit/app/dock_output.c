/* What a member's Transfers asks for, and stand-ins for workers. */
#include "tests/unit/app/dock_internal.h"

#include <check.h>
#include <string.h>

static void randomly(void *bytes, size_t length, void *user)
{
    DockMember *member = user;
    uint8_t *out = bytes;

    for (size_t i = 0; i < length; i++) {
        member->dock->random = member->dock->random * 6364136223846793005U + 1442695040888963407U;
        out[i] = (uint8_t)(member->dock->random >> 56);
    }
}

static gboolean post(const ConversationId *conversation, const Offer *offer, uint8_t *token,
                     GError **error, void *user)
{
    DockMember *member = user;
    DockPost *said = g_new0(DockPost, 1);

    (void)error;
    randomly(said->token, TOKEN_SIZE, member);
    said->conversation = *conversation;
    said->offer = offer_ref((Offer *)offer);
    memcpy(token, said->token, TOKEN_SIZE);
    g_ptr_array_add(member->posted, said);
    return TRUE;
}

static bool send_note(const uint8_t *to, const Wire__Note *note, void *user)
{
    DockMember *member = user;
    DockMember *other = dock_by_key(member->dock, to);

    if (!member->here || !other || !other->here)
        return false;
    member->answers++;
    if (member->dock->drop_notes)
        return true;
    size_t length = wire__note__get_packed_size(note);
    g_autofree uint8_t *bytes = g_malloc(length + 1);
    DockLetter *letter = g_new0(DockLetter, 1);

    wire__note__pack(note, bytes);
    letter->note = wire__note__unpack(NULL, length, bytes);
    memcpy(letter->from, member->key, KEY_SIZE);
    g_ptr_array_add(other->inbox, letter);
    return true;
}

static const char *name_of(const uint8_t *key, void *user)
{
    DockMember *member = user;
    const DockMember *other = dock_by_key(member->dock, key);

    return other ? other->name : NULL;
}

static void list(uint64_t id, char *const *paths, const char *directory, void *user)
{
    DockMember *member = user;
    DockJob *job = g_new0(DockJob, 1);

    job->id = id;
    job->paths = g_strdupv((char **)paths);
    job->directory = g_strdup(directory);
    g_ptr_array_add(member->jobs, job);
}

static void discard(const char *state_dir, const char *into, const uint8_t *transfer, void *user)
{
    DockMember *member = user;

    landing_discard(state_dir, into, transfer);
    member->discards++;
}

static char **addresses(void *user)
{
    DockMember *member = user;
    char **texts = g_new0(char *, 2);

    texts[0] = g_strdup_printf("10.0.0.%u:7667", member->index);
    return texts;
}

static void dial(const uint8_t *transfer, char *const *texts, const uint8_t *peer, void *user)
{
    DockMember *member = user;
    DockDial *made = g_new0(DockDial, 1);

    ck_assert((texts == NULL) == (peer == NULL));
    memcpy(made->transfer, transfer, TRANSFER_SIZE);
    made->address = texts ? g_strdup(texts[0]) : NULL;
    g_ptr_array_add(member->dials, made);
}

static void hang_up(const uint8_t *transfer, void *user)
{
    DockMember *member = user;

    for (guint i = member->dials->len; i-- > 0;) {
        const DockDial *made = member->dials->pdata[i];

        if (!memcmp(made->transfer, transfer, TRANSFER_SIZE))
            g_ptr_array_remove_index(member->dials, i);
    }
}

static SSL *inner(bool as_server, void *user)
{
    (void)as_server;
    (void)user;
    return NULL;
}

static GMainContext *context(void *user)
{
    return user;
}

static void changed(Transfer *transfer, void *user)
{
    DockMember *member = user;

    ck_assert_str_ne(transfer_state_name(transfer->state), "");
    ck_assert(g_utf8_validate(transfer->why, -1, NULL));
    member->changes++;
}

static void gone(const uint8_t *id, void *user)
{
    DockMember *member = user;

    (void)id;
    member->gone++;
}

static void notice(const ConversationId *conversation, const char *code, const char *text,
                   void *user)
{
    DockMember *member = user;

    (void)conversation;
    (void)code;
    g_free(member->notice);
    member->notice = g_strdup(text);
}

static void touched(void *user)
{
    DockMember *member = user;

    member->touched++;
}

static int64_t now_us(void *user)
{
    const DockMember *member = user;

    return member->dock->now_us;
}

static int64_t wall_ms(void *user)
{
    return 1700000000000 + now_us(user) / 1000;
}

static DockWorker *make_worker(const WorkerConfig *config, Opening *opening, bool sends)
{
    DockMember *member = (DockMember *)config->context;
    DockWorker *worker = g_new0(DockWorker, 1);

    worker->dock = member->dock;
    worker->member = member->index;
    worker->config = *config;
    worker->kind = opening->kind;
    memcpy(worker->ticket, opening->ticket, TRANSFER_SIZE);
    memcpy(worker->peer, opening->peer, KEY_SIZE);
    worker->sends = sends;
    worker->stop = -1;
    *opening = (Opening){.fd = -1};
    g_ptr_array_add(member->workers, worker);
    return worker;
}

static Worker *fake_send(const WorkerConfig *config, Opening *opening, Listing *listing)
{
    ck_assert_ptr_nonnull(listing);
    return (Worker *)make_worker(config, opening, true);
}

static Worker *fake_receive(const WorkerConfig *config, Opening *opening,
                            const WorkerTarget *target)
{
    DockWorker *worker = make_worker(config, opening, false);

    ck_assert(g_file_test(target->into, G_FILE_TEST_IS_DIR));
    worker->into = g_strdup(target->into);
    worker->total = target->offer->bytes;
    return (Worker *)worker;
}

static void fake_free(Worker *opaque)
{
    DockWorker *worker = (DockWorker *)opaque;

    if (worker->other)
        ((DockWorker *)worker->other)->other = NULL;
    g_ptr_array_remove(worker->dock->members[worker->member].workers, worker);
    g_free(worker->into);
    g_free(worker);
}

static void fake_stop(Worker *opaque, Wire__Why why)
{
    ((DockWorker *)opaque)->stop = (int)why;
}

static uint64_t fake_bytes(const Worker *opaque)
{
    return ((const DockWorker *)opaque)->bytes;
}

static uint64_t fake_total(const Worker *opaque)
{
    return ((const DockWorker *)opaque)->total;
}

static WorkerPhase fake_phase(const Worker *opaque)
{
    return ((const DockWorker *)opaque)->phase;
}

static const TransfersWorkers fakes = {
    .send = fake_send,
    .receive = fake_receive,
    .free = fake_free,
    .stop = fake_stop,
    .bytes = fake_bytes,
    .total = fake_total,
    .phase = fake_phase,
};

const TransfersOutput dock_output = {
    .post = post,
    .note = send_note,
    .name = name_of,
    .list = list,
    .discard = discard,
    .addresses = addresses,
    .dial = dial,
    .hang_up = hang_up,
    .inner = inner,
    .context = context,
    .changed = changed,
    .gone = gone,
    .notice = notice,
    .touched = touched,
    .now_us = now_us,
    .wall_ms = wall_ms,
    .random = randomly,
    .workers = &fakes,
};
