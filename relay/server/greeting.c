#include "relay/server/greeting.h"

#include "relay/text.h"

#include <string.h>

#define MORE "             " /* under the values */

static char *clean(const char *text)
{
    return text_escape(text, strlen(text));
}

static const char *origin_sentence(PlaceOrigin origin)
{
    switch (origin) {
    case PLACE_KEPT:
        return "";
    case PLACE_NEW:
        return " It is a new place, apart from others on this network.";
    case PLACE_ANNOUNCED:
        return " That is the place that was here already: it takes it over, history and all.";
    case PLACE_GATEWAY:
    case PLACE_RANDOM:
        return " That is the place of this network from now on.";
    }
    return "";
}

/* A command for the shell, quoted where that is needed. */
static char *command_for(const Greeting *greeting, const char *words)
{
    if (greeting->default_data)
        return g_strconcat("backfence-relay ", words, NULL);
    g_autofree char *quoted = g_shell_quote(greeting->data);
    bool plain = strpbrk(greeting->data, " '\"\\$`*?[]#~=%!&;|<>(){}\t\n") == NULL;
    g_autofree char *safe = clean(plain ? greeting->data : quoted);
    return g_strconcat("backfence-relay ", words, " --data ", safe, NULL);
}

static void add_addresses(GString *text, const Greeting *greeting)
{
    for (const char *const *address = greeting->addresses; *address != NULL; address++)
        g_string_append_printf(text, "%s%s\n",
                               address == greeting->addresses ? "  Addresses  " : MORE, *address);
    if (greeting->addresses[0] == NULL)
        g_string_append_printf(text, "  Port       %u, on no network yet\n", greeting->port);
}

static void add_finding(GString *text, const Greeting *greeting)
{
    g_autofree char *why = greeting->why != NULL ? clean(greeting->why) : NULL;
    if (greeting->found)
        g_string_append(text, "  Found by   everybody on this network who opens Backfence, now\n");
    else
        g_string_append_printf(text, "  Found by   nobody without its address: %s\n",
                               why != NULL ? why : "it is not announced");
    if (greeting->addresses[0] != NULL)
        g_string_append_printf(text, "  By hand    type /connect %s in Backfence\n",
                               greeting->addresses[0]);
}

static char *first_text(const Greeting *greeting)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = clean(greeting->name), *data = clean(greeting->data);
    g_autofree char *advice = firewall_advice(greeting->firewall, greeting->port);
    g_autofree char *backup = command_for(greeting, "backup DIRECTORY");
    g_autofree char *help = command_for(greeting, "status");
    const char *firewall = firewall_name(greeting->firewall);
    g_string_append_printf(text, "\nBackfence keeps the place “%s”.%s\n\n", name,
                           origin_sentence(greeting->origin));
    g_string_append_printf(text, "  Data       %s\n", data);
    add_addresses(text, greeting);
    add_finding(text, greeting);
    if (greeting->admission != NULL)
        g_string_append_printf(text, "  Let in     %s\n", greeting->admission);
    g_string_append_printf(text, "  Firewall   %s%s%s\n", firewall,
                           *firewall != '\0' ? " is active: " : "", advice);
    if (greeting->code != NULL)
        g_string_append_printf(text, "  Admin      type /claim %s in the chat within an hour\n",
                               greeting->code);
    g_string_append_printf(text, "  Backup     %s, while it runs\n", backup);
    g_string_append_printf(text, "  More       %s; backfence-relay --help\n\n", help);
    g_string_append(text, "Ctrl+C ends it. What happens follows, one line each.\n\n");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *short_text(const Greeting *greeting)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = clean(greeting->name);
    g_autofree char *why = greeting->why != NULL ? clean(greeting->why) : NULL;
    g_autofree char *admin = command_for(greeting, "admin --code");
    const char *address = greeting->addresses[0];
    g_string_append_printf(text, "Backfence keeps the place “%s”", name);
    if (address != NULL)
        g_string_append_printf(text, " at %s", address);
    if (greeting->found)
        g_string_append(text, "; everybody on this network finds it.\n");
    else
        g_string_append_printf(text, "; nobody finds it without its address: %s\n",
                               why != NULL ? why : "it is not announced");
    if (greeting->no_admin)
        g_string_append_printf(text, "It has no admin yet: %s prints the code that makes one.\n",
                               admin);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *greeting_text(const Greeting *greeting)
{
    return greeting->first ? first_text(greeting) : short_text(greeting);
}
