#include "relay/cpace.h"
#include "relay/cpace_group.h"

#include <check.h>
#include <sodium.h>
#include <string.h>

/* --- the vectors of draft-irtf-cfrg-cpace-21, appendix B.3: ristretto255, SHA-512 --- */

#define DRAFT_PRS "50617373776f7264"
#define DRAFT_CI "0b415f696e69746961746f720b425f726573706f6e646572"
#define DRAFT_SID "7e4b4791d6a8ef019b936c79fb7f2c57"
#define DRAFT_G "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56"
#define DRAFT_YA_SCALAR "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08"
#define DRAFT_YB_SCALAR "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d"
#define DRAFT_YA "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157"
#define DRAFT_YB "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258"
#define DRAFT_K "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f"
#define DRAFT_ISK                                                                                  \
    "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"                             \
    "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447"
#define DRAFT_SCALAR "7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"
#define DRAFT_X "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"
#define DRAFT_PRODUCT "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e"
#define DRAFT_NO_POINT "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c"

typedef struct {
    uint8_t bytes[64];
    size_t length;
} Hex;

static Hex hex(const char *digits)
{
    Hex hex = {.length = 0};
    ck_assert_int_eq(sodium_hex2bin(hex.bytes, sizeof hex.bytes, digits, strlen(digits), NULL,
                                    &hex.length, NULL),
                     0);
    return hex;
}

static CpaceString string(const Hex *hex)
{
    return (CpaceString){hex->bytes, hex->length};
}

static void check_hex(const uint8_t *bytes, size_t length, const char *digits)
{
    char shown[129];
    sodium_bin2hex(shown, sizeof shown, bytes, length);
    ck_assert_str_eq(shown, digits);
}

START_TEST(the_generator_is_the_drafts)
{
    Hex prs = hex(DRAFT_PRS), ci = hex(DRAFT_CI), sid = hex(DRAFT_SID);
    uint8_t generator[CPACE_POINT_SIZE];
    cpace_generator(string(&prs), string(&ci), string(&sid), generator);
    check_hex(generator, sizeof generator, DRAFT_G);
}
END_TEST

START_TEST(points_are_multiplied_as_in_the_draft)
{
    static const char *const cases[][3] = {
        {DRAFT_YA_SCALAR, DRAFT_G, DRAFT_YA},   {DRAFT_YB_SCALAR, DRAFT_G, DRAFT_YB},
        {DRAFT_YA_SCALAR, DRAFT_YB, DRAFT_K},   {DRAFT_YB_SCALAR, DRAFT_YA, DRAFT_K},
        {DRAFT_SCALAR, DRAFT_X, DRAFT_PRODUCT},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Hex scalar = hex(cases[i][0]), point = hex(cases[i][1]);
        uint8_t product[CPACE_POINT_SIZE];
        ck_assert(cpace_multiply(scalar.bytes, point.bytes, product));
        check_hex(product, sizeof product, cases[i][2]);
    }
}
END_TEST

/* Identity; no point; p, p + 2 and others that are not reduced; negative ones. */
static const char *const no_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    DRAFT_NO_POINT,
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a59c",
};

START_TEST(what_is_no_point_is_refused)
{
    Hex scalar = hex(DRAFT_SCALAR), point = hex(no_points[_i]);
    uint8_t product[CPACE_POINT_SIZE];
    ck_assert(!cpace_multiply(scalar.bytes, point.bytes, product));
}
END_TEST

START_TEST(the_key_is_the_drafts)
{
    Hex sid = hex(DRAFT_SID), k = hex(DRAFT_K), ya = hex(DRAFT_YA), yb = hex(DRAFT_YB);
    CpaceSent a = {ya.bytes, {(const uint8_t *)"ADa", 3}};
    CpaceSent b = {yb.bytes, {(const uint8_t *)"ADb", 3}};
    uint8_t isk[CPACE_ISK_SIZE];
    cpace_isk(string(&sid), k.bytes, a, b, isk);
    check_hex(isk, sizeof isk, DRAFT_ISK);
}
END_TEST

