#include "relay/server/report.h"

#include "relay/text.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *level_of(const char *event)
{
    static const char *const errors[] = {"failed", "disk-full", "disk-error", NULL};
    static const char *const warnings[] = {
        "refused",     "bad-frame",       "bad-event",  "fork",          "too-slow",
        "unannounced", "log-set-aside",   "port-taken", "place-unsaved", "uncontrolled",
        "unwatched",   "control-refused", NULL};
    if (g_strv_contains(errors, event))
        return "error";
    return g_strv_contains(warnings, event) ? "warning" : "info";
}

void report(const char *event, const char *detail)
{
    bool more = detail != NULL && *detail != '\0';
    g_autofree char *line = g_strdup_printf("level=%s event=%s%s%s\n", level_of(event), event,
                                            more ? " " : "", more ? detail : "");
    fputs(line, stderr);
}

char *report_quote(const char *value)
{
    g_autofree char *clean = text_escape(value, strlen(value));
    if (*clean != '\0' && strpbrk(clean, " \"=") == NULL)
        return g_steal_pointer(&clean);
    g_autoptr(GString) quoted = g_string_new("\"");
    for (const char *at = clean; *at != '\0'; at++) {
        if (*at == '"')
            g_string_append_c(quoted, '\\');
        g_string_append_c(quoted, *at);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(g_steal_pointer(&quoted), FALSE);
}

void report_value(const char *event, const char *key, const char *value)
{
    g_autofree char *quoted = report_quote(value);
    g_autofree char *detail = g_strdup_printf("%s=%s", key, quoted);
    report(event, detail);
}
