/// What the ARG instructions before the first FROM, and the build itself, say.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact>.
package struct GlobalArguments: Sendable {
    /// Variables of proxies, which commands see though no ARG names them.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#predefined-args>.
    package static let proxies: Set<String> = Set(
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { [$0, $0.lowercased()] })

    /// What the user set.
    package let given: [String: String]
    /// What a stage gets by naming it in an ARG without a value.
    package private(set) var values: [String: String]

    /// The proxies that the user set, under both spellings of each name, as programs differ in which they read.
    package var givenProxies: [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in given where Self.proxies.contains(name) {
            for spelling in [name.uppercased(), name.lowercased()] { variables[spelling] = given[spelling] ?? value }
        }
        return variables
    }

    /// Values from the build (the automatic ones, such as TARGETPLATFORM), the user and the file, in this order of time.
    package init(
        of file: ParsedDockerfile, automatic: [String: String], given: [String: String]
    ) throws(DockerfileError) {
        self.given = given
        values = automatic.merging(given.filter { automatic[$0.key] != nil }) { $1 }
        var budget = SettingsBudget()
        for instruction in file.globalArguments {
            guard case .argument(let arguments) = instruction.action else { continue }
            let expansion = expansion(escape: file.directives.escape)
            for argument in arguments {
                let name = try expansion.word(argument.name, at: instruction.place)
                if let value = given[name] {
                    values[name] = value
                } else if let value = argument.value {
                    let value = try expansion.word(value, at: instruction.place)
                    try budget.take(value, at: instruction.place)
                    values[name] = value
                }
            }
        }
    }

    /// How the variables of a FROM are replaced.
    package func expansion(escape: Unicode.Scalar) -> Expansion {
        let values = values
        return Expansion(escape: escape) { values[$0] }
    }

    /// What an ARG in a stage gives its name; nil leaves it without a value.
    package func value(of name: String, written: String?) -> String? { given[name] ?? written ?? values[name] }
}
