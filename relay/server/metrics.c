/* libsoup speaks HTTP. Connections are accepted here, for it bounds neither how many there are nor
 * how long they may be silent. */
#include "relay/server/metrics.h"

#include <libsoup/soup.h>

#define SILENT_MAX_S 10

struct Metrics {
    MetricsSource source;
    SoupServer *http;
    GSocketService *listener;
    GHashTable *callers; /* GSocketConnection, not owned */
    uint16_t port;
};

static void caller_gone(void *user, GObject *connection)
{
    g_hash_table_remove(((Metrics *)user)->callers, connection);
}

static void forget_caller(void *connection, void *value, void *user)
{
    g_object_weak_unref(connection, caller_gone, user);
}

static gboolean incoming(GSocketService *listener, GSocketConnection *connection,
                         GObject *source_object, void *user)
{
    Metrics *metrics = user;
    if (g_hash_table_size(metrics->callers) >= METRICS_CALLERS_MAX)
        return TRUE; /* nobody holds it any more, so it is closed */
    g_autoptr(GSocketAddress) here = g_socket_connection_get_local_address(connection, NULL);
    g_autoptr(GSocketAddress) there = g_socket_connection_get_remote_address(connection, NULL);
    g_socket_set_timeout(g_socket_connection_get_socket(connection), SILENT_MAX_S);
    g_hash_table_add(metrics->callers, connection);
    g_object_weak_ref(G_OBJECT(connection), caller_gone, metrics);
    soup_server_accept_iostream(metrics->http, G_IO_STREAM(connection), here, there, NULL);
    return TRUE;
}

/* A page in a browser may make its own name point here, and would read what it gets. */
static bool asks_this_machine(SoupServerMessage *message)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "::1", NULL};
    const char *host = g_uri_get_host(soup_server_message_get_uri(message));
    return host != NULL && g_strv_contains(names, host);
}

static bool has_body(SoupServerMessage *message)
{
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(message);
    return soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED ||
           soup_message_headers_get_content_length(headers) > 0;
}

/* After the headers. Who sends a body is not heard to its end, for it may have none. */
static void look_at_headers(SoupServer *http, SoupServerMessage *message, const char *path,
                            GHashTable *query, void *user)
{
    const char *method = soup_server_message_get_method(message);
    if (has_body(message)) {
        g_autoptr(GIOStream) connection = soup_server_message_steal_connection(message);
        g_io_stream_close(connection, NULL, NULL);
        return;
    }
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection",
                                 "close");
    if (!asks_this_machine(message))
        soup_server_message_set_status(message, SOUP_STATUS_FORBIDDEN, NULL);
    else if (method != SOUP_METHOD_GET && method != SOUP_METHOD_HEAD)
        soup_server_message_set_status(message, SOUP_STATUS_METHOD_NOT_ALLOWED, NULL);
}

static void answer(SoupServer *http, SoupServerMessage *message, const char *path,
                   GHashTable *query, void *user)
{
    const Metrics *metrics = user;
    MetricsFigures figures = {.watchdog_age_us = -1};
    bool health = g_str_equal(path, "/healthz");
    if (!health && !g_str_equal(path, "/metrics")) {
        soup_server_message_set_status(message, SOUP_STATUS_NOT_FOUND, NULL);
        return;
    }
    metrics->source.collect(&figures, metrics->source.user);
    const char *ailment = health ? metrics_ailment(&figures) : NULL;
    g_autofree char *text =
        health ? g_strdup_printf("%s\n", ailment != NULL ? ailment : "ok") : metrics_text(&figures);
    soup_server_message_set_status(
        message, ailment == NULL ? SOUP_STATUS_OK : SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
    soup_server_message_set_response(
        message, health ? "text/plain; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8",
        SOUP_MEMORY_COPY, text, strlen(text));
}

/* The port that it got; 0 with an error. */
static uint16_t listen_at(GSocketService *listener, const char *address, uint16_t port,
                          GError **error)
{
    g_autoptr(GSocketAddress) wanted = g_inet_socket_address_new_from_string(address, port);
    g_autoptr(GSocketAddress) got = NULL;
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(listener), wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &got, error))
        return 0;
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
}

/* Where a machine has no IPv6, the other address does. */
static gboolean listen_on_loopback(Metrics *metrics, uint16_t port, GError **error)
{
    g_autoptr(GError) without = NULL;
    metrics->port = listen_at(metrics->listener, "127.0.0.1", port, error);
    if (metrics->port == 0)
        return FALSE;
    if (listen_at(metrics->listener, "::1", metrics->port, &without) == 0 && port != 0 &&
        g_error_matches(without, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)) {
        g_propagate_error(error, g_steal_pointer(&without));
        return FALSE;
    }
    return TRUE;
}

Metrics *metrics_new(uint16_t port, const MetricsSource *source, GError **error)
{
    g_autoptr(Metrics) metrics = g_new0(Metrics, 1);
    metrics->source = *source;
    metrics->callers = g_hash_table_new(NULL, NULL);
    metrics->http = soup_server_new(NULL, NULL);
    metrics->listener = g_socket_service_new();
    soup_server_add_early_handler(metrics->http, NULL, look_at_headers, metrics, NULL);
    soup_server_add_handler(metrics->http, NULL, answer, metrics, NULL);
    g_signal_connect(metrics->listener, "incoming", G_CALLBACK(incoming), metrics);
    g_socket_service_stop(
        metrics->listener); /* else adding an address loses who has come by then */
    if (!listen_on_loopback(metrics, port, error))
        return NULL;
    g_socket_service_start(metrics->listener);
    return g_steal_pointer(&metrics);
}

void metrics_free(Metrics *metrics)
{
    if (metrics == NULL)
        return;
    g_signal_handlers_disconnect_by_data(metrics->listener, metrics);
    g_socket_service_stop(metrics->listener);
    g_socket_listener_close(G_SOCKET_LISTENER(metrics->listener));
    g_object_unref(metrics->listener);
    g_hash_table_foreach(metrics->callers, forget_caller, metrics);
    g_hash_table_unref(metrics->callers);
    soup_server_disconnect(metrics->http);
    g_object_unref(metrics->http);
    g_free(metrics);
}

uint16_t metrics_port(const Metrics *metrics)
{
    return metrics->port;
}
