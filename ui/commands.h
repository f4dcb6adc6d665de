#pragma once
/* What a DrawList holds, for the raster alone. */

#include "ui/draw.h"

typedef enum {
    COMMAND_RECT,
    COMMAND_BORDER,
    COMMAND_SHADOW,
    COMMAND_PICTURE,
    COMMAND_PARAGRAPH,
    COMMAND_CRESCENT
} CommandKind;

typedef struct {
    CommandKind kind;
    Rect rect;
    Rect clip;   /* all clips around it */
    Rect bounds; /* what it may touch, cut to the clip */
    int radius;
    int width; /* of a border; how far a shadow reaches */
    Color color;
    uint8_t opacity; /* pushed around it; already part of `color`, but not of an object's pixels */
    union {
        Paragraph *paragraph; /* owned */
        Picture *picture;     /* owned */
    };
    uint64_t hash; /* equal hashes draw equal pixels */
} Command;

/* Array of Command. */
const GArray *draw_list_commands(const DrawList *list);
