#include "ui/file_words.h"

#include "app/files/file_name.h"
#include "ui/format.h"

#include <math.h>
#include <string.h>

#define NAMED_ITEMS 2 /* in the line of names */

static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};

/* The unit in which `bytes` has one to three digits; 1.0 for plain bytes, `unit` -1. */
static double unit_of(uint64_t bytes, int *unit)
{
    double size = 1.0;
    *unit = -1;
    while ((double)bytes / size >= 999.5 && *unit + 1 < (int)G_N_ELEMENTS(units)) {
        size *= 1000.0;
        (*unit)++;
    }
    return size;
}

char *words_size(uint64_t bytes)
{
    int unit;
    double value = (double)bytes / unit_of(bytes, &unit);
    if (unit < 0)
        return g_strdup_printf(bytes == 1 ? "1 byte" : "%.0f bytes", value);
    return g_strdup_printf("%.*f %s", value < 99.95 ? 1 : 0, value, units[unit]);
}

char *words_amount(uint64_t bytes, uint64_t total)
{
    int unit;
    double size = unit_of(total, &unit);
    g_autofree char *whole = words_size(total);
    int digits = unit >= 0 && (double)total / size < 99.95 ? 1 : 0;
    return g_strdup_printf("%.*f of %s", digits, (double)MIN(bytes, total) / size, whole);
}

char *words_number(uint64_t number)
{
    g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    GString *out = g_string_new(NULL);
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            g_string_append_c(out, ',');
        g_string_append_c(out, digits[i]);
    }
    return g_string_free(out, FALSE);
}

char *words_left(int64_t left_ms)
{
    int64_t seconds = left_ms / 1000 + 1;
    if (left_ms < 0)
        return g_strdup("");
    if (seconds < 60)
        return g_strdup_printf("%d s left", (int)seconds);
    int64_t minutes = (seconds + 59) / 60;
    if (minutes < 60)
        return g_strdup_printf("%d min left", (int)minutes);
    if (minutes >= 24 * 60)
        return g_strdup("more than a day left");
    return g_strdup_printf("%d h %d min left", (int)(minutes / 60), (int)(minutes % 60));
}

static uint64_t item_total(const Offer *offer)
{
    return offer->item_count + (uint64_t)offer->unlisted;
}

static char *count_of(uint64_t number, const char *one, const char *many)
{
    g_autofree char *digits = words_number(number);
    return number == 1 ? g_strdup(one) : g_strdup_printf("%s %s", digits, many);
}

bool words_is_single(const Offer *offer)
{
    return item_total(offer) == 1 && offer->item_count == 1;
}

char *words_title(const Offer *offer)
{
    if (words_is_single(offer))
        return transfer_item_shown(&offer->items[0]);
    bool folders = false;
    for (size_t i = 0; i < offer->item_count; i++)
        folders |= offer->items[i].folder;
    return count_of(item_total(offer), folders ? "1 item" : "1 file",
                    folders || offer->unlisted ? "items" : "files");
}

char *words_items(const Offer *offer)
{
    uint64_t total = item_total(offer);
    if (total <= 1)
        return g_strdup("");
    GString *out = g_string_new(NULL);
    size_t shown = MIN(offer->item_count, total == NAMED_ITEMS + 1 ? NAMED_ITEMS + 1 : NAMED_ITEMS);
    for (size_t i = 0; i < shown; i++) {
        g_autofree char *name = transfer_item_shown(&offer->items[i]);
        const char *between = !i ? "" : i + 1 == total ? " and " : ", ";
        g_string_append_printf(out, "%s%s", between, name);
    }
    g_autofree char *rest = words_number(total - shown);
    if (shown < total)
        g_string_append_printf(out, " and %s more", rest);
    return g_string_free(out, FALSE);
}

char *words_total(const Offer *offer)
{
    g_autofree char *size = words_size(offer->bytes);
    bool single = words_is_single(offer) && !offer->items[0].folder;
    if (single)
        return g_steal_pointer(&size);
    if (offer->files == 0)
        return g_strdup(item_total(offer) == 1 ? "Empty folder" : "Empty folders");
    g_autofree char *files = count_of(offer->files, "1 file", "files");
    bool files_only = item_total(offer) == offer->files && item_total(offer) > 1;
    return files_only ? g_steal_pointer(&size) : g_strdup_printf("%s · %s", files, size);
}

char *words_folder(const char *path)
{
    if (!path || !*path)
        return g_strdup("Downloads");
    g_autofree char *name = g_path_get_basename(path);
    return g_filename_display_name(name);
}

/* --- states --- */

static void add(GPtrArray *parts, char *part)
{
    if (part && *part)
        g_ptr_array_add(parts, part);
    else
        g_free(part);
}

static void add_amount(GPtrArray *parts, const Transfer *transfer)
{
    if (transfer->bytes > 0 && transfer->total > 0)
        add(parts, words_amount(transfer->bytes, transfer->total));
    else
        add(parts, words_size(transfer->total));
}

static void running(GPtrArray *parts, const Transfer *transfer)
{
    add(parts, words_amount(transfer->bytes, transfer->total));
    add(parts, words_left(transfer->left_ms));
    bool relay = transfer->way == TRANSFER_WAY_RELAY;
    if (relay)
        add(parts, g_strdup("through the relay"));
    if (transfer->rate) {
        g_autofree char *rate = words_size(transfer->rate);
        add(parts, g_strdup_printf("%s/s", rate));
    }
    if (transfer->way == TRANSFER_WAY_DIRECT || transfer->way == TRANSFER_WAY_REVERSE)
        add(parts, g_strdup("direct"));
}

