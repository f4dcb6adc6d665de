#include "relay/server/diagnosis.h"

#include "relay/limits.h"
#include "relay/server/command.h"
#include "relay/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define ROOM_LEAST (UINT64_C(100) * 1024 * 1024)
#define ROUTES "/proc/net/route"

typedef struct {
    DiagnosisGrade grade;
    const char *subject; /* static */
    char *what, *advice; /* owned; advice may be NULL */
} Finding;

struct Diagnosis {
    GArray *findings;
};

static void finding_clear(void *finding)
{
    g_free(((Finding *)finding)->what);
    g_free(((Finding *)finding)->advice);
}

Diagnosis *diagnosis_new(void)
{
    Diagnosis *diagnosis = g_new0(Diagnosis, 1);
    diagnosis->findings = g_array_new(FALSE, FALSE, sizeof(Finding));
    g_array_set_clear_func(diagnosis->findings, finding_clear);
    return diagnosis;
}

void diagnosis_free(Diagnosis *diagnosis)
{
    if (diagnosis == NULL)
        return;
    g_array_unref(diagnosis->findings);
    g_free(diagnosis);
}

void diagnosis_add(Diagnosis *diagnosis, DiagnosisGrade grade, const char *subject,
                   const char *what, const char *advice)
{
    Finding finding = {
        .grade = grade, .subject = subject, .what = g_strdup(what), .advice = g_strdup(advice)};
    g_array_append_val(diagnosis->findings, finding);
}

unsigned diagnosis_faults(const Diagnosis *diagnosis)
{
    unsigned count = 0;
    for (guint i = 0; i < diagnosis->findings->len; i++)
        count += g_array_index(diagnosis->findings, Finding, i).grade == DIAGNOSIS_FAULT;
    return count;
}

/* --- the network --- */

typedef struct {
    unsigned good, tunnels, deaf; /* interfaces with addresses; deaf: without multicast */
} Interfaces;

static void count_interface(Interfaces *interfaces, const struct ifaddrs *entry)
{
    bool address = entry->ifa_addr != NULL && (entry->ifa_addr->sa_family == AF_INET ||
                                               entry->ifa_addr->sa_family == AF_INET6);
    if (!address || (entry->ifa_flags & IFF_UP) == 0 || (entry->ifa_flags & IFF_LOOPBACK) != 0)
        return;
    if ((entry->ifa_flags & IFF_POINTOPOINT) != 0)
        interfaces->tunnels++;
    else if ((entry->ifa_flags & IFF_MULTICAST) == 0)
        interfaces->deaf++;
    else
        interfaces->good++;
}

/* The interface of the default route (proc(5)); transfer full, NULL: there is none. */
static char *default_interface(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(ROUTES, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(cells) > 7 && strcmp(cells[1], "00000000") == 0 &&
            strcmp(cells[7], "00000000") == 0)
            return g_strdup(cells[0]);
    }
    return NULL;
}

static bool is_tunnel(const struct ifaddrs *entries, const char *name)
{
    for (; entries != NULL; entries = entries->ifa_next) {
        if (strcmp(entries->ifa_name, name) == 0)
            return (entries->ifa_flags & IFF_POINTOPOINT) != 0;
    }
    return false;
}

static void examine_route(Diagnosis *diagnosis, const struct ifaddrs *entries)
{
    g_autofree char *name = default_interface();
    if (name == NULL || !is_tunnel(entries, name))
        return;
    g_autofree char *what =
        g_strdup_printf("What leaves this machine goes through the tunnel %s (a VPN?).", name);
    diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "vpn", what,
                  "A VPN may keep machines of the local network away: allow local access in its "
                  "settings.");
}

