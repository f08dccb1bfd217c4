import ImageLayers
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import StepExecution
import Wording

/// Tests for mounts, which leave no trace in the layer.
struct StepMountTests {
    private let fixture: StepFixture
    private let value = "s3cret-\(UInt64.random(in: 0 ... .max))"

    init() throws { fixture = try StepFixture() }

    @Test func `a secret leaves no trace`() async throws {
        let base = try await fixture.base()
        let layer = try await fixture.run(
            "wc -c </run/secrets/token; stat -c '%a %u' /run/secrets/token /etc/key; wc -c <<E\n$TOKEN\nE\ntouch /made; ls /run /nope || true",
            on: [base]
        ) { command in
            let content = Array(value.utf8)
            command.mounts = [
                .secret(SecretMount(id: "token", content: content)),
                .secret(SecretMount(id: "key", content: content, target: "/etc/key", mode: 0o440, owner: (33, 44))),
                .secret(SecretMount(id: "variable", content: content, variable: "TOKEN")),
                .secret(SecretMount(id: "absent", content: nil)),
            ]
        }
        let length = value.utf8.count
        #expect(fixture.said.output.prefix(4) == ["\(length)", "400 0", "440 33", "\(length + 1)"])
        #expect(try await fixture.list(layer) == ["-rw-r--r-- 0:0 made"])
        let found = try await Command("grep", ["-rlaF", value, fixture.folder("home").string]).run()
        #expect(found.status == 1, "\(found.output)")
        // Another value of the secret does not make another layer.
        let again = try await fixture.run("true", on: [base]) {
            $0.mounts = [.secret(SecretMount(id: "a", content: [1]))]
        }
        #expect(again == nil)
        #expect(fixture.said.output.count >= 4)
    }

