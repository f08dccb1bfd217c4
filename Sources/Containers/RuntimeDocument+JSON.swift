package import JSON

/// The `config.json` that runc reads.
extension RuntimeDocument {
    private static let namespaces = ["pid", "ipc", "uts", "mount"]
    private static let commonDevices = ["null", "zero", "full", "random", "urandom", "tty"]

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

    /// The supplementary groups, including the primary group.
    ///
    /// Without it a process that drops its primary group would gain what is denied to that group.
    /// <https://github.com/moby/moby/security/advisories/GHSA-rc4r-wh2q-q6c4>
    private var groups: [UInt32] { [user.group] + user.groups.filter { $0 != user.group } }

    /// Docker's default capabilities, which a user other than root has only in the bounding set.
    ///
    /// NET_RAW is missing on the machine's own network, where it would allow reading the machine's traffic.
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
            // The quota counts in periods of 100 ms, as with docker's --cpus.
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

    /// Whether the container has supplementary groups, and the group 5 that owns terminals.
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
            // Data loaders pass batches through shared memory; docker's 64 MiB are too small for that.
            RuntimeMount(
                "/dev/shm", kind: "tmpfs", source: "shm",
                options: ["nosuid", "noexec", "nodev", "mode=1777", "size=2g"]),
            RuntimeMount("/dev/mqueue", kind: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]),
            // The kernel lets a user namespace mount a new sysfs only if it has its own network namespace, which is
            // optional here.
            users == .all || (network != .machine && isInNamespace)
                ? RuntimeMount("/sys", kind: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"])
                : RuntimeMount(
                    "/sys", kind: "none", source: "/sys", options: ["rbind", "nosuid", "noexec", "nodev", "ro"]),
        ]
    }

    /// Bind mounts of the device nodes that runc would create.
    ///
    /// In a user namespace runc cannot create device nodes, and bind-mounts them itself.
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
