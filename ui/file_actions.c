#include "ui/file_actions.h"

#include "ui/chooser.h"

#include <string.h>

static const Transfer *named(const Face *face, const char *hex)
{
    uint8_t id[TRANSFER_SIZE];
    if (!hex || !face->model || !face_read_hex(hex, id, sizeof id))
        return NULL;
    return model_find_transfer(face->model, id);
}

static void order(Face *face, const char *hex, EngineTransferAct act)
{
    const Transfer *transfer = named(face, hex);
    if (transfer && face->host->transfer)
        face->host->transfer(transfer->id, act, face->user);
}

static void act_accept(Face *face, const char *hex)
{
    const Transfer *transfer = named(face, hex);
    if (transfer && face->host->accept)
        face->host->accept(transfer->id, NULL, NULL, false, face->user);
}

static void act_decline(Face *face, const char *hex)
{
    order(face, hex, ENGINE_DECLINE);
}

static void act_cancel(Face *face, const char *hex)
{
    order(face, hex, ENGINE_CANCEL);
}

static void act_pause(Face *face, const char *hex)
{
    order(face, hex, ENGINE_PAUSE);
}

static void act_resume(Face *face, const char *hex)
{
    order(face, hex, ENGINE_RESUME);
}

static void act_retry(Face *face, const char *hex)
{
    order(face, hex, ENGINE_RETRY);
}

static void act_open(Face *face, const char *hex)
{
    const Transfer *transfer = named(face, hex);
    if (transfer && transfer->path && face->host->open_file)
        face->host->open_file(transfer->path, face->user);
}

static void act_show(Face *face, const char *hex)
{
    const Transfer *transfer = named(face, hex);
    if (transfer && transfer->path && face->host->show_in_folder)
        face->host->show_in_folder(transfer->path, face->user);
}

static void act_transfers(Face *face, const char *argument)
{
    if (!face->model)
        return;
    if (face->overlay == OVERLAY_TRANSFERS) {
        face_hide_overlay(face);
        return;
    }
    face->sheet_scroll = 0;
    face_show_overlay(face, OVERLAY_TRANSFERS);
    face_set_focus(face, "dialog-close");
}

static void act_files(Face *face, const char *argument)
{
    if (!face->model)
        return;
    face->sheet_scroll = 0;
    face_show_overlay(face, OVERLAY_FILES);
    face_set_focus(face, "folder-change");
}

static void folder_chosen(Face *face, const char *const *paths, const char *argument)
{
    if (face->host->set_folder)
        face->host->set_folder(paths[0], face->user);
}

static void act_folder_change(Face *face, const char *argument)
{
    const char *folder = face->model ? model_folder(face->model) : "";
    chooser_ask(face, CHOOSER_FOLDER, "Where received files go", "Choose", *folder ? folder : NULL,
                folder_chosen, NULL);
}

static void act_accept_no_more(Face *face, const char *hex)
{
    uint8_t key[MODEL_KEY_SIZE];
    if (hex && face_read_hex(hex, key, sizeof key) && face->host->accept_no_more)
        face->host->accept_no_more(key, face->user);
}

const Action *file_actions_find(const char *name)
{
    static const Action table[] = {
        {"accept-no-more", act_accept_no_more},
        {"file-open", act_open},
        {"file-show", act_show},
        {"files", act_files},
        {"folder-change", act_folder_change},
        {"transfer-accept", act_accept},
        {"transfer-cancel", act_cancel},
        {"transfer-decline", act_decline},
        {"transfer-pause", act_pause},
        {"transfer-resume", act_resume},
        {"transfer-retry", act_retry},
        {"transfers", act_transfers},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    }
    return NULL;
}
