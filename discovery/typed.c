#include "discovery/typed.h"

#include "discovery/address.h"

#define FIRST_RETRY_S 2
#define LAST_RETRY_S 60

struct Typed {
    GMainContext *context; /* owned */
    void (*changed)(void *user);
    void *user;
    char *text; /* owned */
    Address address;
    GPtrArray *addresses; /* GSocketAddress, owned */
    GCancellable *lookup; /* owned; NULL: none is running */
    GSource *retry;       /* owned */
    unsigned retry_s;
};

static void look_up(Typed *typed);

static gboolean retry_now(void *user)
{
    Typed *typed = user;
    g_clear_pointer(&typed->retry, g_source_unref);
    look_up(typed);
    return G_SOURCE_REMOVE;
}

static void clear_retry(Typed *typed)
{
    if (typed->retry) {
        g_source_destroy(typed->retry);
        g_clear_pointer(&typed->retry, g_source_unref);
    }
}

static void retry_later(Typed *typed)
{
    clear_retry(typed);
    typed->retry = g_timeout_source_new_seconds(typed->retry_s);
    typed->retry_s = MIN(2 * typed->retry_s, LAST_RETRY_S);
    g_source_set_callback(typed->retry, retry_now, typed, NULL);
    g_source_attach(typed->retry, typed->context);
}

static void looked_up(GObject *resolver, GAsyncResult *result, void *user)
{
    Typed *typed = user;
    g_autoptr(GError) error = NULL;
    GList *hosts = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return; /* `typed` is gone */
    }
    g_clear_object(&typed->lookup);
    if (!hosts) {
        g_debug("discovery: cannot resolve %s: %s", typed->address.host, error->message);
        retry_later(typed);
        return;
    }
    typed->retry_s = FIRST_RETRY_S;
    g_ptr_array_set_size(typed->addresses, 0);
    for (GList *host = hosts; host; host = host->next) {
        g_autoptr(GSocketAddress) address =
            g_inet_socket_address_new(host->data, typed->address.port);
        if (address_usable(address)) {
            g_ptr_array_add(typed->addresses, g_steal_pointer(&address));
        }
    }
    g_resolver_free_addresses(hosts);
    typed->changed(typed->user);
}

static void look_up(Typed *typed)
{
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    typed->lookup = g_cancellable_new();
    g_main_context_push_thread_default(typed->context);
    g_resolver_lookup_by_name_async(resolver, typed->address.host, typed->lookup, looked_up, typed);
    g_main_context_pop_thread_default(typed->context);
}

Typed *typed_new(GMainContext *context, const char *text, uint16_t default_port,
                 void (*changed)(void *user), void *user, GError **error)
{
    g_auto(Address) address = {0};
    if (!address_parse(text, default_port, &address, error)) {
        return NULL;
    }
    Typed *typed = g_new0(Typed, 1);
    typed->context = context ? g_main_context_ref(context) : NULL;
    typed->changed = changed;
    typed->user = user;
    typed->text = g_strstrip(g_strdup(text));
    typed->address = address;
    address = (Address){0};
    typed->addresses = g_ptr_array_new_with_free_func(g_object_unref);
    typed->retry_s = FIRST_RETRY_S;
    if (typed->address.literal) {
        g_ptr_array_add(typed->addresses, g_object_ref(typed->address.literal));
    } else {
        look_up(typed);
    }
    return typed;
}

void typed_free(Typed *typed)
{
    if (!typed) {
        return;
    }
    clear_retry(typed);
    if (typed->lookup) {
        g_cancellable_cancel(typed->lookup);
        g_clear_object(&typed->lookup);
    }
    g_ptr_array_unref(typed->addresses);
    address_clear(&typed->address);
    g_clear_pointer(&typed->context, g_main_context_unref);
    g_free(typed->text);
    g_free(typed);
}

void typed_refresh(Typed *typed)
{
    if (!typed->address.literal && !typed->lookup) {
        clear_retry(typed);
        look_up(typed);
    }
}

bool typed_same(const Typed *a, const Typed *b)
{
    if (a->address.literal && b->address.literal) {
        return address_equal(a->address.literal, b->address.literal);
    }
    return a->address.port == b->address.port &&
           g_ascii_strcasecmp(a->address.host, b->address.host) == 0;
}

Candidate *typed_candidate(const Typed *typed)
{
    CandidateFields fields = {
        .sources = CANDIDATE_TYPED, .typed = typed->text, .addresses = typed->addresses};
    return candidate_new(&fields);
}
