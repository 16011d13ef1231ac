/* A PKCS#11 module in front of another: writes down each call, and misbehaves in the function that a control file names.
 *
 * Compiled by badmodule.py for each test, with its paths inside: WRAPPED, CALLS, CONTROL, SETTINGS ("NAME=value\n..." for the
 * environment of the wrapped module). Declares only what it uses of PKCS#11 v2.40: the order of CK_FUNCTION_LIST, how many
 * arguments each function has, and where its results are. Every argument is one machine word on the platforms of the lab.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*any_function)(word, word, word, word, word, word, word, word);

enum { OK = 0, GENERAL_ERROR = 5, FUNCTIONS = 68, MOST_ARGUMENTS = 8 };

/* Where results are: octets or words behind an argument, how many behind a later one; of a fixed size; a template of attributes. */
enum kind { NOTHING, OCTETS, WORDS, FIXED, TEMPLATE };
struct attribute { word type; void *value; word length; };

/* name, arguments, kind of results, their argument, the argument of their count or their fixed size */
#define EACH_FUNCTION(F) \
    F(C_Initialize, 1, NOTHING, 0, 0) F(C_Finalize, 1, NOTHING, 0, 0) F(C_GetInfo, 1, FIXED, 0, 88) \
    F(C_GetFunctionList, 1, NOTHING, 0, 0) F(C_GetSlotList, 3, WORDS, 1, 2) F(C_GetSlotInfo, 2, FIXED, 1, 112) \
    F(C_GetTokenInfo, 2, FIXED, 1, 208) F(C_GetMechanismList, 3, WORDS, 1, 2) F(C_GetMechanismInfo, 3, FIXED, 2, 24) \
    F(C_InitToken, 4, NOTHING, 0, 0) F(C_InitPIN, 3, NOTHING, 0, 0) F(C_SetPIN, 5, NOTHING, 0, 0) \
    F(C_OpenSession, 5, FIXED, 4, 8) F(C_CloseSession, 1, NOTHING, 0, 0) F(C_CloseAllSessions, 1, NOTHING, 0, 0) \
    F(C_GetSessionInfo, 2, FIXED, 1, 32) F(C_GetOperationState, 3, OCTETS, 1, 2) F(C_SetOperationState, 5, NOTHING, 0, 0) \
    F(C_Login, 4, NOTHING, 0, 0) F(C_Logout, 1, NOTHING, 0, 0) F(C_CreateObject, 4, FIXED, 3, 8) \
    F(C_CopyObject, 5, FIXED, 4, 8) F(C_DestroyObject, 2, NOTHING, 0, 0) F(C_GetObjectSize, 3, FIXED, 2, 8) \
    F(C_GetAttributeValue, 4, TEMPLATE, 2, 3) F(C_SetAttributeValue, 4, NOTHING, 0, 0) F(C_FindObjectsInit, 3, NOTHING, 0, 0) \
    F(C_FindObjects, 4, WORDS, 1, 3) F(C_FindObjectsFinal, 1, NOTHING, 0, 0) F(C_EncryptInit, 3, NOTHING, 0, 0) \
    F(C_Encrypt, 5, OCTETS, 3, 4) F(C_EncryptUpdate, 5, OCTETS, 3, 4) F(C_EncryptFinal, 3, OCTETS, 1, 2) \
    F(C_DecryptInit, 3, NOTHING, 0, 0) F(C_Decrypt, 5, OCTETS, 3, 4) F(C_DecryptUpdate, 5, OCTETS, 3, 4) \
    F(C_DecryptFinal, 3, OCTETS, 1, 2) F(C_DigestInit, 2, NOTHING, 0, 0) F(C_Digest, 5, OCTETS, 3, 4) \
    F(C_DigestUpdate, 3, NOTHING, 0, 0) F(C_DigestKey, 2, NOTHING, 0, 0) F(C_DigestFinal, 3, OCTETS, 1, 2) \
    F(C_SignInit, 3, NOTHING, 0, 0) F(C_Sign, 5, OCTETS, 3, 4) F(C_SignUpdate, 3, NOTHING, 0, 0) F(C_SignFinal, 3, OCTETS, 1, 2) \
    F(C_SignRecoverInit, 3, NOTHING, 0, 0) F(C_SignRecover, 5, OCTETS, 3, 4) F(C_VerifyInit, 3, NOTHING, 0, 0) \
    F(C_Verify, 5, NOTHING, 0, 0) F(C_VerifyUpdate, 3, NOTHING, 0, 0) F(C_VerifyFinal, 3, NOTHING, 0, 0) \
    F(C_VerifyRecoverInit, 3, NOTHING, 0, 0) F(C_VerifyRecover, 5, OCTETS, 3, 4) F(C_DigestEncryptUpdate, 5, OCTETS, 3, 4) \
    F(C_DecryptDigestUpdate, 5, OCTETS, 3, 4) F(C_SignEncryptUpdate, 5, OCTETS, 3, 4) F(C_DecryptVerifyUpdate, 5, OCTETS, 3, 4) \
    F(C_GenerateKey, 5, FIXED, 4, 8) F(C_GenerateKeyPair, 8, FIXED, 7, 8) F(C_WrapKey, 6, OCTETS, 4, 5) \
    F(C_UnwrapKey, 8, FIXED, 7, 8) F(C_DeriveKey, 6, FIXED, 5, 8) F(C_SeedRandom, 3, NOTHING, 0, 0) \
    F(C_GenerateRandom, 3, NOTHING, 0, 0) F(C_GetFunctionStatus, 1, NOTHING, 0, 0) F(C_CancelFunction, 1, NOTHING, 0, 0) \
    F(C_WaitForSlotEvent, 3, FIXED, 1, 8)

