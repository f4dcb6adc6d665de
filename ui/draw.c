#include "ui/draw.h"

#include "ui/commands.h"
#include "ui/paragraph.h"
#include "ui/picture.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Clips and opacity are resolved while the list is recorded: each command then stands for itself,
 * and a tile's hash is a fold over its commands. */

enum {
    EVERYWHERE = 1 << 24
};

struct DrawList {
    GArray *commands;  /* Command */
    GArray *clips;     /* Rect, each inside the one below it */
    GArray *opacities; /* uint8_t, each multiplied by those below it */
};

DrawList *draw_list_new(void)
{
    DrawList *list = g_new0(DrawList, 1);
    list->commands = g_array_new(FALSE, FALSE, sizeof(Command));
    list->clips = g_array_new(FALSE, FALSE, sizeof(Rect));
    list->opacities = g_array_new(FALSE, FALSE, sizeof(uint8_t));
    return list;
}

void draw_list_free(DrawList *list)
{
    if (!list)
        return;
    draw_list_clear(list);
    g_array_unref(list->commands);
    g_array_unref(list->clips);
    g_array_unref(list->opacities);
    g_free(list);
}

void draw_list_clear(DrawList *list)
{
    for (guint i = 0; i < list->commands->len; i++) {
        Command *command = &g_array_index(list->commands, Command, i);
        if (command->kind == COMMAND_PARAGRAPH)
            paragraph_unref(command->paragraph);
        else if (command->kind == COMMAND_PICTURE)
            picture_unref(command->picture);
    }
    g_array_set_size(list->commands, 0);
    g_array_set_size(list->clips, 0);
    g_array_set_size(list->opacities, 0);
}

const GArray *draw_list_commands(const DrawList *list)
{
    return list->commands;
}

static Rect current_clip(const DrawList *list)
{
    if (list->clips->len == 0)
        return (Rect){-EVERYWHERE, -EVERYWHERE, 2 * EVERYWHERE, 2 * EVERYWHERE};
    return g_array_index(list->clips, Rect, list->clips->len - 1);
}

static uint8_t current_opacity(const DrawList *list)
{
    if (list->opacities->len == 0)
        return 255;
    return g_array_index(list->opacities, uint8_t, list->opacities->len - 1);
}

static uint8_t multiply(uint8_t a, uint8_t b)
{
    return (uint8_t)((a * b + 127) / 255);
}

/* Takes over nothing: an object must have been referenced only when this returns true. */
static bool append(DrawList *list, Command command, Rect reach, uint64_t object_hash)
{
    command.clip = current_clip(list);
    command.bounds = rect_intersect(reach, command.clip);
    command.opacity = current_opacity(list);
    bool has_object = command.kind == COMMAND_PARAGRAPH || command.kind == COMMAND_PICTURE;
    uint8_t alpha = multiply((uint8_t)(command.color >> 24), command.opacity);
    command.color = (command.color & 0xffffffu) | (uint32_t)alpha << 24;
    if (rect_empty(command.bounds) || command.opacity == 0 || (!has_object && alpha == 0))
        return false;
    uint64_t words[] = {
        (uint64_t)command.kind << 32 | command.color,
        (uint64_t)(uint32_t)command.rect.x << 32 | (uint32_t)command.rect.y,
        (uint64_t)(uint32_t)command.rect.w << 32 | (uint32_t)command.rect.h,
        (uint64_t)(uint32_t)command.clip.x << 32 | (uint32_t)command.clip.y,
        (uint64_t)(uint32_t)command.clip.w << 32 | (uint32_t)command.clip.h,
        (uint64_t)(uint32_t)command.radius << 32 | (uint32_t)command.width,
        (uint64_t)command.opacity,
        object_hash,
    };
    command.hash = XXH3_64bits(words, sizeof words);
    g_array_append_val(list->commands, command);
    return true;
}

void draw_rect(DrawList *list, Rect rect, int radius, Color color)
{
    append(list, (Command){.kind = COMMAND_RECT, .rect = rect, .radius = radius, .color = color},
           rect, 0);
}

void draw_border(DrawList *list, Rect rect, int radius, int width, Color color)
{
    append(
        list,
        (Command){
            .kind = COMMAND_BORDER, .rect = rect, .radius = radius, .width = width, .color = color},
        rect, 0);
}

void draw_shadow(DrawList *list, Rect rect, int radius, int blur, Color color)
{
    Rect reach = {rect.x - blur, rect.y - blur, rect.w + 2 * blur, rect.h + 2 * blur};
    append(
        list,
        (Command){
            .kind = COMMAND_SHADOW, .rect = rect, .radius = radius, .width = blur, .color = color},
        reach, 0);
}

void draw_picture(DrawList *list, Rect rect, Picture *picture, int radius, Color tint)
{
    Command command = {
        .kind = COMMAND_PICTURE, .rect = rect, .radius = radius, .color = tint, .picture = picture};
    if (picture && append(list, command, rect, picture_hash(picture)))
        picture_ref(picture);
}

void draw_paragraph(DrawList *list, Paragraph *paragraph, int x, int y)
{
    if (!paragraph)
        return;
    Rect ink = paragraph_ink(paragraph);
    Rect reach = {x + ink.x, y + ink.y, ink.w, ink.h};
    Command command = {.kind = COMMAND_PARAGRAPH, .rect = {x, y, 0, 0}, .paragraph = paragraph};
    if (append(list, command, reach, paragraph_hash(paragraph)))
        paragraph_ref(paragraph);
}

void draw_crescent(DrawList *list, Rect rect, Color color)
{
    append(list, (Command){.kind = COMMAND_CRESCENT, .rect = rect, .color = color}, rect, 0);
}

void draw_push_clip(DrawList *list, Rect rect)
{
    Rect clip = rect_intersect(rect, current_clip(list));
    g_array_append_val(list->clips, clip);
}

void draw_pop_clip(DrawList *list)
{
    g_return_if_fail(list->clips->len > 0);
    g_array_set_size(list->clips, list->clips->len - 1);
}

void draw_push_opacity(DrawList *list, uint8_t opacity)
{
    uint8_t product = multiply(opacity, current_opacity(list));
    g_array_append_val(list->opacities, product);
}

void draw_pop_opacity(DrawList *list)
{
    g_return_if_fail(list->opacities->len > 0);
    g_array_set_size(list->opacities, list->opacities->len - 1);
}
