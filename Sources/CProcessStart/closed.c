// What libc can do for a static program that PID 1 must not: load a library of the image, and ask a daemon of the image.
//
// A static program of glibc has a loader in it all the same, for NSS modules, character sets, and OpenSSL's providers;
// and it asks nscd, whose socket any process of the container could offer. Defined here, these functions take the place
// of libc's own, and nothing calls the loader.

#ifdef CAAS_STATIC

#include <errno.h>
#include <features.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// For `caasctl entrypoint pack`, which notes the versions of what is linked into the program.
#define TEXT(number) #number
#define VERSION(major, minor) "glibc/" TEXT(major) "." TEXT(minor)
__attribute__((used, retain)) static const char libc_version[] = VERSION(__GLIBC__, __GLIBC_MINOR__);

// What NSS and iconv load with; "files" and "dns" are built in since 2.34.
// <https://sourceware.org/git/?p=glibc.git;a=blob;f=elf/dl-libc.c>
void *__libc_dlopen_mode(const char *name, int mode) { return NULL; }
void *__libc_dlsym(void *library, const char *name) { return NULL; }
void *__libc_dlvsym(void *library, const char *name, const char *version) { return NULL; }
int __libc_dlclose(void *library) { return 0; }

// What libcrypto, NIO and Swift's runtime load with.
void *dlopen(const char *name, int mode) { return NULL; }
void *dlsym(void *library, const char *name) { return NULL; }
int dlclose(void *library) { return 0; }
char *dlerror(void) { return "caas-entrypoint loads no libraries"; }

// No socket of ours is for this machine's processes but over IP. libc itself calls the second name.
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