void diagnosis_network(Diagnosis *diagnosis)
{
    struct ifaddrs *entries = NULL;
    Interfaces interfaces = {0};
    if (getifaddrs(&entries) != 0)
        return;
    for (const struct ifaddrs *entry = entries; entry != NULL; entry = entry->ifa_next)
        count_interface(&interfaces, entry);
    if (interfaces.good > 0)
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "network", "This machine is on a network.", NULL);
    else if (interfaces.tunnels > 0)
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "network",
                      "This machine is on a VPN and on no network of its own.",
                      "People find the relay only on a network that they share with it.");
    else if (interfaces.deaf > 0)
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "network",
                      "No network of this machine takes multicast, which mDNS needs.",
                      "ip link set NAME multicast on; or type the address.");
    else
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "network", "This machine is on no network.",
                      "Plug in the cable, or see `ip address`.");
    examine_route(diagnosis, entries);
    freeifaddrs(entries);
}

/* --- the rest --- */

void diagnosis_clock(Diagnosis *diagnosis, int64_t wall_ms)
{
    if (wall_ms >= TIME_FIRST_MS && wall_ms < TIME_FIRST_MS + TIME_FAR_MS)
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "clock", "The clock can be right.", NULL);
    else
        diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "clock", "The clock is wrong by years.",
                      "Messages show wrong times: switch on time synchronization (timedatectl "
                      "set-ntp true).");
}

void diagnosis_disk(Diagnosis *diagnosis, const char *directory)
{
    struct statvfs disk;
    g_autofree char *what = NULL;
    if (statvfs(directory, &disk) != 0) {
        what = g_strdup_printf("%s cannot be looked at: %s", directory, g_strerror(errno));
        diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "disk", what,
                      "Name the data directory by --data, or ask as the relay's user.");
    } else if (access(directory, W_OK) != 0) {
        what = g_strdup_printf("%s cannot be written by this user.", directory);
        diagnosis_add(diagnosis, DIAGNOSIS_DOUBT, "disk", what,
                      "That is as it should be when the relay runs as another user.");
    } else if (disk.f_bavail * (uint64_t)disk.f_frsize < ROOM_LEAST) {
        what = g_strdup_printf("The disk below %s is nearly full.", directory);
        diagnosis_add(diagnosis, DIAGNOSIS_FAULT, "disk", what,
                      "Make room: while it is full nothing new is taken.");
    } else {
        diagnosis_add(diagnosis, DIAGNOSIS_FINE, "disk", "There is room on the disk.", NULL);
    }
}

/* --- printing --- */

void diagnosis_print(const Diagnosis *diagnosis)
{
    static const char *const marks[] = {"ok", "?", "!"};
    for (int grade = DIAGNOSIS_FINE; grade <= DIAGNOSIS_FAULT; grade++) {
        for (guint i = 0; i < diagnosis->findings->len; i++) {
            const Finding *finding = &g_array_index(diagnosis->findings, Finding, i);
            if ((int)finding->grade != grade)
                continue;
            g_autofree char *what = text_escape(finding->what, strlen(finding->what));
            printf("%-3s %s\n", marks[grade], what);
            if (finding->advice != NULL)
                printf("    %s\n", finding->advice);
        }
    }
    if (diagnosis_faults(diagnosis) == 0)
        puts(
            "Nothing here keeps people away. Look at the other machine: is it on the same network, "
            "and not on its guest network?");
}

void diagnosis_print_json(const Diagnosis *diagnosis)
{
    static const char *const grades[] = {"fine", "doubt", "fault"};
    g_autoptr(JsonObject) answer = json_object_new();
    JsonArray *list = json_array_new();
    for (guint i = 0; i < diagnosis->findings->len; i++) {
        const Finding *finding = &g_array_index(diagnosis->findings, Finding, i);
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "grade", grades[finding->grade]);
        json_object_set_string_member(object, "subject", finding->subject);
        json_object_set_string_member(object, "what", finding->what);
        if (finding->advice != NULL)
            json_object_set_string_member(object, "advice", finding->advice);
        json_array_add_object_element(list, object);
    }
    json_object_set_boolean_member(answer, "ok", diagnosis_faults(diagnosis) == 0);
    json_object_set_array_member(answer, "findings", list);
    command_print_json(answer);
}
