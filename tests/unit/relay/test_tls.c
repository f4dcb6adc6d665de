#include "tests/unit/relay/loopback.h"

#include <check.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Handshakes in memory, without sockets. */
typedef struct {
    SSL *client;
    SSL *server;
} Pair;

static Loopback loopback;

static void set_up(void)
{
    loopback = loopback_new();
}

static void tear_down(void)
{
    loopback_clear(&loopback);
}

static Pair pair_of(SSL *client, SSL *server)
{
    BIO *a = NULL, *b = NULL;
    ck_assert_int_eq(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    return (Pair){client, server};
}

static void pair_clear(Pair *pair)
{
    tls_ssl_free(pair->client);
    tls_ssl_free(pair->server);
    tls_why();
}

/* True when both sides are through, and the server's verdict has reached the client. */
static bool shake_hands(const Pair *pair)
{
    int client = 0, server = 0;
    for (int i = 0; i < 10 && (client != 1 || server != 1); i++) {
        client = SSL_do_handshake(pair->client);
        server = SSL_do_handshake(pair->server);
    }
    char byte;
    int read = SSL_read(pair->client, &byte, 1);
    return client == 1 && server == 1 && SSL_get_error(pair->client, read) == SSL_ERROR_WANT_READ;
}

/* A client that is not ours, to be made worse than it should be. */
static SSL *strange_client(SSL_CTX **context, EVP_PKEY *key)
{
    *context = SSL_CTX_new(TLS_client_method());
    if (key != NULL) {
        X509 *certificate = X509_new();
        X509_set_pubkey(certificate, key);
        X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate), 60);
        int type = EVP_PKEY_get_id(key);
        ck_assert_int_gt(
            X509_sign(certificate, key, type == EVP_PKEY_ED25519 ? NULL : EVP_sha256()), 0);
        ck_assert_int_eq(SSL_CTX_use_certificate(*context, certificate), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey(*context, key), 1);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    static const unsigned char alpn[] = "\x0b" TLS_ALPN_LINK;
    SSL_CTX_set_alpn_protos(*context, alpn, sizeof alpn - 1);
    SSL *ssl = SSL_new(*context);
    SSL_set_connect_state(ssl);
    return ssl;
}

START_TEST(both_sides_know_each_other)
{
    Pair pair = pair_of(tls_connect(loopback.tls[0], TLS_ALPN_LINK), tls_accept(loopback.tls[1]));
    ck_assert(shake_hands(&pair));
    uint8_t key[KEY_SIZE];
    ck_assert(tls_peer_key(pair.client, key));
    ck_assert_mem_eq(key, identity_key(loopback.identity[1]), KEY_SIZE);
    ck_assert(tls_peer_key(pair.server, key));
    ck_assert_mem_eq(key, identity_key(loopback.identity[0]), KEY_SIZE);
    ck_assert_str_eq(SSL_get_version(pair.client), "TLSv1.3");
    ck_assert_int_eq(SSL_get_shared_group(pair.server, 0), NID_X25519);
    ck_assert_int_eq(SSL_session_reused(pair.client), 0);
    ck_assert_int_eq(SSL_SESSION_has_ticket(SSL_get0_session(pair.client)), 0);
    ck_assert_str_eq(tls_alpn(pair.server), TLS_ALPN_LINK);
    pair_clear(&pair);
}
END_TEST

START_TEST(data_channels_have_a_name_of_their_own)
{
    Pair pair = pair_of(tls_connect(loopback.tls[0], TLS_ALPN_DATA), tls_accept(loopback.tls[1]));
    ck_assert(shake_hands(&pair));
    ck_assert_str_eq(tls_alpn(pair.client), TLS_ALPN_DATA);
    ck_assert_str_eq(tls_alpn(pair.server), TLS_ALPN_DATA);
    pair_clear(&pair);
}
END_TEST

START_TEST(an_unknown_alpn_is_refused)
{
    Pair pair = pair_of(tls_connect(loopback.tls[0], "h2"), tls_accept(loopback.tls[1]));
    ck_assert(!shake_hands(&pair));
    pair_clear(&pair);
}
END_TEST

