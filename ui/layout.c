#include "ui/layout.h"

Rect cut_left(Rect *rest, int width)
{
    width = CLAMP(width, 0, rest->w);
    Rect strip = {rest->x, rest->y, width, rest->h};
    rest->x += width;
    rest->w -= width;
    return strip;
}

Rect cut_right(Rect *rest, int width)
{
    width = CLAMP(width, 0, rest->w);
    rest->w -= width;
    return (Rect){rest->x + rest->w, rest->y, width, rest->h};
}

Rect cut_top(Rect *rest, int height)
{
    height = CLAMP(height, 0, rest->h);
    Rect strip = {rest->x, rest->y, rest->w, height};
    rest->y += height;
    rest->h -= height;
    return strip;
}

Rect cut_bottom(Rect *rest, int height)
{
    height = CLAMP(height, 0, rest->h);
    rest->h -= height;
    return (Rect){rest->x, rest->y + rest->h, rest->w, height};
}

Rect rect_center(Rect outer, int width, int height)
{
    return (Rect){outer.x + (outer.w - width) / 2, outer.y + (outer.h - height) / 2, width, height};
}

Rect rect_shrink(Rect rect, int across, int down)
{
    return (Rect){rect.x + across, rect.y + down, MAX(rect.w - 2 * across, 0),
                  MAX(rect.h - 2 * down, 0)};
}
