#include "relay/offer.h"

#include "relay/fields.h"
#include "relay/message.h"
#include "relay/text.h"
#include "wire.pb-c.h"

#include <string.h>

enum {
    ITEMS = 1,
    UNLISTED = 2,
    FILES = 3,
    BYTES = 4,
    MANIFEST = 5,
    THUMBNAIL = 6
};

/* What an offer's bytes say, read where they lie. */
typedef struct {
    FieldSet fields;
    size_t item_count;
    uint64_t item_files, item_bytes; /* of those listed */
    bool has_folder;
    FieldSet picture;
} OfferView;

Offer *offer_ref(Offer *offer)
{
    g_atomic_ref_count_inc(&offer->references);
    return offer;
}

void offer_unref(Offer *offer)
{
    if (offer == NULL || !g_atomic_ref_count_dec(&offer->references))
        return;
    for (size_t i = 0; i < offer->item_count; i++)
        g_free(offer->items[i].name);
    g_free(offer->items);
    g_clear_pointer(&offer->thumbnail, g_bytes_unref);
    g_free(offer);
}

static bool totals_are_possible(uint64_t files, uint64_t bytes)
{
    return files <= FILES_MAX && bytes <= FILE_SIZE_MAX && (files > 0 || bytes == 0);
}

/* `set` receives the fields of one item. */
static bool read_item(const Field *field, FieldSet *set)
{
    if (field->type != FIELD_BYTES || !field_set_read(set, field->bytes, field->length, 0) ||
        !field_set_fits(set, 1, FIELD_BYTES) || !field_set_fits(set, 2, FIELD_VARINT) ||
        !field_set_fits(set, 3, FIELD_VARINT) || !field_set_fits(set, 4, FIELD_VARINT))
        return false;
    bool folder = set->which[2].value != 0;
    return text_is_label((const char *)set->which[1].bytes, set->which[1].length) &&
           totals_are_possible(set->which[3].value, set->which[4].value) &&
           (folder || set->which[3].value == 1);
}

static bool count_items(OfferView *view, const uint8_t *content, size_t length)
{
    FieldReader reader = field_reader(content, length);
    for (Field field; field_next(&reader, &field);) {
        FieldSet item;
        if (field.number != ITEMS)
            continue;
        if (view->item_count == OFFER_ITEMS_MAX || !read_item(&field, &item))
            return false;
        view->item_count++;
        view->item_files += item.which[3].value;
        view->item_bytes += item.which[4].value;
        view->has_folder = view->has_folder || item.which[2].value != 0;
    }
    return view->item_count > 0;
}

/* Without items that are not listed the sums are the whole. */
static bool sums_agree(const OfferView *view)
{
    uint64_t unlisted = view->fields.which[UNLISTED].value;
    uint64_t files = view->fields.which[FILES].value, bytes = view->fields.which[BYTES].value;
    if (!totals_are_possible(files, bytes) || unlisted > FILES_MAX - view->item_count)
        return false;
    if (unlisted == 0)
        return files == view->item_files && bytes == view->item_bytes;
    return files >= view->item_files && bytes >= view->item_bytes;
}

static bool is_side(uint64_t pixels)
{
    return pixels > 0 && pixels <= PICTURE_SIDE_MAX;
}

static bool read_thumbnail(OfferView *view)
{
    if (!field_set_has(&view->fields, THUMBNAIL))
        return true;
    const Field *field = &view->fields.which[THUMBNAIL];
    FieldSet *set = &view->picture;
    bool one_file =
        view->item_count == 1 && !view->has_folder && view->fields.which[UNLISTED].value == 0;
    return one_file && field->type == FIELD_BYTES &&
           field_set_read(set, field->bytes, field->length, 0) &&
           field_set_fits(set, 1, FIELD_VARINT) && field_set_fits(set, 2, FIELD_VARINT) &&
           field_set_fits(set, 3, FIELD_BYTES) && is_side(set->which[1].value) &&
           is_side(set->which[2].value) && set->which[3].length > 0 &&
           set->which[3].length <= THUMBNAIL_MAX;
}

static bool read_view(OfferView *view, const uint8_t *content, size_t length)
{
    *view = (OfferView){0};
    const FieldSet *fields = &view->fields;
    if (length > OFFER_MAX || !field_set_read(&view->fields, content, length, 1u << ITEMS))
        return false;
    for (unsigned number = UNLISTED; number <= BYTES; number++) {
        if (!field_set_fits(fields, number, FIELD_VARINT))
            return false;
    }
    return field_set_fits(fields, MANIFEST, FIELD_BYTES) &&
           fields->which[MANIFEST].length == HASH_SIZE && count_items(view, content, length) &&
           sums_agree(view) && read_thumbnail(view);
}

