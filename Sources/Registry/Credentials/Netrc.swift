import POSIX
import Secrets
import SystemPackage

/// The logins in a netrc file, parsed as curl and git do.
///
/// The `default` entry is ignored: a registry that the file does not name must not receive a password.
/// Source: <https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html>.
struct Netrc: Sendable, Hashable {
    let path: FilePath

    /// Returns the login for a registry's host, matched with or without its port.
    func credential(for registry: String) throws(RegistryError) -> RegistryCredential? {
        let content: [UInt8]
        do throws(POSIXError) {
            guard try FileSystem.status(behind: path) != nil else { return nil }
            content = try FileSystem.read(path, limit: 1 << 20)
        } catch {
            throw RegistryError(.local, "read \(path)", "\(error.errno)")
        }
        let logins = Self.logins(in: String(decoding: content, as: UTF8.self))
        // An IPv6 address contains colons itself, in brackets.
        let end = registry.lastIndex(of: ":").flatMap { registry.hasSuffix("]") ? nil : $0 }
        let host = String(registry[..<(end ?? registry.endIndex)])
        let names = LoginNames.all(of: registry).map { LoginNames.host(of: $0) } + [host]
        for name in names {
            guard let login = logins.first(where: { $0.machine == name }) else { continue }
            return .password(user: login.user, Secret(login.password), from: "\(path)")
        }
        return nil
    }

    struct Login: Equatable {
        var machine: String
        var user = ""
        var password = ""
    }

    /// Returns every entry that has a machine and a password.
    static func logins(in text: String) -> [Login] {
        var logins: [Login] = []
        var current: Login?
        var words = Words(text)
        func isWhole(_ login: Login?) -> Login? { login.flatMap { $0.password.isEmpty ? nil : $0 } }
        while let word = words.next() {
            switch word {
            case "machine":
                if let login = isWhole(current) { logins.append(login) }
                current = words.next().map { Login(machine: $0) }
            case "default":
                if let login = isWhole(current) { logins.append(login) }
                current = nil
            case "login": current?.user = words.next() ?? ""
            case "password": current?.password = words.next() ?? ""
            case "account": _ = words.next()
            case "macdef": words.skipMacro()
            default: break
            }
        }
        if let login = isWhole(current) { logins.append(login) }
        return logins
    }

    /// Splits text into words at white space.
    ///
    /// A word in quotes may contain white space. `#` begins a comment only at the start of a word.
    private struct Words {
        private var rest: Substring

        init(_ text: String) { rest = text[...] }

        mutating func next() -> String? {
            while true {
                rest = rest.drop(while: \.isWhitespace)
                guard rest.first == "#" else { break }
                rest = rest.drop { !$0.isNewline }
            }
            guard let first = rest.first else { return nil }
            guard first == "\"" else {
                let word = rest.prefix { !$0.isWhitespace }
                rest = rest.dropFirst(word.count)
                return String(word)
            }
            var word = ""
            rest.removeFirst()
            while let character = rest.popFirst(), character != "\"" {
                word.append(character == "\\" ? rest.popFirst() ?? character : character)
            }
            return word
        }

        mutating func skipMacro() {
            while let line = rest.firstIndex(where: \.isNewline) {
                rest = rest[rest.index(after: line)...]
                if rest.first?.isNewline ?? true { return }
            }
            rest = rest[rest.endIndex...]
        }
    }
}
