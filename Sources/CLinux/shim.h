// Linux calls that Swift's Glibc module does not import, or that are macros. https://man7.org/linux/man-pages/
#pragma once
// Without _GNU_SOURCE: Swift's own Glibc module is built without it, and a type must not have two definitions.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <locale.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <termios.h>
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
/// Gives the calling thread only idle time: the idle classes of the processor and of the disk. Nice 19 is not enough:
/// twenty such threads together have a third of the weight of one of normal priority. A training run next to an upload
/// on its own core lost 60 % of its steps; in the idle class it lost 1 %. glibc declares SCHED_IDLE only with
/// _GNU_SOURCE. <linux/ioprio.h> is missing where the kernel's headers are old.
/// https://man7.org/linux/man-pages/man7/sched.7.html, https://man7.org/linux/man-pages/man2/ioprio_set.2.html
static inline void caas_lower_thread(void) {
    struct { int priority; } none = {0};
    syscall(SYS_sched_setscheduler, 0, 5 /* SCHED_IDLE */, &none);
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 3 << 13 /* IOPRIO_CLASS_IDLE */);
}
/// Gives the calling thread the lowest weight among threads that compete for the processor, and the lowest disk
/// priority. Unlike the idle classes this always leaves it some time.
/// https://man7.org/linux/man-pages/man7/sched.7.html
static inline void caas_lighten_thread(void) {
    setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, 2 << 13 | 7 /* IOPRIO_CLASS_BE, its lowest level */);
}
/// sem_timedwait with a clock that cannot be set; glibc has it since 2.30, and declares it only with _GNU_SOURCE.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until);
/// Returns the scheduling policy of the calling thread.
static inline int caas_scheduling_policy(void) { return (int)syscall(SYS_sched_getscheduler, 0); }
/// Opens a descriptor for one process; the next function sends a signal through it.
/// https://man7.org/linux/man-pages/man2/pidfd_open.2.html
static inline int caas_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0U); }
static inline int caas_pidfd_send_signal(int process, int number) {
    return (int)syscall(SYS_pidfd_send_signal, process, number, NULL, 0U);
}
/// Closes all descriptors from a number on; glibc has it since 2.34, and declares it only with _GNU_SOURCE.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
/// Lets a descriptor be a copy of another one, closed at exec; glibc declares dup3 only with _GNU_SOURCE.
static inline int caas_replace(int other, int descriptor) {
    return (int)syscall(SYS_dup3, other, descriptor, O_CLOEXEC);
}
/// POSIX_SPAWN_SETSID, which glibc defines only with _GNU_SOURCE.
enum { caas_spawn_setsid = 0x80 };
/// Creates a file in memory; glibc declares memfd_create only with _GNU_SOURCE.
/// https://man7.org/linux/man-pages/man2/memfd_create.2.html
static inline int caas_memfd_create(const char *name) {
    return (int)syscall(SYS_memfd_create, name, 1U /* MFD_CLOEXEC */);
}
/// SIG_IGN is a cast, which Swift does not import.
static inline void caas_ignore_signal(int number) { signal(number, SIG_IGN); }
static inline void caas_reset_signal(int number) { signal(number, SIG_DFL); }
/// Starts writeback of a range with sync_file_range; glibc declares it only with _GNU_SOURCE.
static inline int caas_begin_sync(int file, long long offset, long long length) {
    return (int)syscall(SYS_sync_file_range, file, offset, length, 2U /* SYNC_FILE_RANGE_WRITE */);
}
/// Makes a copy-on-write copy of one file. https://man7.org/linux/man-pages/man2/ioctl_ficlonerange.2.html
static inline int caas_reflink(int to, int from) { return ioctl(to, FICLONE, from); }
/// The exit status of a child, which <sys/wait.h> decodes with macros.
static inline int caas_exited(int status) { return WIFEXITED(status); }
static inline int caas_exit_status(int status) { return WEXITSTATUS(status); }
static inline int caas_term_signal(int status) { return WTERMSIG(status); }
/// Waits for any blocked signal; returns 0 after a timeout. `sender` is the process ID of the sender, 0 where it is in
/// another PID namespace, -1 where the kernel sent the signal. https://man7.org/linux/man-pages/man2/sigwaitinfo.2.html
static inline int caas_wait_for_signal(long milliseconds, pid_t *sender) {
    sigset_t every;
    siginfo_t info;
    struct timespec timeout = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    sigfillset(&every);
    int number = sigtimedwait(&every, &info, &timeout);
    if (number <= 0) return 0;
    *sender = info.si_code <= 0 ? info.si_pid : -1;
    return number;
}
/// Returns the current environment; Swift 6 refuses to use the mutable global.
static inline char **caas_environ(void) { extern char **environ; return environ; }
/// Creates a pipe with close-on-exec on both ends. https://man7.org/linux/man-pages/man2/pipe.2.html
static inline int caas_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
/// Returns the first real-time signal that programs may use; SIGRTMIN is a macro that calls a function.
static inline int caas_first_realtime_signal(void) { return SIGRTMIN; }
/// Sets the sources for host names, overriding a present or missing /etc/nsswitch.conf; glibc declares the function in
/// <nss.h>. https://sourceware.org/glibc/manual/latest/html_node/NSS-Configuration-File.html
extern int __nss_configure_lookup(const char *database, const char *order);
static inline int caas_look_up_hosts_by_files_and_dns(void) { return __nss_configure_lookup("hosts", "files dns"); }
/// Returns a TCP port of 127.0.0.1 that is not in use now; -1 and errno where there is none.
static inline int caas_free_loopback_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    int failed = bind(descriptor, (struct sockaddr *)&address, length) ||
                 getsockname(descriptor, (struct sockaddr *)&address, &length);
    close(descriptor);
    return failed ? -1 : ntohs(address.sin_port);
}
/// <spawn.h> declares these two only with _GNU_SOURCE.
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
/// mount(2) and umount2(2); <sys/mount.h> and <linux/fs.h> cannot be included together everywhere.
extern int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
extern int umount2(const char *target, int flags);
enum { caas_unmount_detach = 2 /* MNT_DETACH */ };
/// Makes a mount and all mounts below it read-only. https://man7.org/linux/man-pages/man2/mount_setattr.2.html
static inline int caas_mount_read_only(const char *place) {
    struct { unsigned long long set, clear, propagation, user_namespace; } attributes = {1 /* MOUNT_ATTR_RDONLY */, 0, 0, 0};
    return (int)syscall(442 /* mount_setattr */, AT_FDCWD, place, 0x8000U /* AT_RECURSIVE */, &attributes, sizeof attributes);
}
/// Makes writes return instead of blocking. fcntl(2) is variadic, which Swift cannot call.
static inline int caas_set_nonblocking(int file) { return fcntl(file, F_SETFL, O_NONBLOCK); }
/// Starts a program as the first process of a new PID namespace with a new mount namespace, optionally with new user
/// and network namespaces. The child waits for a byte from `gate`, and is killed when the calling thread ends.
///
/// posix_spawn(3) does not support namespaces. The child of this clone is a fork, so it may only make async-signal-safe
/// calls. It sets its user with raw system calls, since glibc's functions would wait for threads that the child does
/// not have.
static inline pid_t caas_start_isolated(
    const char *path, char *const arguments[], char *const environment[], int with_user, int with_network, int input,
    int output, int gate, int gate_of_parent) {
    unsigned long namespaces = 0x00020000 /* CLONE_NEWNS */ | 0x20000000 /* CLONE_NEWPID */;
    if (with_user) namespaces |= 0x10000000 /* CLONE_NEWUSER */;
    if (with_network) namespaces |= 0x40000000 /* CLONE_NEWNET */;
    long pid = syscall(SYS_clone, namespaces | SIGCHLD, 0L, 0L, 0L, 0L);
    if (pid != 0) return (pid_t)pid;
    close(gate_of_parent);
    char go;
    ssize_t count;
    while ((count = read(gate, &go, 1)) < 0 && errno == EINTR) {}
    if (count != 1) _exit(125);
    if (with_user && (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0))) _exit(125);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
    // A parent that died before the prctl call sent no signal, but its end of the gate is closed.
    struct pollfd closed = {gate, 0, 0};
    if (poll(&closed, 1, 0) > 0) _exit(125);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0) _exit(125);
    // The namespace's own /proc: libdispatch ends a process that does not find its threads there. A container that may
    // not mount one cannot run runc either.
    if (!mount("none", "/", NULL, MS_REC | MS_PRIVATE, "")) mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
    execve(path, arguments, environment);
    _exit(127);
}
/// UTIME_NOW and UTIME_OMIT contain casts, which Swift does not import.
/// https://man7.org/linux/man-pages/man2/utimensat.2.html
static const long caas_time_now = UTIME_NOW, caas_time_omit = UTIME_OMIT;
/// sem_timedwait with a clock that cannot be set; glibc has it since 2.30, and declares it only with _GNU_SOURCE.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until);
/// RLIMIT_NOFILE is an enumerator that Swift does not accept as a number.
/// https://man7.org/linux/man-pages/man2/getrlimit.2.html
static inline int caas_get_descriptor_limit(struct rlimit *limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int caas_set_descriptor_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_NOFILE, limit); }
/// Sets the calling thread's name in /proc, at most 15 bytes.
static inline void caas_name_thread(const char *name) { prctl(PR_SET_NAME, (unsigned long)name, 0L, 0L, 0L); }
/// A program for `caas_spawn`: its arguments, working directory, output, and limit of descriptors.
struct caas_spawning {
    const char *program, *workdir;
    char *const *arguments, *const *environment;
    int output;
    struct rlimit descriptors;
    /// The text for its oom_score_adj, or NULL.
    const char *oom_score;
    int error;
};
extern int clone(int (*body)(void *), void *stack, int flags, void *argument, ...);
/// Closes all descriptors from 3 on. It also works where close_range is missing or forbidden, and where /proc cannot be
/// read because this process is not dumpable. The kernel assigns the lowest free number, so none of ours exceeds 65535.
static inline void caas_close_others(void) {
    if (syscall(436 /* close_range */, 3U, ~0U, 0U) == 0) return;
    for (int number = 3; number < 65536; number++) close(number);
}
/// The child's steps between clone and exec; it shares our memory, so it only makes calls that leave the memory
/// unchanged.
static inline int caas_spawned(void *argument) {
    struct caas_spawning *spawning = argument;
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    for (int number = 1; number < 65; number++) sigaction(number, &standard, NULL);
    if (setpgid(0, 0) || dup2(spawning->output, 1) < 0 || dup2(spawning->output, 2) < 0) goto failed;
    close(0);
    // Closing all others first guarantees that a descriptor is available, and that the lowest is 0.
    caas_close_others();
    if (open("/dev/null", O_RDONLY) != 0 || chdir(spawning->workdir)) goto failed;
    int score = spawning->oom_score ? open("/proc/self/oom_score_adj", O_WRONLY) : -1;
    if (score >= 0) {
        // If this fails, the kernel chooses its victim by memory size alone, as for every process.
        if (write(score, spawning->oom_score, strlen(spawning->oom_score)) < 0) {}
        close(score);
    }
    if (spawning->descriptors.rlim_max > 0 && setrlimit(RLIMIT_NOFILE, &spawning->descriptors)) goto failed;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(spawning->program, spawning->arguments, spawning->environment);
failed:
    spawning->error = errno ? errno : EINVAL;
    _exit(127);
}
/// Starts a program in its own process group, with no signal blocked or ignored and with only its output open; returns
/// -1 and errno where that fails.
///
/// posix_spawn(3) sets no resource limits, and prlimit(2) on a running child comes too late for its first actions. This
/// works like glibc's posix_spawn: the child has its own stack, shares our memory, and suspends the calling thread
/// until it has called exec. The calling thread must have every signal blocked.
/// https://man7.org/linux/man-pages/man2/clone.2.html
static inline pid_t caas_spawn(struct caas_spawning *spawning) {
    const size_t size = 64 << 10;
    char *stack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -1;
    spawning->error = 0;
    pid_t pid = clone(caas_spawned, stack + size, 0x100 /* CLONE_VM */ | 0x4000 /* CLONE_VFORK */ | SIGCHLD, spawning);
    int failure = pid < 0 ? errno : spawning->error;
    munmap(stack, size);
    if (pid > 0 && failure) {
        int status;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    }
    if (!failure) return pid;
    errno = failure;
    return -1;
}