struct described { const char *name; enum kind kind; int results, count; };
#define DESCRIBED(name, arguments, kind, results, count) {#name, kind, results, count},
static const struct described described[FUNCTIONS] = {EACH_FUNCTION(DESCRIBED)};
#define NUMBERED(name, arguments, kind, results, count) number_of_##name,
enum { EACH_FUNCTION(NUMBERED) };

struct list { unsigned char major, minor; void *functions[FUNCTIONS]; };
static struct list *wrapped;

/* What is to be done instead, and its number, where the control file says so. */
struct order { char does[16]; word value; };

/* Appends a line to what was called: one write, so that lines of several processes do not mix. */
static void note(const char *sign, const char *name, const char *rest) {
    char line[96];
    int length = snprintf(line, sizeof line, "%s %s%s\n", sign, name, rest), file = open(CALLS, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file >= 0 && write(file, line, length) < 0) perror(CALLS);
    if (file >= 0) close(file);
}

/* How often it was called so far, by all processes. */
static word called(const char *name) {
    char line[96], sought[96];
    word found = 0;
    FILE *file = fopen(CALLS, "re");
    snprintf(sought, sizeof sought, "> %s\n", name);
    while (file && fgets(line, sizeof line, file)) found += strcmp(line, sought) == 0;
    if (file) fclose(file);
    return found;
}

/* What the control file says of that function's call of that number: lines of "NAME DOES VALUE FIRST LAST", the first that fits. */
static struct order order_for(const char *name, word number) {
    char line[160], of[64];
    word first, last;
    struct order found = {"", 0}, each;
    FILE *file = fopen(CONTROL, "re");
    while (file && !*found.does && fgets(line, sizeof line, file))
        if (sscanf(line, "%63s %15s %lu %lu %lu", of, each.does, &each.value, &first, &last) == 5 && strcmp(of, name) == 0 && first <= number && number <= last)
            found = each;
    if (file) fclose(file);
    return found;
}

static int says(const struct order *order, const char *what) { return strcmp(order->does, what) == 0; }

