import ByteText
import SystemPackage

extension ImageDefinition.PythonLayer {
    init(_ value: YAMLValue, folder: FilePath) throws {
        let fields = try YAMLFields(value, known: ["requirements", "version", "interpreter", "into", "glibc"])
        requirements = folder.pushing(FilePath(try fields.required("requirements").text()))
        let versionField = try fields.required("version")
        version = try versionField.text()
        guard version.wholeMatch(of: #/3\.[0-9]{1,2}/#) != nil else {
            throw versionField.mismatch("a version of Python, as in \"3.11\",")
        }
        interpreter = try fields["interpreter"]?.absolutePath() ?? "/usr/bin/python3"
        // The path becomes the shebang line of scripts, where a space would begin an argument.
        guard interpreter.wholeMatch(of: #/[A-Za-z0-9_.\/+-]+/#) != nil else {
            throw (fields["interpreter"] ?? value).mismatch("the path of a program")
        }
        into = try fields.required("into").absolutePath()
        guard into != "/", !into.contains(byte: ":") else {
            throw (fields["into"] ?? value).mismatch("a folder of its own, without ':' in its name,")
        }
        glibc = "2.28"
        if let field = fields["glibc"] {
            glibc = try field.text()
            guard let minor = glibc.wholeMatch(of: #/2\.([0-9]{1,2})/#).flatMap({ Int($0.1) }), minor >= 17 else {
                throw field.mismatch("a version of glibc from 2.17 on, as in \"2.36\",")
            }
        }
    }
}

extension ImageDefinition.ArchiveLayer {
    init(_ value: YAMLValue, folder: FilePath) throws {
        let fields = try YAMLFields(value, known: ["from", "into", "sha256", "owner", "limit", "privileged"])
        from = folder.pushing(FilePath(try fields.required("from").text()))
        into = try fields.required("into").absolutePath()
        sha256 = try fields["sha256"]?.text()
        if let field = fields["sha256"], sha256?.wholeMatch(of: #/[0-9a-f]{64}/#) == nil {
            throw field.mismatch("64 hexadecimal digits")
        }
        owner = try fields["owner"]?.owner()
        limit = try fields["limit"]?.size()
        isPrivileged = try fields["privileged"]?.flag() ?? false
    }
}
