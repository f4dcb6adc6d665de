#include "tests/unit/ui/sample_files.h"

#include <string.h>

#define MB UINT64_C(1000000)

typedef struct {
    int author, peer;  /* of SampleFiles.people; peer -1: nobody yet */
    const char *items; /* "name:bytes|folder/:files:bytes|…"; NULL: of the one before */
    uint32_t unlisted;
    TransferState state;
    double part; /* of its bytes that are there */
    uint64_t rate;
    int64_t left_ms;
    TransferWay way;
    const char *why;
    bool by_peer, retryable, prompt, in_room;
    unsigned missing, number; /* `number` of its id, when it is not its place in the scene */
    const char *path;
    bool thumbnail;
} One;

typedef struct {
    const char *name;
    One ones[24];
} Scene;

enum {
    ALEX,
    MIRA,
    SAM,
    SARA,
    JONAS,
    LI
};

#define RUNS .state = TRANSFER_RUNNING, .part = 0.62, .rate = 1200000, .left_ms = 5400

static const Scene scenes[] = {
    {"running",
     {{.author = SARA,
       .peer = SARA,
       .items = "mockup-v3.fig:18400000",
       RUNS,
       .way = TRANSFER_WAY_DIRECT}}},
    {"coming",
     {{.author = SAM, .peer = SAM, .items = "whiteboard-photo.heic:4200000", .in_room = true},
      {.author = SAM,
       .peer = SAM,
       .items = "notes.pdf:812000",
       .state = TRANSFER_WAITING,
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "site-plan.dwg:184000000",
       RUNS,
       .way = TRANSFER_WAY_RELAY,
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "holiday.mkv:2300000000",
       .state = TRANSFER_CHECKING,
       .part = 0.3,
       .in_room = true}}},
    {"ended",
     {{.author = SAM,
       .peer = SAM,
       .items = "recording.flac:31200000",
       .state = TRANSFER_PAUSED,
       .part = 0.4,
       .in_room = true},
      {.author = SAM,
       .peer = SAM,
       .items = "backup.tar.gz:9870000000",
       .state = TRANSFER_PAUSED,
       .part = 0.8,
       .by_peer = true,
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "minutes.odt:48200",
       .state = TRANSFER_DONE,
       .path = "/home/alex/Downloads/minutes.odt",
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "photos/:1204:2300000000",
       .state = TRANSFER_DONE,
       .missing = 3,
       .path = "/home/alex/Downloads/photos",
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "poster.pdf:5000000",
       .state = TRANSFER_DECLINED,
       .in_room = true}}},
    {"failed",
     {{.author = SAM,
       .peer = SAM,
       .items = "movie.mkv:7100000000",
       .state = TRANSFER_FAILED,
       .part = 0.5,
       .retryable = true,
       .in_room = true,
       .why = "There is not enough space in Downloads: 2.1 GB are missing."},
      {.author = SAM,
       .peer = SAM,
       .items = "draft.docx:91000",
       .state = TRANSFER_FAILED,
       .in_room = true,
       .why = "Sam Rivera changed it since it was offered."},
      {.author = MIRA,
       .peer = MIRA,
       .items = "plan.pdf:1200000",
       .state = TRANSFER_CANCELLED,
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "song.mp3:6200000",
       .state = TRANSFER_CANCELLED,
       .by_peer = true,
       .part = 0.2,
       .in_room = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "gone.txt:1",
       .state = TRANSFER_CANCELLED,
       .by_peer = true,
       .in_room = true,
       .why = "Mira Okafor no longer offers it."},
      {.author = SARA,
       .peer = SARA,
       .items = "long-way.zip:840000000",
       .state = TRANSFER_WAITING,
       .part = 0.45,
       .in_room = true,
       .why = "سارا احمدی went offline. It goes on when سارا احمدی is back."}}},
    {"many",
     {{.author = SAM,
       .peer = SAM,
       .in_room = true,
       .unlisted = 12,
       .items = "a-photo-with-a-very-long-name-from-the-camera-2024-05-06.jpeg:4200000|"
                "notes.txt:1200|drawings/:38:52000000|plan.pdf:910000|sound.wav:8100000|"
                "archive.zip:77000000|table.ods:43000|last.txt:12"},
      {.author = MIRA,
       .peer = MIRA,
       .in_room = true,
       RUNS,
       .way = TRANSFER_WAY_DIRECT,
       .items = "one.png:4200000|two.png:4800000|three.png:5100000"},
      {.author = SARA,
       .peer = SARA,
       .in_room = true,
       .items = "گزارش نهایی پروژهٔ طراحی داخلی ساختمان جدید نسخهٔ سوم.pdf:1400000"},
      {.author = SARA,
       .peer = SARA,
       .in_room = true,
       .items = "invoice\xE2\x80\xAE"
                "fdp.exe:20000"},
      {.author = SARA, .peer = SARA, .in_room = true, .items = "empty/:0:0"}}},
    {"room",
     {{.author = ALEX, .peer = -1, .items = "agenda.pdf:420000", .in_room = true},
      {.author = ALEX, .peer = -1, .items = "render.mov:920000000", .in_room = true},
      {.author = ALEX, .peer = MIRA, .state = TRANSFER_DONE, .part = 1, .in_room = true},
      {.author = ALEX, .peer = SAM, RUNS, .in_room = true},
      {.author = ALEX,
       .peer = SARA,
       .state = TRANSFER_PAUSED,
       .part = 0.3,
       .by_peer = true,
       .in_room = true},
      {.author = ALEX, .peer = JONAS, .state = TRANSFER_DECLINED, .in_room = true},
      {.author = ALEX,
       .peer = LI,
       .state = TRANSFER_FAILED,
       .why = "Li Wei's disk is full.",
       .in_room = true},
      {.author = ALEX, .peer = LI, .state = TRANSFER_DONE, .in_room = true},
      {.author = ALEX, .peer = JONAS, .state = TRANSFER_DONE, .in_room = true}}},
    {"sent",
     {{.author = ALEX, .peer = -1, .items = "floor-plan.svg:72000"},
      {.author = ALEX,
       .peer = MIRA,
       .items = "model.step:61000000",
       RUNS,
       .way = TRANSFER_WAY_REVERSE},
      {.author = ALEX,
       .peer = MIRA,
       .items = "readme.md:3100",
       .state = TRANSFER_DONE,
       .path = "/home/alex/readme.md"},
      {.author = ALEX, .peer = MIRA, .items = "cat.gif:900000", .state = TRANSFER_DECLINED}}},
    {"picture",
     {{.author = MIRA, .peer = MIRA, .items = "view.jpg:3100000", .thumbnail = true},
      {.author = MIRA,
       .peer = MIRA,
       .items = "garden.png:2100000",
       .state = TRANSFER_DONE,
       .path = "/home/alex/Downloads/garden.png",
       .in_room = true}}},
    {"prompt",
     {{.author = SAM, .peer = SAM, .items = "whiteboard-photo.heic:4200000", .prompt = true}}},
    {"prompt-picture",
     {{.author = SAM,
       .peer = SAM,
       .items = "whiteboard.jpg:4200000",
       .prompt = true,
       .thumbnail = true}}},
    {"prompts",
     {{.author = SAM,
       .peer = SAM,
       .in_room = true,
       .prompt = true,
       .unlisted = 12,
       .items = "a-photo-with-a-very-long-name-from-the-camera-2024-05-06.jpeg:4200000|"
                "notes.txt:1200|drawings/:38:52000000|plan.pdf:910000|sound.wav:8100000|"
                "archive.zip:77000000|table.ods:43000|last.txt:12"},
      {.author = MIRA, .peer = MIRA, .items = "photos/:1204:2300000000", .prompt = true},
      {.author = SARA, .peer = SARA, .items = "گزارش.pdf:1400000", .prompt = true}}},
    {"prompts-other",
     {{.author = MIRA, .peer = MIRA, .items = "other.txt:420", .prompt = true, .number = 9}}},
    {"prompt-few",
     {{.author = SARA,
       .peer = SARA,
       .prompt = true,
       .items = "one.png:4200000|two.png:4800000|three.png:5100000"}}},
};

