#include "ui/fonts.h"

#include <fontconfig/fontconfig.h>
#include <gio/gio.h>
#include <pango/pangofc-font.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    MOST_OPEN = 32,
    /* SDL_ttf keeps 256 glyphs of a font; of colour emoji these would be 18 MB. */
    COLOR_USES = 48
};

typedef struct {
    GMappedFile *bytes; /* owned */
    int users;
} FontFile;

typedef struct {
    TTF_Font *font; /* owned; NULL when it could not be opened */
    FontFile *file; /* of `files`; SDL_ttf reads from it as long as the font is open */
    bool color;
    uint64_t last_use;
    int uses;
} Shelf;

struct Fonts {
    GHashTable *shelves; /* id → Shelf, owned */
    GHashTable *files;   /* path → FontFile, owned */
    uint64_t clock;
    unsigned openings;
};

/* What a PangoFont is drawn with; hangs on the PangoFont. */
typedef struct {
    uint64_t id;
    char *path; /* owned */
    int index;
    int pixels;
    int style; /* TTF_STYLE_…: what Pango expects to be made up */
    bool color;
} FontFace;

static void face_free(gpointer data)
{
    FontFace *face = data;
    g_free(face->path);
    g_free(face);
}

static void face_read(FontFace *face, FcPattern *pattern)
{
    FcChar8 *path = NULL;
    double pixels = 0;
    FcBool flag = FcFalse;
    FcMatrix *matrix = NULL;
    if (FcPatternGetString(pattern, FC_FILE, 0, &path) != FcResultMatch ||
        FcPatternGetDouble(pattern, FC_PIXEL_SIZE, 0, &pixels) != FcResultMatch)
        return;
    face->path = g_strdup((const char *)path);
    face->pixels = MAX(1, (int)(pixels + 0.5));
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
    uint64_t words[] = {XXH3_64bits(face->path, strlen(face->path)),
                        (uint64_t)(uint32_t)face->index << 32 | (uint32_t)face->pixels,
                        (uint64_t)face->style};
    face->id = XXH3_64bits(words, sizeof words);
}

/* Transfer none. */
static const FontFace *face_of(PangoFont *font)
{
    static GQuark quark;
    if (quark == 0)
        quark = g_quark_from_static_string("backfence-font-face");
    FontFace *face = g_object_get_qdata(G_OBJECT(font), quark);
    if (!face) {
        face = g_new0(FontFace, 1);
        if (PANGO_IS_FC_FONT(font))
            face_read(face, pango_fc_font_get_pattern(PANGO_FC_FONT(font)));
        g_object_set_qdata_full(G_OBJECT(font), quark, face, face_free);
    }
    return face;
}

uint64_t fonts_id(PangoFont *font)
{
    return font ? face_of(font)->id : 0;
}

bool fonts_in_color(PangoFont *font)
{
    return font && face_of(font)->color;
}

static void file_free(gpointer data)
{
    FontFile *file = data;
    g_mapped_file_unref(file->bytes);
    g_free(file);
}

static void shelf_free(gpointer data)
{
    Shelf *shelf = data;
    if (shelf->font)
        TTF_CloseFont(shelf->font);
    if (shelf->file)
        shelf->file->users--;
    g_free(shelf);
}

Fonts *fonts_new(GError **error)
{
    if (TTF_Init() != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "SDL_ttf: %s", TTF_GetError());
        return NULL;
    }
    Fonts *fonts = g_new0(Fonts, 1);
    fonts->shelves = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, shelf_free);
    fonts->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
    return fonts;
}

void fonts_free(Fonts *fonts)
{
    if (!fonts)
        return;
    g_hash_table_unref(fonts->shelves);
    g_hash_table_unref(fonts->files);
    g_free(fonts);
    TTF_Quit();
}

unsigned fonts_openings(const Fonts *fonts)
{
    return fonts->openings;
}

/* Transfer none. SDL_ttf reads small pieces at random: from memory this costs no system calls, and
 * Pango has the same pages mapped already. */
static FontFile *map_file(Fonts *fonts, const char *path, GError **error)
{
    FontFile *file = g_hash_table_lookup(fonts->files, path);
    if (file)
        return file;
    GMappedFile *bytes = g_mapped_file_new(path, FALSE, error);
    if (!bytes)
        return NULL;
    if (g_mapped_file_get_length(bytes) > G_MAXINT32) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "larger than 2 GiB");
        g_mapped_file_unref(bytes);
        return NULL;
    }
    file = g_new0(FontFile, 1);
    file->bytes = bytes;
    g_hash_table_insert(fonts->files, g_strdup(path), file);
    return file;
}

static void shelf_open(Fonts *fonts, Shelf *shelf, const FontFace *face)
{
    g_autoptr(GError) error = NULL;
    FontFile *file = map_file(fonts, face->path, &error);
    if (!file) {
        g_warning("font %s: %s", face->path, error->message);
        return;
    }
    SDL_RWops *bytes = SDL_RWFromConstMem(g_mapped_file_get_contents(file->bytes),
                                          (int)g_mapped_file_get_length(file->bytes));
    TTF_Font *font =
        bytes ? TTF_OpenFontIndexDPIRW(bytes, 1, face->pixels, face->index, 72, 72) : NULL;
    if (!font) {
        g_warning("font %s: %s", face->path, TTF_GetError());
        return;
    }
    TTF_SetFontHinting(font, TTF_HINTING_LIGHT_SUBPIXEL);
    if (face->style != 0)
        TTF_SetFontStyle(font, face->style);
    file->users++;
    *shelf = (Shelf){.font = font, .file = file, .color = face->color};
}

static gboolean unused(gpointer path, gpointer file, gpointer data)
{
    return ((FontFile *)file)->users == 0;
}

static void close_least_used(Fonts *fonts)
{
    GHashTableIter iter;
    gpointer key = NULL, value = NULL, oldest = NULL;
    uint64_t least = G_MAXUINT64;
    g_hash_table_iter_init(&iter, fonts->shelves);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (((Shelf *)value)->last_use < least) {
            least = ((Shelf *)value)->last_use;
            oldest = key;
        }
    }
    g_hash_table_remove(fonts->shelves, oldest);
    g_hash_table_foreach_remove(fonts->files, unused, NULL);
}

TTF_Font *fonts_open(Fonts *fonts, PangoFont *font)
{
    const FontFace *face = font ? face_of(font) : NULL;
    if (!face || !face->path)
        return NULL;
    Shelf *shelf = g_hash_table_lookup(fonts->shelves, &face->id);
    if (shelf && shelf->color && shelf->uses >= COLOR_USES) {
        g_hash_table_remove(fonts->shelves, &face->id);
        shelf = NULL;
    }
    if (!shelf) {
        if (g_hash_table_size(fonts->shelves) >= MOST_OPEN)
            close_least_used(fonts);
        shelf = g_new0(Shelf, 1);
        shelf_open(fonts, shelf, face);
        fonts->openings++;
        g_hash_table_insert(fonts->shelves, g_memdup2(&face->id, sizeof face->id), shelf);
    }
    shelf->last_use = ++fonts->clock;
    shelf->uses++;
    return shelf->font;
}
