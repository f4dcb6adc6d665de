#pragma once
/* What OpenSSL reads from and writes to on a link: writes go to the socket at once, reads come from
 * bytes that the link took from the socket before. So one system call reads many records into
 * memory that all links share. */

#include <glib.h>
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

/* What another source and sink consists of; constant. */
typedef struct {
    const char *name;
    int (*write)(BIO *bio, const char *bytes, size_t length, size_t *written);
    int (*read)(BIO *bio, char *bytes, size_t length, size_t *taken);
    long (*control)(BIO *bio, int command, long number, void *pointer);
} BioCalls;
/* Its functions find `data` by BIO_get_data(). `method` is kept for the next one: static, at first
 * 0. Transfer full. */
BIO *bio_of_calls(const BioCalls *calls, gsize *method, void *data);
