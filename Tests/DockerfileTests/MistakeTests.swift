import Dockerfile
import Testing

/// Tests for errors: each is one line with the file, the line and, if possible, the intended word.
struct MistakeTests {
    @Test(arguments: [
        ("", "cannot read Dockerfile: it has no FROM"),
        ("ARG a", "cannot read Dockerfile: it has no FROM"),
        ("RUN a", "cannot read Dockerfile:1: RUN comes before FROM; only ARG may"),
        ("FROM", "cannot read Dockerfile:1: FROM needs an argument"),
        ("FROM a b", "cannot read Dockerfile:1: FROM takes an image, and perhaps 'AS name'"),
        ("FROM a AS", "cannot read Dockerfile:1: FROM takes an image, and perhaps 'AS name'"),
        ("FROM --os=x a", "cannot read Dockerfile:1: unknown flag '--os'; known are --platform"),
        ("# escape=`\n# escape=`\nFROM a", "cannot read Dockerfile:2: the directive 'escape' is there twice"),
        ("# escape=x\nFROM a", "cannot read Dockerfile:1: the directive 'escape' must be \\ or `, not 'x'"),
        ("FROM a\n\nRNU b", "cannot read Dockerfile:3: unknown instruction 'RNU'; did you mean 'RUN'?"),
        ("FROM a\nCOPPY b c", "cannot read Dockerfile:2: unknown instruction 'COPPY'; did you mean 'COPY'?"),
        ("FROM a\nxyz", "cannot read Dockerfile:2: unknown instruction 'xyz'"),
        (
            "FROM a\nRUN b \\\n c\nWORKDIRR /x",
            "cannot read Dockerfile:4: unknown instruction 'WORKDIRR'; did you mean 'WORKDIR'?"
        ),
        ("FROM a\nRUN", "cannot read Dockerfile:2: RUN needs an argument"),
        ("FROM a\nRUN []", "cannot read Dockerfile:2: RUN has an empty list of arguments"),
        ("FROM a\nCMD [1]", "cannot read Dockerfile:2: a JSON array of CMD holds something that is no string"),
        ("FROM a\nCMD --x", "cannot read Dockerfile:2: unknown flag '--x'; it takes none"),
        ("FROM a\nENV b", "cannot read Dockerfile:2: ENV needs a name and a value, as in NAME=value"),
        (
            "FROM a\nENV b=c d",
            "cannot read Dockerfile:2: 'd' has no '='; a value with spaces needs quotes, as in NAME=\"a b\""
        ),
        ("FROM a\nENV =c", "cannot read Dockerfile:2: '=c' has no name before '='"),
        (
            "FROM a\nCOPY b",
            "cannot read Dockerfile:2: COPY needs at least one source, and a destination as its last argument"
        ),
        ("FROM a\nCOPY --form=x b c", "cannot read Dockerfile:2: unknown flag '--form'; did you mean '--from'?"),
        (
            "FROM a\nADD --from=x b c",
            "cannot read Dockerfile:2: unknown flag '--from'; known are --chown, --chmod, --link, --exclude, "
                + "--checksum, --keep-git-dir, --unpack"
        ),
        ("FROM a\nCOPY --chown=1 --chown=2 b c", "cannot read Dockerfile:2: the flag '--chown' is there twice"),
        ("FROM a\nCOPY --chown= b c", "cannot read Dockerfile:2: '--chown' needs a value"),
        ("FROM a\nCOPY --link=maybe b c", "cannot read Dockerfile:2: '--link' is true or false, not 'maybe'"),
        (
            "FROM a\nCOPY --from=$b c d",
            "cannot read Dockerfile:2: variables are not replaced in --from; write 'FROM $b AS name' and "
                + "'--from=name'"
        ),
        (
            "FROM a\nCOPY <<E /x\nb",
            "cannot read Dockerfile:2: the heredoc 'E' has no line 'E' that ends it"
        ),
        ("FROM a\nCOPY b <<E\nE", "cannot read Dockerfile:2: the destination of COPY cannot be a heredoc"),
        ("FROM a\nSHELL bash", "cannot read Dockerfile:2: SHELL takes a JSON array, as in [\"/bin/bash\", \"-c\"]"),
        ("FROM a\nVOLUME []", "cannot read Dockerfile:2: VOLUME names no folder"),
        ("FROM a\nSTOPSIGNAL a b", "cannot read Dockerfile:2: STOPSIGNAL takes one argument"),
        ("FROM a\nONBUILD ONBUILD RUN b", "cannot read Dockerfile:2: ONBUILD cannot hold ONBUILD"),
        ("FROM a\nONBUILD FROM b", "cannot read Dockerfile:2: ONBUILD cannot hold FROM"),
        ("FROM a\nONBUILD RNU b", "cannot read Dockerfile:2: unknown instruction 'RNU'; did you mean 'RUN'?"),
        (
            "FROM a\nHEALTHCHECK CND b",
            "cannot read Dockerfile:2: HEALTHCHECK takes CMD or NONE, not 'CND'; did you mean 'CMD'?"
        ),
        ("FROM a\nHEALTHCHECK CMD", "cannot read Dockerfile:2: HEALTHCHECK CMD needs a command"),
        ("FROM a\nHEALTHCHECK NONE b", "cannot read Dockerfile:2: HEALTHCHECK NONE takes no arguments"),
        (
            "FROM a\nHEALTHCHECK --interval=5 CMD b",
            "cannot read Dockerfile:2: '--interval' is a time of at least 1ms, as in 30s or 1m30s, not '5'"
        ),
        (
            "FROM a\nHEALTHCHECK --timeout=1us CMD b",
            "cannot read Dockerfile:2: '--timeout' is a time of at least 1ms, as in 30s or 1m30s, not '1us'"
        ),
        ("FROM a\nHEALTHCHECK --retries=x CMD b", "cannot read Dockerfile:2: '--retries' is a number, not 'x'"),
        (
            "FROM a\nRUN --mount=type=cahce,target=/x b",
            "cannot read Dockerfile:2: unknown type of mount 'cahce'; did you mean 'cache'?"
        ),
        ("FROM a\nRUN --mount=type=cache b", "cannot read Dockerfile:2: a mount of type cache needs 'target'"),
        (
            "FROM a\nRUN --mount=type=tmpfs,target=/x,soze=1 b",
            "cannot read Dockerfile:2: a mount of type tmpfs has no 'soze'; did you mean 'size'?"
        ),
        (
            "FROM a\nRUN --mount=type=cache,target=/x,sharing=some b",
            "cannot read Dockerfile:2: 'sharing' is shared, private or locked, not 'some'"
        ),
        ("FROM a\nRUN --mount=target b", "cannot read Dockerfile:2: 'target' in --mount is no name=value"),
        (
            "FROM a\nRUN --network=bridge b",
            "cannot read Dockerfile:2: '--network' is default, none or host, not 'bridge'"
        ),
        (
            "FROM a\nRUN --security=insecure b",
            "cannot read Dockerfile:2: '--security=insecure' is not supported; every command runs in a sandbox"
        ),
        (
            "FROM a AS 1x",
            "cannot read Dockerfile:1: '1x' cannot be the name of a stage: it begins with a letter, then letters, "
                + "digits, '-', '_' and '.'"
        ),
    ])
    func `a mistake is named with its line`(_ text: String, _ expected: String) {
        #expect(complaint(text) == expected)
    }
}
