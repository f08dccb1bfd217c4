import ArgumentParser
import Definitions
import JSON

/// `caasctl schema`: prints the JSON Schema of a kind of file, for editors.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of a kind of YAML file.", shouldDisplay: false)

    @Argument(help: ArgumentHelp("image, program or manifest.", valueName: "kind"), transform: Self.kind)
    var schema: FileSchema

    func run() async throws {
        print(String(decoding: schema.document.prettyEncoded(), as: UTF8.self), terminator: "")
    }

    private static func kind(_ text: String) throws -> FileSchema {
        guard let schema = FileSchema(rawValue: text) else {
            throw ValidationError("the kinds are \(FileSchema.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return schema
    }
}
