// The entry point of caas-entrypoint, which is linked with `-e caas_start`.
//
// libc, Swift's runtime, libdispatch and libcrypto all read environment variables before main: GLIBC_TUNABLES,
// MALLOC_ARENA_MAX, SWIFT_BACKTRACE, SWIFT_DEBUG_…, LIBDISPATCH_…, OPENSSL_ia32cap. The image's values must not
// influence this process. Each of these libraries therefore finds an empty environment, and main reads the variables
// set aside here.
//
// The stack of a new process holds argc, argv, NULL, the environment, NULL, and the auxiliary vector; libc expects the
// auxiliary vector after that second NULL. <https://gitlab.com/x86-psABIs/x86-64-ABI>, "Process Initialization"; arm64
// uses the same layout. The code below swaps the environment with the words that follow it.

#include "CProcessStart.h"

static char **set_aside;
static long count_set_aside;

char **caas_environment_set_aside(void) { return set_aside; }
long caas_count_set_aside(void) { return count_set_aside; }

// The code below must not call a libc function or use thread-local memory: neither is initialised yet.
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
