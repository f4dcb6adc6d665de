#include "ui/chooser.h"

#include "ui/chooser_dialog.h"
#include "ui/path_text.h"

#include <string.h>

enum {
    LONGEST_PATH = 4096
};

struct Chooser {
    ChooserKind kind;
    char *title, *accept, *folder, *argument; /* owned */
    ChooserDone done;                         /* NULL: nothing is being chosen */
    unsigned ticket;                          /* of the last question to the desktop */
    Field *field;                             /* owned */
    char *error;                              /* owned; NULL: none */
};

Chooser *chooser_new(void)
{
    Chooser *chooser = g_new0(Chooser, 1);
    chooser->field = field_new(false, LONGEST_PATH);
    return chooser;
}

static void forget(Chooser *chooser)
{
    chooser->done = NULL;
    g_clear_pointer(&chooser->title, g_free);
    g_clear_pointer(&chooser->accept, g_free);
    g_clear_pointer(&chooser->folder, g_free);
    g_clear_pointer(&chooser->argument, g_free);
    g_clear_pointer(&chooser->error, g_free);
}

void chooser_free(Chooser *chooser)
{
    if (!chooser)
        return;
    forget(chooser);
    field_free(chooser->field);
    g_free(chooser);
}

static void show_dialog(Face *face)
{
    Chooser *chooser = face->chooser;
    const char *folder = chooser->folder ? chooser->folder : g_get_home_dir();
    g_autofree char *shown = path_text_show(folder);
    g_autofree char *begun = g_strconcat(shown, g_str_has_suffix(shown, "/") ? "" : "/", NULL);
    editor_set_text(field_editor(chooser->field), begun);
    face_show_overlay(face, OVERLAY_CHOOSER);
    face_set_focus(face, "chooser-field");
}

void chooser_ask(Face *face, ChooserKind kind, const char *title, const char *accept,
                 const char *folder, ChooserDone done, const char *argument)
{
    Chooser *chooser = face->chooser;
    g_autofree char *kept = g_strdup(argument);
    forget(chooser);
    chooser->kind = kind;
    chooser->title = g_strdup(title);
    chooser->accept = g_strdup(accept);
    chooser->folder = g_strdup(folder);
    chooser->argument = g_steal_pointer(&kept);
    chooser->done = done;
    chooser->ticket++;
    if (!face->host->choose ||
        !face->host->choose(kind, title, accept, folder, chooser->ticket, face->user))
        show_dialog(face);
}

static void finish(Face *face, const char *const *paths)
{
    Chooser *chooser = face->chooser;
    ChooserDone done = chooser->done;
    g_autofree char *argument = g_steal_pointer(&chooser->argument);
    forget(chooser);
    if (done && paths && paths[0])
        done(face, paths, argument);
    face->dirty = true;
}

void face_chosen(Face *face, unsigned ticket, const char *const *paths, bool failed)
{
    Chooser *chooser = face->chooser;
    if (ticket != chooser->ticket || !chooser->done)
        return;
    if (failed)
        show_dialog(face);
    else
        finish(face, paths);
}

Field *chooser_field(Chooser *chooser)
{
    return chooser->field;
}

const char *chooser_error(const Chooser *chooser)
{
    return chooser->error ? chooser->error : "";
}

const char *chooser_title(const Chooser *chooser)
{
    return chooser->title ? chooser->title : "";
}

const char *chooser_accept_text(const Chooser *chooser)
{
    return chooser->accept ? chooser->accept : "Choose";
}

ChooserKind chooser_kind(const Chooser *chooser)
{
    return chooser->kind;
}

void chooser_edited(Chooser *chooser)
{
    g_clear_pointer(&chooser->error, g_free);
}

bool chooser_complete(Face *face)
{
    Chooser *chooser = face->chooser;
    if (face->overlay != OVERLAY_CHOOSER || g_strcmp0(face->focus, "chooser-field") != 0)
        return false;
    Editor *editor = field_editor(chooser->field);
    const char *typed = editor_text(editor);
    if (editor_caret(editor) != strlen(typed))
        return false;
    g_autofree char *more = path_text_complete(typed, chooser->kind == CHOOSER_FOLDER);
    if (!more)
        return false;
    editor_replace(editor, 0, strlen(typed), more);
    face_edited(face, "chooser-field");
    return true;
}

/* Why nothing can be done with this path; NULL when something can. */
static const char *objection(const Chooser *chooser, const char *path)
{
    if (!path)
        return "Type a path, such as ~/Documents/report.pdf.";
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return "There is nothing of this name.";
    if (chooser->kind == CHOOSER_FOLDER && !g_file_test(path, G_FILE_TEST_IS_DIR))
        return "This is not a folder.";
    return NULL;
}

static void act_accept(Face *face, const char *argument)
{
    Chooser *chooser = face->chooser;
    if (face->overlay != OVERLAY_CHOOSER)
        return;
    g_autofree char *path = path_text_read(editor_text(field_editor(chooser->field)));
    const char *why = objection(chooser, path);
    if (why) {
        g_free(chooser->error);
        chooser->error = g_strdup(why);
        face_set_focus(face, "chooser-field");
        return;
    }
    face_hide_overlay(face);
    finish(face, (const char *const[]){path, NULL});
}

const Action *chooser_find(const char *name)
{
    static const Action accept = {"chooser-accept", act_accept};
    return strcmp(name, accept.name) == 0 ? &accept : NULL;
}
