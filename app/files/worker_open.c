/* How a channel comes to stand, by each of the three ways (relay/PROTOCOL.md). */
#include "app/files/worker_internal.h"

static bool lost(GError **error, const char *text)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, text);
    return false;
}

static bool send_now(Worker *worker, const Wire__DataFrame *frame, GError **error)
{
    return channel_send(worker->channel, frame, error) && channel_flush(worker->channel, error);
}

static bool present(Worker *worker, GError **error)
{
    Wire__Present body = WIRE__PRESENT__INIT;
    body.transfer = (ProtobufCBinaryData){TRANSFER_SIZE, worker->config.transfer};
    body.ticket = (ProtobufCBinaryData){TRANSFER_SIZE, worker->opening.ticket};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_PRESENT;
    frame.present = &body;
    if (!send_now(worker, &frame, error))
        return false;
    const Wire__DataFrame *answer = channel_receive(worker->channel, error);
    if (answer == NULL)
        return false;
    return answer->body_case == WIRE__DATA_FRAME__BODY_ADMITTED ||
           lost(error, "the other side did not admit us");
}

static bool admit(Worker *worker, GError **error)
{
    Wire__Admitted body = WIRE__ADMITTED__INIT;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_ADMITTED;
    frame.admitted = &body;
    return send_now(worker, &frame, error);
}

static bool meet(Worker *worker, GError **error)
{
    Wire__Meet body = WIRE__MEET__INIT;
    body.meeting = (ProtobufCBinaryData){TRANSFER_SIZE, worker->opening.ticket};
    body.other = (ProtobufCBinaryData){KEY_SIZE, worker->opening.peer};
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MEET;
    frame.meet = &body;
    if (!send_now(worker, &frame, error))
        return false;
    const Wire__DataFrame *answer = channel_receive(worker->channel, error);
    if (answer == NULL)
        return false;
    if (answer->body_case != WIRE__DATA_FRAME__BODY_MET)
        return lost(error, "the relay does not let us meet");
    if (answer->met->refused)
        return lost(error, answer->met->text[0] != '\0' ? answer->met->text
                                                        : "the relay refused the meeting");
    channel_drop_tls(worker->channel);
    return channel_handshake(worker->channel, g_steal_pointer(&worker->opening.inner),
                             worker->opening.peer, error);
}

bool worker_open(Worker *worker, GError **error)
{
    channel_adopt(worker->channel, g_steal_pointer(&worker->opening.ssl));
    switch (worker->opening.kind) {
    case OPENING_PRESENT:
        return present(worker, error);
    case OPENING_ADMIT:
        return admit(worker, error);
    case OPENING_MEET:
        return meet(worker, error);
    }
    return lost(error, "no way");
}
