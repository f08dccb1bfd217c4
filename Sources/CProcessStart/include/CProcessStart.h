// The environment that the kernel passed to this process, set aside before other code reads it: see start.c.
#pragma once

/// The environment strings that were set aside, NULL if the program began at libc's own entry point.
char **caas_environment_set_aside(void);
/// The number of strings that were set aside.
long caas_count_set_aside(void);
/// Returns libc's `environ`; Swift does not allow access to the mutable global itself.
static inline char **caas_environment_of_libc(void) {
    extern char **environ;
    return environ;
}
