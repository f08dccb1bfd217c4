import JSON

/// The schema of a program's stages.
enum ProgramStageSchema {
    static let rule = SchemaRule.mapping(
        required: ["name", "run"],
        [
            "name": .word(
                "letters, digits, `-` and `_`, at most 63; unique", like: "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
                orNumber: true),
            "run": ProgramSchema.command("the program and its arguments, without a shell"),
            "resume": .list("arguments that are added where a checkpoint was restored", of: .text()),
            "environment": .environment("variables of this stage, above the program's"),
            "outputs": .list("what the stage leaves: paths below `data`", of: ProgramSchema.relativePath()),
            "checkpoints": checkpoints,
            "timeout": .word(
                "SIGTERM after so long, SIGKILL 15 s later; the run then ends with 124", like: SchemaPattern.duration),
            "once": .flag("a stage that succeeded never runs again, whatever of it is missing; default: `false`"),
            "optional": .flag("the run goes on where the stage fails; default: `false`"),
            "stall": .word(
                "the stage is ended where it prints nothing for so long; the run then ends with 124",
                like: "^[0-9]*[1-9][0-9]*[smh]$"),
            "retries": .whole("only 0 is supported", atMost: 0),
            "background": SchemaRule.flag("only `false` is supported").adding("enum", [false, "false"]),
            "after": .unsupported,
            "matrix": .unsupported,
        ])

    private static let checkpoints = SchemaRule.mapping(
        "a checkpoint is a set of files with one step in their names", required: ["root", "step", "complete"],
        [
            "root": ProgramSchema.relativePath("the folder of the checkpoints"),
            "step": .text(
                "a regular expression: it matches the whole path of a file below `root`; its first group is the step"),
            "complete": SchemaRule.list(
                "all files of a checkpoint below `root`, with `{step}` and `{rank}`; one needs `{step}`",
                of: ProgramSchema.relativePath()
            ).adding("contains", ["type": "string", "pattern": #"\{step\}"#]),
            "ranks": .whole("`{rank}` goes from 0 to this number minus 1; default: `${RANKS}`").orTemplate,
            "settle": .word(
                "for so long size and time of every file must stay the same; default: `10s`",
                like: SchemaPattern.duration),
            "every": .whole(
                "only every n-th checkpoint is uploaded, and always the last; default: `1`", atLeast: 1),
            "keep": .mapping(
                "how many stay; default: everything",
                [
                    "local": .whole("how many uploaded checkpoints stay on the disk", atLeast: 1),
                    "remote": .whole("how many steps stay in the bucket", atLeast: 1),
                ]),
        ])
}
