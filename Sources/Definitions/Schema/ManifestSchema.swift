import JSON

/// The schema of a manifest; docs/manifest.md has the same keys and meanings.
enum ManifestSchema {
    static let rule = SchemaRule.mapping(
        required: ["name", "target", "image"],
        [
            "name": .word(
                "the beginning of the run's id: at most 63 lower-case letters, digits, `-` and `_`",
                like: SchemaPattern.name, orNumber: true
            ).orTemplate,
            "target": SchemaRule.text("`ionet`, or `local`: this computer").adding("examples", ["ionet", "local"]),
            "image": .text(
                "with `repository`: the image's folder or name below `images/`; without it: a reference that was pushed"
            ),
            "repository": .text("where the image is pushed to, without a tag and a digest"),
            "resources": SchemaRule("the machine that is wanted, in the keys of the target", ["type": "object"]),
            "port": .whole(
                "the port of the page and the model, sent as `PORT`; default: `8000`", atLeast: 1, atMost: 65_535
            ).orTemplate,
            "keep_alive": .flag("goes on serving the model, sent as `KEEP_ALIVE`; default: `false`").orTemplate,
            "environment": .environment("variables that everybody may read"),
            "secrets": .list("secrets that must be set", of: variable),
            "optional_secrets": .list("secrets that are sent where they are set", of: variable),
            "registry_login": .mapping(
                "how the machine pulls the image", required: ["username", "password"],
                [
                    "username": .text("the registry's user"),
                    "password": .text("the password or a token"),
                ]),
            "budget_usd": amount.orTemplate,
        ]
    ).adding("if", ["properties": ["target": ["const": "ionet"]]]).adding(
        "then", ["required": ["resources"], "properties": .object(["resources": ionet.json])])

    private static let variable = SchemaRule.word(like: SchemaPattern.variable)

    private static let amount = SchemaRule(
        "what the run's machines may cost together, in US dollars, as in `150` or `0.5`",
        [
            "type": ["number", "string"], "minimum": 0, "maximum": 1_000_000_000,
            "pattern": #"^[0-9]+(\.[0-9]+)?$"#,
        ])

    /// The resources of io.net, which its target decodes; other targets have keys of their own.
    private static let ionet = SchemaRule.mapping(
        required: ["hours"],
        [
            "gpu": .text("the hardware's name, as in `H100`, or one word of it that fits one kind only"),
            "gpus": .whole("how many; default: `1`", atLeast: 1).orTemplate,
            "locations": .list("countries, names of places or ids, the best first; default: anywhere", of: .text()),
            "hours": .whole("for how long; all hours are paid in advance", atLeast: 1).orTemplate,
            "hardware_id": .text("the provider's id, instead of a search by `gpu`"),
            "location_ids": .list("the provider's ids, instead of a search by `locations`", of: .text()),
        ]
    ).adding("anyOf", [["required": ["gpu"]], ["required": ["hardware_id"]]])
}
