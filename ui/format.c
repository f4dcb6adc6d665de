#include "ui/format.h"

#include <string.h>

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)
#define LRM "\xE2\x80\x8E" /* left-to-right mark: no glyph, but a direction */

static GDateTime *local(int64_t time_ms)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_ms / 1000);
    return utc ? g_date_time_to_local(utc) : g_date_time_new_from_unix_utc(0);
}

static char *formatted(int64_t time_ms, const char *format)
{
    g_autoptr(GDateTime) time = local(time_ms);
    return g_date_time_format(time, format);
}

/* Days since some day, in local time. */
static int day_number(int64_t time_ms)
{
    g_autoptr(GDateTime) time = local(time_ms);
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)g_date_time_get_day_of_month(time),
                   (GDateMonth)g_date_time_get_month(time), (GDateYear)g_date_time_get_year(time));
    return (int)g_date_get_julian(&date);
}

static int year(int64_t time_ms)
{
    g_autoptr(GDateTime) time = local(time_ms);
    return g_date_time_get_year(time);
}

char *format_clock(int64_t time_ms)
{
    return formatted(time_ms, "%H:%M");
}

char *format_day(int64_t time_ms, int64_t now_ms)
{
    int ago = day_number(now_ms) - day_number(time_ms);
    if (ago == 0)
        return g_strdup("Today");
    if (ago == 1)
        return g_strdup("Yesterday");
    if (ago > 1 && ago < 7)
        return formatted(time_ms, "%A");
    return formatted(time_ms, year(time_ms) == year(now_ms) ? "%-d %B" : "%-d %B %Y");
}

char *format_short(int64_t time_ms, int64_t now_ms)
{
    int ago = day_number(now_ms) - day_number(time_ms);
    if (ago == 0)
        return format_clock(time_ms);
    return formatted(time_ms, ago > 0 && ago < 7 ? "%a" : "%-d %b");
}

bool format_other_day(int64_t a_ms, int64_t b_ms)
{
    /* Most neighbours are close together, and the calendar is slow. */
    if (a_ms / HOUR_MS == b_ms / HOUR_MS && a_ms / (15 * MINUTE_MS) == b_ms / (15 * MINUTE_MS))
        return false;
    return day_number(a_ms) != day_number(b_ms);
}

char *format_presence(const Person *person, int64_t now_ms)
{
    int64_t ago = now_ms - person->since_ms;
    if (person->presence == PRESENCE_ONLINE)
        return g_strdup("");
    if (person->presence == PRESENCE_AWAY) {
        if (!person->since_ms || ago < MINUTE_MS)
            return g_strdup("away");
        if (ago < HOUR_MS)
            return g_strdup_printf("away %d min", (int)(ago / MINUTE_MS));
        return g_strdup_printf("away %d h", (int)(ago / HOUR_MS));
    }
    if (!person->since_ms)
        return g_strdup("offline");
    g_autofree char *when = format_short(person->since_ms, now_ms);
    return g_strdup_printf("last seen %s", when);
}

/* Its first letter is of a script that is written from right to left. */
static bool is_rtl(const char *text)
{
    while (*text && !g_unichar_isalpha(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    switch (g_unichar_get_script(g_utf8_get_char(text))) {
    case G_UNICODE_SCRIPT_ARABIC:
    case G_UNICODE_SCRIPT_HEBREW:
    case G_UNICODE_SCRIPT_SYRIAC:
    case G_UNICODE_SCRIPT_THAANA:
    case G_UNICODE_SCRIPT_NKO:
    case G_UNICODE_SCRIPT_SAMARITAN:
    case G_UNICODE_SCRIPT_MANDAIC:
    case G_UNICODE_SCRIPT_ADLAM:
        return true;
    default:
        return false;
    }
}

char *format_name(const char *name)
{
    return is_rtl(name) ? g_strconcat(LRM, name, LRM, NULL) : g_strdup(name);
}

char *format_sentence(const char *sentence)
{
    return g_strconcat(is_rtl(sentence) ? LRM : "", sentence, NULL);
}

/* The first name alone, but never so short that it says nothing. */
static char *short_name(const Person *person)
{
    const char *space = strchr(person->shown, ' ');
    size_t first = space ? (size_t)(space - person->shown) : 0;
    if (*person->suffix || first < 2)
        return format_name(person->shown);
    g_autofree char *name = g_strndup(person->shown, first);
    return format_name(name);
}

char *format_typing(const GPtrArray *persons)
{
    guint count = persons ? persons->len : 0;
    if (!count)
        return g_strdup("");
    g_autofree char *first = short_name(g_ptr_array_index(persons, 0));
    if (count == 1)
        return g_strdup_printf("%s is typing…", first);
    if (count > 3)
        return g_strdup("Several people are typing…");
    g_autofree char *second = short_name(g_ptr_array_index(persons, 1));
    if (count == 2)
        return g_strdup_printf("%s and %s are typing…", first, second);
    g_autofree char *third = short_name(g_ptr_array_index(persons, 2));
    return g_strdup_printf("%s, %s and %s are typing…", first, second, third);
}

/* "Mira", "Mira and Sam", "Mira and 2 others". */
static void append_names(GString *out, const GPtrArray *names, const char *what)
{
    if (!names->len)
        return;
    if (out->len)
        g_string_append(out, ", ");
    g_autofree char *first = format_name(g_ptr_array_index(names, 0));
    g_string_append(out, first);
    if (names->len == 2) {
        g_autofree char *second = format_name(g_ptr_array_index(names, 1));
        g_string_append_printf(out, " and %s", second);
    }
    if (names->len > 2)
        g_string_append_printf(out, " and %u others", names->len - 1);
    g_string_append_printf(out, " %s", what);
}

char *format_comings(const GPtrArray *messages)
{
    const char *moved = NULL;
    g_autoptr(GPtrArray) joined = g_ptr_array_new();
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    /* From the newest: what somebody did last is what counts. */
    for (guint i = messages->len; i-- > 0;) {
        const Message *message = g_ptr_array_index(messages, i);
        if (message->kind == MESSAGE_MOVED && !moved)
            moved = message->text;
        if (!message->author || !g_hash_table_add(seen, (gpointer)message->author->shown))
            continue;
        GPtrArray *names = message->kind == MESSAGE_JOINED ? joined : left;
        g_ptr_array_insert(names, 0, (gpointer)message->author->shown);
    }
    GString *out = g_string_new(NULL);
    append_names(out, joined, "joined");
    append_names(out, left, "left");
    if (moved)
        g_string_append_printf(out, "%s%s", out->len ? " · " : "", moved);
    return g_string_free(out, FALSE);
}

char *format_people(unsigned count)
{
    return count == 1 ? g_strdup("1 person") : g_strdup_printf("%u people", count);
}
