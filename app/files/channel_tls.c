/* How a channel comes to its TLS, changes it, and ends. */
#include "app/files/channel_internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CLOSING_US (1 * INT64_C(1000000))

void channel_adopt(Channel *channel, SSL *ssl)
{
    g_return_if_fail(channel->ssl == NULL && !channel->plain);
    channel->ssl = ssl;
    BIO *bio = channel_pipe_bio(&channel->pipe);
    SSL_set_bio(ssl, bio, bio);
}

void channel_drop_tls(Channel *channel)
{
    SSL_set_quiet_shutdown(channel->ssl, 1);
    g_clear_pointer(&channel->ssl, tls_ssl_free);
    channel->in_start = channel->in_end = channel->out_length = 0;
}

gboolean channel_handshake(Channel *channel, SSL *ssl, const uint8_t *key, GError **error)
{
    channel_adopt(channel, ssl);
    int64_t until_us = g_get_monotonic_time() + HANDSHAKE_US;
    for (;;) {
        ERR_clear_error();
        int result = SSL_do_handshake(ssl);
        if (result == 1)
            break;
        int why = SSL_get_error(ssl, result);
        if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
            return channel_io_failure(channel, error), FALSE;
        if (g_get_monotonic_time() >= until_us) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                                "no TLS handshake in time");
            return FALSE;
        }
        short events = why == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
        if (!channel_wait(channel, events, until_us, error))
            return FALSE;
    }
    uint8_t theirs[KEY_SIZE];
    const char *alpn = tls_alpn(ssl);
    if (tls_peer_key(ssl, theirs) && memcmp(theirs, key, KEY_SIZE) == 0 && alpn != NULL &&
        strcmp(alpn, TLS_ALPN_DATA) == 0)
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                        "somebody else answered there");
    return FALSE;
}

void channel_widen(Channel *channel)
{
    channel->message_max = DATA_FRAME_MAX;
    channel_pipe_read_ahead(&channel->pipe);
    if (channel->ssl != NULL)
        SSL_clear_mode(channel->ssl, SSL_MODE_RELEASE_BUFFERS);
}

void channel_close(Channel *channel)
{
    if (channel->ssl != NULL && SSL_is_init_finished(channel->ssl) == 1) {
        ERR_clear_error();
        (void)SSL_shutdown(channel->ssl);
        ERR_clear_error();
    }
    (void)channel_pipe_flush(&channel->pipe);
    (void)shutdown(channel->pipe.fd, SHUT_WR);
    /* Closing a socket with unread bytes would reset the connection, and the other might never see
     * our last words. */
    int64_t until_us = g_get_monotonic_time() + CLOSING_US;
    while (!channel->pipe.ended && g_get_monotonic_time() < until_us) {
        size_t got = 0;
        PipeResult result = channel_pipe_read(&channel->pipe, channel->in, IN_SIZE, &got);
        if (result == PIPE_FAILED ||
            (result == PIPE_BLOCKED && !channel_wait(channel, POLLIN, until_us, NULL)))
            break;
    }
}
