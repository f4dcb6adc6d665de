#include "app/model.h"

#include "app/model_build.h"

#include <string.h>

/* Persons and blocks of messages are shared between snapshots and carry their own reference counts;
 * a snapshot keeps one string chunk for everything else. */

typedef struct {
    Person person; /* first: faces hold pointers to it */
    gint references;
} PersonBox;

struct MessageBlock {
    gint references;
    size_t count;
    Message *messages; /* owned, with their texts */
};

typedef struct {
    Conversation conversation; /* first: faces hold pointers to it */
    GPtrArray *blocks;         /* MessageBlock, owned references */
    GArray *ends;              /* size_t: messages up to the end of each block */
    GArray *loose;             /* Message: given one by one, not in a block yet; builder only */
    GPtrArray *typing;         /* owned references */
} ConversationBox;

struct Model {
    gint references;
    uint64_t version;
    LinkState link;
    int64_t link_since_us;
    int64_t room_offset_ms;
    bool first_run, wants_connect, wants_quit;
    bool people_sorted;
    const char *why, *place_name, *finding_line;
    const Person *self;       /* in `people` */
    GPtrArray *people;        /* owned references */
    GPtrArray *conversations; /* ConversationBox, owned */
    GPtrArray *choices;       /* Choice, owned */
    GPtrArray *transfers;     /* owned references */
    GPtrArray *accepted;      /* GBytes, owned */
    const char *folder;
    GStringChunk *strings;
};

struct ModelBuilder {
    Model *model;
};

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

static void person_unref_pointer(gpointer person)
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

static void block_unref_pointer(gpointer block)
{
    message_block_unref(block);
}

static void conversation_box_free(gpointer data)
{
    ConversationBox *box = data;
    g_ptr_array_unref(box->blocks);
    g_array_unref(box->ends);
    g_clear_pointer(&box->loose, g_array_unref);
    g_ptr_array_unref(box->typing);
    person_unref(box->conversation.person);
    g_free(box);
}

static void model_free(Model *model)
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

ModelBuilder *model_builder_new(uint64_t version)
{
    ModelBuilder *builder = g_new0(ModelBuilder, 1);
    Model *model = g_new0(Model, 1);
    model->references = 1;
    model->version = version;
    model->why = model->place_name = model->finding_line = model->folder = "";
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

void model_builder_set_place(ModelBuilder *builder, const char *name)
{
    builder->model->place_name = keep(builder, name);
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

void model_builder_transfer(ModelBuilder *builder, Transfer *transfer)
{
    g_ptr_array_add(builder->model->transfers, transfer_ref(transfer));
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

const char *model_place_name(const Model *model)
{
    return model->place_name;
}

const Person *model_self(const Model *model)
{
    return model->self;
}

bool model_first_run(const Model *model)
{
    return model->first_run;
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
