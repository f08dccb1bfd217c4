// What the kernel gave this process, set aside before anybody read it: Sources/CProcessStart/start.c.
#pragma once

/// The variables that were set aside, NULL where the program began at libc's own start.
char **caas_environment_set_aside(void);
/// How many there are.
long caas_count_set_aside(void);
/// What libc has; Swift refuses the mutable global itself.
static inline char **caas_environment_of_libc(void) {
    extern char **environ;
    return environ;
}
