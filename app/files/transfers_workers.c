#include "app/files/transfers.h"

const TransfersWorkers transfers_workers = {
    .send = worker_send,
    .receive = worker_receive,
    .free = worker_free,
    .stop = worker_stop,
    .bytes = worker_bytes,
    .total = worker_total,
    .phase = worker_phase,
};
