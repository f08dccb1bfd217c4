// The first instructions of caas-entrypoint, where it is linked with `-e caas_start`.
//
// libc, Swift's runtime, libdispatch and libcrypto all read variables before main: GLIBC_TUNABLES, MALLOC_ARENA_MAX,
// SWIFT_BACKTRACE, SWIFT_DEBUG_…, LIBDISPATCH_…, OPENSSL_ia32cap. What an image says there must not change this process:
// each of them finds an empty environment, and main reads what was set aside.
//
// On the stack of a new process lie argc, argv, NULL, the environment, NULL, and the auxiliary vector, which libc looks
// for behind that second NULL. <https://gitlab.com/x86-psABIs/x86-64-ABI>, "Process Initialization"; arm64 does the same.
// Here the environment changes places with what follows it.

#include "CProcessStart.h"

static char **set_aside;
static long count_set_aside;

char **caas_environment_set_aside(void) { return set_aside; }
long caas_count_set_aside(void) { return count_set_aside; }

// Nothing below may call a function of libc or need a thread's memory: neither is there yet.
#define BEFORE_LIBC __attribute__((used, visibility("hidden"), no_stack_protector, no_builtin))

BEFORE_LIBC static void reverse(long *words, long count) {
    for (long first = 0, last = count - 1; first < last; first++, last--) {
        long word = words[first];
        words[first] = words[last];
        words[last] = word;
    }
}

BEFORE_LIBC void caas_set_environment_aside(long *stack) {
    long *environment = stack + 1 + stack[0] + 1;
    long variables = 0;
    while (environment[variables]) variables++;
    long *auxiliary = environment + variables + 1;
    long words = 0;
    while (auxiliary[words]) words += 2;  // AT_NULL is the last pair
    long rest = 1 + words + 2;
    reverse(environment, variables);
    reverse(environment + variables, rest);
    reverse(environment, variables + rest);
    set_aside = (char **)(environment + rest);
    count_set_aside = variables;
}

#if defined(__x86_64__)
__asm__(
    ".text\n"
    ".globl caas_start\n"
    ".hidden caas_start\n"
    ".type caas_start, @function\n"
    "caas_start:\n"
    "    xor %ebp, %ebp\n"
    "    mov %rdx, %rbx\n"
    "    mov %rsp, %rdi\n"
    "    call caas_set_environment_aside\n"
    "    mov %rbx, %rdx\n"
    "    jmp _start\n"
    ".size caas_start, . - caas_start\n");
#elif defined(__aarch64__)
__asm__(
    ".text\n"
    ".globl caas_start\n"
    ".hidden caas_start\n"
    ".type caas_start, %function\n"
    "caas_start:\n"
    "    mov x19, x0\n"
    "    mov x0, sp\n"
    "    bl caas_set_environment_aside\n"
    "    mov x0, x19\n"
    "    b _start\n"
    ".size caas_start, . - caas_start\n");
#else
#error "the first instructions of this processor's processes are not written yet"
#endif
