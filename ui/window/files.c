#include "ui/window/files.h"

#include "ui/offering.h"
#include "ui/paste.h"
#include "ui/preview.h"

struct Files {
    Engine *engine;
    Desktop *desktop;
    Window *window;
    void (*wake)(void *user);
    void *user;
    Offerings *offerings; /* owned */
    Previews *previews;   /* owned */
    Paste *paste;         /* owned */
    GAsyncQueue *news;    /* owned; News, from other threads */
};

/* Either a picture that was pasted or a sentence. */
typedef struct {
    char *pasted, *words; /* owned */
} News;

static void free_news(gpointer data)
{
    News *news = data;
    g_free(news->pasted);
    g_free(news->words);
    g_free(news);
}

static void tell(Files *files, const char *pasted, const char *words)
{
    News *news = g_new0(News, 1);
    news->pasted = g_strdup(pasted);
    news->words = g_strdup(words);
    g_async_queue_push(files->news, news);
    files->wake(files->user);
}

static void offer_ready(const char *conversation, const char *const *paths, GBytes *thumbnail,
                        uint32_t width, uint32_t height, const char *complaint, void *user)
{
    Files *files = user;
    if (complaint)
        tell(files, NULL, complaint);
    if (paths)
        engine_offer(files->engine, conversation, paths, thumbnail, width, height);
}

static void paste_ready(const char *path, const char *why, void *user)
{
    tell(user, path, why);
}

Files *files_new(Engine *engine, Desktop *desktop, Window *window, const char *folder,
                 void (*wake)(void *user), void *user)
{
    Files *files = g_new0(Files, 1);
    files->engine = engine;
    files->desktop = desktop;
    files->window = window;
    files->wake = wake;
    files->user = user;
    files->news = g_async_queue_new_full(free_news);
    files->offerings = offerings_new(offer_ready, files);
    files->previews = previews_new(wake, user);
    g_autofree char *pasted = g_build_filename(folder, "pasted", NULL);
    files->paste = paste_new(pasted, paste_ready, files);
    return files;
}

void files_free(Files *files)
{
    if (!files)
        return;
    paste_free(files->paste);
    previews_free(files->previews);
    offerings_free(files->offerings);
    g_async_queue_unref(files->news);
    g_free(files);
}

void files_dispatch(Files *files, Face *face)
{
    News *news;
    while ((news = g_async_queue_try_pop(files->news))) {
        if (news->pasted)
            face_pasted(face, news->pasted, NULL);
        else
            face_tell(face, news->words);
        free_news(news);
    }
    if (previews_dispatch(files->previews))
        face_pictures_changed(face);
}

void files_offer(Files *files, const char *conversation, const char *const *paths)
{
    offerings_add(files->offerings, conversation, paths, *conversation == '@');
}

bool files_choose(Files *files, ChooserKind kind, const char *title, const char *accept,
                  const char *folder, unsigned ticket)
{
    g_autofree char *parent = window_portal_name(files->window);
    return desktop_choose(files->desktop, kind, title, accept, folder, parent, ticket);
}

Picture *files_picture(Files *files, const char *path, int width, int height)
{
    return previews_file(files->previews, path, width, height);
}

bool files_picture_size(Files *files, const char *path, uint32_t *width, uint32_t *height)
{
    return previews_size(files->previews, path, width, height);
}

Picture *files_thumbnail(Files *files, GBytes *encoded, int width, int height)
{
    return previews_bytes(files->previews, encoded, width, height);
}

PasteAnswer files_paste(Files *files)
{
    if (window_has_text())
        return PASTE_NONE;
    if (!window_gives_pictures(files->window))
        return PASTE_IMPOSSIBLE;
    paste_ask(files->paste);
    return PASTE_ASKED;
}
