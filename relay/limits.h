#pragma once
/* The numbers that bound what one peer can make another hold, in one place. */

#include <stdint.h>

#define KEY_SIZE 32   /* Ed25519 public key */
#define HASH_SIZE 32  /* BLAKE2b-256 */
#define SUM_SIZE 16   /* of the hashes of a feed */
#define PLACE_SIZE 16 /* place id, room id, log id */
#define TOKEN_SIZE 16 /* message id */
#define SIGNATURE_SIZE 64
#define SEALING_KEY_SIZE 32 /* X25519 public key */

/* Sealed contents, algorithm 1. */
#define SEALING_ALGORITHM 1
#define SEALING_HINT_SIZE 8 /* start of an X25519 key, says for which one a box is */
#define SEALING_NONCE_SIZE 24
#define SEALING_TAG_SIZE 16
#define SEALING_BOX_SIZE 80 /* of a 32-byte content key */
#define SEALING_PAD 256     /* plaintexts are padded to multiples of this */

/* Admission by passphrase: CPace over ristretto255. */
#define SECRET_SIZE 32 /* what Argon2id makes of a passphrase */
#define SHARE_SIZE 32
#define PROOF_SIZE 64
#define EXPORTER_SIZE 32 /* of TLS, binds the exchange to the connection */
#define LOCK_EXPORTER "EXPORTER-backfence-lock"
#define PASSPHRASE_MAX 1024
#define UNLOCKS_A_MINUTE 5 /* tries of a key, and of an address */

/* Moderation. */
#define TOPIC_MAX 512
#define REASON_MAX 1024 /* bytes of Moderation.text */
#define CLAIM_MAX 64
#define ADVICE_CODE_MAX 32
#define KICK_US (60 * INT64_C(1000000)) /* who was kicked may return after it */
#define MODERATION_MAX 8192             /* events that are looked at; … */
#define MODERATION_MAX_OF_OTHERS 16     /* … of a member who never was an admin */

#define PROTOCOL_VERSION 1
#define DEFAULT_PORT 7667

#define FRAME_MAX_BEFORE_ADMISSION (4 * 1024) /* bytes of a message in a frame */
#define FRAME_MAX (256 * 1024)
#define TEXT_MAX (16 * 1024) /* bytes of a message text */
#define NAME_MAX_GRAPHEMES 32
#define NAME_MAX_BYTES 256
#define EVENT_MAX (40 * 1024) /* bytes of an event's body */
#define PROFILE_MAX 1024      /* bytes of the body of a Profile event: rosters carry many */
#define RECIPIENTS_MAX 64
#define SIGNAL_MAX 2048
#define SOFTWARE_MAX 64 /* bytes of a program's name */
#define NOTE_MAX 1024   /* bytes of the text of a Receipt or Goodbye */
#define ADDRESSES_MAX 8
#define ADDRESS_MAX 262 /* bytes of host:port */
#define SUCCESSORS_MAX 8
#define POSITION_MAX INT64_MAX  /* of positions and seq: SQLite holds no more */
#define PAGE_MAX 200            /* events of a page; a page is also cut at FRAME_MAX */
#define QUEUE_MAX (1024 * 1024) /* bytes queued for one link before it is cut off */

#define LINKS_BEFORE_ADMISSION 256 /* in all */
#define LINKS_PER_ADDRESS 8        /* before admission, loopback excepted */
#define HANDSHAKE_US (5 * INT64_C(1000000))
#define PING_AFTER_US (2 * INT64_C(1000000))
#define DEAD_AFTER_US (6 * INT64_C(1000000))
/* In a large place the relay asks for fewer Pings (Pong.ping_after_ms): so much silence for each
 * member linked, which makes five hundred Pings a second in all. Dead is who is silent for three
 * times as long. */
#define PING_AFTER_A_MEMBER_US 2000
#define PING_AFTER_MAX_MS 60000
#define DEAD_AFTER_PINGS 3

#define SUBMIT_RATE 50    /* events a second and member */
#define SUBMIT_BURST 200  /* events at once */
#define FEEDS_MAX 1024    /* feeds of one member: Welcome names them all */
#define MEMBERS_MAX 20000 /* known keys of a place */
#define MEMBERS_HEARD_OF                                                                           \
    (MEMBERS_MAX / 2) /* … of whom only others told; the rest come themselves */

/* Events older than this or later than room time by more than TIME_AHEAD_MS do not format or are
 * refused. */
#define TIME_MIN_MS INT64_C(0)
#define TIME_MAX_MS INT64_C(253402300799000) /* 9999-12-31 */
#define TIME_AHEAD_MS INT64_C(10000)
/* Clocks may be wrong by years, but not by more than this; and no clock that shows an earlier time
 * than this program's first is right. Nobody who lies about the time moves a room further. */
#define TIME_FAR_MS (INT64_C(20) * 366 * 24 * 3600 * 1000)
#define TIME_FIRST_MS INT64_C(1767225600000)      /* 2026-01-01 */
#define TIME_SLACK_MS (INT64_C(24) * 3600 * 1000) /* between two clocks that are about right */

/* Notes are for now: one that was written so long before or after room time is one held back. */
#define NOTE_AGE_MAX_MS INT64_C(120000)

/* Files. */
#define TRANSFER_SIZE 16                 /* transfer id, ticket, meeting id */
#define OFFER_MAX (32 * 1024)            /* bytes of an Offer */
#define OFFER_ITEMS_MAX 256              /* listed in an Offer; further ones are only counted */
#define FILES_MAX 200000                 /* entries of a manifest, folders included */
#define MANIFEST_ENTRIES_MAX 1024        /* in one Manifest frame */
#define MANIFEST_MAX (64 * 1024 * 1024)  /* bytes of all its frames */
#define FILE_NAME_MAX 255                /* bytes of a label */
#define FILE_PATH_MAX 4096               /* bytes of a path in a manifest */
#define FILE_DEPTH_MAX 64                /* labels of a path */
#define FILE_SIZE_MAX (INT64_C(1) << 56) /* bytes of one file, and of an offer */
#define CHUNK_SIZE (1024 * 1024)
#define CHUNK_SUM_SIZE 16 /* XXH3-128, canonical */
#define AGAIN_MAX 1024
#define WHY_MAX 256               /* bytes of the text of a Halt, Stop or Met */
#define THUMBNAIL_MAX (12 * 1024) /* bytes, encoded */
#define THUMBNAIL_SIDE 160        /* pixels */
#define PICTURE_SIDE_MAX 65535    /* pixels, of what a thumbnail shows */
#define DATA_FRAME_MAX                                                                             \
    (64 * 1024) /* bytes of a DataFrame; FRAME_MAX_BEFORE_ADMISSION until Admitted */
#define DATA_SILENCE_US (12 * INT64_C(1000000)) /* nothing heard: the channel is dead */
