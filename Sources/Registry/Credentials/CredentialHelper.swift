import ByteText
import JSON
import POSIX
import Secrets
import Processes
import SystemPackage
import Wording

/// A program that stores logins, for example in the desktop's key ring: `docker-credential-<name>`.
///
/// It reads a request from standard input and writes the response to standard output.
/// Source: <https://github.com/docker/docker-credential-helpers#development>.
struct CredentialHelper: Sendable, Hashable {
    /// The time limit of one call: some helpers prompt the user or query a cloud, and a hung one must not block a push
    /// for ever.
    private static let patience = Duration.seconds(60)
    /// The message by which every helper reports that it has no entry.
    private static let absence = "credentials not found"

    let name: String
    /// The registry's name as docker's tools write it.
    let server: String
    /// The file or variable that names the helper, for messages.
    let configuredIn: String

    var program: String { "docker-credential-\(name)" }

    /// Returns the login, or a missing credential that states why there is none.
    ///
    /// A broken helper is not an error here: public images can be pulled without a login, and a later refusal quotes
    /// the reason.
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
        // This user name marks the secret as an identity token.
        if user == "<token>" { return .identityToken(user: "", Secret(secret), from: program) }
        return .password(user: user, Secret(secret), from: program)
    }

    func store(user: String, _ password: Secret) async throws(RegistryError) {
        let login: JSONValue = [
            "ServerURL": .string(server), "Username": .string(user), "Secret": .string(password.unredacted),
        ]
        _ = try await ask("store", String(decoding: login.encoded(), as: UTF8.self))
    }

    /// Deletes the login; returns false if there was none.
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
        // A name with a slash would bypass the PATH lookup; docker rejects it too.
        guard !name.contains(byte: "/") else { throw failure("\(configuredIn) names it wrongly") }
        let result: Result<String, RegistryError> = await withTaskGroup { group in
            group.addTask { await run(verb, input, failure) }
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                return .failure(failure("it did not answer within \(Self.patience.components.seconds) s"))
            }
            let first = await group.next()
            // Cancelling also terminates the program if it is the one that timed out.
            group.cancelAll()
            return first ?? .failure(failure("cancelled"))
        }
        return try result.get()
    }

    private func run(
        _ verb: String, _ input: String, _ failure: (String) -> RegistryError
    ) async -> Result<String, RegistryError> {
        do {
            // Not a pipe: a helper that exits before it has read everything would kill this process with SIGPIPE.
            let file = try File.inMemory(Array(input.utf8), name: program)
            let helper = ExternalProgram(
                name: program, absence: "it is not in PATH, though \(configuredIn) names it")
            let outcome = try await helper.outcome([verb], input: FileDescriptor(rawValue: file.descriptor))
            guard outcome.succeeded else {
                // Helpers write error messages to either of the two streams.
                let words = [outcome.output, outcome.errors].flatMap { $0.split(separator: "\n") }
                return .failure(failure(words.first.map(String.init) ?? "it ended with \(outcome.end)"))
            }
            return .success(outcome.output)
        } catch { return .failure(failure(Failure.reason(of: error))) }
    }
}
