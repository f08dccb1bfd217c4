import JSON
package import POSIX

/// One of the sandbox's three servers.
package enum ServerName: String, Sendable, CaseIterable {
    /// The OCI registry.
    case registry
    /// The S3 server.
    case storage
    /// The io.net-compatible API.
    case api
}

/// A started server: its process and its address.
package struct ServerRecord: Sendable, Equatable {
    package let process: ProcessIdentity
    /// The host and port.
    package let address: String

    /// The port of ``address``.
    var port: Int? { address.split(separator: ":").last.flatMap { Int($0) } }

    init(process: ProcessIdentity, address: String) {
        self.process = process
        self.address = address
    }

    init(json: JSONValue) throws {
        guard let started = UInt64(try json.text("started")), let pid = Int32(exactly: try json.whole("pid")) else {
            throw JSONError("'pid' or 'started' is no number")
        }
        self.init(process: ProcessIdentity(pid: pid, started: started), address: try json.text("address"))
    }

    var json: JSONValue {
        [
            "pid": .integer(process.pid), "started": .string(String(process.started)), "address": .string(address),
        ]
    }
}
