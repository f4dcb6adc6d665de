#pragma once
/* A list of things to draw, in order, back to front: what a view produces and a raster consumes.
 *
 * Coordinates are device pixels from the window's top left; whoever fills the list has applied the
 * scale. The list owns its copies and references until draw_list_clear(). UI thread only. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Pixels; half-open: the right and lower edges are outside. */
typedef struct {
    int x, y, w, h;
} Rect;

/* Covers no pixel. */
static inline bool rect_empty(Rect rect)
{
    return rect.w <= 0 || rect.h <= 0;
}

/* The pixel (x, y) is inside. */
static inline bool rect_contains(Rect rect, int x, int y)
{
    return x >= rect.x && y >= rect.y && x < rect.x + rect.w && y < rect.y + rect.h;
}

/* What both cover; empty when they do not meet. */
static inline Rect rect_intersect(Rect a, Rect b)
{
    int left = MAX(a.x, b.x), top = MAX(a.y, b.y);
    int right = MIN(a.x + a.w, b.x + b.w), bottom = MIN(a.y + a.h, b.y + b.h);
    return (Rect){left, top, MAX(0, right - left), MAX(0, bottom - top)};
}

/* 0xAARRGGBB, not premultiplied. */
typedef uint32_t Color;

typedef struct Paragraph Paragraph; /* ui/paragraph.h */
typedef struct Picture Picture;     /* ui/picture.h */
typedef struct DrawList DrawList;

DrawList *draw_list_new(void);
void draw_list_free(DrawList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawList, draw_list_free)
void draw_list_clear(DrawList *list);

/* Fills; antialiased corners of `radius` pixels (0: none). */
void draw_rect(DrawList *list, Rect rect, int radius, Color color);
/* The outline inside `rect`, `width` pixels thick. */
void draw_border(DrawList *list, Rect rect, int radius, int width, Color color);
/* A soft shadow around `rect`, fading over `blur` pixels. */
void draw_shadow(DrawList *list, Rect rect, int radius, int blur, Color color);
/* Scaled into `rect`; `tint` replaces the colour and keeps the alpha of the picture, 0 leaves it as
 * it is. `radius` rounds the corners. */
void draw_picture(DrawList *list, Rect rect, Picture *picture, int radius, Color tint);
/* Everything of the paragraph, its top left at (x, y). */
void draw_paragraph(DrawList *list, Paragraph *paragraph, int x, int y);
/* A crescent (moon) inside `rect`, for presence by shape. */
void draw_crescent(DrawList *list, Rect rect, Color color);
/* Later commands are cut to `rect` and to the clips around it, until the pop. */
void draw_push_clip(DrawList *list, Rect rect);
void draw_pop_clip(DrawList *list);
/* Later colours and pictures are multiplied by `opacity`, 0 to 255, until the pop. */
void draw_push_opacity(DrawList *list, uint8_t opacity);
void draw_pop_opacity(DrawList *list);
