#include "ui/fonts.h"

#include <fontconfig/fontconfig.h>
#include <gio/gio.h>
#include <pango/pangofc-font.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    MOST_OPEN = 24,
    /* SDL_ttf keeps 256 glyphs of a font; of colour emoji these would be 18 MB. */
    COLOR_USES = 48
};

typedef struct {
    OpenFont open;
    GMappedFile *file; /* referenced; SDL_ttf reads from it as long as the font is open */
    uint64_t last_use;
    int uses;
} Shelf;

struct Fonts {
    GHashTable *by_font; /* PangoFont, referenced → Shelf, owned */
    GHashTable *files;   /* path → GMappedFile, referenced */
    uint64_t clock;
};

static void shelf_free(gpointer data)
{
    Shelf *shelf = data;
    if (shelf->open.font)
        TTF_CloseFont(shelf->open.font);
    if (shelf->file)
        g_mapped_file_unref(shelf->file);
    g_free(shelf);
}

Fonts *fonts_new(GError **error)
{
    if (TTF_Init() != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "SDL_ttf: %s", TTF_GetError());
        return NULL;
    }
    Fonts *fonts = g_new0(Fonts, 1);
    fonts->by_font = g_hash_table_new_full(NULL, NULL, g_object_unref, shelf_free);
    fonts->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_mapped_file_unref);
    return fonts;
}

void fonts_free(Fonts *fonts)
{
    if (!fonts)
        return;
    g_hash_table_unref(fonts->by_font);
    g_hash_table_unref(fonts->files);
    g_free(fonts);
    TTF_Quit();
}

typedef struct {
    const char *file;
    int index;
    int pixels;
    int style; /* TTF_STYLE_…: what Pango expects to be made up */
    bool color;
} FontFace;

static bool face_of(PangoFont *font, FontFace *face)
{
    if (!PANGO_IS_FC_FONT(font))
        return false;
    FcPattern *pattern = pango_fc_font_get_pattern(PANGO_FC_FONT(font));
    FcChar8 *file = NULL;
    double pixels = 0;
    FcBool flag = FcFalse;
    FcMatrix *matrix = NULL;
    if (FcPatternGetString(pattern, FC_FILE, 0, &file) != FcResultMatch ||
        FcPatternGetDouble(pattern, FC_PIXEL_SIZE, 0, &pixels) != FcResultMatch)
        return false;
    *face = (FontFace){.file = (const char *)file, .pixels = MAX(1, (int)(pixels + 0.5))};
    if (FcPatternGetInteger(pattern, FC_INDEX, 0, &face->index) != FcResultMatch)
        face->index = 0;
    if (face->index >> 16 == 0x8000) /* a variable font without a named instance */
        face->index &= 0xffff;
    if (FcPatternGetBool(pattern, FC_EMBOLDEN, 0, &flag) == FcResultMatch && flag)
        face->style |= TTF_STYLE_BOLD;
    if (FcPatternGetMatrix(pattern, FC_MATRIX, 0, &matrix) == FcResultMatch && matrix->xy != 0)
        face->style |= TTF_STYLE_ITALIC;
    if (FcPatternGetBool(pattern, FC_COLOR, 0, &flag) == FcResultMatch)
        face->color = flag;
    return true;
}

/* Transfer none. SDL_ttf reads small pieces at random: from memory this costs no system calls, and
 * Pango has the same pages mapped already. */
static GMappedFile *map_file(Fonts *fonts, const char *path, GError **error)
{
    GMappedFile *file = g_hash_table_lookup(fonts->files, path);
    if (!file) {
        file = g_mapped_file_new(path, FALSE, error);
        if (file && g_mapped_file_get_length(file) > G_MAXINT32) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "larger than 2 GiB");
            g_clear_pointer(&file, g_mapped_file_unref);
        }
        if (file)
            g_hash_table_insert(fonts->files, g_strdup(path), file);
    }
    return file;
}

static void shelf_open(Fonts *fonts, Shelf *shelf, PangoFont *font)
{
    FontFace face;
    if (!face_of(font, &face))
        return;
    g_autoptr(GError) error = NULL;
    GMappedFile *file = map_file(fonts, face.file, &error);
    if (!file) {
        g_warning("font %s: %s", face.file, error->message);
        return;
    }
    SDL_RWops *bytes =
        SDL_RWFromConstMem(g_mapped_file_get_contents(file), (int)g_mapped_file_get_length(file));
    TTF_Font *opened =
        bytes ? TTF_OpenFontIndexDPIRW(bytes, 1, face.pixels, face.index, 72, 72) : NULL;
    if (!opened) {
        g_warning("font %s: %s", face.file, TTF_GetError());
        return;
    }
    shelf->file = g_mapped_file_ref(file);
    TTF_SetFontHinting(opened, TTF_HINTING_LIGHT_SUBPIXEL);
    if (face.style != 0)
        TTF_SetFontStyle(opened, face.style);
    uint64_t words[] = {XXH3_64bits(face.file, strlen(face.file)),
                        (uint64_t)(uint32_t)face.index << 32 | (uint32_t)face.pixels,
                        (uint64_t)face.style};
    shelf->open = (OpenFont){XXH3_64bits(words, sizeof words), opened, face.color};
}

static void close_least_used(Fonts *fonts)
{
    GHashTableIter iter;
    gpointer key = NULL, value = NULL, oldest = NULL;
    uint64_t least = G_MAXUINT64;
    g_hash_table_iter_init(&iter, fonts->by_font);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (((Shelf *)value)->last_use < least) {
            least = ((Shelf *)value)->last_use;
            oldest = key;
        }
    }
    g_hash_table_remove(fonts->by_font, oldest);
}

const OpenFont *fonts_open(Fonts *fonts, PangoFont *font)
{
    if (!font)
        return NULL;
    Shelf *shelf = g_hash_table_lookup(fonts->by_font, font);
    if (shelf && shelf->open.color && shelf->uses >= COLOR_USES) {
        g_hash_table_remove(fonts->by_font, font);
        shelf = NULL;
    }
    if (!shelf) {
        if (g_hash_table_size(fonts->by_font) >= MOST_OPEN)
            close_least_used(fonts);
        shelf = g_new0(Shelf, 1);
        shelf_open(fonts, shelf, font);
        g_hash_table_insert(fonts->by_font, g_object_ref(font), shelf);
    }
    shelf->last_use = ++fonts->clock;
    shelf->uses++;
    return shelf->open.font ? &shelf->open : NULL;
}
