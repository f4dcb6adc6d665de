#include "ui/face_input.h"

#include <string.h>

void face_update_completion(Face *face)
{
    Completion *completion = &face->completion;
    Chat *chat = face_open_chat(face);
    if (!chat)
        return;
    Editor *editor = field_editor(chat->composer);
    if (completion->serial != editor_serial(editor))
        *completion = (Completion){.asked = completion->asked && !completion->serial,
                                   .serial = editor_serial(editor)};
    completion->count = 0;
    bool typed = editor_emoji_prefix(editor, &completion->start, &completion->length);
    if (completion->dismissed || !(completion->asked || (typed && completion->length >= 2)))
        return;
    if (!typed) {
        completion->start = editor_caret(editor);
        completion->length = 0;
    }
    const char *prefix = editor_text(editor) + completion->start + (typed ? 1 : 0);
    completion->count =
        emoji_match(prefix, completion->length, completion->matches, COMPLETIONS_MAX);
    completion->chosen = MIN(completion->chosen, MAX(completion->count, 1) - 1);
}

void face_complete(Face *face, size_t index)
{
    Completion *completion = &face->completion;
    Chat *chat = face_open_chat(face);
    if (!chat || index >= completion->count)
        return;
    Editor *editor = field_editor(chat->composer);
    editor_replace(editor, completion->start, editor_caret(editor),
                   completion->matches[index]->emoji);
    *completion = (Completion){0};
    face_edited(face, "composer");
}

bool face_close_emoji(Face *face, Editor *editor, const char *typed)
{
    size_t start;
    size_t length;
    if (strcmp(typed, ":") != 0 || !editor_emoji_prefix(editor, &start, &length))
        return false;
    const Emoji *emoji = emoji_find(editor_text(editor) + start + 1, length);
    if (!emoji)
        return false;
    editor_replace(editor, start, editor_caret(editor), emoji->emoji);
    return true;
}

bool face_completion_key(Face *face, SDL_Keycode key)
{
    Completion *completion = &face->completion;
    if (!completion->count)
        return false;
    size_t count = completion->count;
    if (key == SDLK_DOWN || key == SDLK_UP) {
        size_t step = key == SDLK_DOWN ? 1 : count - 1;
        completion->chosen = completion->entered ? (completion->chosen + step) % count
                             : key == SDLK_DOWN  ? MIN(1, count - 1)
                                                 : count - 1;
        completion->entered = true;
        return true;
    }
    bool enter = key == SDLK_RETURN || key == SDLK_KP_ENTER;
    if (key == SDLK_TAB || (enter && (completion->entered || completion->asked))) {
        face_complete(face, completion->chosen);
        return true;
    }
    return false;
}