static unsigned made;

static void transfer_id(unsigned index, uint8_t *id)
{
    memset(id, 0, TRANSFER_SIZE);
    id[0] = 0xf0;
    id[1] = (uint8_t)index;
}

char *sample_transfer_hex(unsigned index)
{
    uint8_t id[TRANSFER_SIZE];
    GString *hex = g_string_new(NULL);
    transfer_id(index, id);
    for (int i = 0; i < TRANSFER_SIZE; i++)
        g_string_append_printf(hex, "%02x", id[i]);
    return g_string_free(hex, FALSE);
}

static OfferItem item_of(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 3);
    OfferItem item = {.name = g_strdup(parts[0]), .files = 1};
    item.folder = g_str_has_suffix(item.name, "/");
    if (item.folder) {
        item.name[strlen(item.name) - 1] = '\0';
        item.files = g_ascii_strtoull(parts[1], NULL, 10);
    }
    item.bytes = g_ascii_strtoull(parts[item.folder ? 2 : 1], NULL, 10);
    return item;
}

static Offer *offer_of(const One *one)
{
    Offer *offer = g_new0(Offer, 1);
    g_atomic_ref_count_init(&offer->references);
    g_auto(GStrv) items = g_strsplit(one->items, "|", -1);
    offer->item_count = g_strv_length(items);
    offer->items = g_new0(OfferItem, offer->item_count);
    for (size_t i = 0; i < offer->item_count; i++) {
        offer->items[i] = item_of(items[i]);
        offer->files += offer->items[i].files;
        offer->bytes += offer->items[i].bytes;
    }
    offer->unlisted = one->unlisted;
    offer->files += one->unlisted;
    offer->bytes += one->unlisted * MB;
    if (one->thumbnail) {
        offer->thumbnail = g_bytes_new_static("thumbnail", 9);
        offer->width = 1600;
        offer->height = 1200;
    }
    return offer;
}

