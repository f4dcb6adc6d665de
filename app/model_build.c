#include "app/model_build.h"

#include "app/model_internal.h"

#include <string.h>

struct ModelBuilder {
    Model *model;
};

ModelBuilder *model_builder_new(uint64_t version)
{
    ModelBuilder *builder = g_new0(ModelBuilder, 1);
    Model *model = g_new0(Model, 1);
    model->references = 1;
    model->version = version;
    model->no_network_since_us = INT64_MAX;
    model->why = model->place_name = model->finding_line = model->folder = "";
    model->motd = model->silenced = model->barred = "";
    model->people = g_ptr_array_new_with_free_func(person_unref_pointer);
    model->conversations = g_ptr_array_new_with_free_func(conversation_box_free);
    model->choices = g_ptr_array_new_with_free_func(g_free);
    model->transfers = g_ptr_array_new_with_free_func((GDestroyNotify)transfer_unref);
    model->accepted = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    model->strings = g_string_chunk_new(1024);
    builder->model = model;
    return builder;
}

void model_builder_free(ModelBuilder *builder)
{
    if (builder) {
        model_free(builder->model);
        g_free(builder);
    }
}

static const char *keep(ModelBuilder *builder, const char *text)
{
    return text && *text ? g_string_chunk_insert(builder->model->strings, text) : "";
}

void model_builder_set_link(ModelBuilder *builder, LinkState link, int64_t since_us,
                            const char *why)
{
    builder->model->link = link;
    builder->model->link_since_us = since_us;
    builder->model->why = keep(builder, why);
}

void model_builder_set_no_network(ModelBuilder *builder, int64_t since_us)
{
    builder->model->no_network_since_us = since_us;
}

void model_builder_set_place(ModelBuilder *builder, const char *name)
{
    builder->model->place_name = keep(builder, name);
}

void model_builder_set_motd(ModelBuilder *builder, const char *motd)
{
    builder->model->motd = keep(builder, motd);
}

void model_builder_set_silenced(ModelBuilder *builder, const char *why)
{
    builder->model->silenced = keep(builder, why);
}

void model_builder_set_barred(ModelBuilder *builder, const char *why)
{
    builder->model->barred = keep(builder, why);
}

void model_builder_set_passphrase(ModelBuilder *builder, const char *place, const char *why)
{
    builder->model->locked_name = place ? keep(builder, place) : NULL;
    builder->model->passphrase_why = keep(builder, why);
}

void model_builder_set_carrier(ModelBuilder *builder, CarriedBy carried_by, const uint8_t *key)
{
    builder->model->carried_by = carried_by;
    if (key)
        memcpy(builder->model->carrier, key, MODEL_KEY_SIZE);
}

void model_builder_set_first_run(ModelBuilder *builder, bool first_run)
{
    builder->model->first_run = first_run;
}

void model_builder_set_wants_connect(ModelBuilder *builder, bool wants_connect)
{
    builder->model->wants_connect = wants_connect;
}

void model_builder_set_wants_quit(ModelBuilder *builder, bool wants_quit)
{
    builder->model->wants_quit = wants_quit;
}

void model_builder_set_finding_line(ModelBuilder *builder, const char *line)
{
    builder->model->finding_line = keep(builder, line);
}

void model_builder_set_room_offset(ModelBuilder *builder, int64_t offset_ms)
{
    builder->model->room_offset_ms = offset_ms;
}

const Person *model_builder_person(ModelBuilder *builder, const Person *template)
{
    const Person *person = person_new(template);
    model_builder_add_person(builder, person);
    person_unref(person);
    return person;
}

void model_builder_add_person(ModelBuilder *builder, const Person *person)
{
    g_ptr_array_add(builder->model->people, (gpointer)person_ref(person));
    if (person->self) {
        builder->model->self = person;
    }
}

void model_builder_share_people(ModelBuilder *builder, const Model *with)
{
    g_ptr_array_unref(builder->model->people);
    builder->model->people = g_ptr_array_ref(with->people);
    builder->model->self = with->self;
    builder->model->people_sorted = true;
}

