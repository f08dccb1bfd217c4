import JSON

/// The schema of image.yaml; docs/image.md has the same keys and meanings.
enum ImageSchema {
    static let rule = SchemaRule.mapping(
        required: ["name", "base"],
        [
            "name": .word(
                "the image's name: at most 63 lower-case letters, digits, `-` and `_`", like: SchemaPattern.name,
                orNumber: true
            ).orTemplate,
            "base": .text("`scratch`, a reference, `oci:DIR[:TAG]` or `oci-archive:FILE[:TAG]`"),
            "platforms": .list(
                "`os/architecture[/variant]`, for linux only; several make an index; default: `[linux/amd64]`",
                of: .word(like: "^linux/[^/]+(/[^/]+)?$").orTemplate, atLeast: 1),
            "layers": .list("the layers in order, the lowest first", of: ImageLayerSchema.rule),
            "program": .text(
                "the program that the image runs: a name below `entrypoints/`, or a path relative to the image's folder"
            ),
            "environment": .environment("variables that are added to the base's"),
            "workdir": .word("the working directory", like: SchemaPattern.absolutePath).orTemplate,
            "entrypoint": .list("the command; it also removes the base's `command`", of: .anyText(), atLeast: 1),
            "command": .list("the arguments of `entrypoint`", of: .text()),
            "user": .text("a name or number, with an optional group behind a colon"),
            "ports": .list(
                "exposed ports, as in `8000`, `8000/tcp` or `53/udp`; they are added to the base's", of: port),
            "labels": .map("labels of the config; they are added to the base's"),
            "annotations": .map("annotations of the manifest, and of the index"),
            "stop_signal": .text("the signal that stops a container, as in `SIGTERM`"),
            "volumes": .list(
                "volumes; they are added to the base's", of: .word(like: SchemaPattern.absolutePath).orTemplate),
        ]
    ).adding(
        "not",
        // A program has its own entrypoint.
        ["anyOf": [["required": ["program", "entrypoint"]], ["required": ["program", "command"]]]])

    private static let port = SchemaRule(
        nil,
        [
            "type": ["integer", "string"], "minimum": 1, "maximum": 65_535, "pattern": "^[0-9]+(/tcp|/udp)?$",
        ]
    ).orTemplate
}
