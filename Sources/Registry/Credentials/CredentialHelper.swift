import ByteText
import JSON
import POSIX
import Secrets
import Subprocess
import SystemPackage

/// A program that keeps logins, such as the desktop's key ring: `docker-credential-<name>`.
///
/// It is asked on its standard input and answers on its standard output.
/// Source: <https://github.com/docker/docker-credential-helpers#development>.
struct CredentialHelper: Sendable, Hashable {
    /// Some ask their user, some ask a cloud; one that does neither must not hold a push up for ever.
    private static let patience = Duration.seconds(60)
    private static let longestAnswer = 1 << 20
    /// How every helper words that it knows no login.
    private static let absence = "credentials not found"

    let name: String
    /// The registry as docker's tools call it.
    let server: String
    /// What names it, for people.
    let configuredIn: String

    var program: String { "docker-credential-\(name)" }

    /// The login; where there is none, or the helper does not work, why.
    ///
    /// A broken helper is no error yet: what is public can be pulled without any login, and a refusal names the reason.
    func get() async -> RegistryCredential {
        let answer: String
        do throws(RegistryError) { answer = try await ask("get", server) } catch {
            let isAbsent = error.reason.contains(Self.absence)
            return .none(
                because: isAbsent ? "\(program) has no entry for \(server)" : "\(program) failed: \(error.reason)")
        }
        guard let login = try? JSONValue(parsing: Array(answer.utf8)), let secret = login["Secret"]?.string else {
            return .none(because: "\(program) answered with something else than a login")
        }
        let user = login["Username"]?.string ?? ""
        if user.isEmpty && secret.isEmpty { return .none(because: "\(program) has an empty entry for \(server)") }
        // The name that says that the secret is no password.
        if user == "<token>" { return .identityToken(user: "", Secret(secret), from: program) }
        return .password(user: user, Secret(secret), from: program)
    }

    /// Keeps a login.
    func store(user: String, _ password: Secret) async throws(RegistryError) {
        let login: JSONValue = [
            "ServerURL": .string(server), "Username": .string(user), "Secret": .string(password.unredacted),
        ]
        _ = try await ask("store", String(decoding: login.encoded(), as: UTF8.self))
    }

    /// Forgets a login; false where there was none.
    func erase() async throws(RegistryError) -> Bool {
        do throws(RegistryError) { _ = try await ask("erase", server) } catch {
            if error.reason.contains(Self.absence) { return false }
            throw error
        }
        return true
    }

    /// Runs the program with one of the protocol's verbs.
    private func ask(_ verb: String, _ input: String) async throws(RegistryError) -> String {
        func failure(_ reason: String) -> RegistryError { RegistryError(.local, "run \(program) \(verb)", reason) }
        // A name with a slash would leave PATH; docker refuses it too.
        guard !name.contains(byte: "/") else { throw failure("\(configuredIn) names it wrongly") }
        let result: Result<String, RegistryError> = await withTaskGroup { group in
            group.addTask { await run(verb, input, failure) }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return .failure(failure("it did not answer within \(Self.patience.components.seconds) s"))
            }
            let first = await group.next()
            // This ends the program too, where it is the one that is late.
            group.cancelAll()
            return first ?? .failure(failure("cancelled"))
        }
        return try result.get()
    }

    private func run(
        _ verb: String, _ input: String, _ failure: (String) -> RegistryError
    ) async -> Result<String, RegistryError> {
        do {
            // Not a pipe: a helper that ends before it has read everything would end us too.
            let file = try File.inMemory(Array(input.utf8), name: program)
            let descriptor = FileDescriptor(rawValue: file.descriptor)
            let record = try await Subprocess.run(
                .name(program), arguments: [verb],
                input: .fileDescriptor(descriptor, closeAfterSpawningProcess: false),
                output: .string(limit: Self.longestAnswer),
                error: .string(limit: Self.longestAnswer))
            guard record.terminationStatus == .exited(0) else {
                // Helpers word their failures on either of the two.
                let words = [record.standardOutput, record.standardError].flatMap { $0.split(separator: "\n") }
                return .failure(failure(words.first.map(String.init) ?? "it ended with \(record.terminationStatus)"))
            }
            return .success(record.standardOutput)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            return .failure(failure("it is not in PATH, though \(configuredIn) names it"))
        } catch { return .failure(failure("\(error)")) }
    }
}
