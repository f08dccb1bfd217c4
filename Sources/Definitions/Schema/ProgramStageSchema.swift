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
                "the stage is ended where it prints nothing for so long; `never`: nor where it makes no step",
                like: "^([0-9]*[1-9][0-9]*[smh]|never)$"),
            "non_finite": .whole(
                "the stage is ended where a loss is NaN or infinite on so many lines in a row; 0: never; default: `3`"),
            "retries": .whole(
                "how often in a row the stage starts again without a new checkpoint; default: 2 where the cause passes"),
            "background": SchemaRule.flag("only `false` is supported").adding("enum", [false, "false"]),
            "after": .unsupported,
            "matrix": .unsupported,
        ])

    private static let checkpoints = SchemaRule.mapping(
        "a checkpoint is a set of files of one step", required: ["root"],
        [
            "kind": .choice(
                "a trainer's checkpoints: stands for `folder` or `step`, and `complete`", CheckpointKind.all),
            "root": ProgramSchema.relativePath("the folder of the checkpoints"),
            "step": .text(
                "a regular expression: it matches the whole path of a file below `root`; its first group is the step"),
            "folder": ProgramSchema.relativePath(
                "the folder that each step has below `root`, as in `checkpoint-{step}`: all that is in it belongs to it"
            ),
            "complete": .list(
                "what a checkpoint must have: paths below `root`, or below `folder`, with `{step}`, `{rank}` and `*`",
                of: member),
            "include": .list(
                "what belongs to it too, where it is there; default: everything in `folder`, without one nothing",
                of: ProgramSchema.relativePath()),
            "exclude": .list("what belongs to no checkpoint", of: ProgramSchema.relativePath()),
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
        ]
    ).adding("anyOf", waysToTellSteps).adding("not", ["required": ["step", "folder"]])

    private static let waysToTellSteps: JSONValue = [
        ["required": ["kind"]], ["required": ["folder", "complete"]],
        [
            "required": ["step", "complete"],
            "properties": [
                "complete": [
                    "contains": [
                        "anyOf": [
                            ["type": "string", "pattern": #"\{step\}"#],
                            ["type": "object", "properties": ["files": ["pattern": #"\{step\}"#]]],
                        ]
                    ]
                ]
            ],
        ],
    ]

    private static let member = SchemaRule(
        nil,
        [
            "anyOf": [
                ProgramSchema.relativePath().json,
                SchemaRule.mapping(
                    required: ["files"],
                    [
                        "files": ProgramSchema.relativePath("a path like the others, with `*`"),
                        "count": SchemaRule(
                            "how many files must match at least; default: `1`",
                            [
                                "anyOf": [
                                    ["const": "ranks"], SchemaRule.whole("", atLeast: 1).orTemplate.json,
                                ]
                            ]),
                    ]
                ).json,
            ]
        ])
}