/* A single sentence loses its full stop: other parts may follow it. */
static char *why_or(const Transfer *transfer, char *words)
{
    if (!transfer->why || !*transfer->why)
        return words;
    g_free(words);
    char *why = format_sentence(transfer->why);
    size_t length = strlen(why);
    if (why[length - 1] == '.' && !strstr(why, ". ") && transfer->state != TRANSFER_FAILED)
        why[length - 1] = '\0';
    return why;
}

static void waiting(GPtrArray *parts, const Transfer *transfer, const char *other)
{
    add(parts, why_or(transfer, g_strdup_printf("Waiting for %s", other)));
    if (transfer->bytes)
        add_amount(parts, transfer);
}

static void ended(GPtrArray *parts, const Transfer *transfer, const char *other)
{
    bool out = transfer->outgoing;
    if (transfer->state == TRANSFER_DECLINED)
        add(parts, out ? g_strdup_printf("%s declined", other) : g_strdup("Declined"));
    else if (transfer->state == TRANSFER_FAILED)
        add(parts, why_or(transfer, g_strdup("This did not work.")));
    else if (!transfer->by_peer)
        add(parts, g_strdup("Cancelled"));
    else
        add(parts, why_or(transfer, g_strdup_printf("%s cancelled", other)));
    if (transfer->state != TRANSFER_FAILED)
        add(parts, words_total(transfer->content));
}

GPtrArray *words_state(const Transfer *transfer, const char *other)
{
    GPtrArray *parts = g_ptr_array_new_with_free_func(g_free);
    switch (transfer->state) {
    case TRANSFER_OFFERED:
        add(parts, words_total(transfer->content));
        if (transfer->outgoing && transfer->in_room)
            add(parts, g_strdup("offered to everyone"));
        else if (transfer->outgoing)
            add(parts, g_strdup_printf("waiting for %s", other));
        break;
    case TRANSFER_WAITING:
        waiting(parts, transfer, other);
        break;
    case TRANSFER_RUNNING:
        running(parts, transfer);
        break;
    case TRANSFER_CHECKING:
        add(parts, g_strdup("Checking what is here…"));
        add_amount(parts, transfer);
        break;
    case TRANSFER_PAUSED:
        add(parts, transfer->by_peer ? g_strdup_printf("Paused by %s", other) : g_strdup("Paused"));
        add_amount(parts, transfer);
        break;
    case TRANSFER_DONE:
        if (transfer->outgoing)
            add(parts, g_strdup_printf("%s has it", other));
        add(parts, words_size(transfer->total));
        if (transfer->way == TRANSFER_WAY_RELAY)
            add(parts, g_strdup("through the relay"));
        break;
    default:
        ended(parts, transfer, other);
        break;
    }
    return parts;
}

char *words_join(const GPtrArray *parts, guint count)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < parts->len && (!count || i < count); i++)
        g_string_append_printf(out, "%s%s", i ? " · " : "", (const char *)parts->pdata[i]);
    return g_string_free(out, FALSE);
}

bool words_is_active(const Transfer *transfer)
{
    return transfer->state == TRANSFER_WAITING || transfer->state == TRANSFER_RUNNING ||
           transfer->state == TRANSFER_CHECKING || transfer->state == TRANSFER_PAUSED;
}

double words_fraction(const Transfer *transfer)
{
    if (transfer->state == TRANSFER_DONE)
        return 1.0;
    if (!transfer->total)
        return 0.0;
    return CLAMP((double)transfer->bytes / (double)transfer->total, 0.0, 1.0);
}

/* --- kinds --- */

static const struct {
    const char *icon;
    const char *endings; /* between blanks */
} kinds[] = {
    {"image", " png jpg jpeg gif webp heic heif avif bmp tif tiff svg raw cr2 nef xcf psd "},
    {"film", " mp4 mkv mov avi webm m4v mpg mpeg wmv flv ogv "},
    {"music", " mp3 flac ogg oga opus wav m4a aac mid wma "},
    {"archive", " zip tar gz tgz xz bz2 zst 7z rar deb rpm iso jar apk dmg cab "},
};

const char *words_icon(const char *name)
{
    g_autofree char *ending = file_name_extension(name);
    g_autofree char *wanted = g_strdup_printf(" %s ", ending);
    for (size_t i = 0; *ending && i < G_N_ELEMENTS(kinds); i++) {
        if (strstr(kinds[i].endings, wanted))
            return kinds[i].icon;
    }
    return "file";
}

const char *words_offer_icon(const Offer *offer)
{
    if (!words_is_single(offer))
        return "files";
    return offer->items[0].folder ? "folder" : words_icon(offer->items[0].name);
}

bool words_is_picture(const Offer *offer)
{
    static const char *const shown = " png jpg jpeg gif webp bmp ";
    if (!words_is_single(offer) || offer->items[0].folder)
        return false;
    g_autofree char *ending = file_name_extension(offer->items[0].name);
    g_autofree char *wanted = g_strdup_printf(" %s ", ending);
    return *ending && strstr(shown, wanted) != NULL;
}
