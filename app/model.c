#include "app/model.h"

#include "app/model_internal.h"

#include <string.h>

const Person *person_new(const Person *template)
{
    PersonBox *box = g_new0(PersonBox, 1);
    box->person = *template;
    box->person.name = g_strdup(template->name ? template->name : "");
    box->person.shown = g_strdup(template->shown ? template->shown : box->person.name);
    box->person.suffix = g_strdup(template->suffix ? template->suffix : "");
    box->references = 1;
    return &box->person;
}

const Person *person_ref(const Person *person)
{
    g_atomic_int_inc(&((PersonBox *)person)->references);
    return person;
}

void person_unref(const Person *person)
{
    PersonBox *box = (PersonBox *)person;
    if (!box || !g_atomic_int_dec_and_test(&box->references)) {
        return;
    }
    g_free((char *)box->person.name);
    g_free((char *)box->person.shown);
    g_free((char *)box->person.suffix);
    g_free(box);
}

void person_unref_pointer(gpointer person)
{
    person_unref(person);
}

MessageBlock *message_block_new(const Message *messages, size_t count)
{
    MessageBlock *block = g_new0(MessageBlock, 1);
    block->references = 1;
    block->count = count;
    block->messages = g_new0(Message, MAX(count, 1));
    for (size_t i = 0; i < count; i++) {
        Message *copy = &block->messages[i];
        *copy = messages[i];
        char *text = g_malloc(messages[i].length + 1);
        if (messages[i].length > 0) {
            memcpy(text, messages[i].text, messages[i].length);
        }
        text[messages[i].length] = '\0';
        copy->text = text;
        copy->why = g_strdup(messages[i].why);
        if (copy->offer) {
            offer_ref((Offer *)copy->offer);
        }
        if (copy->author) {
            person_ref(copy->author);
        }
    }
    return block;
}

MessageBlock *message_block_ref(MessageBlock *block)
{
    g_atomic_int_inc(&block->references);
    return block;
}

void message_block_unref(MessageBlock *block)
{
    if (!block || !g_atomic_int_dec_and_test(&block->references)) {
        return;
    }
    for (size_t i = 0; i < block->count; i++) {
        g_free((char *)block->messages[i].text);
        g_free((char *)block->messages[i].why);
        offer_unref((Offer *)block->messages[i].offer);
        person_unref(block->messages[i].author);
    }
    g_free(block->messages);
    g_free(block);
}

void block_unref_pointer(gpointer block)
{
    message_block_unref(block);
}

void conversation_box_free(gpointer data)
{
    ConversationBox *box = data;
    g_ptr_array_unref(box->blocks);
    g_array_unref(box->ends);
    g_clear_pointer(&box->loose, g_array_unref);
    g_ptr_array_unref(box->typing);
    person_unref(box->conversation.person);
    g_free(box);
}

void model_free(Model *model)
{
    g_ptr_array_unref(model->people);
    g_ptr_array_unref(model->conversations);
    g_ptr_array_unref(model->choices);
    g_ptr_array_unref(model->transfers);
    g_ptr_array_unref(model->accepted);
    g_string_chunk_free(model->strings);
    g_free(model);
}

Model *model_ref(Model *model)
{
    g_atomic_int_inc(&model->references);
    return model;
}

void model_unref(Model *model)
{
    if (model && g_atomic_int_dec_and_test(&model->references)) {
        model_free(model);
    }
}

uint64_t model_version(const Model *model)
{
    return model->version;
}

LinkState model_link(const Model *model)
{
    return model->link;
}

int64_t model_link_since_us(const Model *model)
{
    return model->link_since_us;
}

const char *model_link_why(const Model *model)
{
    return model->why;
}

int64_t model_no_network_since_us(const Model *model)
{
    return model->no_network_since_us;
}

const char *model_place_name(const Model *model)
{
    return model->place_name;
}

