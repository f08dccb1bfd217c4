import JSON

/// The schema of an entry of `layers` in image.yaml.
enum ImageLayerSchema {
    static let rule = SchemaRule.mapping(
        "one of `debian`, `python`, `git`, `files` and `archive`",
        ["debian": debian, "python": python, "git": git, "files": files, "archive": archive]
    ).adding("minProperties", 1).adding("maxProperties", 1)

    private static let into = SchemaRule.word("an absolute folder in the image", like: SchemaPattern.absolutePath)
        .orTemplate

    private static let debian = SchemaRule.mapping(
        "a root file system of Debian packages; it needs `base: scratch`, and is the first layer",
        required: ["suite"],
        [
            "suite": .word("the suite, as in `bookworm`", like: "^[a-z][a-z0-9-]*$").orTemplate,
            "packages": .list(
                "packages, as in `python3`, `libc6:amd64` or `git=1:2.39.5-0+deb12u2`",
                of: .word(like: "^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+:~-]+)?$").orTemplate),
            "snapshot": .word(
                "a time of snapshot.debian.org, as in `20261101T000000Z`, or the URL of a mirror",
                like: #"^([0-9]{8}T[0-9]{6}Z|(https?|file):/[^\s\[\]"']+)$"#
            ).orTemplate,
        ])

    private static let python = SchemaRule.mapping(
        "Python packages from wheels", required: ["requirements", "version", "into"],
        [
            "requirements": .text("the requirements file"),
            "version": .word("the image's Python, as in `\"3.11\"`", like: #"^3\.[0-9]{1,2}$"#, orNumber: true)
                .adding("minimum", 3).adding("exclusiveMaximum", 4).orTemplate,
            "into": .word("a folder of its own, without `:` in its name", like: #"^/(?!(.*/)?\.\.?(/|$))[^:]+$"#)
                .orTemplate,
            "interpreter": .word(
                "the interpreter in the image, for the first line of scripts; default: `/usr/bin/python3`",
                like: SchemaPattern.absolutePath
            ).orTemplate,
            "glibc": .word(
                "the newest glibc that wheels may need, from `\"2.17\"` on; default: `\"2.28\"`",
                like: #"^2\.(1[7-9]|[2-9][0-9])$"#, orNumber: true
            ).adding("minimum", 2).adding("exclusiveMaximum", 3).orTemplate,
        ])

    private static let git = SchemaRule.mapping(
        "the files of a commit", required: ["url", "commit", "into"],
        [
            "url": .word(
                "what `git fetch` takes; a path that begins with `.` is relative to the image's folder", like: "^[^-]"),
            "commit": .word(
                "40 or 64 hexadecimal digits, or the name of a branch or tag",
                like: #"^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./+-]*$"#, orNumber: true
            ).orTemplate,
            "into": into,
        ])

    private static let files = SchemaRule.mapping(
        "your own files", required: ["from", "into"],
        [
            "from": .text("a folder or a file"),
            "into": into,
            "exclude": .list(
                "what is left out, in the syntax of `.dockerignore`; `!` takes it back", of: .text()),
            "exclude_file": .text(
                "a file with such patterns, or `none`; default: `.dockerignore` in `from`, if it is there"),
            "owner": .word(
                "the owner by numbers, or `keep`: the one on the disk; default: `0:0`", like: "^([0-9]+:[0-9]+|keep)$"
            ).orTemplate,
            "mode": .word(
                "the mode of all files in octal, or `keep`: the one on the disk", like: "^([0-7]{3,5}|keep)$",
                orNumber: true
            ).orTemplate,
            "mtime": .choice(
                "`epoch`: the time of the build, or `keep`: the one on the disk; default: `epoch`", ["epoch", "keep"]
            ).orTemplate,
            "split": .word(
                "the largest layer, at least `1MiB`, or `none`; without it more than 1 GiB is cut at 256 MiB",
                like: "^(none|[0-9]{1,6}(KiB|MiB|GiB|TiB))$"
            ).orTemplate,
            "privileged": .flag("takes FIFOs and device nodes along").orTemplate,
        ])

    private static let archive = SchemaRule.mapping(
        "the content of a tar or zip", required: ["from", "into"],
        [
            "from": .text("a tar, also compressed, or a zip"),
            "into": into,
            "sha256": .word("what the file's SHA-256 must be", like: "^[0-9a-f]{64}$", orNumber: true).orTemplate,
            "owner": .word("the owner of everything in it, as in `0:0`", like: "^[0-9]+:[0-9]+$").orTemplate,
            "limit": .word(
                "how much it may unpack to; default: 10 GiB, or a hundred times the file", like: SchemaPattern.size
            ).orTemplate,
            "privileged": .flag("takes device nodes along; without it they are an error").orTemplate,
        ])
}
