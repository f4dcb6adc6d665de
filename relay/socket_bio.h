#pragma once
/* What OpenSSL reads from and writes to on a link: writes go to the socket at once, reads come from
 * bytes that the link took from the socket before. So one system call reads many records into
 * memory that all links share. */

#include <openssl/bio.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd;            /* connected or connecting, not owned */
    const uint8_t *in; /* bytes to be read, not owned */
    size_t in_length;
    int write_error; /* errno of the first write that failed for good; 0: none */
} SocketBio;

/* Transfer full. `pipe` must outlive it. */
BIO *socket_bio_new(SocketBio *pipe);
