/* The keys of the configuration file and what they may say. */
#include "relay/server/config_internal.h"
#include "relay/text.h"

#include <string.h>

#define DAYS_MAX 36500
#define MEGABYTES_MAX 10000000
#define FILES_RATE_MAX 1000000 /* MiB a second */
#define FILES_AT_ONCE_MAX 4096 /* each takes six descriptors and half a megabyte */
#define MEGABYTE (UINT64_C(1024) * 1024)

/* NULL: it is one. */
static char *number(const char *value, guint64 least, guint64 most, guint64 *out)
{
    if (g_ascii_string_to_unsigned(value, 10, least, most, out, NULL))
        return NULL;
    return g_strdup_printf("has to be a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                           least, most);
}

static char *truth(const char *value, bool *out)
{
    if (strcmp(value, "true") == 0 || strcmp(value, "yes") == 0) {
        *out = true;
        return NULL;
    }
    *out = false;
    return strcmp(value, "false") == 0 || strcmp(value, "no") == 0
               ? NULL
               : g_strdup("has to be true or false");
}

static char *take_name(ConfigReading *reading, Config *config, const char *value)
{
    g_free(config->name);
    config->name = text_make_name(value, strlen(value));
    return config->name != NULL ? NULL : g_strdup("is no name that could be shown");
}

static char *take_port(ConfigReading *reading, Config *config, const char *value)
{
    guint64 port = 0;
    char *wrong = number(value, 0, UINT16_MAX, &port);
    config->port = (int)port;
    return wrong;
}

static char *take_mdns(ConfigReading *reading, Config *config, const char *value)
{
    return truth(value, &config->mdns);
}

static char *take_allow_public(ConfigReading *reading, Config *config, const char *value)
{
    return truth(value, &config->allow_public);
}

static char *take_metrics_port(ConfigReading *reading, Config *config, const char *value)
{
    guint64 port = 0;
    char *wrong = number(value, 0, UINT16_MAX, &port);
    config->metrics_port = (uint16_t)port;
    return wrong;
}

static char *take_days(ConfigReading *reading, Config *config, const char *value)
{
    guint64 days = 0;
    char *wrong = number(value, 0, DAYS_MAX, &days);
    config->history_days = (unsigned)days;
    return wrong;
}

static char *take_history_megabytes(ConfigReading *reading, Config *config, const char *value)
{
    guint64 megabytes = 0;
    char *wrong = number(value, 0, MEGABYTES_MAX, &megabytes);
    config->history_bytes = megabytes * MEGABYTE;
    return wrong;
}

static char *take_members(ConfigReading *reading, Config *config, const char *value)
{
    guint64 members = 0;
    char *wrong = number(value, 1, MEMBERS_MAX, &members);
    config->limits.members = (unsigned)members;
    return wrong;
}

static char *take_rate(ConfigReading *reading, Config *config, const char *value)
{
    guint64 rate = 0;
    char *wrong = number(value, 1, 10000, &rate);
    config->limits.rate = (unsigned)rate;
    return wrong;
}

static char *take_burst(ConfigReading *reading, Config *config, const char *value)
{
    guint64 burst = 0;
    char *wrong = number(value, 1, 100000, &burst);
    config->limits.burst = (unsigned)burst;
    return wrong;
}

static char *take_files_rate(ConfigReading *reading, Config *config, const char *value)
{
    guint64 rate = 0;
    char *wrong = number(value, 0, FILES_RATE_MAX, &rate);
    config->meetings.rate = rate * MEGABYTE;
    return wrong;
}

static char *take_files_at_once(ConfigReading *reading, Config *config, const char *value)
{
    guint64 at_once = 0;
    char *wrong = number(value, 0, FILES_AT_ONCE_MAX, &at_once);
    config->meetings.meetings_max = (unsigned)at_once;
    return wrong;
}

static char *take_files_megabytes(ConfigReading *reading, Config *config, const char *value)
{
    guint64 megabytes = 0;
    char *wrong = number(value, 0, MEGABYTES_MAX, &megabytes);
    config->meetings.bytes_max = megabytes * MEGABYTE;
    return wrong;
}

static char *take_mode(ConfigReading *reading, Config *config, const char *value)
{
    static const char *const modes[] = {"open", "keys", "passphrase", NULL};
    static const HubDoor doors[] = {HUB_OPEN, HUB_LISTED, HUB_LOCKED};
    for (unsigned i = 0; modes[i] != NULL; i++) {
        if (strcmp(value, modes[i]) == 0) {
            config->door = doors[i];
            return NULL;
        }
    }
    const char *meant = config_nearest(value, modes);
    return meant != NULL
               ? g_strdup_printf("has to be open, keys or passphrase; did you mean %s?", meant)
               : g_strdup("has to be open, keys or passphrase");
}

static char *take_keys_file(ConfigReading *reading, Config *config, const char *value)
{
    g_free(reading->keys_file);
    reading->keys_file = config_path_from(reading, value);
    return NULL;
}

static char *take_passphrase_file(ConfigReading *reading, Config *config, const char *value)
{
    g_free(config->passphrase_file);
    config->passphrase_file = config_path_from(reading, value);
    return NULL;
}

const ConfigKey config_keys[] = {
    {"relay", "name", take_name},
    {"relay", "port", take_port},
    {"relay", "mdns", take_mdns},
    {"relay", "allow-public", take_allow_public},
    {"relay", "metrics-port", take_metrics_port},
    {"history", "days", take_days},
    {"history", "megabytes", take_history_megabytes},
    {"limits", "members", take_members},
    {"limits", "rate", take_rate},
    {"limits", "burst", take_burst},
    {"files", "rate", take_files_rate},
    {"files", "at-once", take_files_at_once},
    {"files", "megabytes", take_files_megabytes},
    {"admission", "mode", take_mode},
    {"admission", "keys-file", take_keys_file},
    {"admission", "passphrase-file", take_passphrase_file},
    {0},
};