/* The draft has no vector of this: put together from its definition another way. */
START_TEST(the_tag_is_as_the_draft_says)
{
    Hex sid = hex(DRAFT_SID), isk = hex(DRAFT_ISK), ya = hex(DRAFT_YA);
    uint8_t tag[CPACE_TAG_SIZE];
    cpace_tag(string(&sid), isk.bytes, (CpaceSent){ya.bytes, {(const uint8_t *)"ADa", 3}}, tag);

    g_autoptr(GByteArray) joined = g_byte_array_new();
    g_byte_array_append(joined, (const guint8 *)"CPaceMac", 8);
    g_byte_array_append(joined, sid.bytes, (guint)sid.length);
    g_byte_array_append(joined, isk.bytes, (guint)isk.length);
    uint8_t key[64];
    crypto_hash_sha512(key, joined->data, joined->len);
    g_byte_array_set_size(joined, 0);
    g_byte_array_append(joined, (const guint8 *)"\x20", 1);
    g_byte_array_append(joined, ya.bytes, 32);
    g_byte_array_append(joined,
                        (const guint8 *)"\x03"
                                        "ADa",
                        4);
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA512, key, sizeof key);
    g_hmac_update(hmac, joined->data, joined->len);
    check_hex(tag, sizeof tag, g_hmac_get_string(hmac));
}
END_TEST

/* --- the exchange --- */

static uint8_t secret[SECRET_SIZE] = "what Argon2id made of it";
static const CpaceBinding binding = {.exporter = "this connection",
                                     .place = "the place",
                                     .relay = "the relay's key",
                                     .member = "the member's key"};
static const uint8_t relay_random[CPACE_RANDOM_SIZE] = {1, 2, 3};
static const uint8_t member_random[CPACE_RANDOM_SIZE] = {9, 8, 7};

typedef struct {
    uint8_t relay_share[SHARE_SIZE], share[SHARE_SIZE];
    uint8_t member_proof[PROOF_SIZE], expected[PROOF_SIZE];
} Talk;

/* The member knows `known` and sees `seen`; the relay has what is right. */
static Cpace *talk(const uint8_t *known, const CpaceBinding *seen, Talk *talk)
{
    Cpace *cpace = cpace_begin(secret, &binding, relay_random, talk->relay_share);
    ck_assert_ptr_nonnull(cpace);
    ck_assert(cpace_answer(known, seen, member_random, talk->relay_share, talk->share,
                           talk->member_proof, talk->expected));
    return cpace;
}

START_TEST(who_knows_it_is_let_in_and_sees_that_the_relay_does)
{
    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
    ck_assert(cpace_finish(cpace, said.share, said.member_proof, proof));
    ck_assert(cpace_confirm(said.expected, proof));
    ck_assert_mem_ne(proof, said.member_proof, PROOF_SIZE);
}
END_TEST

/* The values of "Locked places" in relay/PROTOCOL.md. */
START_TEST(the_example_of_the_protocol_is_right)
{
    CpaceBinding example = {.exporter = {0}};
    uint8_t of_passphrase[SECRET_SIZE], random[2][CPACE_RANDOM_SIZE];
    for (unsigned i = 0; i < PLACE_SIZE; i++)
        example.place[i] = (uint8_t)i;
    memset(example.exporter, 0x05, EXPORTER_SIZE);
    memset(example.relay, 0x01, KEY_SIZE);
    memset(example.member, 0x02, KEY_SIZE);
    memset(random[0], 0x03, CPACE_RANDOM_SIZE);
    memset(random[1], 0x04, CPACE_RANDOM_SIZE);
    ck_assert(cpace_secret("Kater Mo\xcc\x88hre 7", example.place, of_passphrase));
    check_hex(of_passphrase, SECRET_SIZE,
              "3185d334d6e640a8e0d5483ff6d625b0ed9e8929952ff50d243e49b2738ca142");

    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = cpace_begin(of_passphrase, &example, random[0], said.relay_share);
    ck_assert(cpace_answer(of_passphrase, &example, random[1], said.relay_share, said.share,
                           said.member_proof, said.expected));
    check_hex(said.relay_share, SHARE_SIZE,
              "981f368e946b0ab65973588e3c8c3f27b1bd6055f176fc2c40b788a54f880e78");
    check_hex(said.share, SHARE_SIZE,
              "ec70560b45f1fb050870e75ede2e172bedef03621401fbb69113e9f9a1473c20");
    check_hex(said.member_proof, PROOF_SIZE,
              "d438557e3fff22b34ad452fccb7f4859238b135d8c2cd9ce55f3229b711635bb843366e643ecdf223569"
              "d745fb856c4ed55a1bbbc5b622dc9af988cafd359b05");
    ck_assert(cpace_finish(cpace, said.share, said.member_proof, proof));
    check_hex(proof, PROOF_SIZE,
              "46cb1c11d2b6e6a2e8cd3a8b8516c33db5babfc8b4673a34edeb2955bb0a44f7ecead6fb4f9071459ddc"
              "041ff4545f48d6267f3914e00a6344f3907d69b689f9");
}
END_TEST

