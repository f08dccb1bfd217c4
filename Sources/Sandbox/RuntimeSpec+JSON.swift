import Containers
import JSON
import SystemPackage

/// The `config.json` that runc reads.
extension RuntimeSpec {
    var json: JSONValue {
        var document = RuntimeDocument(
            arguments: arguments, environment: environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" },
            folder: folder, user: user, hostname: hostname,
            users: identity.isRootless ? .one(user: identity.user, group: identity.group) : .all,
            mounts: ["hosts", "resolv.conf"].map { name in
                RuntimeMount(
                    "/etc/\(name)", kind: "bind", source: bundle.appending(name).string, options: ["bind", "ro"])
            } + folders.map { RuntimeMount.bind($0.string, at: $0.string) })
        if !identity.isRootless { document.resources = limits.resources }
        return document.json
    }
}
