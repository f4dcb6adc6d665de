/* Worlds whose place is locked. All people know the passphrase, and type it when they are asked; a
 * disk that is put back may have them asked once more. */
#include "relay/cpace.h"
#include "tests/sim/world_internal.h"

#include <string.h>

static const uint8_t secret[SECRET_SIZE] = "of all in this world";

void lock_export(const Connection *connection, uint8_t *out)
{
    memset(out, 0, EXPORTER_SIZE);
    memcpy(out, &connection->number, sizeof connection->number);
}

void lock_hub(Node *node)
{
    HubAdmission admission = {.door = HUB_LOCKED};
    /* An app has it from its session: one that was not let in yet would serve an open place. */
    const uint8_t *known = !node->relay          ? session_secret(node->session)
                           : node->world->locked ? secret
                                                 : NULL;
    node->locks = known != NULL;
    if (!known)
        return;
    memcpy(admission.secret, known, SECRET_SIZE);
    hub_set_admission(node->hub, &admission, node->world->now_us);
}

void lock_type(Node *node)
{
    const uint8_t *place = session_locked_place(node->session);
    node->asked = false;
    if (!place)
        return;
    world_trace(node->world, "%u types the passphrase", node->index);
    session_set_secret(node->session, place, secret, node->world->now_us);
}

bool lock_answer(const uint8_t *relay_share, uint8_t *share, uint8_t *proof, uint8_t *expected,
                 void *user)
{
    const Node *node = user;
    uint8_t random[CPACE_RANDOM_SIZE];
    CpaceBinding binding;
    if (!node->link)
        return false;
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)world_between(node->world, 0, 255);
    lock_export(node->link, binding.exporter);
    memcpy(binding.place, world_place(), PLACE_SIZE);
    memcpy(binding.relay, identity_key(node->link->to->identity), KEY_SIZE);
    memcpy(binding.member, identity_key(node->identity), KEY_SIZE);
    return cpace_answer(secret, &binding, random, relay_share, share, proof, expected);
}
