#pragma once
/* Makes snapshots (app/model.h): app/timeline.c does it from a session, tests do it by hand.
 * Everything given is copied, except persons and blocks, which are shared by reference count
 * (atomic). A builder belongs to one thread. */

#include "app/model.h"

/* A person as messages and snapshots share it: `template`'s strings are copied. person_unref() when
 * done. */
const Person *person_new(const Person *template);
const Person *person_ref(const Person *person);
void person_unref(const Person *person);

/* Neighbouring messages of one conversation, immutable. Authors must come from person_new() or
 * model_builder_person(); NULL for notices. `text` may be NULL with length 0. Offers are
 * referenced. */
typedef struct MessageBlock MessageBlock;
MessageBlock *message_block_new(const Message *messages, size_t count);
MessageBlock *message_block_ref(MessageBlock *block);
void message_block_unref(MessageBlock *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MessageBlock, message_block_unref)

typedef struct ModelBuilder ModelBuilder;

ModelBuilder *model_builder_new(uint64_t version);
/* Without finishing. */
void model_builder_free(ModelBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModelBuilder, model_builder_free)

/* What model.h says under the same names; strings are copied. */
void model_builder_set_link(ModelBuilder *builder, LinkState link, int64_t since_us,
                            const char *why);
void model_builder_set_no_network(ModelBuilder *builder, int64_t since_us);
void model_builder_set_place(ModelBuilder *builder, const char *name);
void model_builder_set_motd(ModelBuilder *builder, const char *motd);
void model_builder_set_silenced(ModelBuilder *builder, const char *why);
void model_builder_set_barred(ModelBuilder *builder, const char *why);
/* `place`: its name, NULL: none asks for one. */
void model_builder_set_passphrase(ModelBuilder *builder, const char *place, const char *why);
/* `key` (MODEL_KEY_SIZE bytes) with CARRIED_BY_PERSON, else NULL. */
void model_builder_set_carrier(ModelBuilder *builder, CarriedBy carried_by, const uint8_t *key);
void model_builder_set_first_run(ModelBuilder *builder, bool first_run);
void model_builder_set_wants_connect(ModelBuilder *builder, bool wants_connect);
void model_builder_set_wants_quit(ModelBuilder *builder, bool wants_quit);
void model_builder_set_finding_line(ModelBuilder *builder, const char *line);
/* Room time minus this machine's wall clock, milliseconds. */
void model_builder_set_room_offset(ModelBuilder *builder, int64_t offset_ms);

/* Adds a person to the snapshot; the one with `self` becomes model_self(). Lives as long as the
 * snapshot. The order does not matter. */
const Person *model_builder_person(ModelBuilder *builder, const Person *template);
/* The same for one that exists already: takes a reference of its own. */
void model_builder_add_person(ModelBuilder *builder, const Person *person);
/* Instead of adding persons: the same people, in the same order, as in `with`. */
void model_builder_share_people(ModelBuilder *builder, const Model *with);
/* Adds a conversation; its `typing` may be NULL, `message_count` is not looked at. Order as the
 * face shall show them. */
void model_builder_conversation(ModelBuilder *builder, const Conversation *template);
/* To the conversation added last, oldest first. Many single messages are put into one block. */
void model_builder_message(ModelBuilder *builder, const Message *message);
void model_builder_block(ModelBuilder *builder, MessageBlock *block);
/* This array, newest first, which nobody changes any more. */
void model_builder_share_transfers(ModelBuilder *builder, GPtrArray *transfers);
void model_builder_share_accepted(ModelBuilder *builder, GPtrArray *keys);
void model_builder_set_folder(ModelBuilder *builder, const char *folder);
void model_builder_choice(ModelBuilder *builder, const Choice *template);

/* Transfer full; the builder is gone. Without a person that is `self`, a nameless one is made up.
 */
Model *model_builder_finish(ModelBuilder *builder);
