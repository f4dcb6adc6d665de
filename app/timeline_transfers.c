/* Transfers in snapshots. The array is shared with the snapshots that were made of it and copied
 * before it changes; rows of messages know nothing of transfers, so progress leaves them alone. */
#include "app/timeline_internal.h"

#include <string.h>

static GPtrArray *transfers_array(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)transfer_unref);
}

void timeline_transfers_init(Timeline *timeline)
{
    timeline->transfers = transfers_array();
    timeline->accepted = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    timeline->folder = g_strdup("");
}

void timeline_transfers_clear(Timeline *timeline)
{
    g_ptr_array_unref(timeline->transfers);
    g_ptr_array_unref(timeline->accepted);
    g_free(timeline->folder);
}

static GPtrArray *own_transfers(Timeline *timeline)
{
    if (timeline->transfers_shared) {
        GPtrArray *copy = transfers_array();
        for (guint i = 0; i < timeline->transfers->len; i++)
            g_ptr_array_add(copy, transfer_ref(timeline->transfers->pdata[i]));
        g_ptr_array_unref(timeline->transfers);
        timeline->transfers = copy;
        timeline->transfers_shared = false;
    }
    return timeline->transfers;
}

void timeline_set_transfers(Timeline *timeline, const GPtrArray *transfers)
{
    GPtrArray *array = transfers_array();
    for (guint i = 0; i < transfers->len; i++)
        g_ptr_array_add(array, transfer_ref(transfers->pdata[i]));
    g_ptr_array_unref(timeline->transfers);
    timeline->transfers = array;
    timeline->transfers_shared = false;
    timeline->changed = true;
}

/* Nothing but what moves all the time is different. */
static bool is_progress(const Transfer *before, const Transfer *now)
{
    return before->state == now->state && now->state == TRANSFER_RUNNING &&
           before->way == now->way && before->missing == now->missing &&
           before->total == now->total && strcmp(before->why, now->why) == 0;
}

void timeline_transfer(Timeline *timeline, Transfer *transfer)
{
    GPtrArray *transfers = own_transfers(timeline);
    for (guint i = 0; i < transfers->len; i++) {
        Transfer *before = transfers->pdata[i];
        if (memcmp(before->id, transfer->id, TRANSFER_SIZE) != 0)
            continue;
        if (is_progress(before, transfer))
            timeline->progressed = true;
        else
            timeline->changed = true;
        transfers->pdata[i] = transfer_ref(transfer);
        transfer_unref(before);
        return;
    }
    g_ptr_array_insert(transfers, 0, transfer_ref(transfer));
    timeline->changed = true;
}

void timeline_transfer_gone(Timeline *timeline, const uint8_t *id)
{
    GPtrArray *transfers = own_transfers(timeline);
    for (guint i = 0; i < transfers->len; i++) {
        if (memcmp(((Transfer *)transfers->pdata[i])->id, id, TRANSFER_SIZE) != 0)
            continue;
        g_ptr_array_remove_index(transfers, i);
        timeline->changed = true;
        return;
    }
}

void timeline_set_accepted(Timeline *timeline, GPtrArray *keys)
{
    g_ptr_array_unref(timeline->accepted);
    timeline->accepted = g_ptr_array_ref(keys);
    timeline->changed = true;
}

void timeline_set_folder(Timeline *timeline, const char *folder)
{
    g_free(timeline->folder);
    timeline->folder = g_strdup(folder ? folder : "");
    timeline->changed = true;
}

void timeline_transfers_build(Timeline *timeline, ModelBuilder *builder)
{
    model_builder_share_transfers(builder, timeline->transfers);
    model_builder_share_accepted(builder, timeline->accepted);
    model_builder_set_folder(builder, timeline->folder);
    timeline->transfers_shared = true;
    timeline->progressed = false;
}
