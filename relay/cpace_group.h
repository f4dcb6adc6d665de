#pragma once
/* The functions of CPace as draft-irtf-cfrg-cpace-21 defines them for G_Ristretto255 with SHA-512,
 * initiator/responder. relay/cpace.h is what to use; this is what it is made of, and what the
 * draft's test vectors are about. Nothing here is freed: callers wipe what they got. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPACE_POINT_SIZE 32
#define CPACE_SCALAR_SIZE 32
#define CPACE_ISK_SIZE 64
#define CPACE_TAG_SIZE 64

/* An octet string, lent. */
typedef struct {
    const uint8_t *bytes;
    size_t length;
} CpaceString;

/* G.calculate_generator(H, PRS, CI, sid): `generator` receives CPACE_POINT_SIZE bytes, encoded. */
void cpace_generator(CpaceString prs, CpaceString ci, CpaceString sid, uint8_t *generator);
/* G.scalar_mult_vfy(y, X). False: X is no canonical encoding of a point, or X or the result is the
 * identity (G.I). In constant time for the scalar. */
bool cpace_multiply(const uint8_t *scalar, const uint8_t *point, uint8_t *product);
/* What one party sends. */
typedef struct {
    const uint8_t *share; /* CPACE_POINT_SIZE */
    CpaceString data;     /* AD */
} CpaceSent;
/* H.hash(lv_cat(DSI || "_ISK", sid, K) || transcript_ir(Ya, ADa, Yb, ADb)) */
void cpace_isk(CpaceString sid, const uint8_t *k, CpaceSent initiator, CpaceSent responder,
               uint8_t *isk);
/* Key confirmation (section 9.4 of the draft): HMAC-SHA512 of lv_cat(Y, AD), what this party sent,
 * with the key H.hash("CPaceMac" || sid || ISK). */
void cpace_tag(CpaceString sid, const uint8_t *isk, CpaceSent sent, uint8_t *tag);
