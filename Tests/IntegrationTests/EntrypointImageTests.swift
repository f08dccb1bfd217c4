import JSON
import POSIX
import RunContract
import SystemPackage
import TestSupport
import Testing

/// Tests that PID 1, which holds the bucket's keys, neither loads, reads nor obeys the content of a hostile image.
@Suite(.serialized) struct EntrypointImageTests {
    /// Writes to /data/stolen when it is loaded into PID 1.
    private static let evil = """
        #include <fcntl.h>
        #include <stdio.h>
        #include <unistd.h>
        __attribute__((constructor)) static void steal(void) {
            if (getpid() != 1) return;
            int file = open("/data/stolen", O_WRONLY | O_CREAT | O_APPEND, 0600);
            write(file, "loaded\\n", 7);
            close(file);
        }
        int OSSL_provider_init(void) { steal(); return 0; }
        """

    private static let configuration = """
        openssl_conf = start
        [start]
        providers = providers
        [providers]
        evil = evil
        default = default
        [evil]
        module = /evil.so
        activate = 1
        [default]
        activate = 1
        """

    @Test func `libraries, a provider and variables of a base are not PID 1's`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.scratch)
        try await plant(in: bundle)
        let hostile = [
            "LD_PRELOAD": "/evil.so", "LD_AUDIT": "/evil.so", "OPENSSL_CONF": "/evil.cnf", "OPENSSL_MODULES": "/",
            "OPENSSL_ENGINES": "/", "SSLKEYLOGFILE": "/data/keylog", "https_proxy": "http://127.0.0.1:1",
            "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1", "AWS_CA_BUNDLE": "/evil.cnf",
            "R2_PREFIX": "elsewhere", "R2_REGION": "elsewhere", "R2_ADDRESSING": "virtual", "CAAS_SECRETS": "PATH",
            "CAAS_PROGRAM": "/evil.json", "KEEP_ALIVE": "true", "ON_FAILURE": "hold", "UPLOAD_BYTES_PER_SECOND": "0",
            "GRACE_SECONDS": "0", "RUN_ID": "elsewhere", "SWIFT_DEBUG_HELP": "YES", "SWIFT_BACKTRACE": "enable=yes",
            "MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.check=3",
        ]
        var program = Trainer.program()
        program.imageEnvironment.merge(hostile) { $1 }
        var environment = EntrypointRun.environment(server, run: "untouched")
        environment["R2_PREFIX"] = nil
        // The runtime passes the base image's CMD as an argument.
        let container = try bundle.start(
            program, environment: environment, port: try EntrypointRun.freePort(), arguments: ["/evil.json"])
        #expect(try await EntrypointRun.finish(container) == 0, "\(container.printed)")
        let printed = container.printed
        for name in ["stolen", "keylog"] { #expect(!FileSystem.exists(bundle.data.appending(name)), "\(printed)") }
        #expect(printed.contains("trained to step 5") && !printed.contains("STOLEN") && !printed.contains("SWIFT_"))
        #expect(printed.contains("not obeying the arguments"))
        let found = try await Command("find", [server.storage.string, "-name", "complete.json"]).succeed()
        #expect(found.hasSuffix("/untouched/complete.json") && !found.contains("elsewhere"), "\(found)")
        // Stages get their own variables.
        let stage = String(
            decoding: try FileSystem.read(bundle.data.appending("work/environment-base")), as: UTF8.self)
        #expect(stage.contains("SSLKEYLOGFILE=/data/keylog") && !stage.contains("CAAS_"))
    }

    private func plant(in bundle: EntrypointBundle) async throws {
        let source = bundle.folder("evil.c")
        try FileSystem.write(Array(Self.evil.utf8), to: source)
        let library = bundle.rootfs.appending("evil.so")
        try await Command("cc", ["-shared", "-fPIC", "-o", library.string, source.string]).succeed()
        func put(_ path: String, _ content: [UInt8], mode: UInt32 = 0o644) throws {
            let file = bundle.rootfs.appending(path)
            try FileSystem.makeFolder(file.removingLastComponent())
            try FileSystem.write(content, to: file, mode: mode)
        }
        let code = try FileSystem.read(library)
        try put("etc/ld.so.preload", Array("/evil.so\n".utf8))
        for name in ["libcom_err.so.2", "libz.so.1", "libc.so.6"] {
            for folder in [".caas/glibc-hwcaps/x86-64-v2", ".caas/tls", ".caas/haswell"] {
                try put("\(folder)/\(name)", code, mode: 0o755)
            }
        }
        for name in ["evil.cnf", "usr/lib/ssl/openssl.cnf", "etc/ssl/openssl.cnf"] {
            try put(name, Array(Self.configuration.utf8))
        }
        try put("etc/nsswitch.conf", Array("hosts: evil\npasswd: evil\n".utf8))
        for name in ["lib/libnss_evil.so.2", "usr/lib/libnss_evil.so.2", "lib/x86_64-linux-gnu/libnss_evil.so.2"] {
            try put(name, code, mode: 0o755)
        }
        var stolen = Trainer.program { $0.stages[0].run = ["/bin/sh", "-c", "echo STOLEN"] }
        stolen.artifacts = []
        try put("evil.json", stolen.json.encoded())
    }

    @Test(.enabled(if: CurrentUser.id == 0, "reading what an undumpable process maps needs root"))
    func `PID 1 maps its own file and no other, and shows nothing that it was started with`() async throws {
        let server = try await RcloneS3Server()
        let bundle = try await EntrypointBundle(.debian)
        let container = try bundle.start(
            Trainer.program(steps: 1, delay: 600), environment: EntrypointRun.environment(server, run: "mapped"),
            port: try EntrypointRun.freePort())
        _ = try await eventually { container.printed.contains("starting at 0") ? true : nil }
        let process = try #require(try await bundle.processOfPID1(), "\(container.printed)")
        let maps = String(decoding: try FileSystem.read(FilePath("/proc/\(process)/maps")), as: UTF8.self)
        let files = Set(
            maps.split(separator: "\n").compactMap { line -> Substring? in
                let fields = line.split(separator: " ", maxSplits: 5)
                return fields.count == 6 && fields[4] != "0" ? fields[5].drop { $0 == " " } : nil
            })
        #expect(files.count == 1 && files.allSatisfy { $0.hasSuffix("/.caas/caas-entrypoint") }, "\(files)")
        #expect(try FileSystem.read(FilePath("/proc/\(process)/environ")).allSatisfy { $0 == 0 })
        try await bundle.kill()
        _ = try await EntrypointRun.finish(container)
    }

    /// Variables that can direct libc, libcrypto, libcurl, libdispatch, Swift's runtime and NIO to a file.
    private static let files = [
        "OPENSSL_CONF", "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR", "CTLOG_FILE", "RANDFILE",
        "SSLKEYLOGFILE", "CURL_HOME", "CURL_CA_BUNDLE", "NETRC", "HOME", "XDG_CONFIG_HOME", "HOSTALIASES",
        "RESOLV_HOST_CONF", "TZ", "TZDIR", "LOCPATH", "NLSPATH", "GCONV_PATH", "MALLOC_TRACE", "LD_LIBRARY_PATH",
        "LD_PRELOAD", "LD_AUDIT", "LD_PROFILE", "LD_DEBUG_OUTPUT", "TMPDIR", "SWIFT_ROOT", "SWIFT_BACKTRACE",
        "SWIFT_DEBUG_LIB_PRESPECIALIZED_PATH", "LIBDISPATCH_LOG", "GETCONF_DIR", "DATAMSK", "BASH_ENV", "PATH",
    ]
    /// Variables that change the behaviour of these libraries.
    private static let settings = [
        "RES_OPTIONS": "debug", "LOCALDOMAIN": "nonsense", "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "85",
        "GLIBC_TUNABLES": "glibc.malloc.perturb=85", "SWIFT_DEBUG_HELP": "YES",
        "SWIFT_DEBUG_CONCURRENCY_ENABLE_COOPERATIVE_QUEUES": "0", "LIBDISPATCH_STRICT": "1", "NIO_SINGLETON": "1",
        "OPENSSL_ia32cap": "0", "LANG": "nonsense", "LC_ALL": "nonsense", "LANGUAGE": "nonsense",
        "REQUEST_METHOD": "GET", "CURL_SSL_BACKEND": "nonsense", "POSIXLY_CORRECT": "1",
    ]
    /// Files that may be read: those that runtimes mount, and those that can name neither code nor another file.
    private static let read = [
        "/etc/hosts", "/etc/resolv.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/nsswitch.conf", "/dev/null",
    ]

    @Test(.enabled(if: Search.finds("strace")))
    func `PID 1 opens no file that a variable names, and none that libraries would look for`() async throws {
        let folder = try TemporaryFolder()
        var program = Trainer.program { $0.stages = [] }
        program.serve = Program.Serve(run: ["/bin/true"])
        program.data = folder("data").string
        try FileSystem.write(program.json.encoded(), to: folder("program.json"))
        var environment = Self.settings
        for name in Self.files { environment[name] = "/nonsense/\(name)" }
        environment.merge(
            EntrypointRun.environment(
                [
                    // TLS to a host name that is looked up and does not exist.
                    "R2_ENDPOINT_URL": "https://caas.invalid", "R2_BUCKET_NAME": "b", "R2_ACCESS_KEY_ID": "an-id",
                    "R2_SECRET_ACCESS_KEY": "a-secret-key", "BIND_ADDRESS": "127.0.0.1",
                    "PORT": String(try EntrypointRun.freePort()),
                ], run: "traced")
        ) { $1 }
        // Set by strace -E, because in strace's own environment the variables would affect strace too.
        let told = environment.flatMap { ["-E", "\($0.key)=\($0.value)"] }
        let traced = try RunningProgram(
            "strace",
            ["-f", "-qq", "-e", "trace=open,openat,connect,execve,readlink", "-o", folder("trace").string] + told
                + [Checkout.program("caas-entrypoint"), folder("program.json").string], log: folder("log"))
        // A host name lookup reads /etc/hosts last.
        let hasLookedUp = try await eventually(within: 60) {
            // strace creates the file only after a moment.
            let calls = (try? FileSystem.read(folder("trace"))).map { String(decoding: $0, as: UTF8.self) }
            return calls?.contains("/etc/hosts") == true || traced.status != nil ? true : nil
        }
        #expect(hasLookedUp == true, "\(traced.printed)")
        traced.stop()
        let calls = String(decoding: try FileSystem.read(folder("trace")), as: UTF8.self)
        for line in calls.split(separator: "\n") where !line.contains("execve(") && !line.contains("connect(") {
            guard let path = line.split(separator: "\"", maxSplits: 2).dropFirst().first.map(String.init) else {
                continue
            }
            let isOurs =
                path.hasPrefix(folder.path.string) || path.hasPrefix("/proc/") || path == "/proc"
                || path.hasPrefix("/sys/devices/")
            #expect(isOurs || Self.read.contains(path), "\(line)")
        }
        #expect(!calls.contains("AF_UNIX") && !traced.printed.contains("SWIFT_"), "\(traced.printed)")
    }

    @Test func `nothing in the program is for a loader, and it does not load one`() async throws {
        let program = Checkout.program("caas-entrypoint")
        let headers = try await Command("readelf", ["-lW", program]).succeed()
        #expect(!headers.contains("INTERP") && !headers.contains("DYNAMIC"))
        let refused = try await Command(
            Checkout.program("caasctl"), ["entrypoint", "pack", "/bin/ls", "--output", "/nonexistent"]
        ).run()
        #expect(
            refused.status == 1 && refused.errors.contains("/bin/ls: it is linked dynamically"), "\(refused.errors)")
    }
}

/// Searches PATH for programs.
private enum Search {
    static func finds(_ name: String) -> Bool {
        (ProcessEnvironment.value("PATH") ?? "").split(separator: ":").contains {
            FileSystem.exists(FilePath("\($0)/\(name)"))
        }
    }
}
