import JSON

/// The schema of a program; docs/program.md has the same keys and meanings.
///
/// A program keeps its templates, so that a variable may stand only where the entrypoint expands one.
enum ProgramSchema {
    static let rule = SchemaRule.mapping(
        required: ["name", "data"],
        [
            "name": .word(
                "the program's name: at most 63 lower-case letters, digits, `-` and `_`", like: SchemaPattern.name,
                orNumber: true),
            "data": absolutePath("the folder of all that the run makes; it is made where it is missing"),
            "workdir": absolutePath("the working directory of every command; default: the image's"),
            "environment": .environment("variables of every command; what the deployment sends wins"),
            "requires": .list(
                "variables that the deployment must send, unless the program or the image sets them", of: variable),
            "pass_secrets": .list("secrets that the commands get; they get no other", of: variable),
            "preflight": preflight,
            "inputs": .list("artifacts of other complete runs in the same bucket", of: input),
            "stages": .list("what runs, one after the other", of: ProgramStageSchema.rule),
            "artifacts": .list("what the run is for", of: artifact),
            "metrics": .list("what is shown of the stages' output", of: metric),
            "serve": serve,
        ]
    ).adding(
        "anyOf",
        [["required": ["stages"], "properties": ["stages": ["minItems": 1]]], ["required": ["serve"]]])

    private static let variable = SchemaRule.word(like: SchemaPattern.variable)

    /// An absolute path, or a template of one.
    private static func absolutePath(_ meaning: String) -> SchemaRule {
        .word(meaning, like: #"^(?!(.*/)?\.\.(/|$))(/|\$\{)"#)
    }

    /// A path below the program's `data`, or a template of one.
    static func relativePath(_ meaning: String? = nil) -> SchemaRule {
        .word(meaning, like: #"^(?!/)(?!(.*/)?\.\.(/|$))."#, orNumber: true)
    }

    static func command(_ meaning: String? = nil) -> SchemaRule { .list(meaning, of: .anyText(), atLeast: 1) }

    private static let preflight = SchemaRule.mapping(
        "what is checked before anything is trained",
        [
            "gpus": .mapping(
                "what GPUs there must be", required: ["count"],
                [
                    "count": .whole("at least so many").orTemplate,
                    "memory_gib": .whole("so many GiB in each of them").orTemplate,
                ]),
            "disk": .list("what disks there must be", of: disk),
            "commands": .list("each must end with 0, within 10 minutes", of: command()),
        ])

    private static let disk = SchemaRule.mapping(
        required: ["path", "gib"],
        [
            "path": absolutePath("a folder, which is made where it is missing"),
            "gib": .whole("so many GiB must be free there").orTemplate,
        ])

    private static let input = SchemaRule.mapping(
        required: ["run", "artifact"],
        [
            "run": .text("the other run; a template is allowed"),
            "artifact": .word(
                "`into` of that run's artifact", like: "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", orNumber: true),
            "into": relativePath("the folder below `data` that it goes to; default: the artifact's name"),
        ])

    private static let artifact = SchemaRule.mapping(
        required: ["from", "into"],
        [
            "from": relativePath("a folder or a file below `data`"),
            "into": .word(
                "the folder's name in the bucket: letters, digits, `.`, `-` and `_`; not `SHA256SUMS`",
                like: "^(?!SHA256SUMS$)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", orNumber: true),
            "files": .list("paths below `from`, each of which must match a file", of: relativePath()),
            "least": .word("the least size of all its files together", like: SchemaPattern.size),
        ])

    private static let metric = SchemaRule.mapping(
        required: ["line", "match"],
        [
            "line": .text("only lines that contain this text are looked at"),
            "match": .text("a regular expression; each named group, as in `(?<loss>…)`, is a metric"),
        ])

    private static let serve = SchemaRule.mapping(
        "a model server that runs after training, and on machines of `caasctl serve`", required: ["run"],
        [
            "run": command("the server; it listens on 127.0.0.1, port `${SERVE_PORT}`"),
            "ready": .word("the server is ready once this path answers 2xx; default: `/`", like: "^/"),
            "public": .flag("requests need no token; default: `false`"),
            "needs": .list(
                "what a machine that only serves brings back; default: every output, artifact and input",
                of: relativePath()),
        ])
}
