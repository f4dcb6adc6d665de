#pragma once
/* A connection of the load generator, plain or with TLS, on an epoll descriptor. Reads through
 * memory that all share. Faults of its own end the program. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct PeerWire PeerWire;
typedef struct PeerTls PeerTls; /* settings of all */

/* TLS 1.3 with TLS_AES_128_GCM_SHA256, and whoever the server is. */
PeerTls *peer_tls_new(void);
void peer_tls_free(PeerTls *tls);

/* Connects to 127.0.0.1; epoll's data points to `user`. */
PeerWire *peer_wire_new(int epoll, uint16_t port, void *user);
void peer_wire_free(PeerWire *wire);
/* TLS begins. */
void peer_wire_secure(PeerWire *wire, PeerTls *tls);
/* What the socket does not take waits for peer_wire_flush(). */
void peer_wire_write(PeerWire *wire, const GByteArray *bytes);
void peer_wire_flush(PeerWire *wire);
/* What has come, in pieces; false: the other side has closed. */
bool peer_wire_read(PeerWire *wire, void (*take)(const uint8_t *bytes, size_t size, void *user),
                    void *user);
