package import JSON

/// The document that runc reads.
extension RuntimeDocument {
    private static let namespaces = ["pid", "ipc", "uts", "mount"]
    private static let commonDevices = ["null", "zero", "full", "random", "urandom", "tty"]

    /// The whole document.
    package var json: JSONValue {
        [
            "ociVersion": "1.0.2",
            "root": ["path": .string(root), "readonly": false],
            "hostname": .string(hostname),
            "process": process,
            "mounts": .array((standardMounts + mounts).map(\.json)),
            "linux": linux,
        ]
    }

    private var process: JSONValue {
        [
            "terminal": false,
            "user": [
                "uid": .integer(user.id), "gid": .integer(user.group),
                "additionalGids": .array(hasAllUsers ? groups.map { .integer($0) } : []),
            ],
            "args": .array(arguments.map(JSONValue.string)),
            "env": .array(environment.map(JSONValue.string)),
            "cwd": .string(folder),
            "capabilities": capabilities,
            "noNewPrivileges": .bool(keepsPrivileges),
        ]
    }

    /// The main group is one of them: a process that drops it would otherwise gain what the group is denied.
    /// <https://github.com/moby/moby/security/advisories/GHSA-rc4r-wh2q-q6c4>
    private var groups: [UInt32] { [user.group] + user.groups.filter { $0 != user.group } }

    /// Docker's default, which an ordinary user in the container does not get; on the machine's own network without
    /// NET_RAW, which would let it read what goes over that.
    /// <https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities>
    private var capabilities: JSONValue {
        let names =
            [
                "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
                "SETFCAP",
                "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
            ] + (network == .machine ? [] : ["NET_RAW"])
        let all: JSONValue = .array(names.map { .string("CAP_\($0)") })
        let held: JSONValue = user.id == 0 ? all : []
        return ["bounding": all, "effective": held, "permitted": held, "inheritable": []]
    }

    private var linux: JSONValue {
        var namespaces = Self.namespaces
        var linux: JSONValue = [
            "maskedPaths": [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
                "/sys/devices/virtual/powercap",
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "rootfsPropagation": "private",
            "seccomp": SystemCallFilter.json,
        ]
        if let resources {
            // The kernel counts in periods of a tenth of a second, as docker's --cpus does.
            let quota = max(1000, Int((resources.processors * 100_000).rounded()))
            linux["resources"] = [
                "memory": ["limit": .integer(resources.memoryBytes)],
                "cpu": ["quota": .integer(quota), "period": 100_000],
            ]
        }
        if network == .none { namespaces.append("network") }
        if case .one(let user, let group) = users {
            namespaces.append("user")
            linux["uidMappings"] = [["containerID": 0, "hostID": .integer(user), "size": 1]]
            linux["gidMappings"] = [["containerID": 0, "hostID": .integer(group), "size": 1]]
        }
        linux["namespaces"] = .array(namespaces.map { ["type": .string($0)] })
        return linux
    }

    /// True where there are further groups, and group 5 to give terminals to.
    private var hasAllUsers: Bool {
        switch users {
        case .all, .namespace(isSingle: false): true
        case .namespace(isSingle: true), .one: false
        }
    }

    private var standardMounts: [RuntimeMount] {
        let devices = hidesDevices ? ["nodev"] : []
        return [
            RuntimeMount("/proc", kind: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]),
            RuntimeMount(
                "/dev", kind: "tmpfs", source: "tmpfs",
                options: ["nosuid", "strictatime", "mode=755", "size=65536k"] + devices),
        ] + deviceMounts + [
            RuntimeMount(
                "/dev/pts", kind: "devpts", source: "devpts",
                options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
                    + (hasAllUsers ? ["gid=5"] : [])),
            // Data loaders pass batches through here; docker's 64 MiB are too few for them.
            RuntimeMount(
                "/dev/shm", kind: "tmpfs", source: "shm",
                options: ["nosuid", "noexec", "nodev", "mode=1777", "size=2g"]),
            RuntimeMount("/dev/mqueue", kind: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
            // A user namespace may mount a new sysfs only with a network of its own, which it need not have.
            users == .all || (network != .machine && isInNamespace)
                ? RuntimeMount("/sys", kind: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"])
                : RuntimeMount(
                    "/sys", kind: "none", source: "/sys", options: ["rbind", "nosuid", "noexec", "nodev", "ro"]),
        ]
    }

    /// What runc would make, where it can make devices; in a user namespace it mounts them itself.
    private var deviceMounts: [RuntimeMount] {
        guard hidesDevices, users == .all else { return [] }
        return Self.commonDevices.map { RuntimeMount.bind("/dev/\($0)", at: "/dev/\($0)") }
    }

    private var isInNamespace: Bool { if case .namespace = users { true } else { false } }
}

extension RuntimeMount {
    fileprivate var json: JSONValue {
        [
            "destination": .string(place), "type": .string(kind), "source": .string(source),
            "options": .array(options.map(JSONValue.string)),
        ]
    }
}
