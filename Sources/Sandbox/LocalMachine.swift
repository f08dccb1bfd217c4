import Deployment
import HTTP
import JSON
import POSIX
import SystemPackage
import Timestamps

/// A run's container on this computer, as its file `machine.json` tells it to the next caasctl.
struct LocalMachine: Sendable {
    let name: String
    let created: Timestamp
    let port: Int
    /// The process that waits for the container.
    let process: ProcessIdentity
    /// Seconds between the signals TERM and KILL.
    let grace: Int
    /// True once it was given back.
    var isDestroyed = false

    /// Reads the file of a container's folder, nil where there is none.
    init?(reading place: ContainerFolder) throws(DeploymentError) {
        let file = Self.file(place)
        do {
            let json = try JSONValue(parsing: FileSystem.read(file, limit: 1 << 20))
            guard let pid = Int32(exactly: try json.whole("pid")), let started = UInt64(try json.text("pid_started"))
            else { throw JSONError("'pid' is no process") }
            self.init(
                name: try json.text("name"), created: Timestamp(seconds: try json.whole("created")),
                port: try json.whole("port"), process: ProcessIdentity(pid: pid, started: started),
                grace: try json.whole("grace"), isDestroyed: try json.optionalFlag("destroyed") ?? false)
        } catch let error as POSIXError where [.noSuchFileOrDirectory, .notDirectory].contains(error.errno) {
            return nil
        } catch { throw DeploymentError(.local, "read \(file)", "\(error)") }
    }

    init(name: String, created: Timestamp, port: Int, process: ProcessIdentity, grace: Int, isDestroyed: Bool = false) {
        self.name = name
        self.created = created
        self.port = port
        self.process = process
        self.grace = grace
        self.isDestroyed = isDestroyed
    }

    func write(to place: ContainerFolder) throws {
        let json: JSONValue = [
            "name": .string(name), "created": .integer(created.seconds), "port": .integer(port),
            "pid": .integer(process.pid), "pid_started": .string(String(process.started)), "grace": .integer(grace),
            "destroyed": .bool(isDestroyed),
        ]
        try FileSystem.write(json.prettyEncoded(), to: Self.file(place), mode: 0o600, sync: true)
    }

    private static func file(_ place: ContainerFolder) -> FilePath { place.path.appending("machine.json") }

    /// What the container does now.
    func status(in place: ContainerFolder) async -> MachineStatus {
        var status = MachineStatus(handle: .string(name), name: name, phase: .running, word: "running")
        if isDestroyed {
            (status.phase, status.word) = (.gone, "destroyed")
        } else if let exit = place.exitStatus {
            (status.phase, status.word) = (exit == 0 ? .ended : .failed, "exited with status \(exit)")
        } else if !process.isAlive {
            (status.phase, status.word) = (.failed, "killed")
        }
        status.created = created
        status.paidUSD = 0
        let isRunning = status.phase == .running
        let address = "http://127.0.0.1:\(port)"
        let answers = isRunning ? await Self.answers(address) : false
        status.containers = [
            ContainerStatus(
                id: .string(name), isRunning: isRunning, word: status.word, address: answers ? address : nil, events: []
            )
        ]
        return status
    }

    /// True where anything answers by HTTP.
    private static func answers(_ address: String) async -> Bool {
        guard let url = try? HTTPURL(address + "/") else { return false }
        var request = HTTPRequest("GET", url)
        request.followsRedirects = false
        request.stallSeconds = 2
        return (try? await HTTPClient().send(request, limit: 1 << 20)) != nil
    }
}
