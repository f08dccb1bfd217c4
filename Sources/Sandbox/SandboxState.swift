import Hashing
import JSON
import POSIX
package import Secrets
import SystemPackage
import Wording

/// The sandbox's state between `up` and `down`: its keys and its servers.
package struct SandboxState: Sendable {
    package let apiKey: Secret
    /// The access key ID of the S3 server.
    package let storageKeyID: String
    /// The secret access key of the S3 server.
    package let storageKey: Secret
    /// Who may use the registry.
    let registryAccount: RegistryAccount
    /// What the registry signs its upload sessions with, so that they outlive it.
    let registrySecret: Secret
    /// The name of the only bucket.
    package let bucket: String
    var health: HealthPolicy
    var limits: ContainerLimits
    /// The servers that were started, including those that died since.
    package internal(set) var servers: [ServerName: ServerRecord] = [:]

    /// Creates a state with new keys and no server.
    init(health: HealthPolicy, limits: ContainerLimits) {
        apiKey = Secret("sandbox-" + RandomBytes.make(20).hexadecimal)
        storageKeyID = "sandbox-" + RandomBytes.make(8).hexadecimal
        storageKey = Secret("sandbox-" + RandomBytes.make(20).hexadecimal)
        registryAccount = RegistryAccount(password: Secret("sandbox-" + RandomBytes.make(20).hexadecimal))
        registrySecret = Secret("sandbox-" + RandomBytes.make(20).hexadecimal)
        bucket = "sandbox"
        self.health = health
        self.limits = limits
    }

    init(json: JSONValue) throws {
        apiKey = Secret(try json.text("api_key"))
        storageKeyID = try json.text("storage_key_id")
        storageKey = Secret(try json.text("storage_key"))
        registryAccount = RegistryAccount(password: Secret(try json.text("registry_password")))
        registrySecret = Secret(try json.text("registry_secret"))
        bucket = try json.text("bucket")
        health = try HealthPolicy(json: try json.member("health"))
        limits = try ContainerLimits(json: try json.member("limits"))
        for name in ServerName.allCases {
            guard let record = json["servers"]?[name.rawValue] else { continue }
            servers[name] = try ServerRecord(json: record)
        }
    }

    var json: JSONValue {
        var records: JSONValue = [:]
        for (name, record) in servers { records[name.rawValue] = record.json }
        return [
            "api_key": .string(apiKey.unredacted), "storage_key_id": .string(storageKeyID),
            "storage_key": .string(storageKey.unredacted), "registry_secret": .string(registrySecret.unredacted),
            "registry_password": .string(registryAccount.password.unredacted), "bucket": .string(bucket),
            "health": health.json, "limits": limits.json, "servers": records,
        ]
    }

    /// Reads the state from a file; nil where there is none.
    init?(file: FilePath) throws {
        guard FileSystem.exists(file) else { return nil }
        do { try self.init(json: JSONValue(parsing: FileSystem.read(file))) } catch {
            throw Failure("read the sandbox's state in \(file)", error)
        }
    }

    func write(to file: FilePath) throws {
        do throws(POSIXError) { try FileSystem.write(json.prettyEncoded(), to: file, mode: 0o600) } catch {
            throw Failure("remember the sandbox's state", error)
        }
    }
}
