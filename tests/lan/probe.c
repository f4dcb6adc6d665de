/* A node that only announces, or only finds, and prints what happens as JSON lines: for looking at
 * discovery alone, in scenarios and by hand.
 *
 *   probe find [--memory FILE] [--no-mdns] [ADDRESS…]
 *   probe announce KEY NAME [PORT [ROLE]]     KEY is 16 hexadecimal digits
 *   probe flood COUNT [silent]                announces COUNT services that nobody should believe,
 * or that are only names and never resolve
 *
 * `announce` takes lines on stdin: each is a new name. `find` too: "doubt KEY", "remember KEY". */

#include "discovery/address.h"
#include "discovery/announcer.h"
#include "discovery/finder.h"
#include "discovery/mdns.h"
#include "discovery/txt.h"

#include <avahi-client/publish.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    GMainLoop *loop;
    Finder *finder;
    Announcer *announcer;
    Announcement announcement;
    Mdns *mdns;
    AvahiEntryGroup *group;
    unsigned flood;
    bool silent;
    char name[256];
    int64_t started; /* monotonic, microseconds */
} Probe;

static void print_string(const char *key, const char *text)
{
    printf(",\"%s\":\"", key);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p < 0x20 || *p == '"' || *p == '\\') {
            printf("\\u%04x", *p);
        } else {
            putchar(*p);
        }
    }
    putchar('"');
}

static void begin(const Probe *probe, const char *event)
{
    printf("{\"event\":\"%s\",\"ms\":%lld", event,
           (long long)(g_get_monotonic_time() - probe->started) / 1000);
}

static void end(void)
{
    puts("}");
    fflush(stdout);
}

static void print_candidate(const Candidate *candidate)
{
    static const char *const roles[] = {"unknown", "relay", "app"};
    const uint8_t *key = candidate_key(candidate);
    const uint8_t *place = candidate_place(candidate);
    g_autofree char *key_text = key ? txt_hex(key, CANDIDATE_KEY_SIZE) : g_strdup("");
    g_autofree char *place_text = place ? txt_hex(place, CANDIDATE_PLACE_SIZE) : g_strdup("");
    const GPtrArray *addresses = candidate_addresses(candidate);
    printf("{\"sources\":%u", candidate_sources(candidate));
    print_string("role", roles[candidate_role(candidate)]);
    print_string("name", candidate_name(candidate));
    print_string("key", key_text);
    print_string("place", place_text);
    printf(",\"epoch\":%llu,\"addresses\":[", (unsigned long long)candidate_epoch(candidate));
    for (guint i = 0; i < addresses->len; i++) {
        g_autofree char *address = address_format(addresses->pdata[i]);
        printf("%s\"%s\"", i ? "," : "", address);
    }
    printf("]}");
}

static void changed(void *user)
{
    Probe *probe = user;
    g_autoptr(GPtrArray) candidates = finder_candidates(probe->finder);
    g_ptr_array_set_free_func(candidates, (GDestroyNotify)candidate_unref);
    begin(probe, "candidates");
    printf(",\"candidates\":[");
    for (guint i = 0; i < candidates->len; i++) {
        printf("%s", i ? "," : "");
        print_candidate(candidates->pdata[i]);
    }
    printf("]");
    end();
}

static void finder_says(FinderState state, const char *line, void *user)
{
    static const char *const names[] = {"starting", "browsing", "settled", "unavailable"};
    begin(user, "finder");
    print_string("state", names[state]);
    print_string("line", line ? line : "");
    end();
}

static void print_network(void *user)
{
    Probe *probe = user;
    Network network = finder_network(probe->finder);
    g_autofree char *id = txt_hex(network.id, sizeof network.id);
    begin(probe, "network");
    print_string("id", network.has_gateway ? id : "");
    end();
}

static void announcer_says(AnnouncerState state, const char *line, void *user)
{
    static const char *const names[] = {"waiting", "announced", "unavailable"};
    begin(user, "announcer");
    print_string("state", names[state]);
    print_string("line", line ? line : "");
    end();
}

static const Candidate *find_key(const GPtrArray *candidates, const char *text)
{
    uint8_t key[CANDIDATE_KEY_SIZE];
    for (guint i = 0; txt_unhex(text, strlen(text), key, sizeof key) && i < candidates->len; i++) {
        const uint8_t *its = candidate_key(candidates->pdata[i]);
        if (its && memcmp(its, key, sizeof key) == 0) {
            return candidates->pdata[i];
        }
    }
    return NULL;
}

