/* backfence: the window. Glue only: the window's events and the engine's snapshots go into the
 * face, its draw list goes out. */

#include "app/engine.h"
#include "ui/decoder.h"
#include "ui/desktop.h"
#include "ui/face.h"
#include "ui/raster.h"
#include "ui/window.h"
#include "ui/window/files.h"
#include "ui/window/options.h"
#include "ui/window/signals.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define TITLE "Backfence"
#define WIDTH 1100
#define HEIGHT 720
#define AWAY_US (5 * 60 * G_USEC_PER_SEC) /* without a key or a click */

typedef struct {
    Window *window;   /* owned */
    Desktop *desktop; /* owned */
    Engine *engine;   /* owned */
    Face *face;       /* owned */
    Files *files;     /* owned */
    Raster *raster;   /* owned */
    Signals *signals; /* owned */
    char *preferences_path;
    char *title;          /* as shown */
    gint model_waiting;   /* atomic: the engine has a snapshot */
    gint desktop_waiting; /* atomic */
    gint quit_waiting;    /* atomic: a signal asked to end */
    int64_t touched_us;   /* last key or click */
    bool away;
    bool done;
} Program;

static void on_engine(void *user)
{
    Program *program = user;
    g_atomic_int_set(&program->model_waiting, 1);
    window_wake(program->window);
}

static void on_desktop(void *user)
{
    Program *program = user;
    g_atomic_int_set(&program->desktop_waiting, 1);
    window_wake(program->window);
}

static void on_quit(void *user)
{
    Program *program = user;
    g_atomic_int_set(&program->quit_waiting, 1);
    window_wake(program->window);
}

static void on_looks(void *user)
{
    Program *program = user;
    DesktopLooks looks = desktop_looks(program->desktop);
    if (program->face)
        face_set_looks(program->face, looks.dark, looks.high_contrast, looks.reduced_motion);
}

static void host_say(const char *conversation, const char *text, void *user)
{
    engine_say(((Program *)user)->engine, conversation, text);
}

static void host_retry(const char *conversation, const uint8_t *id, void *user)
{
    engine_retry(((Program *)user)->engine, conversation, id);
}

static void host_set_name(const char *name, void *user)
{
    engine_set_name(((Program *)user)->engine, name);
}

static void host_typing(const char *conversation, void *user)
{
    engine_typing(((Program *)user)->engine, conversation);
}

static void host_set_draft(const char *conversation, const char *text, void *user)
{
    engine_set_draft(((Program *)user)->engine, conversation, text);
}

static void host_mark_read(const char *conversation, const uint8_t *id, void *user)
{
    engine_mark_read(((Program *)user)->engine, conversation, id);
}

static void host_load_older(const char *conversation, void *user)
{
    engine_load_older(((Program *)user)->engine, conversation);
}

static void host_open_direct(const uint8_t *key, void *user)
{
    engine_open_direct(((Program *)user)->engine, key);
}

static void host_join(const char *choice, void *user)
{
    engine_join(((Program *)user)->engine, choice);
}

static void host_unlock(const char *passphrase, void *user)
{
    engine_unlock(((Program *)user)->engine, passphrase);
}

static void host_connect(const char *address, void *user)
{
    engine_connect(((Program *)user)->engine, address);
}

static void host_try_now(void *user)
{
    engine_try_now(((Program *)user)->engine);
}

static void host_open_link(const char *url, void *user)
{
    g_autoptr(GError) error = NULL;
    if (!desktop_open(url, &error))
        g_message("%s", error->message);
}

static void host_offer(const char *conversation, const char *const *paths, void *user)
{
    files_offer(((Program *)user)->files, conversation, paths);
}

static void host_accept(const uint8_t *id, const char *into, GBytes *left_out, bool always,
                        void *user)
{
    engine_accept(((Program *)user)->engine, id, into, left_out, always);
}

static void host_transfer(const uint8_t *id, EngineTransferAct act, void *user)
{
    engine_transfer(((Program *)user)->engine, id, act);
}

static void host_accept_no_more(const uint8_t *key, void *user)
{
    engine_accept_no_more(((Program *)user)->engine, key);
}

static void host_set_folder(const char *folder, void *user)
{
    engine_set_folder(((Program *)user)->engine, folder);
}

static bool host_choose(ChooserKind kind, const char *title, const char *accept, const char *folder,
                        unsigned ticket, void *user)
{
    return files_choose(((Program *)user)->files, kind, title, accept, folder, ticket);
}

static void host_open_file(const char *path, void *user)
{
    desktop_open_file(((Program *)user)->desktop, path);
}