static void wait_ms(word ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Writes the call down; what is to be done instead, of which that is done here which needs nothing of the wrapped module. A
 * function that hangs goes on when the order is withdrawn. */
static struct order begun(const char *name, const char *sign) {
    word number = called(name) + 1;
    struct order order = order_for(name, number), still = order;
    note(sign, name, "");
    if (says(&order, "delay")) wait_ms(order.value);
    if (says(&order, "crash")) *(volatile int *)0 = 0;
    if (says(&order, "exit")) _exit((int)order.value);
    while (says(&still, "hang")) {
        wait_ms(10);
        still = order_for(name, number);
    }
    return order;
}

/* Other octets in the place of results, as many as there were. */
static void spoil(const struct described *function, word *a) {
    void *results = (void *)a[function->results];
    if (results == NULL) return;
    if (function->kind == FIXED) memset(results, 0xA5, function->count);
    if (function->kind == OCTETS) memset(results, 0xA5, *(word *)a[function->count]);
    if (function->kind == WORDS) memset(results, 0xA5, *(word *)a[function->count] * sizeof(word));
    if (function->kind != TEMPLATE) return;
    struct attribute *each = results;
    for (word i = 0; i < a[function->count]; i++)
        if (each[i].value && each[i].length != (word)-1) memset(each[i].value, 0xA5, each[i].length);
}

/* Another count of results than the true one. */
static void count_otherwise(const struct described *function, word *a, word count) {
    if (function->kind == OCTETS || function->kind == WORDS) *(word *)a[function->count] = count;
    if (function->kind != TEMPLATE) return;
    struct attribute *each = (struct attribute *)a[function->results];
    for (word i = 0; i < a[function->count]; i++) each[i].length = count;
}

/* Only asks how long the result would be: no operation of the key. */
static int asks_length(const struct described *function, const word *a) {
    return (function->kind == OCTETS || function->kind == WORDS) && a[function->results] == 0;
}

/* Every call passes here. */
static word through(int number, word *a) {
    const struct described *function = &described[number];
    struct order order = begun(function->name, asks_length(function, a) ? "?" : ">");
    char ended[24];
    word result = says(&order, "return") ? order.value : ((any_function)wrapped->functions[number])(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    if (result == OK && says(&order, "garbage")) spoil(function, a);
    if (result == OK && says(&order, "count")) count_otherwise(function, a, order.value);
    snprintf(ended, sizeof ended, " 0x%lx", result);
    note("<", function->name, ended);
    return result;
}

#define PARAMETERS_1 word a
#define PARAMETERS_2 PARAMETERS_1, word b
#define PARAMETERS_3 PARAMETERS_2, word c
#define PARAMETERS_4 PARAMETERS_3, word d
#define PARAMETERS_5 PARAMETERS_4, word e
#define PARAMETERS_6 PARAMETERS_5, word f
#define PARAMETERS_8 PARAMETERS_6, word g, word h
#define VALUES_1 a
#define VALUES_2 VALUES_1, b
#define VALUES_3 VALUES_2, c
#define VALUES_4 VALUES_3, d
#define VALUES_5 VALUES_4, e
#define VALUES_6 VALUES_5, f
#define VALUES_8 VALUES_6, g, h

#define DEFINED(name, arguments, kind, results, count) \
    static word wrapping_##name(PARAMETERS_##arguments) { \
        word all[MOST_ARGUMENTS] = {VALUES_##arguments}; \
        return through(number_of_##name, all); \
    }
EACH_FUNCTION(DEFINED)

#define LISTED(name, arguments, kind, results, count) (void *)wrapping_##name,
static struct list ours = {2, 40, {EACH_FUNCTION(LISTED)}};

/* What the wrapped module reads in its environment, whatever the program has left of it. */
static void set_environment(void) {
    char settings[] = SETTINGS, *rest = NULL;
    for (char *each = strtok_r(settings, "\n", &rest); each; each = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(each, '=');
        *value = 0;
        setenv(each, value + 1, 1);
    }
}

/* The one symbol of the module. `garbage` is a list that is nowhere. */
word C_GetFunctionList(struct list **list) {
    struct order order = begun("C_GetFunctionList", ">");
    if (says(&order, "return")) return order.value;
    if (wrapped == NULL) {
        set_environment();
        void *module = dlopen(WRAPPED, RTLD_NOW | RTLD_LOCAL);
        word (*theirs)(struct list **) = module ? (word (*)(struct list **))dlsym(module, "C_GetFunctionList") : NULL;
        if (theirs == NULL || theirs(&wrapped) != OK) return GENERAL_ERROR;
        ours.functions[number_of_C_GetFunctionList] = (void *)C_GetFunctionList;
    }
    *list = says(&order, "garbage") ? NULL : &ours;
    return OK;
}

/* A module can misbehave before anything of it is called. */
__attribute__((constructor)) static void loaded(void) { begun("dlopen", ">"); }