static void finder_command(Probe *probe, const char *line)
{
    g_autoptr(GPtrArray) candidates = finder_candidates(probe->finder);
    const char *space = strchr(line, ' ');
    const Candidate *candidate = space ? find_key(candidates, space + 1) : NULL;
    if (candidate && g_str_has_prefix(line, "doubt ")) {
        finder_doubt(probe->finder, candidate);
    } else if (candidate && g_str_has_prefix(line, "remember ")) {
        finder_remember(probe->finder, candidate_place(candidate), candidate_key(candidate),
                        candidate_role(candidate), candidate_name(candidate),
                        candidate_addresses(candidate));
    }
}

static gboolean line_readable(int fd, GIOCondition condition, void *user)
{
    Probe *probe = user;
    char line[256];
    if (!fgets(line, sizeof line, stdin)) {
        return G_SOURCE_REMOVE;
    }
    g_strchomp(line);
    if (probe->announcer) {
        g_strlcpy(probe->name, line, sizeof probe->name);
        announcer_update(probe->announcer, &probe->announcement);
    } else {
        finder_command(probe, line);
    }
    return G_SOURCE_CONTINUE;
}

static bool start_find(Probe *probe, int argc, char **argv)
{
    static const FinderEvents events = {changed, finder_says, print_network};
    const char *memory = NULL;
    bool mdns = true;
    int i = 0;
    for (; i < argc && g_str_has_prefix(argv[i], "--"); i++) {
        if (strcmp(argv[i], "--memory") == 0 && i + 1 < argc) {
            memory = argv[++i];
        } else if (strcmp(argv[i], "--no-mdns") == 0) {
            mdns = false;
        } else {
            return false;
        }
    }
    probe->finder = finder_new(NULL, memory, mdns, &events, probe);
    for (; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        if (!finder_type(probe->finder, argv[i], &error)) {
            fprintf(stderr, "probe: %s\n", error->message);
            return false;
        }
    }
    finder_start(probe->finder);
    print_network(probe);
    return true;
}

static bool start_announce(Probe *probe, int argc, char **argv)
{
    if (argc < 2 || !txt_unhex(argv[0], strlen(argv[0]), probe->announcement.key,
                               sizeof probe->announcement.key)) {
        return false;
    }
    g_strlcpy(probe->name, argv[1], sizeof probe->name);
    probe->announcement.name = probe->name;
    probe->announcement.port =
        argc > 2 ? (uint16_t)g_ascii_strtoull(argv[2], NULL, 10) : ANNOUNCER_DEFAULT_PORT;
    probe->announcement.role =
        argc > 3 && strcmp(argv[3], "app") == 0 ? CANDIDATE_ROLE_APP : CANDIDATE_ROLE_RELAY;
    probe->announcer = announcer_new(NULL, &probe->announcement, announcer_says, probe);
    return true;
}

/* Each says something else that is wrong or too much; a key of its own makes it a node of its own.
 */
static AvahiStringList *hostile_txt(unsigned number)
{
    static const char *const names[] = {
        "name=\x1b]0;owned\a\x1b[31mred",
        "name=\u202egnp.exe",
        "name=\xff\xfe\xc0\x80",
        "name=<b>&amp;</b>\n{\"event\":\"joined\"}",
        "name=",
        "name",
    };
    g_autofree char *long_name = g_strnfill(240, 'W');
    AvahiStringList *txt = avahi_string_list_add_printf(NULL, "v=%s", number % 11 ? "1" : "2");
    txt = avahi_string_list_add(txt, "place=ffffffffffffffffffffffffffffffff");
    txt = avahi_string_list_add(txt, names[number % G_N_ELEMENTS(names)]);
    txt = avahi_string_list_add_printf(txt, "key=%016x", number % 13 ? number + 0xf0000 : 0);
    txt = avahi_string_list_add(txt, number % 7 ? "role=relay" : "role=emperor");
    for (unsigned i = 0; i < (number % 17 == 0 ? 40 : number % 5); i++) {
        txt = avahi_string_list_add_printf(txt, "name=%s", long_name);
    }
    return avahi_string_list_add(txt, number % 3 ? "epoch=1" : "epoch=99999999999999999999");
}

