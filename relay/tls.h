#pragma once
/* TLS 1.3 as Backfence uses it, by OpenSSL: X25519, Ed25519, both sides show a self-signed
 * certificate made from their identity, no tickets, no resumption, no early data, no PSK. Who the
 * other is, is decided on its raw key after the handshake. */

#include "relay/identity.h"

#include <gio/gio.h>
#include <stdbool.h>

#define TLS_ALPN_LINK "backfence/1"
#define TLS_ALPN_DATA "backfence-data/1"

typedef struct ssl_st SSL;
typedef struct Tls Tls;

/* Both contexts, client and server; the certificate is made in memory, valid always: clocks may be
 * far off. One thread at a time; SSL objects made from it may be used on other threads. Fails with
 * G_IO_ERROR_FAILED when OpenSSL cannot do it. */
Tls *tls_new(const Identity *identity, GError **error);
/* SSL objects made from it live on. */
void tls_free(Tls *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tls, tls_free)

/* A new connection object for the side that accepted; transfer full (tls_ssl_free). It accepts both
 * ALPN names and tells by tls_alpn(). */
SSL *tls_accept(Tls *tls);
/* As above, for the side that connects; `alpn` is what it asks for. */
SSL *tls_connect(Tls *tls, const char *alpn);
/* SSL_free(). */
void tls_ssl_free(SSL *ssl);

/* After the handshake: KEY_SIZE bytes of the other's Ed25519 key into `key`. False when it showed
 * no such key, one of small order, or ALPN was not agreed: close. */
bool tls_peer_key(SSL *ssl, uint8_t *key);
/* After the handshake: `length` bytes that only the two ends of this connection know (RFC 8446
 * §7.5), for `label` and without context. */
void tls_export(SSL *ssl, const char *label, uint8_t *out, size_t length);
/* The ALPN name agreed, static; NULL when none of ours was. */
const char *tls_alpn(SSL *ssl);
/* Why the last call on this thread failed, in words for a log; empties OpenSSL's queue of errors.
 * Static or per-thread text, valid until the next call. */
const char *tls_why(void);
