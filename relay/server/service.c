#include "relay/server/service.h"

#include "discovery/txt.h"
#include "relay/server/archive.h"
#include "relay/server/report.h"
#include "relay/server/service_internal.h"
#include "relay/server/watch.h"
#include "relay/urgency.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>

/* About ten milliseconds of work each time; a million events take a day. */
#define SCRUB_EVERY_S 10
#define SCRUB_EVENTS 120

static void service_clear(Service *service)
{
    snapshot_free(g_steal_pointer(&service->snapshot));
    metrics_free(service->metrics);
    control_free(service->control);
    standby_free(service->standby);
    announcer_free(service->announcer);
    g_free(service->unannounced);
    carrier_free(service->carrier);
    carrier_free(service->retired);
    retention_free(service->retention);
    moderator_free(service->moderator);
    banned_addresses_free(service->banned);
    log_close(service->log);
    place_clear(&service->place);
    identity_free(service->identity);
    config_free(service->config);
    sodium_memzero(&service->door, sizeof service->door);
    notify_free(service->notify);
    g_clear_pointer(&service->loop, g_main_loop_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Service, service_clear)

static ServiceExit fail(Service *service, ServiceExit why, const GError *error)
{
    report_value("failed", "why", error->message);
    notify_status(service->notify, error->message);
    return why;
}

static void report_place(const Service *service)
{
    g_autofree char *id = txt_hex(log_place(service->log), PLACE_SIZE);
    g_autofree char *name = report_quote(service->place.name);
    g_autofree char *detail = g_strdup_printf("from=%s place=%s name=%s",
                                              place_origin_word(service->place.origin), id, name);
    report("place", detail);
}

static ServiceExit open_log(Service *service, GError **error)
{
    const char *directory = service->options->data_dir;
    const uint8_t *self = identity_key(service->identity);
    if (!place_choose(service->options, self, &service->leaving, &service->place, error))
        return SERVICE_USAGE;
    service->log = log_open(directory, service->place.id, error);
    if (service->log == NULL)
        return g_error_matches(*error, LOG_ERROR, LOG_ERROR_NEWER) ? SERVICE_NEWER : SERVICE_DISK;
    if (log_damaged(service->log) != NULL)
        report_value("log-set-aside", "file", log_damaged(service->log));
    service->moderator = moderator_new(service->identity, service->log);
    service->banned = banned_addresses_new(directory);
    service_save_place(service);
    service->retention = retention_new(service->log);
    report_place(service);
    if (!door_read(service->options, service->config, log_place(service->log), &service->door,
                   error))
        return SERVICE_USAGE;
    return SERVICE_OK;
}

/* What `restore` had decided when it was killed. */
static gboolean finish_restoring(const char *directory, GError **error)
{
    bool finished;
    g_autofree char *aside = NULL;
    if (!archive_finish(directory, &finished, &aside, error))
        return FALSE;
    if (finished)
        report_value("restored", "before", aside != NULL ? aside : "");
    return TRUE;
}

static ServiceExit open_data(Service *service, GError **error)
{
    const char *directory = service->options->data_dir;
    if (g_mkdir_with_parents(directory, 0700) != 0) {
        g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno), "cannot make %s: %s",
                    directory, g_strerror(errno));
        return SERVICE_DISK;
    }
    if (!finish_restoring(directory, error))
        return SERVICE_DISK;
    g_autofree char *key = g_build_filename(directory, "identity.key", NULL);
    service->identity = identity_open(key, error);
    if (service->identity == NULL)
        return SERVICE_DISK;
    return open_log(service, error);
}

static void carrier_reports(const char *event, const char *detail, void *user)
{
    report(event, detail);
}

/* `room_time_ms` 0: not known. */
static ServiceExit listen_on_port(Service *service, int64_t room_time_ms, GError **error)
{
    const Options *options = service->options;
    const CarrierConfig config = {
        .port = service->port != 0 ? service->port : options->port,
        .port_is_wish = service->port != 0 || options->port_is_wish,
        .allow_public = options->allow_public,
        .place_name = service->place.name,
        .relay_program = true,
        .room_time_ms = room_time_ms,
        .meetings = options->meetings,
        .claim = service_claims,
        .renamed = service_renamed,
        .report = carrier_reports,
        .user = service,
    };
    service->carrier = carrier_new(NULL, &config, service->identity, service->log, error);
    if (service->carrier == NULL)
        return SERVICE_PORT_TAKEN;
    service->port = carrier_port(service->carrier);
    service_apply_config(service);
    service_follow_name(service);
    if (service->port != config.port && config.port != 0)
        report("port-taken", NULL);
    return SERVICE_OK;
}