static void flood_group(AvahiEntryGroup *group, AvahiEntryGroupState state, void *user)
{
    if (state == AVAHI_ENTRY_GROUP_ESTABLISHED) {
        begin(user, "flooding");
        end();
    }
}

static void put_label(GByteArray *name, const char *label)
{
    uint8_t length = (uint8_t)strlen(label);
    g_byte_array_append(name, &length, 1);
    g_byte_array_append(name, (const uint8_t *)label, length);
}

/* A pointer (RFC 6763 §4.1) to a service that has no other records. */
static void add_silent(AvahiEntryGroup *group, const char *instance)
{
    static const char *const labels[] = {"_backfence", "_tcp", "local"};
    g_autoptr(GByteArray) name = g_byte_array_new();
    put_label(name, instance);
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        put_label(name, labels[i]);
    }
    g_byte_array_append(name, (const uint8_t *)"", 1);
    avahi_entry_group_add_record(group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0,
                                 ANNOUNCER_SERVICE_TYPE ".local", AVAHI_DNS_CLASS_IN,
                                 AVAHI_DNS_TYPE_PTR, AVAHI_DEFAULT_TTL, name->data, name->len);
}

static void add_hostile(AvahiEntryGroup *group, const char *instance, unsigned number)
{
    AvahiStringList *txt = hostile_txt(number);
    avahi_entry_group_add_service_strlst(group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, instance,
                                         ANNOUNCER_SERVICE_TYPE, NULL, NULL,
                                         (uint16_t)(20000 + number), txt);
    avahi_string_list_free(txt);
}

static void flood_running(AvahiClient *client, void *user)
{
    Probe *probe = user;
    probe->group = avahi_entry_group_new(client, flood_group, probe);
    for (unsigned i = 0; probe->group && i < probe->flood; i++) {
        g_autofree char *name = g_strdup_printf("%016x", i);
        if (probe->silent) {
            add_silent(probe->group, name);
        } else {
            add_hostile(probe->group, name, i);
        }
    }
    if (probe->group) {
        avahi_entry_group_commit(probe->group);
    }
}

static void flood_lost(const char *line, void *user)
{
    Probe *probe = user;
    g_clear_pointer(&probe->group, avahi_entry_group_free);
}

static bool start_flood(Probe *probe, int argc, char **argv)
{
    static const MdnsEvents events = {flood_running, NULL, flood_lost};
    if (argc < 1) {
        return false;
    }
    probe->silent = argc > 1 && strcmp(argv[1], "silent") == 0;
    probe->flood = (unsigned)g_ascii_strtoull(argv[0], NULL, 10);
    probe->mdns = mdns_new(NULL, &events, probe);
    return true;
}

static gboolean quit(void *user)
{
    g_main_loop_quit(user);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    Probe probe = {.started = g_get_monotonic_time()};
    bool started = false;
    if (argc > 1 && strcmp(argv[1], "find") == 0) {
        started = start_find(&probe, argc - 2, argv + 2);
    } else if (argc > 1 && strcmp(argv[1], "announce") == 0) {
        started = start_announce(&probe, argc - 2, argv + 2);
    } else if (argc > 1 && strcmp(argv[1], "flood") == 0) {
        started = start_flood(&probe, argc - 2, argv + 2);
    }
    if (!started) {
        fprintf(stderr, "usage: probe find [--memory FILE] [--no-mdns] [ADDRESS…]\n"
                        "       probe announce KEY NAME [PORT [ROLE]]\n"
                        "       probe flood COUNT [silent]\n");
        return 64;
    }
    setvbuf(stdin, NULL, _IONBF, 0);
    probe.loop = g_main_loop_new(NULL, FALSE);
    g_unix_signal_add(SIGTERM, quit, probe.loop);
    g_unix_signal_add(SIGINT, quit, probe.loop);
    g_unix_fd_add(0, G_IO_IN | G_IO_HUP, line_readable, &probe);
    g_main_loop_run(probe.loop);
    flood_lost(NULL, &probe);
    mdns_free(probe.mdns);
    announcer_free(probe.announcer);
    finder_free(probe.finder);
    g_main_loop_unref(probe.loop);
    return 0;
}