bool content_is_offer(const uint8_t *content, size_t length)
{
    OfferView view;
    return read_view(&view, content, length);
}

static OfferItem *copy_items(const uint8_t *content, size_t length, size_t count)
{
    OfferItem *items = g_new0(OfferItem, count);
    size_t at = 0;
    FieldReader reader = field_reader(content, length);
    for (Field field; field_next(&reader, &field);) {
        FieldSet set;
        if (field.number != ITEMS || !read_item(&field, &set))
            continue;
        items[at++] = (OfferItem){
            .name = g_strndup((const char *)set.which[1].bytes, set.which[1].length),
            .folder = set.which[2].value != 0,
            .files = set.which[3].value,
            .bytes = set.which[4].value,
        };
    }
    return items;
}

Offer *offer_read(const uint8_t *content, size_t length)
{
    OfferView view;
    if (!read_view(&view, content, length))
        return NULL;
    Offer *offer = g_new0(Offer, 1);
    g_atomic_ref_count_init(&offer->references);
    offer->items = copy_items(content, length, view.item_count);
    offer->item_count = view.item_count;
    offer->unlisted = (uint32_t)view.fields.which[UNLISTED].value;
    offer->files = view.fields.which[FILES].value;
    offer->bytes = view.fields.which[BYTES].value;
    memcpy(offer->manifest, view.fields.which[MANIFEST].bytes, HASH_SIZE);
    if (field_set_has(&view.fields, THUMBNAIL)) {
        const Field *image = &view.picture.which[3];
        offer->thumbnail = g_bytes_new(image->bytes, image->length);
        offer->width = (uint32_t)view.picture.which[1].value;
        offer->height = (uint32_t)view.picture.which[2].value;
    }
    return offer;
}

/* As many of the first items as leave the whole within OFFER_MAX; `out` has no items yet. */
static size_t items_that_fit(const Offer *offer, const Wire__OfferItem *items,
                             const Wire__Offer *out)
{
    const size_t item_overhead = 3;  /* number and length of an item: at most three bytes */
    const size_t count_overhead = 5; /* what `unlisted` may grow by */
    size_t used = wire__offer__get_packed_size(out) + count_overhead;
    size_t count = 0;
    for (; count < MIN(offer->item_count, OFFER_ITEMS_MAX); count++) {
        used += wire__offer_item__get_packed_size(&items[count]) + item_overhead;
        if (used > OFFER_MAX)
            break;
    }
    return count;
}

static void fill_totals(const Offer *offer, Wire__Offer *out, Wire__Thumbnail *picture)
{
    out->files = offer->files;
    out->bytes = offer->bytes;
    out->manifest = (ProtobufCBinaryData){HASH_SIZE, (uint8_t *)offer->manifest};
    if (offer->thumbnail == NULL)
        return;
    gsize length = 0;
    picture->image.data = (uint8_t *)g_bytes_get_data(offer->thumbnail, &length);
    picture->image.len = length;
    picture->width = offer->width;
    picture->height = offer->height;
    out->thumbnail = picture;
}

GBytes *offer_build(const Offer *offer)
{
    if (offer->item_count == 0 || offer->item_count > FILES_MAX)
        return NULL;
    size_t count = MIN(offer->item_count, OFFER_ITEMS_MAX);
    g_autofree Wire__OfferItem *items = g_new(Wire__OfferItem, count);
    g_autofree Wire__OfferItem **list = g_new(Wire__OfferItem *, count);
    for (size_t i = 0; i < count; i++) {
        const OfferItem *item = &offer->items[i];
        wire__offer_item__init(&items[i]);
        items[i].name = item->name;
        items[i].folder = item->folder;
        items[i].files = item->files;
        items[i].bytes = item->bytes;
        list[i] = &items[i];
    }
    Wire__Offer out = WIRE__OFFER__INIT;
    Wire__Thumbnail picture = WIRE__THUMBNAIL__INIT;
    fill_totals(offer, &out, &picture);
    out.n_items = items_that_fit(offer, items, &out);
    out.items = list;
    out.unlisted = offer->unlisted + (uint32_t)(offer->item_count - out.n_items);
    g_autoptr(GBytes) bytes = message_pack(&out.base);
    gsize length = 0;
    const uint8_t *content = g_bytes_get_data(bytes, &length);
    return content_is_offer(content, length) ? g_steal_pointer(&bytes) : NULL;
}
