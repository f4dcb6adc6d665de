/* The keys of the configuration file and what they may say. */
#include "relay/server/config_internal.h"
#include "relay/text.h"

#include <stddef.h>
#include <string.h>

#define DAYS_MAX 36500
#define MEGABYTES_MAX 10000000
#define MEGABYTE (UINT64_C(1024) * 1024)

static char *take_number(ConfigReading *reading, Config *config, const ConfigKey *key,
                         const char *value)
{
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(value, 10, key->least, key->most, &number, NULL))
        return g_strdup_printf("has to be a number from %" G_GUINT64_FORMAT
                               " to %" G_GUINT64_FORMAT,
                               key->least, key->most);
    uint64_t scaled = number * key->unit;
    uint8_t *place = (uint8_t *)config + key->offset;
    switch (key->size) {
    case sizeof(uint16_t):
        *(uint16_t *)(void *)place = (uint16_t)scaled;
        break;
    case sizeof(uint32_t):
        *(uint32_t *)(void *)place = (uint32_t)scaled;
        break;
    default:
        *(uint64_t *)(void *)place = scaled;
    }
    return NULL;
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

static char *take_name(ConfigReading *reading, Config *config, const ConfigKey *key,
                       const char *value)
{
    g_free(config->name);
    config->name = text_make_name(value, strlen(value));
    return config->name != NULL ? NULL : g_strdup("is no name that could be shown");
}

static char *take_mdns(ConfigReading *reading, Config *config, const ConfigKey *key,
                       const char *value)
{
    return truth(value, &config->mdns);
}

static char *take_allow_public(ConfigReading *reading, Config *config, const ConfigKey *key,
                               const char *value)
{
    return truth(value, &config->allow_public);
}

static char *take_mode(ConfigReading *reading, Config *config, const ConfigKey *key,
                       const char *value)
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

static char *take_keys_file(ConfigReading *reading, Config *config, const ConfigKey *key,
                            const char *value)
{
    g_free(reading->keys_file);
    reading->keys_file = config_path_from(reading, value);
    return NULL;
}

static char *take_passphrase_file(ConfigReading *reading, Config *config, const ConfigKey *key,
                                  const char *value)
{
    g_free(config->passphrase_file);
    config->passphrase_file = config_path_from(reading, value);
    return NULL;
}

#define NUMBER(member, from, to, in)                                                               \
    take_number, from, to, in, offsetof(Config, member), sizeof(((Config *)NULL)->member)

const ConfigKey config_keys[] = {
    {"relay", "name", take_name},
    {"relay", "port", NUMBER(port, 0, UINT16_MAX, 1)},
    {"relay", "mdns", take_mdns},
    {"relay", "allow-public", take_allow_public},
    {"relay", "metrics-port", NUMBER(metrics_port, 0, UINT16_MAX, 1)},
    {"history", "days", NUMBER(history_days, 0, DAYS_MAX, 1)},
    {"history", "megabytes", NUMBER(history_bytes, 0, MEGABYTES_MAX, MEGABYTE)},
    {"limits", "members", NUMBER(limits.members, 1, MEMBERS_MAX, 1)},
    {"limits", "rate", NUMBER(limits.rate, 1, CONFIG_RATE_MAX, 1)},
    {"limits", "burst", NUMBER(limits.burst, 1, CONFIG_BURST_MAX, 1)},
    {"files", "rate", NUMBER(meetings.rate, 0, CONFIG_FILES_RATE_MAX, MEGABYTE)},
    {"files", "at-once", NUMBER(meetings.meetings_max, 0, CONFIG_FILES_AT_ONCE_MAX, 1)},
    {"files", "megabytes", NUMBER(meetings.bytes_max, 0, MEGABYTES_MAX, MEGABYTE)},
    {"admission", "mode", take_mode},
    {"admission", "keys-file", take_keys_file},
    {"admission", "passphrase-file", take_passphrase_file},
    {0},
};
