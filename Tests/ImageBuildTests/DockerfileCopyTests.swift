import Dockerfile
import DockerfileBuild
import Glibc
import ImageBuild
import ImageStore
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

/// Tests for the destinations of COPY and ADD. <https://docs.docker.com/reference/dockerfile/#copy>
struct DockerfileCopyTests {
    private let fixture: DockerfileFixture

    init() throws {
        fixture = try DockerfileFixture()
        try fixture.write(["a.txt", "b.txt", "c.md", "d/e/f.txt", "d/g.txt", "d/h.md", "s_p/x"])
    }

    @Test(arguments: [
        // The text after FROM scratch, and the paths in the image.
        ("COPY a.txt /x", "x"), ("COPY a.txt /x/", "x/ x/a.txt"), ("COPY a.txt .", "a.txt"),
        ("COPY a.txt x/y", "x/ x/y"), ("COPY d /x", "x/ x/e/ x/e/f.txt x/g.txt x/h.md"),
        ("COPY d/ /", "e/ e/f.txt g.txt h.md"), ("COPY d/e/../g.txt /", "g.txt"), ("COPY ../a.txt /", "a.txt"),
        ("COPY /a.txt /", "a.txt"), ("COPY ./a.txt ./", "a.txt"), ("COPY *.txt /", "a.txt b.txt"),
        ("COPY ?.md /x", "x"), ("COPY [^a].txt /", "b.txt"), (#"COPY \\a.txt /"#, "a.txt"),
        ("COPY d/*.md d/e/*.txt /x/", "x/ x/f.txt x/h.md"), ("COPY */e /x", "x/ x/f.txt"),
        ("COPY a.txt none* /x/", "x/ x/a.txt"), ("COPY none* non[e] /x/", ""), (#"COPY ["s_p", "/t_u"]"#, "t_u/ t_u/x"),
        ("WORKDIR /w\nCOPY a.txt x", "w/ w/x"), ("WORKDIR /w\nCOPY a.txt ..", "a.txt w/"),
        ("COPY a.txt /x\nCOPY b.txt /x", "x"), ("COPY a.txt /x/\nCOPY b.txt /x", "x/ x/a.txt x/b.txt"),
        // A destination without a slash at the end is a folder if it exists as one, or if a source is a folder.
        ("COPY a.txt /x/\nCOPY b.txt c.md /x", "x/ x/a.txt x/b.txt x/c.md"),
        ("COPY d/e a.txt /x", "x/ x/a.txt x/f.txt"), ("COPY a.txt none* /x", "x"),
        ("ENV D=x\nCOPY a.txt $D/${D}y", "x/ x/xy"), ("ARG S=b\nCOPY ${S}.txt /", "b.txt"),
        ("COPY --parents d/e/f.txt /x/", "x/ x/d/ x/d/e/ x/d/e/f.txt"),
        ("COPY --parents ./d/./e /x/", "x/ x/e/ x/e/f.txt"),
        ("COPY --parents d/e a.txt /x/", "x/ x/a.txt x/d/ x/d/e/ x/d/e/f.txt"),
        ("COPY --exclude=*.md --exclude=e d /x", "x/ x/g.txt"),
        ("COPY --exclude=*.txt a.txt c.md /x/", "x/ x/c.md"),
        ("COPY --exclude=** --exclude=!e/f.txt d /x", "x/ x/e/ x/e/f.txt"),
        ("COPY <<EOF /x/y\nEOF", "x/ x/y"), ("COPY <<one <<two a.txt /x/\none\ntwo", "x/ x/a.txt x/one x/two"),
    ])
    func `destinations`(_ text: String, _ expected: String) async throws {
        let image = try await fixture.build("FROM scratch\n\(text)")
        #expect(try fixture.paths(image).sorted().joined(separator: " ") == expected)
    }

    @Test(arguments: [
        ("COPY --chmod=600 a.txt /x", "x 600 0:0 a.txt"), ("COPY --chmod=u+x,g=u a.txt /x", "x 774 0:0 a.txt"),
        ("COPY --chmod=go= a.txt /x", "x 600 0:0 a.txt"), ("COPY --chmod=a+X a.txt /x", "x 644 0:0 a.txt"),
        ("COPY --chmod=u+s,+t a.txt /x", "x 5644 0:0 a.txt"), ("COPY --chmod=o+t a.txt /x", "x 644 0:0 a.txt"),
        // `=` clears set-user-ID, and `X` depends on the mode before.
        ("COPY --chmod=7755 a.txt /y\nFROM scratch\nCOPY --from=0 --chmod=u=rwX,g=r y /x", "x 1745 0:0 a.txt"),
        ("COPY --chmod=7755 a.txt /y\nFROM scratch\nCOPY --from=0 --chmod=u=g y /x", "x 7555 0:0 a.txt"),
        ("COPY --chown=7:8 a.txt /x", "x 644 7:8 a.txt"),
        ("COPY --chown=7 a.txt /x", "x 644 7:7 a.txt"), ("COPY <<E /x\na\nE", "x 644 0:0 a\n"),
        ("ENV A=b\nCOPY <<E /x\n$A '$A' \\$A\nE", "x 644 0:0 b 'b' $A\n"), ("COPY <<'E' /x\n$A\nE", "x 644 0:0 $A\n"),
        ("COPY <<-E /x\n\t\ta\n\tE", "x 644 0:0 a\n"),
    ])
    func `attributes and contents`(_ text: String, _ expected: String) async throws {
        #expect(try fixture.list(try await fixture.build("FROM scratch\n\(text)")) == [expected])
    }

    @Test(arguments: [
        ("**/*.toml", "a/ 750 0:0|a/p.toml|a/q/ 711 0:0|a/q/p.toml|p.toml"),
        ("**/q/p.toml", "a/ 750 0:0|a/q/ 711 0:0|a/q/p.toml"),
        ("a/q/p.toml", "a/ 750 0:0|a/q/ 711 0:0|a/q/p.toml"), ("a/./q/*.toml", "q/ 711 0:0|q/p.toml"),
        ("*/./*.toml", "p.toml"), ("a/q", "a/ 750 0:0|a/q/ 711 0:0|a/q/p.toml|a/q/x"), ("**/none", ""),
        ("l", "l -> a"), ("l/./q/p.toml", "q/ 711 0:0|q/p.toml"),
        ("l/p.toml", "'l/p.toml' lies behind a link, and --parents follows none"),
        ("--exclude=**/q **/*.toml", "a/ 750 0:0|a/p.toml|p.toml"), ("*", "*"), (". *.toml", "*"),
        ("a/none", "there is no 'a/none'"),
    ])
    func `what --parents brings fits a pattern as a whole, and keeps modes and links`(
        _ what: String, _ expected: String
    ) async throws {
        try fixture.write(["t/p.toml", "t/a/p.toml", "t/a/q/p.toml", "t/a/q/x"])
        try FileSystem.makeSymbolicLink(fixture.folder("context/t/l"), to: "a")
        try FileSystem.setMode(fixture.folder("context/t/a"), 0o750)
        try FileSystem.setMode(fixture.folder("context/t/a/q"), 0o711)
        let whole = "a/ 750 0:0|a/p.toml|a/q/ 711 0:0|a/q/p.toml|a/q/x|l -> a|p.toml"
        for from in ["", "--from=t "] {
            let text = "FROM scratch AS t\nCOPY . /\nFROM scratch\nCOPY \(from)--parents \(what) /"
            do {
                let image = try await fixture.build(text, context: "context/t")
                let lines = try fixture.list(image).map { line in
                    line.contains(" 644 ") ? String(line.prefix { $0 != " " }) : line
                }
                #expect(lines.joined(separator: "|") == (expected == "*" ? whole : expected))
            } catch { #expect(!expected.isEmpty && "\(error)".contains(expected), "\(error)") }
        }
    }

    @Test func `one file that goes to several places is there each time, whole and by itself`() async throws {
        try FileSystem.makeFolder(fixture.folder("context/l"))
        try fixture.write(["l/x.so.1.2"])
        try FileSystem.makeSymbolicLink(fixture.folder("context/l/x.so.1"), to: "x.so.1.2")
        try FileSystem.makeSymbolicLink(fixture.folder("context/l/x.so"), to: "x.so.1")
        for from in ["", "--from=a "] {
            let image = try await fixture.build(
                """
                FROM scratch AS a
                COPY l /l
                COPY a.txt /
                FROM scratch
                COPY \(from)l/x.so* /usr/
                COPY \(from)a.txt l l/x.so.1.2 /both/
                """)
            #expect(
                try fixture.list(image) == [
                    "both/ 755 0:0", "both/a.txt 644 0:0 a.txt", "both/x.so -> x.so.1", "both/x.so.1 -> x.so.1.2",
                    "both/x.so.1.2 644 0:0 l/x.so.1.2", "usr/ 755 0:0", "usr/x.so 644 0:0 l/x.so.1.2",
                    "usr/x.so.1 644 0:0 l/x.so.1.2", "usr/x.so.1.2 644 0:0 l/x.so.1.2",
                ])
            #expect(try fixture.hardLinks(image).isEmpty)
        }
    }

    @Test func `hard links stay hard links within one copy, and are files of their own otherwise`() async throws {
        try FileSystem.makeFolder(fixture.folder("context/h"))
        try fixture.write(["h/a", "h/z"])
        for name in ["b", "c"] {
            #expect(link(fixture.folder("context/h/a").string, fixture.folder("context/h/\(name)").string) == 0)
        }
        for from in ["", "--from=a "] {
            let image = try await fixture.build(
                """
                FROM scratch AS a
                COPY h /h
                FROM scratch
                COPY \(from)h /one
                COPY \(from)h/a h/b /two/
                COPY \(from)--exclude=a h /three
                """)
            #expect(try fixture.list(image).filter { $0.contains("a 644") || $0.contains("b 644") }.count == 5)
            #expect(try fixture.hardLinks(image) == [["one/a", "one/b", "one/c"], ["three/b", "three/c"]])
        }
    }

    @Test(arguments: [
        ("$V /x", "a.txt", "b.txt"), ("--chown=$V a.txt /x", "1", "2"), ("--chmod=$V a.txt /x", "600", "755"),
        ("--exclude=$V . /x", "a.txt", "b.txt"), ("a.txt $V", "/x", "/y"),
    ])
    func `a layer of another stage is known by what its variables stand for`(
        _ what: String, _ one: String, _ other: String
    ) async throws {
        let text = "FROM scratch AS a\nCOPY . /\nFROM scratch\nARG V\nCOPY --from=a \(what)"
        var layers: [[Descriptor]] = []
        for value in [one, other, one] {
            layers.append(try await fixture.build(text, arguments: ["V": value]).manifest.layers)
        }
        #expect(layers[0] != layers[1] && layers[0] == layers[2])
        let made = "FROM scratch AS a\nCOPY . /\nFROM scratch\nCOPY --from=a a.txt /made/"
        let times = [try await fixture.build(made), try await fixture.build(made, epoch: 86_400)]
        #expect(times[0].manifest.layers != times[1].manifest.layers)
    }

    @Test func `folders on the way get the number of --chmod, and no more than rights of it`() async throws {
        for (mode, expected) in [("700", "700"), ("4755", "755"), ("u=rwx,go=", "755")] {
            let image = try await fixture.build("FROM scratch\nCOPY --chmod=\(mode) a.txt /n/e/f")
            #expect(
                try fixture.list(image).filter { $0.contains("/ ") } == ["n/ \(expected) 0:0", "n/e/ \(expected) 0:0"])
        }
    }

    @Test func `where --chmod is said nothing is linked, and the image's links stay`() async throws {
        try FileSystem.makeFolder(fixture.folder("context/base/usr"))
        try FileSystem.makeSymbolicLink(fixture.folder("context/base/sbin"), to: "usr/sbin")
        try fixture.write(["base/usr/sbin/init"])
        let image = try await fixture.build("FROM scratch\nCOPY base /\nCOPY --link --chmod=755 a.txt /sbin/f")
        #expect(try fixture.list(image).contains("usr/sbin/f 755 0:0 a.txt"))
        #expect(try fixture.list(image).contains("sbin -> usr/sbin"))
        let empty = try await fixture.build(
            "FROM scratch\nCOPY base /\nARG X\nCOPY --chown=$X --chmod=$X --link a.txt /sbin/f")
        #expect(try fixture.list(empty).contains("sbin/f 644 0:0 a.txt"))
    }

    @Test func `a WORKDIR that is made belongs to the USER`() async throws {
        let passwd = "FROM scratch\nCOPY <<E /etc/passwd\napp:x:1000:1001::/:/bin/sh\nE\n"
        let image = try await fixture.build(
            passwd + "WORKDIR /root/a\nUSER app\nWORKDIR /home/app\nUSER 7\nWORKDIR /seven/x\nWORKDIR /home/app")
        #expect(
            try fixture.list(image).filter { !$0.hasPrefix("etc/") } == [
                "home/ 755 1000:1001", "home/app/ 755 1000:1001", "root/ 755 0:0", "root/a/ 755 0:0", "seven/ 755 7:7",
                "seven/x/ 755 7:7",
            ])
        #expect(
            await fixture.complaint(passwd + "USER ap\nWORKDIR /x")
                == "cannot use USER ap: the image's /etc/passwd has no user 'ap'")
    }

    @Test func `names of owners come from the image, and folders that are made get the owner too`() async throws {
        let image = try await fixture.build(
            """
            FROM scratch
            COPY <<E /etc/passwd
            app:x:1000:1001::/:/bin/sh
            E
            COPY <<E /etc/group
            staff:x:50:
            E
            COPY --chown=app a.txt /one/a
            COPY --chown=app:staff a.txt /two/a
            COPY --chown=0:staff a.txt /etc/a
            """)
        #expect(
            try fixture.list(image).filter { !$0.hasPrefix("etc/passwd") && !$0.hasPrefix("etc/group") } == [
                "etc/ 755 0:0", "etc/a 644 0:50 a.txt", "one/ 755 1000:1001", "one/a 644 1000:1001 a.txt",
                "two/ 755 1000:50", "two/a 644 1000:50 a.txt",
            ])
    }

    @Test func `links in the image are followed within it, unless --link is there`() async throws {
        for (name, target) in [
            ("abs", "/real/one"), ("up", "../../../real"), ("file", "real/target"), ("gone", "new/place"),
        ] {
            try FileSystem.makeFolder(fixture.folder("context/base"))
            try FileSystem.makeSymbolicLink(fixture.folder("context/base/\(name)"), to: FilePath(target))
        }
        try fixture.write(["base/real/one/old", "base/real/target", "tree/abs/x", "tree/up/y"])
        let image = try await fixture.build(
            """
            FROM scratch
            COPY base /
            COPY a.txt /abs/
            COPY a.txt /up/
            COPY a.txt /file
            COPY a.txt /gone
            COPY tree /
            """)
        let files = try fixture.list(image)
        for expected in [
            "abs -> /real/one", "real/one/a.txt 644 0:0 a.txt", "real/a.txt 644 0:0 a.txt",
            "real/target 644 0:0 a.txt", "new/place 644 0:0 a.txt", "real/one/x 644 0:0 tree/abs/x",
            "real/y 644 0:0 tree/up/y", "up -> ../../../real",
        ] { #expect(files.contains(expected)) }
        let linked = try await fixture.build("FROM scratch\nCOPY base /\nCOPY --link a.txt /abs/")
        #expect(try fixture.list(linked).contains("abs/a.txt 644 0:0 a.txt"))
    }

    @Test func `heredocs come beside files of another stage`() async throws {
        for content in ["b", "c"] {
            let image = try await fixture.build(
                """
                FROM scratch AS one
                COPY a.txt /
                FROM scratch
                COPY --from=one a.txt <<B /x/
                \(content)
                B
                """)
            let files = try fixture.list(image)
            #expect(files.contains("x/a.txt 644 0:0 a.txt"))
            #expect(files.contains("x/B 644 0:0 \(content)\n"))
        }
    }

    @Test func `links of the context lead no further than the context`() async throws {
        try fixture.folder.write("secret", "secret")
        try FileSystem.makeSymbolicLink(fixture.folder("context/out"), to: "../secret")
        try FileSystem.makeSymbolicLink(fixture.folder("context/abs"), to: "/a.txt")
        try FileSystem.makeSymbolicLink(fixture.folder("context/loop"), to: "loop")
        #expect(try fixture.list(try await fixture.build("FROM scratch\nCOPY abs /x")) == ["x 644 0:0 a.txt"])
        #expect(await fixture.complaint("FROM scratch\nCOPY out /x").contains("there is no 'out'"))
        #expect(await fixture.complaint("FROM scratch\nCOPY loop /x").contains("its links lead in a circle"))
        // A dangling link that a pattern matches is an error, and not skipped silently.
        #expect(await fixture.complaint("FROM scratch\nCOPY ou[t] /x").contains("it is a link that leads nowhere"))
    }

    @Test func `no link brings what the .dockerignore keeps out`() async throws {
        try fixture.write(["hidden/secret", "kept"])
        try FileSystem.makeSymbolicLink(fixture.folder("context/link"), to: "hidden/secret")
        try fixture.folder.write("context/.dockerignore", "hidden\n")
        #expect(await fixture.complaint("FROM scratch\nCOPY link /x").contains("there is no 'link'"))
        for pattern in ["*", "li*"] {
            let complaint = await fixture.complaint("FROM scratch\nCOPY \(pattern) /x/")
            #expect(complaint.contains("it is a link to what the .dockerignore keeps out"), "\(pattern)")
        }
    }

    @Test(arguments: [
        ("COPY none /x", "Dockerfile:2: there is no 'none' in "),
        ("COPY a.txt b.txt /x", "Dockerfile:2: 2 files go to /x, which is no folder so far; let it end with '/'"),
        ("COPY *.txt /x", "Dockerfile:2: 2 files go to /x, which is no folder so far; let it end with '/'"),
        ("COPY a.txt d /x", "Dockerfile:2: 2 files go to /x, which is no folder so far; let it end with '/'"),
        ("COPY a.txt /x\nCOPY b.txt /x/y", "cannot make the folder /x: /x is no folder"),
        ("COPY d /x\nCOPY a.txt /y/e\nCOPY y /x/", "there is no 'y'"),
        ("COPY a.txt /e\nCOPY d /", "cannot make the folder /e: /e is no folder"),
        ("COPY d /\nCOPY s_p /t\nCOPY --from=0 x /", "which would depend on itself"),
        ("COPY --chown=nobody a.txt /", "the image's /etc/passwd has no user 'nobody'"),
        ("COPY --chmod=9 a.txt /", "it is neither an octal number nor changes, as in u=rwX,go-w"),
        ("COPY [a.txt /", "cannot use the pattern '[a.txt': it is malformed"),
        ("COPY --from=scratch a /b", "scratch holds no files"),
        ("ADD git@host:a/b.git /x", "ADD of a repository by ssh is not supported, since it would use your keys"),
        ("ADD git://host/a.git#main /x", "git://host/a.git is not encrypted; write the whole commit behind '#'"),
        (
            "ADD --checksum=\(String(repeating: "a", count: 40)) http://host.invalid/a.git#main /x",
            "cannot fetch http://host.invalid/a.git"
        ),
        ("ADD https://host/a.git#main:../x /x", "'../x' leads out of the repository"),
        ("ADD https://host/a.git?x=y /x", "'x' in the address of a repository is unknown"),
        ("ADD a.txt https://host/a.git /x/", "a repository is the only source of its ADD"),
        ("ADD --checksum=sha256:0 https://host/a /x", "'--checksum' is sha256: and 64 hexadecimal digits"),
        ("ADD --checksum=sha256:0 a.txt /x", "--checksum is for URLs and repositories alone"),
        ("WORKDIR $NONE", "WORKDIR has an empty path"),
        ("EXPOSE http", "'http' is no port"), ("EXPOSE 70000", "'70000' is no port"),
        ("EXPOSE 80/xcp", "'xcp' in '80/xcp' is none of"),
        ("STOPSIGNAL SIGNOPE", "'SIGNOPE' is no signal"), ("USER $NONE", "USER is empty"),
        ("COPY ${NONE:?said} /x", "Dockerfile:2: NONE: said"),
    ])
    func `what cannot be done is said in one line`(_ text: String, _ expected: String) async throws {
        let complaint = await fixture.complaint("FROM scratch\n\(text)")
        #expect(complaint.contains(expected), "\(complaint)")
        #expect(complaint.hasPrefix("cannot "))
    }

    @Test func `a folder that stays out but for something in it keeps its mode`() async throws {
        try fixture.write(["v/a/b/in", "v/a/out", "v/out/x"])
        try FileSystem.setMode(fixture.folder("context/v/a"), 0o750)
        try FileSystem.setMode(fixture.folder("context/v/a/b"), 0o711)
        for exclude in ["--exclude=** --exclude=!a/b/in v", "--exclude=a --exclude=out --exclude=!a/b/in v"] {
            let image = try await fixture.build("FROM scratch\nCOPY \(exclude) /")
            #expect(try fixture.list(image) == ["a/ 750 0:0", "a/b/ 711 0:0", "a/b/in 644 0:0 v/a/b/in"])
        }
        try fixture.folder.write("context/.dockerignore", "v\n!v/a/b/in\n")
        let image = try await fixture.build("FROM scratch\nCOPY v /")
        #expect(try fixture.list(image) == ["a/ 750 0:0", "a/b/ 711 0:0", "a/b/in 644 0:0 v/a/b/in"])
    }

    @Test(arguments: [
        ("Dockerfile.dockerignore", ".dockerignore"), (".dockerignore", ""), (".containerignore", ".dockerignore"),
    ])
    func `files that are kept out`(_ name: String, _ other: String) async throws {
        if !other.isEmpty { try fixture.folder.write("context/\(other)", "*") }
        try fixture.folder.write("context/\(name)", "d\n!d/g.txt\n*.md\n.*\nDocker*\n")
        var request = try DockerfileRequest(
            parsing: "FROM scratch\nCOPY . /\n", path: fixture.folder("context/Dockerfile"))
        request.target = "0"
        let builder = ImageBuilder(
            store: fixture.store, home: fixture.folder("home"), bases: FixedBases(), entrypointFolders: [])
        let image = try fixture.store.image(try await builder.build(request).descriptor)
        #expect(try fixture.paths(image) == ["a.txt", "b.txt", "d/", "d/g.txt", "s_p/", "s_p/x"])
    }

    @Test func `times and owners of this machine change nothing, and an unchanged build makes nothing`() async throws {
        let text = "FROM scratch AS a\nCOPY d /d\nADD a.txt /\nFROM scratch\nCOPY --from=a / /\nWORKDIR /w"
        let first = try await fixture.build(text)
        let blobs = try FileSystem.names(in: fixture.folder("home/store/blobs/sha256")).count
        try File(fixture.folder("context/d/g.txt"), .read).setModified(seconds: 1_600_000_000)
        let second = try await fixture.build(text)
        #expect(first.descriptor == second.descriptor)
        #expect(try FileSystem.names(in: fixture.folder("home/store/blobs/sha256")).count == blobs)
        try fixture.folder.write("context/d/g.txt", "changed")
        #expect(try await fixture.build(text).descriptor != first.descriptor)
    }
}
