#include "ui/raster.h"

#include "ui/commands.h"
#include "ui/paragraph_draw.h"
#include "ui/picture_draw.h"
#include "ui/shapes.h"

#include <SDL2/SDL.h>

/* Each frame folds the hashes of all commands into the tiles that they touch, in order; tiles that
 * differ from the last frame are joined to rectangles, and the whole list is drawn once for each
 * rectangle, clipped to it. */

enum {
    TILE = 64
};

struct Raster {
    SDL_Surface *surface; /* borrowed: only compared after the call */
    int width, height;
    int columns, rows;
    uint64_t *seen; /* owned; columns × rows hashes of the last frame */
    uint64_t *now;  /* owned; of this frame */
    GArray *dirty;  /* Rect */
    Shapes *shapes; /* owned */
    bool forgotten;
};

Raster *raster_new(void)
{
    Raster *raster = g_new0(Raster, 1);
    raster->dirty = g_array_new(FALSE, FALSE, sizeof(Rect));
    raster->shapes = shapes_new();
    raster->forgotten = true;
    return raster;
}

void raster_free(Raster *raster)
{
    if (!raster)
        return;
    g_free(raster->seen);
    g_free(raster->now);
    g_array_unref(raster->dirty);
    shapes_free(raster->shapes);
    g_free(raster);
}

void raster_forget(Raster *raster)
{
    raster->forgotten = true;
}

static void fit_tiles(Raster *raster, SDL_Surface *surface)
{
    int columns = (surface->w + TILE - 1) / TILE, rows = (surface->h + TILE - 1) / TILE;
    if (surface != raster->surface || surface->w != raster->width || surface->h != raster->height) {
        size_t count = (size_t)columns * (size_t)rows;
        raster->seen = g_renew(uint64_t, raster->seen, count);
        raster->now = g_renew(uint64_t, raster->now, count);
        raster->surface = surface;
        raster->width = surface->w;
        raster->height = surface->h;
        raster->columns = columns;
        raster->rows = rows;
        raster->forgotten = true;
    }
}

static void hash_tiles(Raster *raster, const GArray *commands)
{
    memset(raster->now, 0, (size_t)raster->columns * (size_t)raster->rows * sizeof(uint64_t));
    Rect all = {0, 0, raster->surface->w, raster->surface->h};
    for (guint i = 0; i < commands->len; i++) {
        const Command *command = &g_array_index(commands, Command, i);
        Rect part = rect_intersect(command->bounds, all);
        if (rect_empty(part))
            continue;
        int right = (part.x + part.w - 1) / TILE, bottom = (part.y + part.h - 1) / TILE;
        for (int row = part.y / TILE; row <= bottom; row++)
            for (int column = part.x / TILE; column <= right; column++) {
                uint64_t *tile = &raster->now[row * raster->columns + column];
                uint64_t fold = (*tile ^ command->hash) * 0x9e3779b97f4a7c15u;
                *tile = fold ^ fold >> 29;
            }
    }
}

static bool tile_dirty(const Raster *raster, int column, int row)
{
    int at = row * raster->columns + column;
    return raster->forgotten || raster->seen[at] != raster->now[at];
}

/* Runs of dirty tiles in a row, joined with an equal run just above. */
static void collect_dirty(Raster *raster)
{
    g_array_set_size(raster->dirty, 0);
    for (int row = 0; row < raster->rows; row++) {
        for (int column = 0; column < raster->columns; column++) {
            if (!tile_dirty(raster, column, row))
                continue;
            int start = column;
            while (column < raster->columns && tile_dirty(raster, column, row))
                column++;
            Rect run = {start * TILE, row * TILE, (column - start) * TILE, TILE};
            bool joined = false;
            for (guint i = 0; i < raster->dirty->len && !joined; i++) {
                Rect *above = &g_array_index(raster->dirty, Rect, i);
                joined = above->x == run.x && above->w == run.w && above->y + above->h == run.y;
                if (joined)
                    above->h += TILE;
            }
            if (!joined)
                g_array_append_val(raster->dirty, run);
        }
    }
    Rect all = {0, 0, raster->surface->w, raster->surface->h};
    for (guint i = 0; i < raster->dirty->len; i++) {
        Rect *rect = &g_array_index(raster->dirty, Rect, i);
        *rect = rect_intersect(*rect, all);
    }
}

static void run_command(Raster *raster, const Command *command, const Pixels *to)
{
    switch (command->kind) {
    case COMMAND_RECT:
        shapes_rect(raster->shapes, to, command->rect, command->radius, command->color);
        break;
    case COMMAND_BORDER:
        shapes_border(raster->shapes, to, command->rect, command->radius, command->width,
                      command->color);
        break;
    case COMMAND_SHADOW:
        shapes_shadow(raster->shapes, to, command->rect, command->width, command->color);
        break;
    case COMMAND_PICTURE:
        picture_draw(command->picture, to, command->rect, command->radius, command->color,
                     command->opacity, raster->shapes);
        break;
    case COMMAND_PARAGRAPH:
        paragraph_draw(command->paragraph, to, command->rect.x, command->rect.y, command->opacity,
                       raster->shapes);
        break;
    case COMMAND_CRESCENT:
        shapes_crescent(to, command->rect, command->color);
        break;
    }
}

static void draw_part(Raster *raster, const GArray *commands, Rect part)
{
    SDL_Surface *surface = raster->surface;
    Pixels to = {.data = surface->pixels, .stride = surface->pitch / 4};
    for (guint i = 0; i < commands->len; i++) {
        const Command *command = &g_array_index(commands, Command, i);
        to.clip = rect_intersect(command->bounds, part);
        if (!rect_empty(to.clip))
            run_command(raster, command, &to);
    }
}

const GArray *raster_draw(Raster *raster, const DrawList *list, SDL_Surface *surface)
{
    g_assert(surface->format->BytesPerPixel == 4 && surface->format->Rmask == 0xff0000);
    const GArray *commands = draw_list_commands(list);
    fit_tiles(raster, surface);
    hash_tiles(raster, commands);
    collect_dirty(raster);
    if (SDL_MUSTLOCK(surface) && SDL_LockSurface(surface) != 0)
        return raster->dirty;
    for (guint i = 0; i < raster->dirty->len; i++)
        draw_part(raster, commands, g_array_index(raster->dirty, Rect, i));
    if (SDL_MUSTLOCK(surface))
        SDL_UnlockSurface(surface);
    uint64_t *drawn = raster->now;
    raster->now = raster->seen;
    raster->seen = drawn;
    raster->forgotten = false;
    return raster->dirty;
}
