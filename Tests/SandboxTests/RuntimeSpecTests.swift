import Containers
import JSON
import OCI
import POSIX
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox
import Wording

struct RuntimeSpecTests {
    private let bundle: TemporaryFolder

    init() throws {
        bundle = try TemporaryFolder()
        try bundle.write("rootfs/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n")
        try bundle.write("rootfs/etc/group", "web:x:44:\ndata:x:70:other,web\nwheel:x:10:root\n")
    }

    private func spec(_ config: ImageConfig, entrypoint: JSONValue = .null, user: UInt32 = 0) throws -> RuntimeSpec {
        var body = DeployRequestTests.good
        body["container_config"] = [
            "replica_count": 1, "traffic_port": 8000, "entrypoint": entrypoint,
            "env_variables": ["A": "deployed", "PORT": "8000"], "secret_env_variables": ["B_KEY": "secret"],
        ]
        return try RuntimeSpec(
            config: config, request: try DeployRequest(body: body.encoded()), port: 4711, hostname: "caas-1",
            bundle: bundle.path, identity: RuntimeIdentity(user: user, group: user),
            limits: ContainerLimits(memoryBytes: 3 << 30, processors: 1.5))
    }

    private func config(_ settings: [String: JSONValue] = [:]) -> ImageConfig {
        var config = ImageConfig(platform: .current)
        config["Entrypoint"] = ["/init"]
        for (name, value) in settings { config[name] = value }
        return config
    }

    @Test func `what is sent goes before what the image says`() throws {
        let image = config(["Cmd": ["serve"], "Env": ["A=image", "C=image", "PATH=/opt/bin"], "WorkingDir": "/work"])
        let json = try spec(image).json
        #expect(json["process"]?["args"] == ["/init", "serve"])
        #expect(json["process"]?["cwd"] == "/work")
        let environment = Set(json["process"]?["env"]?.array?.compactMap(\.string) ?? [])
        #expect(
            environment == [
                "A=deployed", "B_KEY=secret", "C=image", "PATH=/opt/bin", "PORT=4711", "BIND_ADDRESS=127.0.0.1",
                "HOSTNAME=caas-1",
            ])
        let replaced = try spec(image, entrypoint: ["/bin/sh", "-c", "true"]).json
        #expect(replaced["process"]?["args"] == ["/bin/sh", "-c", "true"])
    }

    @Test func `root's containers have limits, and an ordinary user's have no control groups`() throws {
        let resources = try spec(config()).json["linux"]?["resources"]
        #expect(resources == ["memory": ["limit": 3_221_225_472], "cpu": ["quota": 150_000, "period": 100_000]])
        #expect(try spec(config(), user: 1000).json["linux"]?["resources"] == nil)
    }

    @Test func `nothing to run is an error`() throws {
        var image = config()
        image["Entrypoint"] = nil
        #expect(throws: Failure.self) { try spec(image) }
    }

    @Test func `root gets docker's rights and no user namespace`() throws {
        let json = try spec(config()).json
        #expect(json["process"]?["noNewPrivileges"] == true)
        #expect(json["process"]?["capabilities"]?["effective"]?.array?.contains("CAP_CHOWN") == true)
        #expect(json["process"]?["capabilities"]?["effective"]?.array?.contains("CAP_SYS_ADMIN") == false)
        let namespaces = json["linux"]?["namespaces"]?.array?.compactMap { $0["type"]?.string }
        #expect(namespaces == ["pid", "ipc", "uts", "mount"])
        #expect(json["process"]?["capabilities"]?["bounding"]?.array?.contains("CAP_NET_RAW") == false)
        #expect(json["linux"]?["seccomp"]?["defaultAction"] == "SCMP_ACT_ERRNO")
    }

    @Test func `an ordinary user is root inside, and nobody else`() throws {
        let json = try spec(config(["User": "web"]), user: 1001).json
        #expect(json["process"]?["user"]?["uid"] == 0)
        #expect(json["linux"]?["uidMappings"] == [["containerID": 0, "hostID": 1001, "size": 1]])
        #expect(json["linux"]?["namespaces"]?.array?.contains(["type": "user"]) == true)
        let pts = json["mounts"]?.array?.first { $0["destination"] == "/dev/pts" }
        #expect(pts?["options"]?.array?.contains("gid=5") == false)
    }

    @Test(
        arguments: [
            ("", 0, 0, [10]),
            ("0", 0, 0, [10]),
            (":5", 0, 5, []),
            ("web", 33, 44, [70]),
            ("33", 33, 44, [70]),
            ("web:data", 33, 70, []),
            ("web:9", 33, 9, []),
            ("1234", 1234, 0, []),
            ("1234:5", 1234, 5, []),
        ] as [(String, UInt32, UInt32, [UInt32])])
    func `users are found in the image's own files`(text: String, id: UInt32, group: UInt32, groups: [UInt32]) throws {
        let user = try ContainerUser(text, in: RootResolver(path: bundle("rootfs")))
        #expect(user.id == id)
        #expect(user.group == group)
        #expect(user.groups == groups)
    }

    @Test func `an unknown user is an error`() throws {
        let root = RootResolver(path: bundle("rootfs"))
        #expect(throws: Failure.self) { try ContainerUser("nobody", in: root) }
        #expect(throws: Failure.self) { try ContainerUser("web:nobody", in: root) }
    }

    @Test func `links in an image lead nowhere outside it`() throws {
        try bundle.write("outside", "evil:x:0:0::/:/bin/sh\n")
        let root = RootResolver(path: bundle("rootfs"))
        for (index, target) in ["../../outside", "/../../outside", bundle("outside").string].enumerated() {
            try FileSystem.makeSymbolicLink(bundle("rootfs/etc/link\(index)"), to: FilePath(target))
            #expect(root.content(of: FilePath("/etc/link\(index)")) == [])
        }
        try FileSystem.makeSymbolicLink(bundle("rootfs/loop"), to: "/loop")
        #expect(root.content(of: "/loop") == [])
        try FileSystem.makeSymbolicLink(bundle("rootfs/users"), to: "../../etc/passwd")
        #expect(root.content(of: "/users").count > 10)
    }
}
