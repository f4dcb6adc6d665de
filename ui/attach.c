#include "ui/attach.h"

#include "ui/chooser.h"

#include <glib/gstdio.h>
#include <string.h>

enum {
    DROP_MAX = 4096 /* things in one drop */
};

static void offer(Face *face, const char *const *paths, const char *conversation)
{
    if (face->host->offer && conversation && paths[0])
        face->host->offer(conversation, paths, face->user);
}

static void act_attach(Face *face, const char *argument)
{
    if (!face->open || face_asks_name(face))
        return;
    if (face->overlay == OVERLAY_ATTACH) {
        face_hide_overlay(face);
        return;
    }
    face_show_overlay(face, OVERLAY_ATTACH);
    face_set_focus(face, "attach-files");
}

static void ask(Face *face, ChooserKind kind)
{
    if (face->overlay == OVERLAY_ATTACH)
        face_hide_overlay(face);
    if (!face->open)
        return;
    const Conversation *to = face_open_conversation(face);
    g_autofree char *name =
        g_strconcat(to && !to->person ? "#" : "", to ? to->name : "people here", NULL);
    g_autofree char *title =
        g_strdup_printf("Offer %s to %s", kind == CHOOSER_FILES ? "files" : "a folder", name);
    chooser_ask(face, kind, title, "Offer", NULL, offer, face->open);
}

static void act_files(Face *face, const char *argument)
{
    ask(face, CHOOSER_FILES);
}

static void act_folder(Face *face, const char *argument)
{
    ask(face, CHOOSER_FOLDER);
}

static void forget_pasted(Face *face, bool remove)
{
    if (face->attach.pasted && remove)
        g_unlink(face->attach.pasted);
    g_clear_pointer(&face->attach.pasted, g_free);
    g_clear_pointer(&face->attach.pasted_in, g_free);
}

static void act_pasted_offer(Face *face, const char *argument)
{
    if (!face->attach.pasted)
        return;
    offer(face, (const char *const[]){face->attach.pasted, NULL}, face->attach.pasted_in);
    forget_pasted(face, false);
    face_set_focus(face, "composer");
}

static void act_pasted_drop(Face *face, const char *argument)
{
    forget_pasted(face, true);
    face_set_focus(face, "composer");
}

const Action *attach_find(const char *name)
{
    static const Action table[] = {
        {"attach", act_attach},           {"attach-files", act_files},
        {"attach-folder", act_folder},    {"pasted-offer", act_pasted_offer},
        {"pasted-drop", act_pasted_drop},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}

static void finish_drop(Face *face)
{
    g_autoptr(GPtrArray) dropped = g_steal_pointer(&face->attach.dropped);
    face->attach.dragging = false;
    face->dirty = true;
    if (!dropped || !dropped->len || !face->open || face_asks_name(face))
        return;
    if (face->overlay != OVERLAY_NONE) {
        face_tell(face, "Not offered: close the dialog, then drop it again.");
        return;
    }
    g_ptr_array_add(dropped, NULL);
    offer(face, (const char *const *)dropped->pdata, face->open);
    face_set_focus(face, "composer");
}

static void drop_text(Face *face, const char *text)
{
    Field *field = face->overlay == OVERLAY_NONE ? face_field(face, "composer") : NULL;
    if (!field || !g_utf8_validate(text, -1, NULL))
        return;
    face_set_focus(face, "composer");
    /* It comes line by line. */
    Editor *editor = field_editor(field);
    bool inserted = face->attach.text_dropped && editor_insert(editor, "\n");
    face->attach.text_dropped = true;
    if (editor_insert(editor, text) || inserted)
        face_edited(face, "composer");
}

void face_set_dragging(Face *face, bool dragging)
{
    if (face->attach.dragging == dragging)
        return;
    face->attach.dragging = dragging;
    /* What is offered to whom must be seen. */
    if (dragging && face->open)
        face->list_shown = face->drawer = false;
    face->dirty = true;
}

bool attach_event(Face *face, const SDL_Event *event)
{
    Attach *attach = &face->attach;
    switch (event->type) {
    case SDL_DROPBEGIN:
        g_clear_pointer(&attach->dropped, g_ptr_array_unref);
        attach->dropped = g_ptr_array_new_with_free_func(g_free);
        attach->text_dropped = false;
        face->dirty = true;
        return true;
    case SDL_DROPFILE:
        if (!attach->dropped)
            attach->dropped = g_ptr_array_new_with_free_func(g_free);
        face_set_dragging(face, true);
        if (event->drop.file && attach->dropped->len < DROP_MAX)
            g_ptr_array_add(attach->dropped, g_strdup(event->drop.file));
        return true;
    case SDL_DROPTEXT:
        if (event->drop.file)
            drop_text(face, event->drop.file);
        return true;
    case SDL_DROPCOMPLETE:
        finish_drop(face);
        return true;
    default:
        return false;
    }
}

char *attach_drop_words(const Face *face)
{
    const Conversation *to = face_open_conversation(face);
    if (!face->attach.dragging || !to || face_asks_name(face) || face->overlay != OVERLAY_NONE)
        return NULL;
    return g_strconcat("Drop to offer to ", to->person ? "" : "#", to->name, NULL);
}

bool attach_paste(Face *face)
{
    if (!face->host->paste_picture || !face->open)
        return false;
    switch (face->host->paste_picture(face->user)) {
    case PASTE_ASKED:
        return true;
    case PASTE_IMPOSSIBLE:
        face_tell(face, "Pictures cannot be pasted under Wayland. Save it, then use the "
                        "paperclip.");
        return true;
    case PASTE_NONE:
        break;
    }
    return false;
}

void face_pasted(Face *face, const char *path, const char *why)
{
    if (!path) {
        face_tell(face, why);
        return;
    }
    forget_pasted(face, true);
    face->attach.pasted = g_strdup(path);
    face->attach.pasted_in = g_strdup(face->open);
    if (face->overlay == OVERLAY_NONE) {
        face->keyboard = true;
        face_set_focus(face, "pasted-offer");
    }
    face->dirty = true;
}

void attach_clear(Face *face)
{
    g_clear_pointer(&face->attach.dropped, g_ptr_array_unref);
    forget_pasted(face, true);
}