void model_builder_conversation(ModelBuilder *builder, const Conversation *template)
{
    ConversationBox *box = g_new0(ConversationBox, 1);
    box->conversation = *template;
    Conversation *conversation = &box->conversation;
    conversation->id = keep(builder, template->id);
    conversation->name = keep(builder, template->name);
    conversation->topic = keep(builder, template->topic);
    conversation->draft = keep(builder, template->draft);
    conversation->person = template->person ? person_ref(template->person) : NULL;
    conversation->message_count = 0;
    box->typing = g_ptr_array_new_with_free_func(person_unref_pointer);
    for (guint i = 0; template->typing && i < template->typing->len; i++) {
        g_ptr_array_add(box->typing, (gpointer)person_ref(template->typing->pdata[i]));
    }
    conversation->typing = box->typing;
    box->blocks = g_ptr_array_new_with_free_func(block_unref_pointer);
    box->ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_ptr_array_add(builder->model->conversations, box);
}

static ConversationBox *last_conversation(ModelBuilder *builder)
{
    GPtrArray *conversations = builder->model->conversations;
    g_assert(conversations->len > 0);
    return conversations->pdata[conversations->len - 1];
}

static void append_block(ConversationBox *box, MessageBlock *block)
{
    if (block->count == 0) {
        message_block_unref(block);
        return;
    }
    box->conversation.message_count += block->count;
    g_ptr_array_add(box->blocks, block);
    g_array_append_val(box->ends, box->conversation.message_count);
}

/* Puts the messages that came one by one into a block. */
static void gather_loose(ConversationBox *box)
{
    if (box->loose) {
        g_autoptr(GArray) loose = g_steal_pointer(&box->loose);
        append_block(box, message_block_new((const Message *)loose->data, loose->len));
        for (guint i = 0; i < loose->len; i++) {
            Message *message = &g_array_index(loose, Message, i);
            g_free((char *)message->text);
            g_free((char *)message->why);
            offer_unref((Offer *)message->offer);
        }
    }
}

void model_builder_message(ModelBuilder *builder, const Message *message)
{
    ConversationBox *box = last_conversation(builder);
    if (!box->loose) {
        box->loose = g_array_new(FALSE, FALSE, sizeof(Message));
    }
    Message copy = *message;
    copy.text = g_strndup(message->text ? message->text : "", message->length);
    copy.why = g_strdup(message->why);
    if (copy.offer)
        offer_ref((Offer *)copy.offer);
    g_array_append_val(box->loose, copy);
}

void model_builder_block(ModelBuilder *builder, MessageBlock *block)
{
    ConversationBox *box = last_conversation(builder);
    gather_loose(box);
    append_block(box, message_block_ref(block));
}

void model_builder_choice(ModelBuilder *builder, const Choice *template)
{
    Choice *choice = g_new0(Choice, 1);
    *choice = *template;
    choice->id = keep(builder, template->id);
    choice->name = keep(builder, template->name);
    choice->address = keep(builder, template->address);
    g_ptr_array_add(builder->model->choices, choice);
}

static void share(GPtrArray **slot, GPtrArray *array)
{
    g_ptr_array_unref(*slot);
    *slot = g_ptr_array_ref(array);
}

void model_builder_share_transfers(ModelBuilder *builder, GPtrArray *transfers)
{
    share(&builder->model->transfers, transfers);
}

void model_builder_share_accepted(ModelBuilder *builder, GPtrArray *keys)
{
    share(&builder->model->accepted, keys);
}

void model_builder_set_folder(ModelBuilder *builder, const char *folder)
{
    builder->model->folder = keep(builder, folder);
}

static gint by_presence_and_name(gconstpointer a, gconstpointer b)
{
    const Person *first = *(const Person *const *)a;
    const Person *second = *(const Person *const *)b;
    if ((first->presence == PRESENCE_OFFLINE) != (second->presence == PRESENCE_OFFLINE)) {
        return first->presence == PRESENCE_OFFLINE ? 1 : -1;
    }
    g_autofree char *first_name = g_utf8_casefold(first->shown, -1);
    g_autofree char *second_name = g_utf8_casefold(second->shown, -1);
    int order = g_utf8_collate(first_name, second_name);
    return order != 0 ? order : memcmp(first->key, second->key, MODEL_KEY_SIZE);
}

Model *model_builder_finish(ModelBuilder *builder)
{
    Model *model = builder->model;
    for (guint i = 0; i < model->conversations->len; i++) {
        gather_loose(model->conversations->pdata[i]);
    }
    if (!model->self) {
        model_builder_person(builder, &(Person){.self = true});
    }
    if (!model->people_sorted)
        g_ptr_array_sort(model->people, by_presence_and_name);
    model->people_sorted = true;
    g_free(builder);
    return model;
}
