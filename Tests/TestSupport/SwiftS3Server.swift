import Glibc
import HTTP
import POSIX
import SystemPackage

/// OpenStack Swift with its S3 interface: as strict as AWS, but runs on one machine without privileges.
///
/// <https://docs.openstack.org/swift/latest/middleware.html#module-swift.common.middleware.s3api.s3api>
package final class SwiftS3Server: S3Server {
    /// The URL for R2_ENDPOINT_URL.
    package let endpoint: String
    /// The key ID for R2_ACCESS_KEY_ID.
    package let accessKeyID = "test:tester"
    /// The secret for R2_SECRET_ACCESS_KEY.
    package let secretAccessKey = "testing"
    /// The name for R2_BUCKET_NAME.
    package let bucket: String

    private static let services = ["account", "container", "object"]
    private let folder: TemporaryFolder
    private let programs: [RunningProgram]

    /// Starts the four Swift services and creates the bucket.
    package init(bucket: String = "runs") async throws {
        folder = try TemporaryFolder()
        self.bucket = bucket
        var started: (endpoint: String, programs: [RunningProgram])?
        // Another process may take a free port before the server binds it.
        for attempt in 0..<3 where started == nil { started = try await Self.start(folder, attempt) }
        guard let started else {
            let log = (try? FileSystem.read(folder("proxy.log"))).map { String(decoding: $0, as: UTF8.self) }
            throw ServerFailure(description: "Swift does not start: \(log ?? "no log")")
        }
        (endpoint, programs) = started
        try await Self.makeBucket(bucket, endpoint)
    }

    /// Ends the server and removes its files before the value is released.
    package func stop() {
        for program in programs { program.stop() }
        try? FileSystem.removeTree(folder.path)
    }

    private static func start(_ folder: TemporaryFolder, _ attempt: Int) async throws -> (String, [RunningProgram])? {
        let binaries = Checkout.cache.appending("swift/bin")
        let home = folder("\(attempt)")
        let ports = FreePort.find(4)
        try FileSystem.makeFolder(home.appending("node/d1"))
        try await configure(home, ports, binaries)
        var programs: [RunningProgram] = []
        for service in services + ["proxy"] {
            let python = binaries.appending("python").string
            let server = binaries.appending("swift-\(service)-server").string
            programs.append(
                try RunningProgram(
                    python, [server, home.appending("\(service)-server.conf").string],
                    environment: ["SWIFT_DIR": home.string], log: folder("\(service).log")))
        }
        let endpoint = "http://127.0.0.1:\(ports[3])"
        let client = HTTPClient()
        let check = try HTTPRequest("GET", HTTPURL(endpoint + "/healthcheck"))
        let isUp = try await eventually(within: 30) { () -> Bool? in
            if programs.contains(where: { $0.status != nil }) { return false }
            return (try? await client.send(check))?.isSuccess == true ? true : nil
        }
        return isUp == true ? (endpoint, programs) : nil
    }

    private static func configure(_ home: FilePath, _ ports: [Int], _ binaries: FilePath) async throws {
        func write(_ name: String, _ text: String) throws {
            try FileSystem.write(Array(text.utf8), to: home.appending(name))
        }
        try write(
            "swift.conf",
            """
            [swift-hash]
            swift_hash_path_prefix = a
            swift_hash_path_suffix = b
            [storage-policy:0]
            name = Policy-0
            default = yes

            """)
        guard let account = getpwuid(getuid()) else { throw ServerFailure(description: "this user has no name") }
        let user = String(cString: account.pointee.pw_name)
        for (service, port) in zip(services, ports) {
            try write(
                "\(service)-server.conf",
                """
                [DEFAULT]
                bind_ip = 127.0.0.1
                bind_port = \(port)
                user = \(user)
                swift_dir = \(home)
                devices = \(home)/node
                mount_check = false
                workers = 0
                disable_fallocate = true
                [pipeline:main]
                pipeline = \(service)-server
                [app:\(service)-server]
                use = egg:swift#\(service)

                """)
            let builder = binaries.appending("swift-ring-builder").string
            let ring = home.appending("\(service).builder").string
            for arguments in [["create", "4", "1", "1"], ["add", "r1z1-127.0.0.1:\(port)/d1", "1"], ["rebalance"]] {
                try await Command(binaries.appending("python").string, [builder, ring] + arguments).succeed()
            }
        }
        try write("proxy-server.conf", proxy(port: ports[3], user: user, home))
    }

    private static func proxy(port: Int, user: String, _ home: FilePath) -> String {
        let filters = ["catch_errors", "gatekeeper", "healthcheck", "listing_formats", "copy", "slo", "dlo"]
        return """
            [DEFAULT]
            bind_ip = 127.0.0.1
            bind_port = \(port)
            user = \(user)
            swift_dir = \(home)
            workers = 0
            [pipeline:main]
            pipeline = catch_errors gatekeeper healthcheck listing_formats s3api tempauth copy slo dlo proxy-server
            [app:proxy-server]
            use = egg:swift#proxy
            account_autocreate = true
            [filter:s3api]
            use = egg:swift#s3api
            location = auto
            [filter:tempauth]
            use = egg:swift#tempauth
            user_test_tester = testing .admin

            """ + filters.map { "[filter:\($0)]\nuse = egg:swift#\($0)\n" }.joined()
    }

    /// Creates the bucket by S3, since Swift's own API would need memcached for its tokens.
    private static func makeBucket(_ bucket: String, _ endpoint: String) async throws {
        let script = """
            import sys, boto3
            boto3.client("s3", endpoint_url=sys.argv[1], region_name="auto", aws_access_key_id="test:tester",
                aws_secret_access_key="testing").create_bucket(Bucket=sys.argv[2])
            """
        try await Command(Checkout.python, ["-c", script, endpoint, bucket]).succeed()
    }
}
