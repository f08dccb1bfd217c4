import Dockerfile
import ImageStore
import JSON
import OCI
import TestSupport
import Testing

/// Tests for the config that instructions make. <https://github.com/moby/docker-image-spec/blob/main/spec.md>
struct DockerfileSettingsTests {
    private let fixture: DockerfileFixture

    init() throws {
        fixture = try DockerfileFixture()
        try fixture.write(["a.txt"])
    }

    @Test(arguments: [
        // The text after FROM scratch, a member of the config, and its value.
        ("ENV A=b", "Env", #"["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","A=b"]"#),
        ("ENV PATH=/x:$PATH PATH=/y", "Env", #"["PATH=/y"]"#), ("ENV PATH=/x", "Env", #"["PATH=/x"]"#),
        ("CMD a $b", "Cmd", #"["/bin/sh","-c","a $b"]"#), ("CMD [\"a\"]", "Cmd", #"["a"]"#),
        ("SHELL [\"/s\", \"-x\"]\nCMD a", "Cmd", #"["/s","-x","a"]"#),
        ("CMD a\nENTRYPOINT b", "Cmd", #"["/bin/sh","-c","a"]"#),
        ("ENTRYPOINT [\"a\"]\nENTRYPOINT []", "Entrypoint", ""), ("SHELL [\"/s\"]", "Shell", #"["/s"]"#),
        ("LABEL a=b c=\"d e\"", "Labels", #"{"a":"b","c":"d e"}"#),
        ("ENV A=x\nLABEL $A=${A}y", "Labels", #"{"x":"xy"}"#),
        ("EXPOSE 80 53/UDP", "ExposedPorts", #"{"53/udp":{},"80/tcp":{}}"#),
        ("EXPOSE 7000-7002/udp", "ExposedPorts", #"{"7000/udp":{},"7001/udp":{},"7002/udp":{}}"#),
        ("ARG P=\"80 81\"\nEXPOSE $P", "ExposedPorts", #"{"80/tcp":{},"81/tcp":{}}"#),
        ("EXPOSE 7860:7860 127.0.0.1:1:81/udp $X", "ExposedPorts", #"{"7860/tcp":{},"81/udp":{}}"#),
        ("VOLUME /a [\"x\"]", "Volumes", #"{"/a":{},"[x]":{}}"#), ("VOLUME [\"/a b\"]", "Volumes", #"{"/a b":{}}"#),
        ("USER a:b", "User", #""a:b""#), ("WORKDIR /a\nWORKDIR b/../c", "WorkingDir", #""/a/c""#),
        ("STOPSIGNAL 9", "StopSignal", #""9""#), ("STOPSIGNAL SIGRTMIN+3", "StopSignal", #""SIGRTMIN+3""#),
        (
            "HEALTHCHECK --interval=1s --retries=2 CMD a", "Healthcheck",
            #"{"Interval":1000000000,"Retries":2,"Test":["CMD-SHELL","a"]}"#
        ),
        ("HEALTHCHECK CMD [\"a\"]", "Healthcheck", #"{"Test":["CMD","a"]}"#),
        ("HEALTHCHECK NONE", "Healthcheck", #"{"Test":["NONE"]}"#),
        ("ONBUILD RUN a\nONBUILD COPY b c", "OnBuild", #"["RUN a","COPY b c"]"#),
        (
            "ARG A=1\nARG B=${A}2\nENV C=$B", "Env",
            #"["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","C=12"]"#
        ),
        ("ENV V=1\nARG V=2\nLABEL a=$V\nENV V=3\nLABEL b=$V", "Labels", #"{"a":"2","b":"3"}"#),
        ("ENV V=1\nARG V\nLABEL a=$V", "Labels", #"{"a":"1"}"#),
        ("ARG A=1 B=x$A\nLABEL a=$B", "Labels", #"{"a":"x1"}"#),
        ("ENV A=1\nENV A=2 B=x$A\nLABEL a=$B", "Labels", #"{"a":"x1"}"#),
        ("ARG TARGETSTAGE\nLABEL a=$TARGETSTAGE", "Labels", #"{"a":"default"}"#),
        ("FROM scratch AS Last\nARG TARGETSTAGE\nLABEL a=$TARGETSTAGE", "Labels", #"{"a":"last"}"#),
        (
            "ARG TARGETARCH\nARG TARGETPLATFORM\nLABEL a=$TARGETARCH b=$TARGETPLATFORM c=$BUILDARCH", "Labels",
            #"{"a":"amd64","b":"linux/amd64","c":""}"#
        ),
    ])
    func `members of the config`(_ text: String, _ member: String, _ expected: String) async throws {
        let image = try await fixture.build("FROM scratch\n\(text)")
        let value = image.config[member].map { String(decoding: $0.encoded(), as: UTF8.self) }
        #expect((value ?? "") == expected)
    }

    @Test func `what ENV says in a stage holds again where another stage begins on it`() async throws {
        let image = try await fixture.build(
            """
            FROM scratch AS a
            ENV V=1
            ARG V=2 W=3
            FROM a
            LABEL a=$V b=$W
            ARG V=4
            LABEL c=$V
            """)
        #expect(image.config["Labels"] == ["a": "1", "b": "3", "c": "4"])
    }

    @Test func `history tells every instruction, and counts as many layers as there are`() async throws {
        let image = try await fixture.build(
            "FROM scratch\nMAINTAINER me\nARG A=b\nENV C=$A\nCOPY a.txt /\nWORKDIR /w\nWORKDIR /w\nCMD x", epoch: 86_400
        )
        let history = try #require(image.config.json["history"]?.array)
        #expect(
            history.map { $0["created_by"]?.string } == [
                "MAINTAINER me", "ARG A=b", "ENV C=$A", "COPY a.txt /", "WORKDIR /w", "WORKDIR /w", "CMD x",
            ])
        #expect(history.map { $0["empty_layer"]?.bool ?? false } == [true, true, true, false, false, true, true])
        #expect(history.allSatisfy { $0["created"]?.string == "1970-01-02T00:00:00Z" })
        #expect(image.config.author == "me" && image.manifest.layers.count == 2)
    }

    @Test func `arguments of the user win, of a stage stay in those built on it, and of the file in FROM`() async throws
    {
        let text = """
            ARG NAME=none
            ARG GLOBAL=global
            FROM scratch AS one
            ARG GLOBAL
            ARG NAME=local
            LABEL one="$GLOBAL $NAME"
            FROM one AS two
            ARG NAME=${NONE:?not needed}
            LABEL two="$GLOBAL $NAME"
            FROM $NAME
            LABEL three="$GLOBAL $NAME"
            """
        let image = try await fixture.build(text, arguments: ["NAME": "two"])
        #expect(
            image.config["Labels"] == ["one": "global two", "two": "global two", "three": "global two"])
    }

    @Test func `triggers run where an image is built on, and are gone then`() async throws {
        let text = """
            FROM scratch AS parent
            ONBUILD COPY a.txt /triggered/
            ONBUILD ENV T=1
            FROM parent
            LABEL t=$T
            """
        let image = try await fixture.build(text)
        #expect(try fixture.paths(image) == ["triggered/", "triggered/a.txt"])
        #expect(image.config["OnBuild"] == nil && image.config["Labels"] == ["t": "1"])
        let parent = try await fixture.build(text, target: "parent")
        #expect(parent.config["OnBuild"] == ["COPY a.txt /triggered/", "ENV T=1"])
        #expect(parent.manifest.layers.isEmpty)
    }

    @Test func `a trigger may take files from a stage that nothing else needs`() async throws {
        let text = """
            FROM scratch AS files
            COPY a.txt /made
            FROM scratch AS parent
            ONBUILD COPY --from=files /made /taken
            FROM parent
            """
        #expect(try fixture.paths(try await fixture.build(text)) == ["taken"])
        let later = "FROM scratch AS parent\nONBUILD COPY --from=files /made /taken\nFROM parent\nFROM scratch AS files"
        #expect(await fixture.complaint(later, target: "1").contains("stage 'files' begins only at line 4"))
    }

    @Test(arguments: [
        ("FROM scratch\nCOPY a.txt /\nCOPY \"none\" /", "Dockerfile:3: there is no 'none'"),
        ("FROM scratch AS x\nCOPY a.txt /\nFROM example.org/none:1\nCOPY --from=x / /", "cannot find image"),
        ("FROM scratch\nCOPY a.txt /\nCOPY --from=example.org/none:1 / /", "cannot find image"),
        (
            "FROM scratch\nCOPY a.txt /\nRUN --mount=type=secret,id=token,required true",
            "Dockerfile:3): there is no secret 'token'"
        ),
    ])
    func `what is not there is said before anything is made`(_ text: String, _ expected: String) async throws {
        let complaint = await fixture.complaint(text)
        #expect(complaint.contains(expected), "\(complaint)")
        #expect(fixture.events.steps.filter { !$0.hasPrefix("FROM ") } == [])
    }

    @Test func `stages that are not needed are not built`() async throws {
        let text = "FROM scratch AS a\nCOPY a.txt /a\nFROM scratch AS broken\nCOPY none /\nFROM a\nCOPY --from=0 /a /b"
        #expect(try fixture.paths(try await fixture.build(text)) == ["a", "b"])
        #expect(await fixture.complaint(text + "\nCOPY --from=broken /x /y").contains("there is no 'none'"))
    }

    @Test func `what is probably a mistake gets a warning`() async throws {
        _ = try await fixture.build(
            "# syntax=example.org/frontend\nFROM scratch\nARG MY_TOKEN\nENV API_KEY=x\nCMD ['a']\nCOPY a.txt /",
            arguments: ["MY_TOKEN": "x", "OTHER": "y", "HTTP_PROXY": "p"])
        #expect(
            fixture.events.warnings == [
                "Dockerfile:5: CMD looks like a list of arguments, but is no JSON array; a shell gets it as it is",
                "Dockerfile: the frontend 'example.org/frontend' is not used; caasctl reads the file itself",
                "--build-arg MY_TOKEN is by its name a secret, and a build argument can end up in the image; use "
                    + "--secret and RUN --mount=type=secret",
                "--build-arg OTHER: no ARG of Dockerfile takes it",
                "Dockerfile:4: API_KEY is by its name a secret, and everybody who has the image can read it; use "
                    + "--secret and RUN --mount=type=secret",
            ])
    }
}
