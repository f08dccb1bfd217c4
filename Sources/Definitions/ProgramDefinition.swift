package import RunContract
package import SystemPackage

/// What runs inside a container.
///
/// The file is `entrypoints/<program>.yaml`; its templates are checked, and stay as they are.
package struct ProgramDefinition: Sendable, Hashable {
    /// What the entrypoint will read.
    package var program: Program
    /// The file that says it.
    package var file: FilePath

    /// Reads a program's file.
    package init(reading file: FilePath) throws(DefinitionError) {
        try self.init(YAMLValue(reading: file), file: file)
    }

    /// Parses the text of a program that is, or might be, at `file`.
    package init(parsing text: String, file: FilePath) throws(DefinitionError) {
        try self.init(YAMLValue(parsing: text, file: file.string), file: file)
    }

    private init(_ document: YAMLValue, file: FilePath) throws(DefinitionError) {
        self.file = file
        program = try Program(document)
    }
}
