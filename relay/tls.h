#pragma once
/* TLS 1.3 as Backfence uses it, by OpenSSL: X25519, Ed25519, both sides show a self-signed certificate made from their identity, no tickets,
 * no resumption, no early data, no PSK. Who the other is, is decided on its raw key after the handshake. */

#include "relay/identity.h"

#include <gio/gio.h>
#include <stdbool.h>

#define TLS_ALPN_LINK "backfence/1"
#define TLS_ALPN_DATA "backfence-data/1"

typedef struct ssl_st SSL;
typedef struct Tls Tls;

/* Both contexts, client and server; the certificate is made in memory. One thread at a time; SSL objects made from it may be used on other threads. */
Tls *tls_new(const Identity *identity, GError **error);
void tls_free(Tls *tls);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tls, tls_free)

/* A new connection object; transfer full (SSL_free). `alpn` is what a client asks for; a server accepts both and tells by tls_alpn(). */
SSL *tls_accept(Tls *tls);
SSL *tls_connect(Tls *tls, const char *alpn);
/* After the handshake: KEY_SIZE bytes of the other's Ed25519 key into `key`. False when it showed no such key or ALPN was not agreed: close. */
bool tls_peer_key(SSL *ssl, uint8_t *key);
const char *tls_alpn(SSL *ssl);
