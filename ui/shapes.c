#include "ui/shapes.h"

#include <math.h>

/* A corner is a quarter of a disc of `diameter`, as coverage of its top left part. Diameters, not
 * radii, so that a dot of 9 pixels is as round as one of 10. Coverage is counted on an 8 × 8 grid.
 */

enum {
    SUBSAMPLES = 8,
    LARGEST_DIAMETER = 2048,
    MOST_CORNERS = 64,
    SHADOW_STEPS = 128
};

typedef struct {
    int size; /* pixels of a side: half of the diameter, rounded up */
    uint8_t cover[];
} Corner;

struct Shapes {
    GHashTable *corners;                   /* diameter → Corner, owned */
    uint8_t profile[2 * SHADOW_STEPS + 1]; /* a blurred edge from outside to inside */
    GByteArray *row;                       /* scratch: coverage of a row */
    GByteArray *columns;                   /* scratch: a shadow's horizontal profile */
};

Shapes *shapes_new(void)
{
    Shapes *shapes = g_new0(Shapes, 1);
    shapes->corners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    shapes->row = g_byte_array_new();
    shapes->columns = g_byte_array_new();
    for (int i = 0; i <= 2 * SHADOW_STEPS; i++) {
        double reach = (double)(i - SHADOW_STEPS) / SHADOW_STEPS; /* -1 to 1 blur radii */
        shapes->profile[i] = (uint8_t)lround(255 * 0.5 * (1 + erf(reach * 2.0)));
    }
    return shapes;
}

void shapes_free(Shapes *shapes)
{
    if (!shapes)
        return;
    g_hash_table_unref(shapes->corners);
    g_byte_array_unref(shapes->row);
    g_byte_array_unref(shapes->columns);
    g_free(shapes);
}

static uint8_t pixel_cover(int diameter, int x, int y)
{
    double centre = diameter / 2.0, limit = centre * centre;
    int inside = 0;
    for (int sub_y = 0; sub_y < SUBSAMPLES; sub_y++) {
        double dy = y + (sub_y + 0.5) / SUBSAMPLES - centre;
        for (int sub_x = 0; sub_x < SUBSAMPLES; sub_x++) {
            double dx = x + (sub_x + 0.5) / SUBSAMPLES - centre;
            inside += dx * dx + dy * dy <= limit;
        }
    }
    return (uint8_t)(inside * 255 / (SUBSAMPLES * SUBSAMPLES));
}

static const Corner *corner_of(Shapes *shapes, int diameter)
{
    Corner *corner = g_hash_table_lookup(shapes->corners, GINT_TO_POINTER(diameter));
    if (corner)
        return corner;
    if (g_hash_table_size(shapes->corners) >= MOST_CORNERS)
        g_hash_table_remove_all(shapes->corners);
    int size = (diameter + 1) / 2;
    corner = g_malloc(sizeof(Corner) + (size_t)size * (size_t)size);
    corner->size = size;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            corner->cover[y * size + x] = pixel_cover(diameter, x, y);
    g_hash_table_insert(shapes->corners, GINT_TO_POINTER(diameter), corner);
    return corner;
}

static int diameter_of(int width, int height, int radius)
{
    int most = MIN(MIN(width, height), LARGEST_DIAMETER);
    return CLAMP(2 * radius, 0, most);
}

static inline uint8_t corner_cover(const Corner *corner, int width, int height, int x, int y)
{
    int from_side = MIN(x, width - 1 - x), from_end = MIN(y, height - 1 - y);
    if (from_side < 0 || from_end < 0)
        return 0;
    if (from_side >= corner->size || from_end >= corner->size)
        return 255;
    return corner->cover[from_end * corner->size + from_side];
}

uint8_t shapes_coverage(Shapes *shapes, int width, int height, int radius, int x, int y)
{
    const Corner *corner = corner_of(shapes, diameter_of(width, height, radius));
    return corner_cover(corner, width, height, x, y);
}

void shapes_rect(Shapes *shapes, const Pixels *to, Rect rect, int radius, Color color)
{
    int diameter = diameter_of(rect.w, rect.h, radius);
    if (diameter == 0) {
        pixels_fill(to, rect, color);
        return;
    }
    const Corner *corner = corner_of(shapes, diameter);
    int size = corner->size;
    pixels_fill(to, (Rect){rect.x, rect.y + size, rect.w, rect.h - 2 * size}, color);
    g_byte_array_set_size(shapes->row, (guint)rect.w);
    memset(shapes->row->data, 255, (size_t)rect.w);
    for (int y = 0; y < rect.h; y++) {
        if (y == size)
            y = MAX(size, rect.h - size);
        if (y >= rect.h)
            break;
        if (rect.y + y < to->clip.y || rect.y + y >= to->clip.y + to->clip.h)
            continue;
        for (int x = 0; x < MIN(size, rect.w); x++) {
            uint8_t cover = corner_cover(corner, rect.w, rect.h, x, y);
            shapes->row->data[x] = shapes->row->data[rect.w - 1 - x] = cover;
        }
        pixels_span(to, rect.x, rect.y + y, shapes->row->data, rect.w, color);
    }
}

