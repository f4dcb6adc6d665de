/* What members send in one round of the poller is kept until its end and then given to the hub, in
 * the order in which it came. So the signatures of all that was submitted are verified together,
 * before, on several processors. The hub asks for each one (HubOutput.verify); what was not
 * verified before, byte by byte the same, is verified then. */
#include "relay/carrier_internal.h"
#include "relay/event.h"
#include "relay/fields.h"

#include <string.h>

#define BATCH_MESSAGES 256
#define BATCH_BYTES (1024 * 1024)

typedef struct {
    Connection *connection;
    GBytes *message; /* owned */
} Kept;

static void kept_clear(void *data)
{
    g_bytes_unref(((Kept *)data)->message);
}

void carrier_make_batch(Carrier *carrier)
{
    CarrierBatch *batch = &carrier->batch;
    batch->kept = g_array_new(FALSE, FALSE, sizeof(Kept));
    g_array_set_clear_func(batch->kept, kept_clear);
    batch->jobs = g_array_new(FALSE, FALSE, sizeof(VerifierJob));
    batch->verifier = verifier_new();
}

void carrier_free_batch(Carrier *carrier)
{
    CarrierBatch *batch = &carrier->batch;
    g_clear_pointer(&batch->verifier, verifier_free);
    g_clear_pointer(&batch->kept, g_array_unref);
    g_clear_pointer(&batch->jobs, g_array_unref);
}

/* The last field of that number, which must hold bytes. */
static bool find(const uint8_t *message, size_t length, uint32_t number, Field *found)
{
    FieldReader reader = field_reader(message, length);
    Field field;
    bool any = false;
    while (field_next(&reader, &field)) {
        if (field.number != number || field.type != FIELD_BYTES)
            continue;
        *found = field;
        any = true;
    }
    return any && !reader.bad;
}

/* A guess at what the hub will ask for: a message that is written in an unusual way is verified
 * later, that is all. */
static bool find_job(const uint8_t *message, size_t length, VerifierJob *job)
{
    Field submit, event, body, signature, author;
    if (!find(message, length, WIRE__FRAME__BODY_SUBMIT, &submit) ||
        !find(submit.bytes, submit.length, 1, &event) ||
        !find(event.bytes, event.length, 1, &body) ||
        !find(event.bytes, event.length, 2, &signature) ||
        !find(body.bytes, body.length, 1, &author) || body.length > EVENT_MAX ||
        signature.length != SIGNATURE_SIZE || author.length != KEY_SIZE)
        return false;
    *job = (VerifierJob){.body = body.bytes,
                         .length = body.length,
                         .signature = signature.bytes,
                         .author = author.bytes};
    return true;
}

static void verify_all(CarrierBatch *batch)
{
    g_array_set_size(batch->jobs, 0);
    batch->next = 0;
    /* A single one is verified when the hub asks. */
    for (unsigned i = 0; batch->kept->len > 1 && i < batch->kept->len; i++) {
        size_t length;
        const uint8_t *message =
            g_bytes_get_data(g_array_index(batch->kept, Kept, i).message, &length);
        VerifierJob job;
        if (find_job(message, length, &job))
            g_array_append_val(batch->jobs, job);
    }
    verifier_run(batch->verifier, (VerifierJob *)(void *)batch->jobs->data, batch->jobs->len);
}

/* The hub asks in the order of the messages, but not for all of them. */
bool carrier_verify(const uint8_t *body, size_t length, const uint8_t *signature,
                    const uint8_t *author, void *user)
{
    CarrierBatch *batch = &((Carrier *)user)->batch;
    for (unsigned i = batch->next; i < batch->jobs->len; i++) {
        const VerifierJob *job = &g_array_index(batch->jobs, VerifierJob, i);
        if (job->length != length || memcmp(job->body, body, length) != 0 ||
            memcmp(job->signature, signature, SIGNATURE_SIZE) != 0 ||
            memcmp(job->author, author, KEY_SIZE) != 0)
            continue;
        batch->next = i + 1;
        return job->valid;
    }
    return event_verify(body, length, signature, author);
}

void carrier_flush_batch(Carrier *carrier)
{
    CarrierBatch *batch = &carrier->batch;
    if (batch->busy || batch->kept->len == 0)
        return;
    batch->busy = true;
    verify_all(batch);
    for (unsigned i = 0; i < batch->kept->len; i++) {
        const Kept *kept = &g_array_index(batch->kept, Kept, i);
        size_t length;
        const uint8_t *message = g_bytes_get_data(kept->message, &length);
        if (kept->connection->hub_link != NULL)
            hub_frame(carrier->hub, kept->connection->hub_link, message, length,
                      g_get_monotonic_time());
    }
    g_array_set_size(batch->jobs, 0);
    g_array_set_size(batch->kept, 0);
    batch->bytes = 0;
    batch->busy = false;
}

void carrier_keep(Connection *connection, const uint8_t *message, size_t length)
{
    Carrier *carrier = connection->carrier;
    CarrierBatch *batch = &carrier->batch;
    const Kept kept = {connection, g_bytes_new(message, length)};
    g_array_append_val(batch->kept, kept);
    batch->bytes += length;
    if (batch->kept->len >= BATCH_MESSAGES || batch->bytes >= BATCH_BYTES)
        carrier_flush_batch(carrier);
}