    @Test func `a secret that is required must be given`() async throws {
        let error = await #expect(throws: Failure.self) {
            try await fixture.run("true", on: [try await fixture.base()]) {
                $0.mounts = [.secret(SecretMount(id: "token", content: nil, isRequired: true))]
            }
        }
        #expect(
            error?.description
                == "cannot run 'true' (Dockerfile:7): there is no secret 'token'; --secret id=token,src=FILE gives it")
    }

    @Test func `a cache outlives the command and is in no layer`() async throws {
        let base = try await fixture.base()
        let cache = StepMount.cache(CacheMount(id: "apt", target: "/var/cache/apt", mode: 0o700, owner: (33, 44)))
        let first = try await fixture.run("stat -c '%a %u:%g' /var/cache/apt; echo 1 >/var/cache/apt/a", on: [base]) {
            $0.mounts = [cache]
        }
        #expect(first == nil)
        let second = try await fixture.run("cat /var/cache/apt/a; touch /made", on: [base]) { $0.mounts = [cache] }
        #expect(fixture.said.output == ["700 33:44", "1"])
        #expect(try await fixture.list(second) == ["-rw-r--r-- 0:0 made"])
        let other = StepMount.cache(CacheMount(id: "other", target: "/var/cache/apt", isReadOnly: true))
        _ = try await fixture.run("ls /var/cache/apt; touch /var/cache/apt/b || echo refused", on: [base]) {
            $0.mounts = [other]
        }
        #expect(fixture.said.output.last == "refused")
        // Of the same name, but root's: another one, which is empty.
        let own = StepMount.cache(CacheMount(id: "apt", target: "/var/cache/apt"))
        _ = try await fixture.run("stat -c '%a %u:%g' /var/cache/apt; ls /var/cache/apt", on: [base]) {
            $0.mounts = [own]
        }
        #expect(fixture.said.output.last == "755 0:0")
    }

    /// Otherwise make and cargo would keep the output of an older source.
    @Test func `what a cache keeps is older than every file of a build`() async throws {
        let base = try await fixture.base()
        var cache = CacheMount(id: "objects", target: "/objects")
        cache.newest = 500_000_000
        let made = "mkdir /objects/a; touch /objects/a/new; touch -d @7 /objects/old; ln -s nowhere /objects/link"
        _ = try await fixture.run(made, on: [base]) { $0.mounts = [.cache(cache)] }
        let shown = "stat -c '%Y %n' /objects/a /objects/a/new /objects/old /objects/link"
        _ = try await fixture.run(shown, on: [base]) { $0.mounts = [.cache(cache)] }
        #expect(
            fixture.said.output == [
                "500000000 /objects/a", "500000000 /objects/a/new", "7 /objects/old", "500000000 /objects/link",
            ])
    }

    @Test func `a new cache begins with files of a layer`() async throws {
        let base = try await fixture.base()
        let cache = CacheMount(id: "seed", target: "/seed", source: .layers([base]), sourcePath: "/data")
        _ = try await fixture.run("ls /seed", on: [base]) { $0.mounts = [.cache(cache)] }
        #expect(fixture.said.output == ["gone", "kept", "old"])
    }

    @Test(arguments: [CacheMount.Sharing.locked, .private])
    func `builds that begin at once share a new cache as it says`(sharing: CacheMount.Sharing) async throws {
        let builds = 6
        let base = try await fixture.base()
        let cache = StepMount.cache(CacheMount(id: "c", target: "/c", sharing: sharing))
        let go = fixture.folder("go")
        try FileSystem.makeFolder(go)
        // With locking, one build waits for the other; without, no build ends before all have begun.
        if sharing == .locked { try fixture.folder.write("go/now", "") }
        try await withThrowingTaskGroup(of: Void.self) { [fixture] group in
            for number in 0..<builds {
                group.addTask {
                    let script = """
                        : \(number); echo x >>/c/all; sleep 0.1; cut -d: -f1 /c/all | wc -l
                        i=0; until [ -e /go/now ] || [ $i = 600 ]; do i=$((i + 1)); sleep 0.1; done
                        """
                    _ = try await fixture.run(script, on: [base]) {
                        $0.mounts = [cache, .bind(BindMount(source: .folder(go, digest: "1"), target: "/go"))]
                    }
                }
            }
            _ = try await eventually(within: 60) { fixture.said.output.count == builds ? true : nil }
            try fixture.folder.write("go/now", "")
            try await group.waitForAll()
        }
        #expect(fixture.said.output.sorted() == (0..<builds).map { sharing == .locked ? "\($0 + 1)" : "1" })
    }

    @Test func `a cache that is pruned while a build waits for it is made anew`() async throws {
        let base = try await fixture.base()
        let cache = StepMount.cache(CacheMount(id: "c", target: "/c", sharing: .locked))
        let script = "echo x >>/c/all; wc -l </c/all"
        _ = try await fixture.run(script, on: [base]) { $0.mounts = [cache] }
        let runs = fixture.folder("home/cache/run")
        let place = runs.appending(try #require(try FileSystem.names(in: runs).first)).appending("mounts")
        let kept = place.appending(try #require(try FileSystem.names(in: place).first))
        let pruning = try File(kept, .read)
        #expect(try pruning.lock(wait: false))
        async let waiting = fixture.run("\(script); true", on: [base]) { $0.mounts = [cache] }
        let isWaiting = try await eventually {
            fixture.said.steps.contains { $0.hasPrefix("waiting for cache c") } ? true : nil
        }
        #expect(isWaiting == true)
        try FileSystem.rename(kept, to: fixture.folder("gone"))
        pruning.unlock()
        _ = try await waiting
        #expect(fixture.said.output == ["1", "1"])
        _ = try await fixture.run("\(script); true; true", on: [base]) { $0.mounts = [cache] }
        #expect(fixture.said.output == ["1", "1", "2"])
    }

    @Test func `files of the host and of other layers can be bound`() async throws {
        let base = try await fixture.base()
        let other = try #require(try await fixture.run("mkdir /out; echo built >/out/program", on: [base]))
        try fixture.folder.write("context/sub/file", "from the host")
        let context = MountSource.folder(fixture.folder("context"), digest: "1")
        let layer = try await fixture.run(
            "cat /in/sub/file; echo; cat /tool; touch /in/x || echo refused; echo y >/w/sub/file; cat /w/sub/file; touch /made",
            on: [base]
        ) {
            $0.mounts = [
                .bind(BindMount(source: context, target: "/in")),
                .bind(BindMount(source: .layers([base, other]), path: "/out/program", target: "/tool")),
                .bind(BindMount(source: context, target: "/w", isWritable: true)),
            ]
        }
        #expect(fixture.said.output.filter { !$0.hasPrefix("touch:") } == ["from the host", "built", "refused", "y"])
        #expect(try await fixture.list(layer) == ["-rw-r--r-- 0:0 made"])
        #expect(try FileSystem.read(fixture.folder("context/sub/file")) == Array("from the host".utf8))
    }

    @Test func `memory can be mounted`() async throws {
        let layer = try await fixture.run(
            "touch /fast/x /made; mount | cut -d' ' -f3-6", on: [try await fixture.base()]
        ) {
            $0.mounts = [.tmpfs(target: "/fast", size: 1 << 20)]
        }
        #expect(fixture.said.output.contains { $0.hasPrefix("/fast type tmpfs") && $0.contains("size=1024k") })
        #expect(try await fixture.list(layer) == ["-rw-r--r-- 0:0 made"])
    }

    @Test func `a mount over what is there changes nothing`() async throws {
        let layer = try await fixture.run("ls /data; touch /data/new; chmod 700 /etc", on: [try await fixture.base()]) {
            $0.mounts = [.tmpfs(target: "/data", size: nil)]
        }
        #expect(fixture.said.output == [])
        #expect(try await fixture.list(layer) == ["drwx------ 0:0 etc/"])
    }
}