/* Outside minus inside, in the square box at one corner of the outline. */
static void border_corner(Shapes *shapes, const Pixels *to, Rect rect, Rect box, int radius,
                          int width, Color color)
{
    Rect inner = {rect.x + width, rect.y + width, rect.w - 2 * width, rect.h - 2 * width};
    int outer_diameter = diameter_of(rect.w, rect.h, radius);
    int inner_diameter = MAX(0, outer_diameter - 2 * width);
    /* Fetching the second corner may empty the cache: copy nothing, look the first up last. */
    const Corner *inside = inner_diameter > 0 ? corner_of(shapes, inner_diameter) : NULL;
    const Corner *outside = corner_of(shapes, outer_diameter);
    if (inside)
        inside = corner_of(shapes, inner_diameter);
    Rect part = rect_intersect(box, to->clip);
    g_byte_array_set_size(shapes->row, (guint)MAX(1, part.w));
    for (int y = part.y; y < part.y + part.h; y++) {
        for (int x = part.x; x < part.x + part.w; x++) {
            int cover = corner_cover(outside, rect.w, rect.h, x - rect.x, y - rect.y);
            bool within = rect_contains(inner, x, y);
            if (within)
                cover -=
                    inside ? corner_cover(inside, inner.w, inner.h, x - inner.x, y - inner.y) : 255;
            shapes->row->data[x - part.x] = (uint8_t)MAX(0, cover);
        }
        pixels_span(to, part.x, y, shapes->row->data, part.w, color);
    }
}

void shapes_border(Shapes *shapes, const Pixels *to, Rect rect, int radius, int width, Color color)
{
    if (2 * width >= rect.w || 2 * width >= rect.h) {
        shapes_rect(shapes, to, rect, radius, color);
        return;
    }
    int side = MAX((diameter_of(rect.w, rect.h, radius) + 1) / 2, width);
    int across = rect.w - 2 * side, down = rect.h - 2 * side;
    int right = rect.x + rect.w, bottom = rect.y + rect.h;
    pixels_fill(to, (Rect){rect.x + side, rect.y, across, width}, color);
    pixels_fill(to, (Rect){rect.x + side, bottom - width, across, width}, color);
    pixels_fill(to, (Rect){rect.x, rect.y + side, width, down}, color);
    pixels_fill(to, (Rect){right - width, rect.y + side, width, down}, color);
    /* An odd diameter makes the corners meet in the middle: the far ones give way. */
    int far_w = MIN(side, rect.w - side), far_h = MIN(side, rect.h - side);
    Rect boxes[] = {{rect.x, rect.y, side, side},
                    {right - far_w, rect.y, far_w, side},
                    {rect.x, bottom - far_h, side, far_h},
                    {right - far_w, bottom - far_h, far_w, far_h}};
    for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++)
        if (!rect_empty(rect_intersect(boxes[i], to->clip)))
            border_corner(shapes, to, rect, boxes[i], radius, width, color);
}

/* A blurred bar from 0 to `length`, seen at `at`: the product of two blurred edges. */
static uint8_t blurred(const Shapes *shapes, int at, int length, int blur)
{
    int rise = (2 * at + 1) * SHADOW_STEPS / (2 * blur);
    int fall = (2 * (length - at) - 1) * SHADOW_STEPS / (2 * blur);
    uint8_t in = shapes->profile[CLAMP(rise, -SHADOW_STEPS, SHADOW_STEPS) + SHADOW_STEPS];
    uint8_t out = shapes->profile[CLAMP(fall, -SHADOW_STEPS, SHADOW_STEPS) + SHADOW_STEPS];
    return (uint8_t)pixels_scale(in, out);
}

void shapes_shadow(Shapes *shapes, const Pixels *to, Rect rect, int blur, Color color)
{
    blur = MAX(1, blur);
    Rect reach = {rect.x - blur, rect.y - blur, rect.w + 2 * blur, rect.h + 2 * blur};
    Rect part = rect_intersect(reach, to->clip);
    if (rect_empty(part))
        return;
    g_byte_array_set_size(shapes->columns, (guint)part.w);
    g_byte_array_set_size(shapes->row, (guint)part.w);
    for (int x = 0; x < part.w; x++)
        shapes->columns->data[x] = blurred(shapes, part.x + x - rect.x, rect.w, blur);
    for (int y = part.y; y < part.y + part.h; y++) {
        uint8_t vertical = blurred(shapes, y - rect.y, rect.h, blur);
        for (int x = 0; x < part.w; x++)
            shapes->row->data[x] = (uint8_t)pixels_scale(shapes->columns->data[x], vertical);
        pixels_span(to, part.x, y, shapes->row->data, part.w, color);
    }
}

static double disc(double x, double y, double centre_x, double centre_y, double radius)
{
    return CLAMP(0.5 + radius - hypot(x - centre_x, y - centre_y), 0.0, 1.0);
}

void shapes_crescent(const Pixels *to, Rect rect, Color color)
{
    double size = MIN(rect.w, rect.h), radius = size / 2;
    Rect part = rect_intersect(rect, to->clip);
    for (int y = part.y; y < part.y + part.h; y++) {
        for (int x = part.x; x < part.x + part.w; x++) {
            double px = x - rect.x + 0.5, py = y - rect.y + 0.5;
            double bite = disc(px, py, size * 0.74, size * 0.30, radius * 0.80);
            double cover = disc(px, py, radius, radius, radius) * (1.0 - bite);
            uint8_t byte = (uint8_t)lround(cover * 255);
            pixels_span(to, x, y, &byte, 1, color);
        }
    }
}
