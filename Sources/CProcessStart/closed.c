// Two things that a static program can do through libc but PID 1 must not: load a library of the image, and connect to
// a daemon of the image.
//
// Even a static glibc program contains a loader, for NSS modules, character sets, and OpenSSL's providers. It also
// connects to nscd, whose socket any process of the container could offer. The functions below replace libc's own, and
// nothing calls the loader.

#ifdef CAAS_STATIC

#include <errno.h>
#include <features.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// `caasctl entrypoint pack` reads this string to record the versions of the libraries that are linked into the program.
#define TEXT(number) #number
#define VERSION(major, minor) "glibc/" TEXT(major) "." TEXT(minor)
__attribute__((used, retain)) static const char libc_version[] = VERSION(__GLIBC__, __GLIBC_MINOR__);

// NSS and iconv load libraries with these; "files" and "dns" are built in since glibc 2.34.
// <https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-libc.c>
void *__libc_dlopen_mode(const char *name, int mode) { return NULL; }
void *__libc_dlsym(void *library, const char *name) { return NULL; }
void *__libc_dlvsym(void *library, const char *name, const char *version) { return NULL; }
int __libc_dlclose(void *library) { return 0; }

// libcrypto, NIO and Swift's runtime load libraries with these.
void *dlopen(const char *name, int mode) { return NULL; }
void *dlsym(void *library, const char *name) { return NULL; }
int dlclose(void *library) { return 0; }
char *dlerror(void) { return "caas-entrypoint loads no libraries"; }

// The entrypoint connects to local processes over IP only, never over Unix sockets. libc itself calls `__connect`.
int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
    if (address != NULL && length >= sizeof address->sa_family && address->sa_family == AF_UNIX) {
        errno = ECONNREFUSED;
        return -1;
    }
    return (int)syscall(SYS_connect, descriptor, address, length);
}
int __connect(int descriptor, const struct sockaddr *address, socklen_t length) {
    return connect(descriptor, address, length);
}

#endif