static void host_show_in_folder(const char *path, void *user)
{
    desktop_show_in_folder(((Program *)user)->desktop, path);
}

static Picture *host_picture(const char *path, int width, int height, void *user)
{
    return files_picture(((Program *)user)->files, path, width, height);
}

static bool host_picture_size(const char *path, uint32_t *width, uint32_t *height, void *user)
{
    return files_picture_size(((Program *)user)->files, path, width, height);
}

static Picture *host_thumbnail(GBytes *encoded, int width, int height, void *user)
{
    return files_thumbnail(((Program *)user)->files, encoded, width, height);
}

static PasteAnswer host_paste(void *user)
{
    return files_paste(((Program *)user)->files);
}

static void on_chosen(unsigned ticket, const char *const *paths, bool failed, void *user)
{
    face_chosen(((Program *)user)->face, ticket, paths, failed);
}

static void on_told(const char *words, void *user)
{
    face_tell(((Program *)user)->face, words);
}

static void host_attention(void *user)
{
    window_attention(((Program *)user)->window);
}

static char *host_clipboard(void *user)
{
    return window_clipboard();
}

static void host_set_clipboard(const char *text, void *user)
{
    window_set_clipboard(text);
}

static char *host_primary(void *user)
{
    return window_primary();
}

static void host_set_primary(const char *text, void *user)
{
    window_set_primary(text);
}

static void fit_face(Program *program)
{
    int width;
    int height;
    window_size(program->window, &width, &height);
    face_set_size(program->face, width, height, window_scale(program->window));
}

static void host_preferences(const Preferences *preferences, void *user)
{
    Program *program = user;
    g_autoptr(GError) error = NULL;
    window_set_zoom(program->window, preferences->zoom);
    fit_face(program);
    if (!preferences_save(preferences, program->preferences_path, &error))
        g_message("%s", error->message);
}

static const FaceHost host = {
    .say = host_say,
    .retry = host_retry,
    .set_name = host_set_name,
    .typing = host_typing,
    .set_draft = host_set_draft,
    .mark_read = host_mark_read,
    .load_older = host_load_older,
    .open_direct = host_open_direct,
    .join = host_join,
    .connect = host_connect,
    .unlock = host_unlock,
    .try_now = host_try_now,
    .open_link = host_open_link,
    .offer = host_offer,
    .accept = host_accept,
    .transfer = host_transfer,
    .accept_no_more = host_accept_no_more,
    .set_folder = host_set_folder,
    .choose = host_choose,
    .open_file = host_open_file,
    .show_in_folder = host_show_in_folder,
    .picture = host_picture,
    .picture_size = host_picture_size,
    .thumbnail = host_thumbnail,
    .paste_picture = host_paste,
    .attention = host_attention,
    .clipboard = host_clipboard,
    .set_clipboard = host_set_clipboard,
    .primary = host_primary,
    .set_primary = host_set_primary,
    .preferences_changed = host_preferences,
};

static void follow_title(Program *program)
{
    g_autofree char *title = face_title(program->face);
    if (g_strcmp0(title, program->title) == 0)
        return;
    window_set_title(program->window, title);
    g_free(program->title);
    program->title = g_steal_pointer(&title);
}

static void follow_face(Program *program)
{
    static const CursorShape shapes[] = {[FACE_CURSOR_ARROW] = CURSOR_ARROW,
                                         [FACE_CURSOR_TEXT] = CURSOR_TEXT,
                                         [FACE_CURSOR_HAND] = CURSOR_HAND};
    Rect caret;
    bool writes = face_text_input(program->face, &caret);
    window_text_input(program->window, writes);
    if (writes)
        window_text_rect(program->window, caret);
    window_set_cursor(program->window, shapes[face_cursor(program->face)]);
    follow_title(program);
}

static void draw(Program *program)
{
    if (!face_dirty(program->face) || !window_visible(program->window))
        return;
    int64_t begin = g_get_monotonic_time();
    window_present(program->window, program->raster, face_draw(program->face));
    g_debug("frame %" G_GINT64_FORMAT " us", g_get_monotonic_time() - begin);
    follow_face(program);
}

static void set_away(Program *program, bool away)
{
    if (program->away == away)
        return;
    program->away = away;
    engine_set_away(program->engine, away);
}

static void touched(Program *program, int64_t now_us)
{
    program->touched_us = now_us;
    set_away(program, false);
}

