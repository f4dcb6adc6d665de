/* An offer from a stranger: what is taken adds up, has names that are labels, and is the same when
 * it is written and read again. */

#include "relay/offer.h"
#include "relay/text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_items(const Offer *offer)
{
    uint64_t files = 0, bytes = 0;
    for (size_t i = 0; i < offer->item_count; i++) {
        const OfferItem *item = &offer->items[i];
        check(text_is_label(item->name, strlen(item->name)) && (item->folder || item->files == 1));
        files += item->files;
        bytes += item->bytes;
    }
    check(files <= offer->files && bytes <= offer->bytes && offer->files <= FILES_MAX);
    check(offer->unlisted > 0 || (files == offer->files && bytes == offer->bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Offer) offer = offer_read(data, size);
    check((offer != NULL) == content_is_offer(data, size));
    if (offer == NULL)
        return 0;
    check_items(offer);
    g_autoptr(GBytes) built = offer_build(offer);
    check(built != NULL);
    gsize length = 0;
    const uint8_t *bytes = g_bytes_get_data(built, &length);
    g_autoptr(Offer) again = offer_read(bytes, length);
    check(again != NULL && again->files == offer->files && again->bytes == offer->bytes);
    check(again->item_count + again->unlisted == offer->item_count + offer->unlisted);
    return 0;
}