static void announcement_changed(AnnouncerState state, const char *line, void *user)
{
    Service *service = user;
    service->announced = state;
    g_free(service->unannounced);
    service->unannounced = g_strdup(line);
    if (state != ANNOUNCER_WAITING)
        service_greet(service);
    if (state == ANNOUNCER_ANNOUNCED)
        report("announced", NULL);
    else if (state == ANNOUNCER_UNAVAILABLE)
        report_value("unannounced", "why", line != NULL ? line : "");
}

static void announce(Service *service)
{
    if (!service->options->mdns)
        return;
    const Announcement announcement = service_announcement(service);
    service->announced = ANNOUNCER_WAITING;
    service->announcer = announcer_new(NULL, &announcement, announcement_changed, service);
}

static void report_listening(const Service *service)
{
    g_autofree char *key = txt_hex(identity_key(service->identity), CANDIDATE_KEY_SIZE);
    g_autofree char *place = txt_hex(log_place(service->log), PLACE_SIZE);
    g_autofree char *name = report_quote(service->place.name);
    g_autofree char *detail =
        g_strdup_printf("port=%u key=%s place=%s name=%s head=%" G_GUINT64_FORMAT, service->port,
                        key, place, name, log_head(service->log));
    report("listening", detail);
}

/* For the service manager: what this relay does at the moment. */
static void tell_status(Service *service)
{
    g_autofree char *line = NULL;
    unsigned here = service->carrier != NULL ? hub_joined(carrier_hub(service->carrier)) : 0;
    if (service->leaving)
        line = g_strdup("Leaving: the apps carry the place on");
    else if (service->carrier == NULL)
        line = g_strdup("In reserve: another relay serves this place");
    else
        line = g_strdup_printf("Serving on port %u: %u %s here", service->port, here,
                               here == 1 ? "member" : "members");
    notify_status(service->notify, line);
}

/* A flipped bit on the disk is found in time, while the members still hold what it spoilt. */
static gboolean scrub(void *user)
{
    Service *service = user;
    g_autoptr(GArray) damaged = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GError) error = NULL;
    if (service->scrubbed >= log_head(service->log))
        service->scrubbed = 0;
    if (!log_scrub(service->log, &service->scrubbed, SCRUB_EVENTS, damaged, &error))
        report_value("scrub-failed", "why", error->message);
    for (guint i = 0; i < damaged->len; i++) {
        g_autofree char *position =
            g_strdup_printf("position=%" G_GUINT64_FORMAT, g_array_index(damaged, uint64_t, i));
        report("damaged-event", position);
    }
    tell_status(service);
    return G_SOURCE_CONTINUE;
}

static void left(void *user)
{
    g_main_loop_quit(((Service *)user)->loop);
}

/* --- another relay program of the place --- */

static void free_retired(void *user)
{
    Service *service = user;
    if (service->retired_is_over)
        g_clear_pointer(&service->retired, carrier_free);
}

static void retired_is_over(void *user)
{
    ((Service *)user)->retired_is_over = true;
    g_idle_add_once(free_retired, user);
}

static void free_announcer(void *announcer)
{
    announcer_free(announcer);
}

/* Withdrawing an announcement waits for Avahi, and nobody who is told to go waits for that. */
static void retire(const uint8_t *key, char *const *addresses, void *user)
{
    Service *service = user;
    const HubSuccessor successor = {.key = key, .addresses = (const char *const *)addresses};
    carrier_free(service->retired);
    service->retired = g_steal_pointer(&service->carrier);
    service->retired_is_over = false;
    carrier_shut_down(service->retired, &successor, retired_is_over, service);
    if (service->announcer != NULL)
        g_idle_add_once(free_announcer, g_steal_pointer(&service->announcer));
    tell_status(service);
}