static void take_event(Program *program, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT:
        program->done = true;
        break;
    case SDL_WINDOWEVENT:
        fit_face(program);
        face_set_focused(program->face, window_focused(program->window));
        break;
    case SDL_KEYDOWN:
    case SDL_TEXTINPUT:
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEWHEEL:
        touched(program, g_get_monotonic_time());
        break;
    default:
        break;
    }
    face_event(program->face, event);
    if (event->type == SDL_DROPFILE || event->type == SDL_DROPTEXT)
        SDL_free(event->drop.file);
    else if (event->type == window_drag_event())
        face_set_dragging(program->face, event->user.code);
}

static void take_changes(Program *program)
{
    if (g_atomic_int_compare_and_exchange(&program->desktop_waiting, 1, 0)) {
        desktop_dispatch(program->desktop);
        files_dispatch(program->files, program->face);
    }
    if (g_atomic_int_compare_and_exchange(&program->model_waiting, 1, 0)) {
        Model *model = engine_take(program->engine);
        program->done |= model_wants_quit(model);
        face_set_model(program->face, model);
    }
    if (g_atomic_int_get(&program->quit_waiting))
        program->done = true;
}

static int64_t deadline(const Program *program)
{
    int64_t face = window_visible(program->window) ? face_deadline(program->face) : G_MAXINT64;
    int64_t away = program->away ? G_MAXINT64 : program->touched_us + AWAY_US;
    return MIN(face, away);
}

static void run(Program *program)
{
    SDL_Event event;
    while (true) {
        int64_t now = g_get_monotonic_time();
        if (now >= program->touched_us + AWAY_US)
            set_away(program, true);
        face_set_time(program->face, now, g_get_real_time() / 1000);
        take_changes(program);
        if (program->done)
            break;
        draw(program);
        if (!window_wait(program->window, &event, deadline(program)))
            continue;
        face_set_time(program->face, g_get_monotonic_time(), g_get_real_time() / 1000);
        do {
            take_event(program, &event);
        } while (!program->done && window_wait(program->window, &event, 0));
    }
    face_flush(program->face);
}

static gboolean open_program(Program *program, const EngineOptions *options, GError **error)
{
    Preferences preferences = preferences_load(program->preferences_path);
    program->window = window_new(TITLE, WIDTH, HEIGHT, preferences.zoom, error);
    if (!program->window)
        return FALSE;
    program->signals = signals_start(on_quit, program);
    program->engine = engine_new(options, on_engine, program, error);
    if (!program->engine)
        return FALSE;
    Typesetter *typesetter = typesetter_new(window_scale(program->window), error);
    if (!typesetter)
        return FALSE;
    program->raster = raster_new();
    program->face = face_new(&host, program, typesetter, &preferences);
    program->desktop = desktop_new(on_looks, on_desktop, program);
    desktop_set_answers(program->desktop, &(DesktopAnswers){on_chosen, on_told});
    g_autofree char *folder = options->data_dir
                                  ? g_strdup(options->data_dir)
                                  : g_build_filename(g_get_user_data_dir(), "backfence", NULL);
    program->files =
        files_new(program->engine, program->desktop, program->window, folder, on_desktop, program);
    program->touched_us = g_get_monotonic_time();
    on_looks(program);
    fit_face(program);
    face_set_focused(program->face, window_focused(program->window));
    return TRUE;
}

static void close_program(Program *program)
{
    /* First those that wake the window. */
    signals_stop(program->signals);
    files_free(program->files);
    engine_free(program->engine);
    desktop_free(program->desktop);
    face_free(program->face);
    raster_free(program->raster);
    window_free(program->window);
    g_free(program->title);
    g_free(program->preferences_path);
}

/* What goes wrong before there is a window to say it in. */
static int fail(const char *message)
{
    g_printerr("backfence: %s\n", message);
    if (SDL_WasInit(SDL_INIT_VIDEO))
        SDL_ShowSimpleMessageBox(SDL_MESSAGEBOX_ERROR, TITLE, message, NULL);
    return EX_IOERR;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], DECODER_OPTION) == 0)
        return decoder_main(argc - 2, argv + 2);
    engine_prepare_process();
    Options options = {0};
    int code = options_read(&options, argc, argv);
    if (code >= 0)
        return code;
    g_autoptr(GError) error = NULL;
    EngineOptions engine = {.data_dir = options.data_dir,
                            .name = options.name,
                            .connect = options.connect,
                            .use_mdns = !options.no_mdns,
                            .serve = !options.no_serve};
    Program program = {.preferences_path = options_preferences_path(&options)};
    if (open_program(&program, &engine, &error))
        run(&program);
    code = error ? fail(error->message) : EXIT_SUCCESS;
    close_program(&program);
    options_clear(&options);
    return code;
}
