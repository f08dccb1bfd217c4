import Dockerfile
import Testing
import Wording

/// Tests for the arguments of each instruction.
struct InstructionTests {
    private static func texts(_ assignments: [Instruction.Assignment]) -> [String] {
        assignments.map { "\($0.name)|\($0.value ?? "nil")" }
    }

    @Test(arguments: [
        ("ENV a=b", ["a|b"]), ("ENV a=b c=d", ["a|b", "c|d"]), ("ENV a=\"b c\" d=e", ["a|\"b c\"", "d|e"]),
        (#"ENV a=b\ c d=e"#, [#"a|b\ c"#, "d|e"]), ("ENV a='b c'", ["a|'b c'"]), ("ENV a b c", ["a|b c"]),
        ("ENV a  b=c", ["a|b=c"]), ("ENV a=b=c", ["a|b=c"]), ("ENV a=", ["a|"]), ("ENV a=b \\\n  c=d", ["a|b", "c|d"]),
        ("LABEL a=b", ["a|b"]), ("LABEL \"a b\"=\"c\"", ["\"a b\"|\"c\""]), ("LABEL a b", ["a|b"]),
        ("LABEL a.b-c=1 d=\"2 \\\n3\"", ["a.b-c|1", "d|\"2 3\""]),
        ("ARG a", ["a|nil"]), ("ARG a=b", ["a|b"]), ("ARG a=b c d=\"e f\"", ["a|b", "c|nil", "d|\"e f\""]),
        ("ARG a=", ["a|"]),
    ])
    func `names and values`(_ text: String, _ expected: [String]) throws {
        switch try action(text) {
        case .environment(let list), .label(let list), .argument(let list): #expect(Self.texts(list) == expected)
        default: Issue.record("another instruction")
        }
    }

    @Test(
        arguments: [
            ("CMD a b", .command(.shell("a b"))), ("CMD [\"a\", \"b c\"]", .command(.exec(["a", "b c"]))),
            ("CMD []", .command(.exec([]))), ("CMD [ \"a\" ]  ", .command(.exec(["a"]))),
            ("CMD [\"a\", 'b']", .command(.shell("[\"a\", 'b']"))), ("CMD", .command(.shell(""))),
            ("CMD [ -f /x ] && y", .command(.shell("[ -f /x ] && y"))),
            (#"CMD ["a\tb", "\u00e9"]"#, .command(.exec(["a\tb", "é"]))),
            ("ENTRYPOINT a $b", .entrypoint(.shell("a $b"))), ("ENTRYPOINT [\"a\"]", .entrypoint(.exec(["a"]))),
            ("ENTRYPOINT []", .entrypoint(.exec([]))), ("SHELL [\"/bin/bash\", \"-c\"]", .shell(["/bin/bash", "-c"])),
            ("WORKDIR a b", .workdir("a b")), ("USER a:b", .user("a:b")), ("EXPOSE 80 443/tcp", .expose("80 443/tcp")),
            ("VOLUME /a /b", .volume(["/a", "/b"])), ("VOLUME [\"/a b\"]", .volume(["/a b"])),
            ("STOPSIGNAL SIGTERM", .stopSignal("SIGTERM")), ("MAINTAINER a <b>", .maintainer("a <b>")),
            ("ONBUILD RUN a", .onBuild("RUN a")), ("onbuild copy a b", .onBuild("copy a b")),
            ("CMD -- a", .command(.shell("a"))),
        ] as [(String, Instruction.Action)])
    func `commands and settings`(_ text: String, _ expected: Instruction.Action) throws {
        #expect(try action(text) == expected)
    }

    @Test(
        arguments: [
            ("FROM a", "a", nil, nil), ("FROM a AS b", "a", "b", nil), ("from a as B", "a", "b", nil),
            ("FROM --platform=linux/arm64 a:1 AS b", "a:1", "b", "linux/arm64"),
            ("FROM --platform=$BUILDPLATFORM $a", "$a", nil, "$BUILDPLATFORM"),
            ("FROM a@sha256:00", "a@sha256:00", nil, nil),
            ("FROM oci:dir:tag AS x-1_2.3", "oci:dir:tag", "x-1_2.3", nil),
        ] as [(String, String, String?, String?)])
    func `bases`(_ text: String, _ image: String, _ stage: String?, _ platform: String?) throws {
        let base = try ParsedDockerfile(parsing: text, file: "Dockerfile").stages[0].base
        #expect(base.image == image)
        #expect(base.stage == stage)
        #expect(base.platform == platform)
    }

    @Test func `stages hold what follows their FROM`() throws {
        let file = try ParsedDockerfile(
            parsing: "ARG a=1\nFROM x AS y\nRUN a\nFROM y\nRUN b\nCMD c", file: "Dockerfile")
        #expect(file.globalArguments.map(\.text) == ["ARG a=1"])
        #expect(file.stages.map { $0.instructions.map(\.text) } == [["RUN a"], ["RUN b", "CMD c"]])
        #expect(file.stages.map(\.name) == ["y", "1"])
    }

    private static func transfer(_ text: String) throws -> FileTransfer? {
        switch try action(text) {
        case .copy(let transfer), .add(let transfer): transfer
        default: nil
        }
    }

    @Test(arguments: [
        ("COPY a b", ["a"], "b"), ("COPY a b c/", ["a", "b"], "c/"), ("COPY [\"a b\", \"c d\"]", ["a b"], "c d"),
        ("ADD https://x/y /z", ["https://x/y"], "/z"), ("COPY --link a b", ["a"], "b"), ("COPY -- --x b", ["--x"], "b"),
        ("COPY \"a\" b", ["\"a\""], "b"),
    ])
    func `what is copied where`(_ text: String, _ sources: [String], _ destination: String) throws {
        let transfer = try #require(try Self.transfer(text))
        #expect(transfer.sources == sources.map { .path($0) })
        #expect(transfer.destination == destination)
    }

    @Test func `flags of COPY and ADD`() throws {
        let copy = try #require(
            try Self.transfer(
                "COPY --from=x --chown=1:2 --chmod=u=rw --link --parents --exclude=*.o --exclude=b a /b"))
        #expect(copy.from == "x" && copy.owner == "1:2" && copy.mode == "u=rw")
        #expect(copy.isLinked && copy.keepsParents && copy.excluded == ["*.o", "b"])
        let add = try #require(
            try Self.transfer("ADD --checksum=sha256:0 --keep-git-dir=true --unpack=false --chown=\"a b\" x /y"))
        #expect(add.checksum == "sha256:0" && add.keepsGitFolder == true && add.unpacks == false && add.owner == "a b")
        #expect(try Self.transfer("COPY --link=false a b")?.isLinked == false)
    }

