#include "relay/admission.h"

#include "relay/limits.h"

void admission_init(Admission *admission, bool allow_public)
{
    admission->allow_public = allow_public;
    g_queue_init(&admission->waiting);
}

static unsigned waiting_from(const Admission *admission, const SourceAddress *from)
{
    unsigned count = 0;
    for (const GList *node = admission->waiting.head; node != NULL; node = node->next)
        count += source_address_equal(&((const AdmissionEntry *)node->data)->from, from);
    return count;
}

const char *admission_refusal(const Admission *admission, const SourceAddress *from)
{
    if (!admission->allow_public && !source_address_is_near(from))
        return "not of this network";
    /* Everybody on this machine has the same address: the limit of an address means nothing. */
    if (!source_address_is_loopback(from) && waiting_from(admission, from) >= LINKS_PER_ADDRESS)
        return "too many connections from one address";
    return NULL;
}

void *admission_surplus(const Admission *admission)
{
    return admission->waiting.length >= LINKS_BEFORE_ADMISSION
               ? ((AdmissionEntry *)admission->waiting.head->data)->owner
               : NULL;
}

void admission_enter(Admission *admission, AdmissionEntry *entry, const SourceAddress *from,
                     void *owner)
{
    *entry = (AdmissionEntry){.from = *from, .owner = owner, .waiting = true};
    entry->node.data = entry;
    g_queue_push_tail_link(&admission->waiting, &entry->node);
}

void admission_leave(Admission *admission, AdmissionEntry *entry)
{
    if (!entry->waiting)
        return;
    g_queue_unlink(&admission->waiting, &entry->node);
    entry->waiting = false;
}
