package import RunContract
package import SystemPackage

/// The definition of a program that runs inside a container.
///
/// The file is `entrypoints/<program>.yaml`; its templates are checked but not expanded.
package struct ProgramDefinition: Sendable, Hashable {
    /// The program as the entrypoint reads it.
    package var program: Program
    /// The program's file.
    package var file: FilePath

    package init(reading file: FilePath) throws {
        try self.init(YAMLValue(reading: file), file: file)
    }

    /// Parses the text of a program.
    ///
    /// `file` appears in errors; it need not exist.
    package init(parsing text: String, file: FilePath) throws {
        try self.init(YAMLValue(parsing: text, file: file.string), file: file)
    }

    private init(_ document: YAMLValue, file: FilePath) throws {
        self.file = file
        program = try Program(document)
    }
}
