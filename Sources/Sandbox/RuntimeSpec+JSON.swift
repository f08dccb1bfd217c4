import JSON
import SystemPackage

/// The document that runc reads.
extension RuntimeSpec {
    var json: JSONValue {
        [
            "ociVersion": "1.0.2",
            "root": ["path": "rootfs", "readonly": false],
            "hostname": .string(hostname),
            "process": process,
            "mounts": .array(mounts),
            "linux": linux,
        ]
    }

    private var process: JSONValue {
        [
            "terminal": false,
            "user": [
                "uid": .integer(user.id), "gid": .integer(user.group),
                "additionalGids": .array(identity.isRootless ? [] : user.groups.map { .integer($0) }),
            ],
            "args": .array(arguments.map(JSONValue.string)),
            "env": .array(environment.sorted { $0.key < $1.key }.map { .string("\($0.key)=\($0.value)") }),
            "cwd": .string(folder),
            "capabilities": capabilities,
            "noNewPrivileges": true,
        ]
    }

    /// Docker's default, which an ordinary user in the container does not get.
    /// <https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities>
    private var capabilities: JSONValue {
        let names = [
            "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW",
            "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
        ]
        let all: JSONValue = .array(names.map { .string("CAP_\($0)") })
        let held: JSONValue = user.id == 0 ? all : []
        return ["bounding": all, "effective": held, "permitted": held, "inheritable": []]
    }

    private var linux: JSONValue {
        var namespaces = ["pid", "ipc", "uts", "mount"]
        var linux: JSONValue = [
            "maskedPaths": [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
                "/sys/devices/virtual/powercap",
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            "rootfsPropagation": "private",
        ]
        if identity.isRootless {
            namespaces.append("user")
            linux["uidMappings"] = [["containerID": 0, "hostID": .integer(identity.user), "size": 1]]
            linux["gidMappings"] = [["containerID": 0, "hostID": .integer(identity.group), "size": 1]]
        }
        linux["namespaces"] = .array(namespaces.map { ["type": .string($0)] })
        return linux
    }

    private var mounts: [JSONValue] {
        [
            Self.mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            Self.mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            // An ordinary user has no group 5 to give terminals to.
            Self.mount(
                "/dev/pts", "devpts", "devpts",
                ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]
                    + (identity.isRootless ? [] : ["gid=5"])),
            // Data loaders pass batches through here; docker's 64 MiB are too few for them.
            Self.mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=2g"]),
            Self.mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
            // A user namespace may mount a new sysfs only with a network of its own, which it does not have.
            identity.isRootless
                ? Self.mount("/sys", "none", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
                : Self.mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
            Self.mount("/etc/hosts", "bind", bundle.appending("hosts").string, ["bind", "ro"]),
            Self.mount("/etc/resolv.conf", "bind", bundle.appending("resolv.conf").string, ["bind", "ro"]),
        ]
    }

    private static func mount(_ place: String, _ kind: String, _ source: String, _ options: [String]) -> JSONValue {
        [
            "destination": .string(place), "type": .string(kind), "source": .string(source),
            "options": .array(options.map(JSONValue.string)),
        ]
    }
}
