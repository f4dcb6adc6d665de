/* A host of a face that only writes down what it is told. */
#include "tests/unit/ui/sample.h"
#include "ui/picture.h"

#include <string.h>

static void note(void *user, const char *what, const char *a, const char *b)
{
    Recorder *recorder = user;
    g_string_append_printf(recorder->log, "%s%s%s%s%s\n", what, a ? " " : "", a ? a : "",
                           b ? " " : "", b ? b : "");
}

static void on_say(const char *conversation, const char *text, void *user)
{
    note(user, "say", conversation, text);
}

static void on_retry(const char *conversation, const uint8_t *id, void *user)
{
    g_autofree char *first = g_strdup_printf("%d", id[0]);
    note(user, "retry", conversation, first);
}

static void on_set_name(const char *name, void *user)
{
    note(user, "name", name, NULL);
}

static void on_typing(const char *conversation, void *user)
{
    note(user, "typing", conversation, NULL);
}

static void on_draft(const char *conversation, const char *text, void *user)
{
    note(user, "draft", conversation, text);
}

static void on_read(const char *conversation, const uint8_t *id, void *user)
{
    note(user, "read", conversation, NULL);
}

static void on_older(const char *conversation, void *user)
{
    note(user, "older", conversation, NULL);
}

static void on_direct(const uint8_t *key, void *user)
{
    g_autofree char *first = g_strdup_printf("%d", key[0]);
    note(user, "direct", first, NULL);
}

static void on_join(const char *id, void *user)
{
    note(user, "join", id, NULL);
}

static void on_unlock(const char *passphrase, void *user)
{
    note(user, "unlock", passphrase, NULL);
}

static void on_connect(const char *address, void *user)
{
    note(user, "connect", address, NULL);
}

static void on_try(void *user)
{
    note(user, "try", NULL, NULL);
}

static void on_link(const char *url, void *user)
{
    note(user, "link", url, NULL);
}

static void on_accept(const uint8_t *id, const char *into, GBytes *left_out, bool always,
                      void *user)
{
    GString *how = g_string_new(into ? into : "-");
    const uint8_t *bits = left_out ? g_bytes_get_data(left_out, NULL) : NULL;
    if (bits)
        g_string_append_printf(how, " without %02x", bits[0]);
    if (always)
        g_string_append(how, " always");
    g_autofree char *words = g_string_free(how, FALSE);
    g_autofree char *which = g_strdup_printf("%d", id[1]);
    note(user, "accept", which, words);
}

static void on_transfer(const uint8_t *id, EngineTransferAct act, void *user)
{
    static const char *const acts[] = {"decline", "cancel", "pause", "resume", "retry"};
    g_autofree char *which = g_strdup_printf("%d", id[1]);
    note(user, acts[act], which, NULL);
}

static void on_accept_no_more(const uint8_t *key, void *user)
{
    g_autofree char *first = g_strdup_printf("%d", key[1]);
    note(user, "accept-no-more", first, NULL);
}

static void on_set_folder(const char *folder, void *user)
{
    note(user, "folder", folder, NULL);
}

Picture *sample_picture(int width, int height)
{
    static GHashTable *made; /* size → Picture */
    if (!made)
        made = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (width * 3 > height * 4)
        width = height * 4 / 3;
    else
        height = width * 3 / 4;
    gpointer key = GINT_TO_POINTER(width << 14 | height);
    Picture *picture = g_hash_table_lookup(made, key);
    if (picture)
        return picture;
    g_autofree uint32_t *pixels = g_new(uint32_t, (size_t)width * (size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            bool hill = y > height * 2 / 3 - (x * (width - x)) * height / (width * width);
            uint32_t shade = (uint32_t)(y * 96 / height);
            pixels[y * width + x] =
                hill ? 0xff2f6b3a + (shade << 8) : 0xff4f94cd + (shade / 2 << 16);
        }
    picture = picture_new(pixels, width, height, width);
    g_hash_table_insert(made, key, picture);
    return picture;
}

static void on_offer(const char *conversation, const char *const *paths, void *user)
{
    g_autofree char *all = g_strjoinv(" ", (char **)paths);
    note(user, "offer", conversation, all);
}

static bool on_choose(ChooserKind kind, const char *title, const char *accept, const char *folder,
                      unsigned ticket, void *user)
{
    Recorder *recorder = user;
    if (!recorder->portal)
        return false;
    recorder->ticket = ticket;
    note(user, "choose", title, folder);
    return true;
}

static void on_open_file(const char *path, void *user)
{
    note(user, "open-file", path, NULL);
}

static void on_show_in_folder(const char *path, void *user)
{
    note(user, "show-in-folder", path, NULL);
}

static Picture *on_picture(const char *path, int width, int height, void *user)
{
    Recorder *recorder = user;
    return recorder->picture ? recorder->picture(width, height) : NULL;
}

static bool on_picture_size(const char *path, uint32_t *width, uint32_t *height, void *user)
{
    Recorder *recorder = user;
    *width = recorder->picture_width;
    *height = recorder->picture_height;
    return recorder->picture_width && recorder->picture_height;
}

static Picture *on_thumbnail(GBytes *encoded, int width, int height, void *user)
{
    Recorder *recorder = user;
    return recorder->picture ? recorder->picture(width, height) : NULL;
}

static PasteAnswer on_paste(void *user)
{
    return ((Recorder *)user)->paste;
}

static void on_attention(void *user)
{
    ((Recorder *)user)->attentions++;
}

static char *get_clipboard(void *user)
{
    return g_strdup(((Recorder *)user)->clipboard);
}

static void set_clipboard(const char *text, void *user)
{
    Recorder *recorder = user;
    g_free(recorder->clipboard);
    recorder->clipboard = g_strdup(text);
}

static char *get_primary(void *user)
{
    return g_strdup(((Recorder *)user)->primary);
}

static void set_primary(const char *text, void *user)
{
    Recorder *recorder = user;
    g_free(recorder->primary);
    recorder->primary = g_strdup(text);
}

static void on_preferences(const Preferences *preferences, void *user)
{
    ((Recorder *)user)->preferences = *preferences;
}

const FaceHost recorder_host = {
    .say = on_say,
    .retry = on_retry,
    .set_name = on_set_name,
    .typing = on_typing,
    .set_draft = on_draft,
    .mark_read = on_read,
    .load_older = on_older,
    .open_direct = on_direct,
    .join = on_join,
    .connect = on_connect,
    .unlock = on_unlock,
    .try_now = on_try,
    .open_link = on_link,
    .offer = on_offer,
    .accept = on_accept,
    .transfer = on_transfer,
    .accept_no_more = on_accept_no_more,
    .set_folder = on_set_folder,
    .choose = on_choose,
    .open_file = on_open_file,
    .show_in_folder = on_show_in_folder,
    .picture = on_picture,
    .picture_size = on_picture_size,
    .thumbnail = on_thumbnail,
    .paste_picture = on_paste,
    .attention = on_attention,
    .clipboard = get_clipboard,
    .set_clipboard = set_clipboard,
    .primary = get_primary,
    .set_primary = set_primary,
    .preferences_changed = on_preferences,
};

Recorder *recorder_new(void)
{
    Recorder *recorder = g_new0(Recorder, 1);
    recorder->log = g_string_new(NULL);
    return recorder;
}

void recorder_free(Recorder *recorder)
{
    if (!recorder)
        return;
    g_string_free(recorder->log, TRUE);
    g_free(recorder->clipboard);
    g_free(recorder->primary);
    g_free(recorder);
}
