/* Data connections of members: each says Meet, once; when the other one has come too it is told so,
 * TLS with it is over without a word, and its bare socket is joined to the other's. */
#include "relay/carrier_internal.h"
#include "relay/data_frame.h"

#include <string.h>

#define JOIN_RETRY_MS 1000
/* A Meet is short, and whatever else may come before it is bounded. */
#define MEET_ARENA_SIZE (64 * 1024)

static bool send_met(Connection *connection, bool refused, const char *why, uint32_t retry_ms)
{
    Wire__Met met = WIRE__MET__INIT;
    met.refused = refused;
    met.text = (char *)why;
    met.retry_ms = retry_ms;
    Wire__DataFrame frame = WIRE__DATA_FRAME__INIT;
    frame.body_case = WIRE__DATA_FRAME__BODY_MET;
    frame.met = &met;
    g_autoptr(GBytes) bytes = data_frame_build(&frame);
    return link_send(connection->link, bytes);
}

static void refuse(Connection *connection, const char *why, uint32_t retry_ms)
{
    connection->data = connection->meets = false;
    send_met(connection, true, why, retry_ms);
    link_finish(connection->link);
}

static void met(void *handle, void *user)
{
    Connection *connection = handle;
    Carrier *carrier = user;
    SSL *ssl = NULL;
    int fd = -1;
    if (send_met(connection, false, "", 0)) {
        link_flush(connection->link);
        fd = link_steal(connection->link, &ssl);
    }
    if (fd < 0) { /* it speaks before its time, or does not listen */
        meetings_leave(carrier->meetings, connection);
        connection->meets = false;
        link_finish(connection->link);
        return;
    }
    tls_ssl_free(ssl);
    meetings_start(carrier->meetings, connection, fd);
    carrier_remove(connection);
}

static void meeting_refused(void *handle, const char *why, uint32_t retry_ms, void *user)
{
    refuse(handle, why, retry_ms);
}

static void began(void *user)
{
    carrier_report(user, "meeting-began", "");
}

static void over(const char *why, uint64_t bytes, void *user)
{
    g_autofree char *detail = g_strdup_printf("bytes=%" G_GUINT64_FORMAT " why=\"%s\"", bytes, why);
    carrier_report(user, "meeting-over", detail);
}

void carrier_make_meetings(Carrier *carrier, const MeetingLimits *limits)
{
    static const MeetingsEvents events = {
        .met = met, .refused = meeting_refused, .began = began, .over = over};
    carrier->meetings = meetings_new(carrier->poller, limits, &events, carrier);
}

static void enter(Connection *connection, const Wire__Meet *meet)
{
    Carrier *carrier = connection->carrier;
    connection->data = false;
    if (!hub_is_joined(carrier->hub, connection->key)) {
        refuse(connection, "join the room first", JOIN_RETRY_MS);
        return;
    }
    carrier_admit(connection);
    connection->meets = true;
    meetings_enter(carrier->meetings, connection, connection->key, meet->meeting.data,
                   meet->other.data);
}

void carrier_data_message(Connection *connection, const uint8_t *message, size_t length)
{
    Carrier *carrier = connection->carrier;
    if (connection->meets) { /* nothing is to be said before Met */
        connection->meets = false;
        meetings_leave(carrier->meetings, connection);
        link_finish(connection->link);
        return;
    }
    if (!connection->data)
        return;
    g_autoptr(Arena) arena = arena_new(MEET_ARENA_SIZE);
    const Wire__DataFrame *frame = data_frame_parse(arena, message, length, NULL);
    if (frame != NULL && frame->body_case == WIRE__DATA_FRAME__BODY_MEET)
        enter(connection, frame->meet);
    else
        link_finish(connection->link);
}
