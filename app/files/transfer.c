#include "app/files/transfer.h"

#include "relay/text.h"

#include <string.h>

const char *transfer_state_name(TransferState state)
{
    static const char *const names[] = {
        [TRANSFER_OFFERED] = "offered",   [TRANSFER_WAITING] = "waiting",
        [TRANSFER_RUNNING] = "running",   [TRANSFER_CHECKING] = "checking",
        [TRANSFER_PAUSED] = "paused",     [TRANSFER_DONE] = "done",
        [TRANSFER_DECLINED] = "declined", [TRANSFER_CANCELLED] = "cancelled",
        [TRANSFER_FAILED] = "failed",
    };
    return names[state];
}

bool transfer_state_is_final(TransferState state)
{
    return state == TRANSFER_DONE || state == TRANSFER_DECLINED || state == TRANSFER_CANCELLED ||
           state == TRANSFER_FAILED;
}

const char *transfer_way_name(TransferWay way)
{
    static const char *const names[] = {
        [TRANSFER_WAY_NONE] = "",
        [TRANSFER_WAY_DIRECT] = "direct",
        [TRANSFER_WAY_REVERSE] = "reverse",
        [TRANSFER_WAY_RELAY] = "relay",
    };
    return names[way];
}

char *transfer_item_shown(const OfferItem *item)
{
    return text_visible(item->name, strlen(item->name));
}

Transfer *transfer_ref(Transfer *transfer)
{
    g_atomic_ref_count_inc(&transfer->references);
    return transfer;
}

void transfer_unref(Transfer *transfer)
{
    if (!transfer || !g_atomic_ref_count_dec(&transfer->references))
        return;
    offer_unref(transfer->content);
    g_free(transfer->title);
    g_free(transfer->why);
    g_free(transfer->into);
    g_clear_pointer(&transfer->left_out, g_bytes_unref);
    g_free(transfer->path);
    g_free(transfer);
}
