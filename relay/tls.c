#include "relay/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <string.h>
#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define CERTIFICATES_MAX 4096 /* bytes of the other's certificate message; ours has about 300 */

struct Tls {
    SSL_CTX *server;
    SSL_CTX *client;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

const char *tls_why(void)
{
    unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    return why != NULL ? why : "TLS failed";
}

static gboolean fail(GError **error, const char *what)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "cannot %s: %s", what, tls_why());
    return FALSE;
}

/* Identity is the key alone, so the certificate says nothing else: a fixed name, and all of time as
 * its validity (RFC 5280 §4.1.2.5 for the end that means "none"). */
static X509 *make_certificate(EVP_PKEY *key)
{
    static const unsigned char name[] = "backfence";
    g_autoptr(X509) certificate = X509_new();
    if (certificate == NULL)
        return NULL;
    X509_NAME *subject = X509_get_subject_name(certificate);
    if (X509_set_version(certificate, X509_VERSION_3) != 1 ||
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) != 1 ||
        ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20000101000000Z") != 1 ||
        ASN1_TIME_set_string(X509_getm_notAfter(certificate), "99991231235959Z") != 1 ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate, subject) != 1 || X509_set_pubkey(certificate, key) != 1 ||
        X509_sign(certificate, key, NULL) <= 0)
        return NULL;
    return g_steal_pointer(&certificate);
}

/* Any certificate will do: nothing in it but the key counts, and that the other holds the key is
 * proved by the handshake's signature. Not walking the chain also leaves X.509's corners alone. */
static int accept_any(X509_STORE_CTX *store, void *user)
{
    return 1;
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                       const unsigned char *in, unsigned in_length, void *user)
{
    static const unsigned char known[] = "\x0b" TLS_ALPN_LINK "\x10" TLS_ALPN_DATA;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_length, known, sizeof known - 1, in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static bool cpu_has_aes(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
    return false;
#endif
}

/* A server follows its own order, but a client without AES in its CPU, which puts ChaCha first,
 * gets ChaCha. */
static const char *cipher_suites(void)
{
    return cpu_has_aes()
               ? "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
               : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

static void set_modes(SSL_CTX *context)
{
    SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT | SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_recv_max_early_data(context, 0);
    SSL_CTX_set_max_cert_list(context, CERTIFICATES_MAX);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(context, accept_any, NULL);
}

static SSL_CTX *make_context(const SSL_METHOD *method, EVP_PKEY *key, X509 *certificate)
{
    SSL_CTX *context = SSL_CTX_new(method);
    if (context == NULL)
        return NULL;
    set_modes(context);
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, cipher_suites()) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519") != 1 ||
        SSL_CTX_set1_sigalgs_list(context, "ed25519") != 1 ||
        SSL_CTX_set1_client_sigalgs_list(context, "ed25519") != 1 ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

Tls *tls_new(const Identity *identity, GError **error)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519, NULL, identity_seed(identity), crypto_sign_SEEDBYTES);
    if (key == NULL)
        return fail(error, "use the key for TLS"), NULL;
    g_autoptr(X509) certificate = make_certificate(key);
    if (certificate == NULL)
        return fail(error, "make a certificate"), NULL;
    g_autoptr(Tls) tls = g_new0(Tls, 1);
    tls->server = make_context(TLS_server_method(), key, certificate);
    tls->client = make_context(TLS_client_method(), key, certificate);
    if (tls->server == NULL || tls->client == NULL)
        return fail(error, "set up TLS"), NULL;
    SSL_CTX_set_alpn_select_cb(tls->server, choose_alpn, NULL);
    return g_steal_pointer(&tls);
}

void tls_free(Tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->server);
    SSL_CTX_free(tls->client);
    g_free(tls);
}

SSL *tls_accept(Tls *tls)
{
    SSL *ssl = SSL_new(tls->server);
    if (ssl == NULL)
        g_error("SSL_new: %s", tls_why());
    SSL_set_accept_state(ssl);
    return ssl;
}

SSL *tls_connect(Tls *tls, const char *alpn)
{
    SSL *ssl = SSL_new(tls->client);
    if (ssl == NULL)
        g_error("SSL_new: %s", tls_why());
    size_t length = strlen(alpn);
    unsigned char list[64];
    g_assert(length < sizeof list);
    list[0] = (unsigned char)length;
    memcpy(list + 1, alpn, length);
    SSL_set_alpn_protos(ssl, list, (unsigned)length + 1);
    SSL_set_connect_state(ssl);
    return ssl;
}

void tls_ssl_free(SSL *ssl)
{
    SSL_free(ssl);
}

bool tls_peer_key(SSL *ssl, uint8_t *key)
{
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    EVP_PKEY *peer = certificate != NULL ? X509_get0_pubkey(certificate) : NULL;
    uint8_t raw[KEY_SIZE];
    size_t size = sizeof raw;
    if (peer == NULL || tls_alpn(ssl) == NULL || EVP_PKEY_get_id(peer) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(peer, raw, &size) != 1 || size != sizeof raw)
        return false;
    /* OpenSSL takes a key of small order, for which one signature fits any message: whoever shows
     * it has proved nothing. */
    if (crypto_core_ed25519_is_valid_point(raw) != 1)
        return false;
    memcpy(key, raw, sizeof raw);
    return true;
}

void tls_export(SSL *ssl, const char *label, uint8_t *out, size_t length)
{
    /* What could fail is memory, and a handshake that is not done. */
    if (SSL_export_keying_material(ssl, out, length, label, strlen(label), NULL, 0, 0) != 1)
        g_error("SSL_export_keying_material: %s", tls_why());
}

const char *tls_alpn(SSL *ssl)
{
    static const char *const known[] = {TLS_ALPN_LINK, TLS_ALPN_DATA};
    const unsigned char *name = NULL;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &name, &length);
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (length == strlen(known[i]) && memcmp(name, known[i], length) == 0)
            return known[i];
    }
    return NULL;
}
