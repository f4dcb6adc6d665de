#pragma once
/* Cutting rectangles up: each function takes a strip off `rest` and returns it. Strips never grow
 * beyond what is left. Pure; any thread. */

#include "ui/draw.h"

/* The strip at that side of `rest`. */
Rect cut_left(Rect *rest, int width);
Rect cut_right(Rect *rest, int width);
Rect cut_top(Rect *rest, int height);
Rect cut_bottom(Rect *rest, int height);
/* A rect of this size in the middle of `outer`. */
Rect rect_center(Rect outer, int width, int height);
/* Less by so much at the left and right, and at the top and bottom. */
Rect rect_shrink(Rect rect, int across, int down);
