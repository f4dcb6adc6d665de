#pragma once
/* Two processes with a TLS connection over loopback: the one that calls receives, its child sends.
 * Faults end the program. */

#include "relay/tls.h"

#include <sys/types.h>

typedef struct {
    pid_t sender;
    int listener;
    int fd;   /* connected; whose it is says who uses it */
    SSL *ssl; /* its handshake is done */
    char cipher[64];
    double own_cpu, sender_cpu; /* seconds */
} FilesPair;

/* Forks; the child accepts, runs `send` with blocking socket and TLS (both given away) and ends. */
FilesPair files_pair_new(void (*send)(int fd, SSL *ssl));
/* Connects and shakes hands. */
void files_pair_connect(FilesPair *pair);
/* Waits for the sender. */
void files_pair_end(FilesPair *pair);
/* Seconds of processor time, after the end. */
double files_pair_sender_cpu(const FilesPair *pair);
double files_pair_own_cpu(const FilesPair *pair);
/* Reads the first frame, as a door does. */
void files_pair_skip_present(SSL *ssl);