START_TEST(no_alpn_gives_no_key)
{
    SSL *client = tls_connect(loopback.tls[0], TLS_ALPN_LINK);
    SSL_set_alpn_protos(client, NULL, 0);
    Pair pair = pair_of(client, tls_accept(loopback.tls[1]));
    uint8_t key[KEY_SIZE] = {7};
    ck_assert(shake_hands(&pair));
    ck_assert(!tls_peer_key(pair.server, key));
    ck_assert_int_eq(key[0], 7);
    pair_clear(&pair);
}
END_TEST

START_TEST(a_client_without_certificate_is_refused)
{
    SSL_CTX *context;
    Pair pair = pair_of(strange_client(&context, NULL), tls_accept(loopback.tls[1]));
    ck_assert(!shake_hands(&pair));
    pair_clear(&pair);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(a_foreign_client_with_ed25519_is_welcome)
{
    SSL_CTX *context;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    Pair pair = pair_of(strange_client(&context, key), tls_accept(loopback.tls[1]));
    uint8_t raw[KEY_SIZE];
    ck_assert(shake_hands(&pair));
    ck_assert(tls_peer_key(pair.server, raw));
    pair_clear(&pair);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(other_kinds_of_keys_are_refused)
{
    SSL_CTX *context;
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    Pair pair = pair_of(strange_client(&context, key), tls_accept(loopback.tls[1]));
    ck_assert(!shake_hands(&pair));
    pair_clear(&pair);
    SSL_CTX_free(context);
}
END_TEST

START_TEST(older_tls_and_other_groups_are_refused)
{
    SSL_CTX *context;
    SSL *client = strange_client(&context, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    SSL_set_max_proto_version(client, TLS1_2_VERSION);
    Pair pair = pair_of(client, tls_accept(loopback.tls[1]));
    ck_assert(!shake_hands(&pair));
    pair_clear(&pair);
    SSL_CTX_free(context);

    client = strange_client(&context, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    SSL_set1_groups_list(client, "P-256");
    pair = pair_of(client, tls_accept(loopback.tls[1]));
    ck_assert(!shake_hands(&pair));
    pair_clear(&pair);
    SSL_CTX_free(context);
}
END_TEST

/* A session taken from an earlier connection is not resumed: both certificates are shown anew. */
START_TEST(nothing_is_resumed)
{
    SSL_SESSION *session = NULL;
    for (int round = 0; round < 2; round++) {
        SSL *client = tls_connect(loopback.tls[0], TLS_ALPN_LINK);
        if (session != NULL)
            SSL_set_session(client, session);
        Pair pair = pair_of(client, tls_accept(loopback.tls[1]));
        uint8_t key[KEY_SIZE];
        ck_assert(shake_hands(&pair));
        ck_assert_int_eq(SSL_session_reused(pair.server), 0);
        ck_assert(tls_peer_key(pair.server, key));
        SSL_SESSION_free(session);
        session = SSL_get1_session(pair.client);
        pair_clear(&pair);
    }
    SSL_SESSION_free(session);
}
END_TEST

START_TEST(the_certificate_is_valid_whatever_the_clock_says)
{
    Pair pair = pair_of(tls_connect(loopback.tls[0], TLS_ALPN_LINK), tls_accept(loopback.tls[1]));
    ck_assert(shake_hands(&pair));
    X509 *certificate = SSL_get0_peer_certificate(pair.client);
    time_t early = 1000000000, late = (time_t)32503680000; /* 2001, 3000 */
    ck_assert_int_lt(X509_cmp_time(X509_get0_notBefore(certificate), &early), 0);
    ck_assert_int_gt(X509_cmp_time(X509_get0_notAfter(certificate), &late), 0);
    pair_clear(&pair);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tls");
    TCase *test = tcase_create("tls");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, both_sides_know_each_other);
    tcase_add_test(test, data_channels_have_a_name_of_their_own);
    tcase_add_test(test, an_unknown_alpn_is_refused);
    tcase_add_test(test, no_alpn_gives_no_key);
    tcase_add_test(test, a_client_without_certificate_is_refused);
    tcase_add_test(test, a_foreign_client_with_ed25519_is_welcome);
    tcase_add_test(test, other_kinds_of_keys_are_refused);
    tcase_add_test(test, older_tls_and_other_groups_are_refused);
    tcase_add_test(test, nothing_is_resumed);
    tcase_add_test(test, the_certificate_is_valid_whatever_the_clock_says);
    suite_add_tcase(suite, test);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
