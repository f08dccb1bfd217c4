// Linux calls that Swift's Glibc module does not show, or shows as macros. https://man7.org/linux/man-pages/
#pragma once
// Without _GNU_SOURCE: Swift's own Glibc module is made without it, and one type must not have two definitions.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/// open(2) is variadic, which Swift cannot call.
static inline int caas_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int caas_openat(int folder, const char *path, int flags, mode_t mode) {
    return openat(folder, path, flags, mode);
}
/// prctl(2) is variadic.
static inline int caas_prctl(int option, unsigned long value) { return prctl(option, value, 0L, 0L, 0L); }
/// A rename that fails with EEXIST rather than replacing. https://man7.org/linux/man-pages/man2/rename.2.html
static inline int caas_rename_new(const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);
}
/// A descriptor for one process, and a signal by it. https://man7.org/linux/man-pages/man2/pidfd_open.2.html
static inline int caas_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }
static inline int caas_pidfd_send_signal(int process, int number) {
    return (int)syscall(SYS_pidfd_send_signal, process, number, NULL, 0U);
}
/// Closes every file from a number on; glibc has it since 2.34, and shows it only with _GNU_SOURCE.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
/// POSIX_SPAWN_SETSID, which glibc shows only with _GNU_SOURCE.
enum { caas_spawn_setsid = 0x80 };
/// SIG_IGN is a cast, which Swift does not see.
static inline void caas_ignore_signal(int number) { signal(number, SIG_IGN); }
/// Copy-on-write copy of one file. https://man7.org/linux/man-pages/man2/ioctl_ficlonerange.2.html
static inline int caas_reflink(int to, int from) { return ioctl(to, FICLONE, from); }
/// How a child ended, as macros in <sys/wait.h>.
static inline int caas_exited(int status) { return WIFEXITED(status); }
static inline int caas_exit_status(int status) { return WEXITSTATUS(status); }
static inline int caas_term_signal(int status) { return WTERMSIG(status); }
/// The current environment; Swift 6 refuses the mutable global itself.
static inline char **caas_environ(void) { extern char **environ; return environ; }