typedef struct {
    const char *what;
    size_t offset; /* of the byte that the member sees otherwise; of the secret: SIZE_MAX */
} Difference;

static const Difference differences[] = {
    {"another passphrase", SIZE_MAX},
    {"another connection", offsetof(CpaceBinding, exporter)},
    {"the end of another connection", offsetof(CpaceBinding, exporter) + EXPORTER_SIZE - 1},
    {"another place", offsetof(CpaceBinding, place)},
    {"another relay", offsetof(CpaceBinding, relay)},
    {"another member", offsetof(CpaceBinding, member)},
    {"the end of another member's key", offsetof(CpaceBinding, member) + KEY_SIZE - 1},
};

START_TEST(what_differs_lets_nobody_in)
{
    const Difference *difference = &differences[_i];
    uint8_t known[SECRET_SIZE];
    CpaceBinding seen = binding;
    memcpy(known, secret, SECRET_SIZE);
    if (difference->offset == SIZE_MAX)
        known[0] ^= 1;
    else
        ((uint8_t *)&seen)[difference->offset] ^= 1;
    Talk said;
    uint8_t proof[PROOF_SIZE] = {0};
    g_autoptr(Cpace) cpace = talk(known, &seen, &said);
    ck_assert_msg(!cpace_finish(cpace, said.share, said.member_proof, proof), "%s",
                  difference->what);
    ck_assert(sodium_is_zero(proof, sizeof proof));
}
END_TEST

START_TEST(keys_that_change_places_let_nobody_in)
{
    CpaceBinding seen = binding;
    memcpy(seen.relay, binding.member, KEY_SIZE);
    memcpy(seen.member, binding.relay, KEY_SIZE);
    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = talk(secret, &seen, &said);
    ck_assert(!cpace_finish(cpace, said.share, said.member_proof, proof));
}
END_TEST

START_TEST(every_bit_counts)
{
    for (unsigned bit = 0; bit < 8 * (SHARE_SIZE + PROOF_SIZE); bit++) {
        Talk said;
        uint8_t proof[PROOF_SIZE];
        g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
        unsigned byte = bit / 8;
        uint8_t *at = byte < SHARE_SIZE ? &said.share[byte] : &said.member_proof[byte - SHARE_SIZE];
        *at ^= (uint8_t)(1 << bit % 8);
        ck_assert(!cpace_finish(cpace, said.share, said.member_proof, proof));
    }
}
END_TEST