static void serve_again(int64_t room_time_ms, void *user)
{
    Service *service = user;
    g_autoptr(GError) error = NULL;
    g_clear_pointer(&service->retired, carrier_free);
    service->result = listen_on_port(service, room_time_ms, &error);
    if (service->result != SERVICE_OK) {
        fail(service, service->result, error);
        g_main_loop_quit(service->loop);
        return;
    }
    announce(service);
    report_listening(service);
    tell_status(service);
}

static void standby_reports(const char *event, const char *detail, void *user)
{
    report(event, detail);
}

static ServiceExit stand_by(Service *service, GError **error)
{
    static const StandbyOutput output = {
        .retire = retire, .serve = serve_again, .report = standby_reports};
    const StandbyConfig config = {
        .identity = service->identity,
        .log = service->log,
        .port = service->port,
        .mdns = service->options->mdns,
        .directory = service->options->data_dir,
        .admission = &service->door,
    };
    service->standby = standby_new(&config, &output, service, error);
    return service->standby != NULL ? SERVICE_OK : SERVICE_DISK;
}

/* A relay that cannot be asked still serves. */
static void answer_commands(Service *service)
{
    g_autofree char *path = control_path(service->options->data_dir);
    g_autoptr(GError) error = NULL;
    service->control = control_new(service, path, &error);
    if (service->control == NULL)
        report_value("uncontrolled", "why", error->message);
}

/* Nor does one that cannot be watched stop for that. */
static void answer_watchers(Service *service)
{
    g_autoptr(GError) error = NULL;
    if (service->options->metrics_port == 0)
        return;
    service->metrics = watch_start(service, service->options->metrics_port, &error);
    if (service->metrics == NULL)
        report_value("unwatched", "why", error->message);
}

/* --- the end --- */

static void shut_down(void *user)
{
    Service *service = user;
    carrier_shut_down(service->carrier, NULL, left, service);
}

/* Told by the hub in the middle of its work. */
static void handed_over(void *user)
{
    g_idle_add_once(shut_down, user);
}

/* Goodbye to everyone; the announcement goes first, so that nobody new comes. */
static gboolean leave(void *user)
{
    Service *service = user;
    if (service->leaving)
        return G_SOURCE_CONTINUE;
    service->leaving = true;
    report("leaving", NULL);
    notify_stopping(service->notify);
    tell_status(service);
    g_clear_pointer(&service->control, control_free);
    g_clear_pointer(&service->standby, standby_free);
    g_clear_pointer(&service->announcer, announcer_free);
    if (service->carrier != NULL)
        carrier_hand_over(service->carrier, handed_over, service);
    else
        g_main_loop_quit(service->loop);
    return G_SOURCE_CONTINUE;
}

ServiceExit service_run(const Options *options, Config *config)
{
    g_auto(Service) service = {
        .options = options,
        .config = config,
        .started_ms = g_get_real_time() / 1000,
        .greeting_due = true,
    };
    g_autoptr(GError) error = NULL;
    service.loop = g_main_loop_new(NULL, FALSE);
    service.notify = notify_new(NULL);
    g_unix_signal_add(SIGTERM, leave, &service);
    g_unix_signal_add(SIGINT, leave, &service);
    g_unix_signal_add(SIGHUP, service_reload, &service);
    g_unix_signal_add(SIGUSR1, service_report_state, &service);
    service.result = open_data(&service, &error);
    if (service.result == SERVICE_OK && !service.leaving)
        service.result = listen_on_port(&service, 0, &error);
    if (service.result == SERVICE_OK && !service.leaving)
        service.result = stand_by(&service, &error);
    if (service.result != SERVICE_OK)
        return fail(&service, service.result, error);
    if (service.leaving)
        return SERVICE_OK;
    g_timeout_add_seconds(SCRUB_EVERY_S, scrub, &service);
    answer_commands(&service);
    answer_watchers(&service);
    announce(&service);
    report_listening(&service);
    service_greet(&service);
    tell_status(&service);
    notify_ready(service.notify);
    urgency_raise();
    g_main_loop_run(service.loop);
    if (service.result == SERVICE_OK)
        report("stopped", NULL);
    return service.result;
}