const Person *model_self(const Model *model)
{
    return model->self;
}

CarriedBy model_carried_by(const Model *model)
{
    return model->carried_by;
}

const Person *model_carrier(const Model *model)
{
    if (model->carried_by == CARRIED_BY_SELF)
        return model->self;
    return model->carried_by == CARRIED_BY_PERSON ? model_person(model, model->carrier) : NULL;
}

unsigned model_people_here(const Model *model)
{
    unsigned here = 0;
    for (guint i = 0; i < model->people->len; i++)
        here += ((const Person *)model->people->pdata[i])->presence != PRESENCE_OFFLINE;
    return here;
}

bool model_first_run(const Model *model)
{
    return model->first_run;
}

const char *model_motd(const Model *model)
{
    return model->motd;
}

bool model_admin(const Model *model)
{
    return model->self->admin;
}

const char *model_silenced(const Model *model)
{
    return model->silenced;
}

const char *model_barred(const Model *model)
{
    return model->barred;
}

const char *model_wants_passphrase(const Model *model)
{
    return model->locked_name;
}

const char *model_passphrase_why(const Model *model)
{
    return model->passphrase_why ? model->passphrase_why : "";
}

bool model_wants_connect(const Model *model)
{
    return model->wants_connect;
}

bool model_wants_quit(const Model *model)
{
    return model->wants_quit;
}

const char *model_finding_line(const Model *model)
{
    return model->finding_line;
}

const GPtrArray *model_people(const Model *model)
{
    return model->people;
}

const GPtrArray *model_conversations(const Model *model)
{
    return model->conversations;
}

const GPtrArray *model_choices(const Model *model)
{
    return model->choices;
}

const GPtrArray *model_transfers(const Model *model)
{
    return model->transfers;
}

GPtrArray *model_transfers_of(const Model *model, const uint8_t *message_id)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < model->transfers->len; i++) {
        const Transfer *transfer = model->transfers->pdata[i];
        if (memcmp(transfer->offer, message_id, MODEL_ID_SIZE) == 0) {
            g_ptr_array_add(found, (gpointer)transfer);
        }
    }
    return found;
}

const Transfer *model_find_transfer(const Model *model, const uint8_t *id)
{
    for (guint i = 0; i < model->transfers->len; i++) {
        const Transfer *transfer = model->transfers->pdata[i];
        if (memcmp(transfer->id, id, TRANSFER_SIZE) == 0) {
            return transfer;
        }
    }
    return NULL;
}

const GPtrArray *model_accepted_people(const Model *model)
{
    return model->accepted;
}

const char *model_folder(const Model *model)
{
    return model->folder;
}

const Person *model_person(const Model *model, const uint8_t *key)
{
    for (guint i = 0; i < model->people->len; i++) {
        const Person *person = model->people->pdata[i];
        if (memcmp(person->key, key, MODEL_KEY_SIZE) == 0) {
            return person;
        }
    }
    return NULL;
}

const Conversation *model_find_conversation(const Model *model, const char *id)
{
    for (guint i = 0; i < model->conversations->len; i++) {
        const Conversation *conversation = model->conversations->pdata[i];
        if (g_strcmp0(conversation->id, id) == 0) {
            return conversation;
        }
    }
    return NULL;
}

const Message *model_message(const Model *model, const Conversation *conversation, size_t index)
{
    const ConversationBox *box = (const ConversationBox *)conversation;
    g_return_val_if_fail(index < conversation->message_count, NULL);
    guint low = 0;
    guint high = box->ends->len - 1;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (index < g_array_index(box->ends, size_t, middle)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    size_t start = low > 0 ? g_array_index(box->ends, size_t, low - 1) : 0;
    const MessageBlock *block = box->blocks->pdata[low];
    return &block->messages[index - start];
}

int64_t model_room_time(const Model *model, int64_t wall_ms)
{
    return wall_ms + model->room_offset_ms;
}
