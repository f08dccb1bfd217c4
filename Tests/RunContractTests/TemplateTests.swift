import RunContract
import Testing
import Wording

struct TemplateTests {
    static let variables = ["NAME": "demo", "EMPTY": "", "PRICE": "$5", "NESTED": "${NAME}"]

    @Test(arguments: [
        ("plain", "plain"),
        ("${NAME}", "demo"),
        ("a${NAME}b${NAME}c", "ademobdemoc"),
        ("${UNSET:-fallback}", "fallback"),
        ("${EMPTY:-fallback}", "fallback"),
        ("${EMPTY}", ""),
        ("${NAME:-fallback}", "demo"),
        ("${UNSET:-}", ""),
        ("${UNSET:-https://a/b?c=d}", "https://a/b?c=d"),
        ("$${NAME}", "${NAME}"),
        ("cost: $5 and $", "cost: $5 and $"),
        ("${PRICE}", "$5"),
        ("${NESTED}", "${NAME}"),
        ("$NAME", "$NAME"),
        ("", ""),
        // An accent forms one character with the preceding brace or dollar sign.
        ("${NAME}\u{301}/$\u{301}{NAME}", "demo\u{301}/$\u{301}{NAME}"), ("${UNSET:-\u{301}}", "\u{301}"),
        ("\u{600}${NAME}", "\u{600}demo"), ("$${\u{301}}", "${\u{301}}"),
    ])
    func `a text expands once, as the design says`(text: String, expected: String) throws {
        #expect(try Array(Template(text).expanded { Self.variables[$0] }.utf8) == Array(expected.utf8))
    }

    @Test(arguments: [
        ("${NAME", "cannot expand '${NAME': a '${' has no '}'"),
        ("${}", "cannot expand '${}': '' is not a variable's name"),
        ("${1A}", "cannot expand '${1A}': '1A' is not a variable's name"),
        ("${A B}", "cannot expand '${A B}': 'A B' is not a variable's name"),
    ])
    func `a text that is no template is refused`(text: String, message: String) {
        let error = #expect(throws: Failure.self) { try Template(text) }
        #expect(error?.description == message)
    }

    @Test func `an unset variable without a default is named`() throws {
        let template = try Template("--run=${WANDB_RUN}")
        let error = #expect(throws: Failure.self) { try template.expanded { _ in nil } }
        #expect(error?.description == "cannot expand '${WANDB_RUN}': WANDB_RUN is not set")
        #expect(template.variables.map(\.name) == ["WANDB_RUN"])
    }
}