    @Test func `flags of RUN`() throws {
        guard
            case .run(let step) = try action(
                "RUN --network=none --mount=type=cache,target=/c,sharing=locked,id=x --mount=source=/a,dst=/b,rw "
                    + "--mount=type=secret,id=s,required --mount=type=tmpfs,target=\"/t t\" --security=sandbox make")
        else { return }
        #expect(step.command == .shell("make") && step.network == RunStep.Network.none)
        #expect(step.mounts.map(\.kind) == [.cache, .bind, .secret, .tmpfs])
        #expect(step.mounts[0].options == ["type": "cache", "target": "/c", "sharing": "locked", "id": "x"])
        #expect(step.mounts[1].options == ["source": "/a", "target": "/b", "readwrite": "true"])
        #expect(step.mounts[2].options == ["type": "secret", "id": "s", "required": "true"])
        #expect(step.mounts[3].options == ["type": "tmpfs", "target": "/t t"])
    }

    @Test func `what variables say of a mount is judged once they are replaced`() throws {
        guard case .run(let step) = try action("RUN --mount=type=$T,sharing=$S,target=/c,id=x make") else { return }
        let flag = step.mounts[0]
        #expect(flag.kind == nil)
        func expanded(_ values: [String: String]) throws -> MountFlag {
            try flag.expanded(at: SourcePlace(file: "Dockerfile", line: 2)) { values[$0] ?? $0 }
        }
        let known = try expanded(["$T": "cache", "$S": "locked"])
        #expect(known.kind == .cache && known.options["sharing"] == "locked")
        for (values, reason) in [
            (["$T": "cahce", "$S": "locked"], "unknown type of mount 'cahce'; did you mean 'cache'?"),
            (["$T": "cache", "$S": "some"], "'sharing' is shared, private or locked, not 'some'"),
            (["$T": "tmpfs", "$S": "locked"], "a mount of type tmpfs has no 'id'"),
        ] {
            let error = #expect(throws: Failure.self) { try expanded(values) }
            #expect(error?.description.contains(reason) == true)
        }
    }

    @Test(
        arguments: [
            ("HEALTHCHECK NONE", nil, 0, 0), ("HEALTHCHECK CMD a b", .shell("a b"), 0, 0),
            ("HEALTHCHECK cmd [\"a\"]", .exec(["a"]), 0, 0),
            ("HEALTHCHECK --interval=5m --retries=3 CMD a", .shell("a"), 300_000_000_000, 3),
            ("HEALTHCHECK --interval=1m30s CMD a", .shell("a"), 90_000_000_000, 0),
            ("HEALTHCHECK --interval=1.5s CMD a", .shell("a"), 1_500_000_000, 0),
            ("HEALTHCHECK --interval=0s CMD a", .shell("a"), 0, 0),
            ("HEALTHCHECK --interval=250ms CMD a", .shell("a"), 250_000_000, 0),
        ] as [(String, Instruction.CommandLine?, Int, Int)])
    func `health checks`(_ text: String, _ command: Instruction.CommandLine?, _ interval: Int, _ retries: Int) throws {
        guard case .healthCheck(let check) = try action(text) else { return }
        #expect(check.command == command && check.interval == interval && check.retries == retries)
    }

    @Test func `a list that is no JSON gets a warning`() throws {
        let file = try ParsedDockerfile(parsing: "FROM x\nCMD ['a', 'b']\nRUN [ -f \"x\" ] && y", file: "Dockerfile")
        #expect(
            file.warnings == [
                "Dockerfile:2: CMD looks like a list of arguments, but is no JSON array; a shell gets it as it is"
            ])
    }
}
