#include "relay/duration.h"

#include <glib.h>
#include <string.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define WEEK_MS (7 * DAY_MS)

static const struct {
    int64_t ms;
    const char *name; /* of one */
    const char *words[4];
} units[] = {
    {WEEK_MS, "week", {"w", "week", "weeks"}},
    {DAY_MS, "day", {"d", "day", "days"}},
    {HOUR_MS, "hour", {"h", "hour", "hours"}},
    {MINUTE_MS, "minute", {"m", "min", "minute", "minutes"}},
    {SECOND_MS, "second", {"s", "sec", "second", "seconds"}},
};

/* 0: no unit. */
static int64_t unit_of(const char *word, size_t length)
{
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(units[i].words); j++) {
            const char *known = units[i].words[j];
            if (known && strlen(known) == length && g_ascii_strncasecmp(known, word, length) == 0)
                return units[i].ms;
        }
    }
    return 0;
}

static size_t letters(const char *text)
{
    size_t length = 0;
    while (g_ascii_isalpha(text[length]))
        length++;
    return length;
}

static bool ends_word(char c)
{
    return c == '\0' || c == ' ' || c == '\t' || c == '\n';
}

/* What stands behind a number and is no unit: an ordinary word such as "2nd" or "3,5" is none of
 * ours. */
static DurationResult judge(const char *behind, size_t length)
{
    return length <= 1 && ends_word(behind[length]) ? DURATION_WRONG : DURATION_NONE;
}

/* A number and its unit; `*text` moves behind them. */
static DurationResult take_part(const char **text, int64_t *ms)
{
    const char *end = *text;
    int64_t number = 0;
    for (; g_ascii_isdigit(*end); end++)
        number = MIN(number * 10 + (*end - '0'), DURATION_MAX_MS);
    if (end == *text)
        return DURATION_NONE;
    const char *word = *end == ' ' ? end + 1 : end;
    size_t length = letters(word);
    int64_t unit = unit_of(word, length);
    if (unit == 0 || (!ends_word(word[length]) && !g_ascii_isdigit(word[length])))
        return *end == ' ' ? DURATION_WRONG : judge(end, letters(end));
    if (number > DURATION_MAX_MS / unit)
        return DURATION_WRONG;
    *ms += number * unit;
    *text = word + length;
    return DURATION_TAKEN;
}

DurationResult duration_take(const char **rest, int64_t *ms)
{
    const char *text = *rest;
    int64_t sum = 0;
    do {
        DurationResult result = take_part(&text, &sum);
        if (result != DURATION_TAKEN)
            return result;
    } while (!ends_word(*text));
    if (sum <= 0 || sum > DURATION_MAX_MS)
        return DURATION_WRONG;
    *rest = text + strspn(text, " \t\n");
    *ms = sum;
    return DURATION_TAKEN;
}

bool duration_parse(const char *word, int64_t *ms)
{
    const char *rest = word;
    int64_t taken = 0;
    if (duration_take(&rest, &taken) != DURATION_TAKEN || *rest != '\0')
        return false;
    *ms = taken;
    return true;
}

static char *say_units(int64_t number, size_t unit)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s%s", number, units[unit].name,
                           number == 1 ? "" : "s");
}

/* The largest unit that it has one of; weeks are for whole ones. */
static size_t largest_unit(int64_t ms)
{
    size_t unit = ms % WEEK_MS < HOUR_MS && ms >= WEEK_MS ? 0 : 1;
    while (unit + 1 < G_N_ELEMENTS(units) && ms < units[unit].ms)
        unit++;
    return unit;
}

char *duration_say(int64_t ms)
{
    ms = CLAMP(ms, SECOND_MS, DURATION_MAX_MS);
    size_t unit = largest_unit(ms);
    size_t lesser = MIN(unit + 1, G_N_ELEMENTS(units) - 1);
    int64_t step = units[lesser].ms;
    ms = (ms + step / 2) / step * step;
    unit = largest_unit(ms); /* rounded up to the next one, perhaps */
    lesser = MIN(unit + 1, G_N_ELEMENTS(units) - 1);
    g_autofree char *first = say_units(ms / units[unit].ms, unit);
    int64_t left = lesser > unit ? ms % units[unit].ms / units[lesser].ms : 0;
    if (left == 0)
        return g_steal_pointer(&first);
    g_autofree char *second = say_units(left, lesser);
    return g_strconcat(first, " ", second, NULL);
}

/* Days are compared by their numbers: they do not all have 24 hours. */
static guint32 day_number(GDateTime *time)
{
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, (GDateDay)g_date_time_get_day_of_month(time),
                   (GDateMonth)g_date_time_get_month(time), (GDateYear)g_date_time_get_year(time));
    return g_date_get_julian(&date);
}

char *duration_point(int64_t time_ms, int64_t now_ms)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(time_ms / 1000);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_ms / 1000);
    if (!time || !now)
        return g_strdup("a time that no calendar has");
    guint32 day = day_number(time), today = day_number(now);
    if (day == today)
        return g_date_time_format(time, "%H:%M");
    if (day == today + 1)
        return g_date_time_format(time, "tomorrow %H:%M");
    bool same_year = g_date_time_get_year(time) == g_date_time_get_year(now);
    return g_date_time_format(time, same_year ? "%-d %B %H:%M" : "%-d %B %Y %H:%M");
}
