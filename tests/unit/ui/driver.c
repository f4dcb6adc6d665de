#include "tests/unit/ui/driver.h"

#include <check.h>
#include <string.h>

Recorder *recorder;
Face *face;
static int64_t now_us;

void drive_open(const Sample *sample, int width, int height)
{
    g_autoptr(GError) error = NULL;
    Typesetter *typesetter = typesetter_new(1.0, &error);
    ck_assert_msg(typesetter != NULL, "%s", error ? error->message : "");
    Preferences preferences = preferences_default();
    recorder = recorder_new();
    face = face_new(&recorder_host, recorder, typesetter, &preferences);
    now_us = SAMPLE_NOW_US;
    face_set_time(face, now_us, SAMPLE_NOW_MS);
    face_set_size(face, width, height, 1.0);
    face_set_focused(face, true);
    face_set_model(face, sample_model(sample));
    face_draw(face);
}

void drive_lively(void)
{
    drive_open(&(Sample){.link = LINK_JOINED}, 1100, 720);
}

void drive_close(void)
{
    g_clear_pointer(&face, face_free);
    g_clear_pointer(&recorder, recorder_free);
}

void drive_model(const Sample *sample)
{
    face_set_model(face, sample_model(sample));
    face_draw(face);
}

void drive_time(int64_t us)
{
    now_us += us;
    face_set_time(face, now_us, SAMPLE_NOW_MS + us / 1000);
    face_draw(face);
}

void drive_text(const char *text)
{
    SDL_Event event = {.type = SDL_TEXTINPUT};
    g_strlcpy(event.text.text, text, sizeof event.text.text);
    face_event(face, &event);
    face_draw(face);
}

/* A key and its text for each character. */
void drive_type(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        char one[8] = {0};
        memcpy(one, p, (size_t)(g_utf8_next_char(p) - p));
        SDL_Event event = {.type = SDL_KEYDOWN};
        event.key.keysym.sym = (SDL_Keycode)g_utf8_get_char(p);
        face_event(face, &event);
        drive_text(one);
    }
}

void drive_key(SDL_Keycode sym, SDL_Keymod mod)
{
    SDL_Event event = {.type = SDL_KEYDOWN};
    event.key.keysym.sym = sym;
    event.key.keysym.mod = (uint16_t)mod;
    face_event(face, &event);
    face_draw(face);
}

void drive_pointer(uint32_t type, int x, int y, uint8_t clicks)
{
    SDL_Event event = {.type = type};
    if (type == SDL_MOUSEMOTION) {
        event.motion.x = x;
        event.motion.y = y;
    } else {
        event.button.x = x;
        event.button.y = y;
        event.button.button = SDL_BUTTON_LEFT;
        event.button.clicks = clicks;
    }
    face_event(face, &event);
    face_draw(face);
}

void drive_click_at(int x, int y)
{
    drive_pointer(SDL_MOUSEMOTION, x, y, 0);
    drive_pointer(SDL_MOUSEBUTTONDOWN, x, y, 1);
    drive_pointer(SDL_MOUSEBUTTONUP, x, y, 1);
}

const Node *drive_find(Role role, const char *name)
{
    Node *node = node_query(face_nodes(face), role, name);
    if (!node) {
        g_autofree char *dump = node_dump(face_nodes(face));
        ck_abort_msg("no \"%s\" in:\n%s", name, dump);
    }
    return node;
}

bool drive_exists(Role role, const char *name)
{
    return node_query(face_nodes(face), role, name) != NULL;
}

void drive_click(Role role, const char *name)
{
    const Node *node = drive_find(role, name);
    drive_click_at(node->rect.x + node->rect.w / 2, node->rect.y + node->rect.h / 2);
}

bool drive_told(const char *line)
{
    g_autofree char *whole = g_strdup_printf("%s\n", line);
    return strstr(recorder->log->str, whole) != NULL;
}

void drive_wheel(int x, int y, int turns)
{
    drive_pointer(SDL_MOUSEMOTION, x, y, 0);
    SDL_Event event = {.type = SDL_MOUSEWHEEL};
    event.wheel.y = turns;
    face_event(face, &event);
    face_draw(face);
}

/* The message rows that are seen, from the top. */
const Node *drive_first_row(void)
{
    const Node *list = node_find(face_nodes(face), "messages");
    for (const Node *node = list->first; node; node = node->next) {
        if (node->role == ROLE_ITEM && node->rect.h > 0)
            return node;
    }
    return NULL;
}

int64_t drive_now(void)
{
    return now_us;
}
