/// The build arguments that are known before the first stage begins.
///
/// They come from the build, from the user, and from the ARG instructions before the first FROM.
///
/// Source: <https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact>.
package struct GlobalArguments: Sendable {
    /// The proxy variables, which RUN commands get although no ARG declares them.
    ///
    /// Source: <https://docs.docker.com/reference/dockerfile/#predefined-args>.
    package static let proxies: Set<String> = Set(
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { [$0, $0.lowercased()] })

    /// The values that the user set with `--build-arg`.
    package let given: [String: String]
    /// The values that a stage gets when it declares an ARG without a value.
    package private(set) var values: [String: String]

    /// The proxy variables that the user set, each under its upper-case and its lower-case name.
    ///
    /// Programs differ in which spelling they read.
    package var givenProxies: [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in given where Self.proxies.contains(name) {
            for spelling in [name.uppercased(), name.lowercased()] { variables[spelling] = given[spelling] ?? value }
        }
        return variables
    }

    /// Merges the automatic values, such as TARGETPLATFORM, with the values of the user and of the file.
    ///
    /// Later values override earlier ones: first the automatic values, then the user's. A default in the file applies
    /// only where the user gave no value.
    package init(of file: ParsedDockerfile, automatic: [String: String], given: [String: String]) throws {
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

    /// Returns the expansion for the words of a FROM.
    package func expansion(escape: Unicode.Scalar) -> Expansion {
        let values = values
        return Expansion(escape: escape) { values[$0] }
    }

    /// Returns the value of an ARG inside a stage, or nil if it has none.
    ///
    /// `written` is the default that the ARG itself gives.
    package func value(of name: String, written: String?) -> String? { given[name] ?? written ?? values[name] }
}