START_TEST(every_bit_of_the_relays_proof_counts)
{
    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
    ck_assert(cpace_finish(cpace, said.share, said.member_proof, proof));
    for (unsigned bit = 0; bit < 8 * PROOF_SIZE; bit++) {
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert(!cpace_confirm(said.expected, proof));
        proof[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}
END_TEST

START_TEST(one_exchange_is_one_guess)
{
    Talk said;
    uint8_t proof[PROOF_SIZE], wrong[PROOF_SIZE] = {0};
    g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
    ck_assert(!cpace_finish(cpace, said.share, wrong, proof));
    ck_assert(!cpace_finish(cpace, said.share, said.member_proof, proof));
}
END_TEST

/* Shares that would make the common point known. */
START_TEST(no_side_takes_what_is_no_point)
{
    Hex point = hex(no_points[_i]);
    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
    ck_assert(!cpace_finish(cpace, point.bytes, said.member_proof, proof));
    ck_assert(!cpace_answer(secret, &binding, member_random, point.bytes, said.share,
                            said.member_proof, said.expected));
}
END_TEST

START_TEST(what_is_sent_back_is_no_answer)
{
    Talk said;
    uint8_t proof[PROOF_SIZE];
    g_autoptr(Cpace) cpace = talk(secret, &binding, &said);
    ck_assert(!cpace_finish(cpace, said.relay_share, said.expected, proof));
    /* A relay that guessed the member's random numbers. */
    ck_assert(!cpace_answer(secret, &binding, relay_random, said.relay_share, said.share,
                            said.member_proof, said.expected));
}
END_TEST

START_TEST(other_random_numbers_give_other_shares)
{
    uint8_t first[SHARE_SIZE], second[SHARE_SIZE], zeros[CPACE_RANDOM_SIZE] = {0};
    g_autoptr(Cpace) one = cpace_begin(secret, &binding, relay_random, first);
    g_autoptr(Cpace) other = cpace_begin(secret, &binding, member_random, second);
    ck_assert(one != NULL && other != NULL);
    ck_assert_mem_ne(first, second, SHARE_SIZE);
    ck_assert_ptr_null(cpace_begin(secret, &binding, zeros, first));
}
END_TEST

/* --- the secret --- */

START_TEST(a_passphrase_is_the_same_however_it_is_typed)
{
    uint8_t composed[SECRET_SIZE], decomposed[SECRET_SIZE], elsewhere[SECRET_SIZE];
    ck_assert(cpace_secret("Gr\xc3\xbc\xc3\x9f"
                           "e",
                           binding.place, composed));
    ck_assert(cpace_secret("Gru\xcc\x88\xc3\x9f"
                           "e",
                           binding.place, decomposed));
    ck_assert(cpace_secret("Gr\xc3\xbc\xc3\x9f"
                           "e",
                           binding.relay, elsewhere));
    ck_assert_mem_eq(composed, decomposed, SECRET_SIZE);
    ck_assert_mem_ne(composed, elsewhere, SECRET_SIZE);
}
END_TEST

START_TEST(what_is_no_passphrase_is_refused)
{
    uint8_t out[SECRET_SIZE];
    g_autofree char *longest = g_strnfill(PASSPHRASE_MAX, 'x');
    g_autofree char *longer = g_strnfill(PASSPHRASE_MAX + 1, 'x');
    ck_assert(!cpace_secret("", binding.place, out));
    ck_assert(!cpace_secret("\xff", binding.place, out));
    ck_assert(!cpace_secret(longer, binding.place, out));
    ck_assert(cpace_secret(longest, binding.place, out));
}
END_TEST

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    Suite *suite = suite_create("cpace");
    TCase *draft = tcase_create("draft");
    tcase_add_test(draft, the_generator_is_the_drafts);
    tcase_add_test(draft, points_are_multiplied_as_in_the_draft);
    tcase_add_loop_test(draft, what_is_no_point_is_refused, 0, G_N_ELEMENTS(no_points));
    tcase_add_test(draft, the_key_is_the_drafts);
    tcase_add_test(draft, the_tag_is_as_the_draft_says);
    suite_add_tcase(suite, draft);
    TCase *exchange = tcase_create("exchange");
    tcase_set_timeout(exchange, 60);
    tcase_add_test(exchange, who_knows_it_is_let_in_and_sees_that_the_relay_does);
    tcase_add_test(exchange, the_example_of_the_protocol_is_right);
    tcase_add_loop_test(exchange, what_differs_lets_nobody_in, 0, G_N_ELEMENTS(differences));
    tcase_add_test(exchange, keys_that_change_places_let_nobody_in);
    tcase_add_test(exchange, every_bit_counts);
    tcase_add_test(exchange, every_bit_of_the_relays_proof_counts);
    tcase_add_test(exchange, one_exchange_is_one_guess);
    tcase_add_loop_test(exchange, no_side_takes_what_is_no_point, 0, G_N_ELEMENTS(no_points));
    tcase_add_test(exchange, what_is_sent_back_is_no_answer);
    tcase_add_test(exchange, other_random_numbers_give_other_shares);
    suite_add_tcase(suite, exchange);
    TCase *passphrase = tcase_create("passphrase");
    tcase_set_timeout(passphrase, 60);
    tcase_add_test(passphrase, a_passphrase_is_the_same_however_it_is_typed);
    tcase_add_test(passphrase, what_is_no_passphrase_is_refused);
    suite_add_tcase(suite, passphrase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