static Transfer *transfer_of(const SampleFiles *files, const One *one, Offer *offer,
                             const uint8_t *message)
{
    Transfer *transfer = g_new0(Transfer, 1);
    g_atomic_ref_count_init(&transfer->references);
    transfer_id(one->number ? one->number : made, transfer->id);
    made++;
    transfer->number = made;
    memcpy(transfer->offer, message, TOKEN_SIZE);
    memcpy(transfer->author, files->people[one->author]->key, KEY_SIZE);
    if (one->peer >= 0)
        memcpy(transfer->peer, files->people[one->peer]->key, KEY_SIZE);
    transfer->outgoing = one->author == ALEX;
    transfer->in_room = one->in_room;
    transfer->content = offer_ref(offer);
    transfer->title = g_strdup(offer->items[0].name);
    transfer->state = one->state;
    transfer->by_peer = one->by_peer;
    transfer->retryable = one->retryable;
    transfer->why = g_strdup(one->why ? one->why : "");
    transfer->way = one->way;
    transfer->prompt = one->prompt;
    transfer->total = offer->bytes;
    transfer->bytes = (uint64_t)((double)offer->bytes * one->part);
    transfer->rate = one->rate;
    transfer->left_ms = one->left_ms ? one->left_ms : -1;
    transfer->into = g_strdup("");
    transfer->path = g_strdup(one->path);
    transfer->missing = one->missing;
    return transfer;
}

static void say(ModelBuilder *builder, const SampleFiles *files, const One *one, Offer *offer,
                unsigned index, uint8_t *id)
{
    const Person *author = files->people[one->author];
    Message message = {.author = author,
                       .kind = MESSAGE_OFFER,
                       .delivery = author->self ? DELIVERY_SENT : DELIVERY_RECEIVED,
                       .time_ms = files->now_ms - 60000 + (int64_t)index,
                       .text = "",
                       .offer = offer};
    message.id[0] = 0xef;
    message.id[1] = (uint8_t)index;
    memcpy(id, message.id, MODEL_ID_SIZE);
    model_builder_message(builder, &message);
}

static void add_scene(ModelBuilder *builder, const SampleFiles *files, const Scene *scene)
{
    g_autoptr(GPtrArray) transfers = g_ptr_array_new_with_free_func((GDestroyNotify)transfer_unref);
    g_autoptr(Offer) offer = NULL;
    uint8_t id[MODEL_ID_SIZE] = {0};
    made = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(scene->ones); i++) {
        const One *one = &scene->ones[i];
        if (!one->items && !offer)
            break;
        if (!one->items && one->author == 0 && one->peer == 0)
            break;
        if (one->items) {
            g_clear_pointer(&offer, offer_unref);
            offer = offer_of(one);
            say(builder, files, one, offer, i, id);
        }
        g_ptr_array_insert(transfers, 0, transfer_of(files, one, offer, id));
    }
    model_builder_share_transfers(builder, transfers);
}

void sample_files(ModelBuilder *builder, const SampleFiles *files, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
        if (strcmp(scenes[i].name, name) == 0) {
            add_scene(builder, files, &scenes[i]);
            return;
        }
    }
    g_error("no scene %s", name);
}
