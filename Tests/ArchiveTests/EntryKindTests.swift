import Archive
import Hashing
import POSIX
import SystemPackage
import TestSupport
import Testing
import Wording

/// Every kind of entry, written by this project and read by other programs and by itself.
@Suite struct EntryKindTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    /// The ACL user::rw-, user:1000:r--, group::r--, mask::r--, other::r-- in the kernel's encoding.
    private static let accessList: [UInt8] =
        [2, 0, 0, 0] + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 4, 0, 0xE8, 3, 0, 0] + [
            4, 0, 4, 0, 255, 255, 255, 255,
        ]
        + [0x10, 0, 4, 0, 255, 255, 255, 255] + [0x20, 0, 4, 0, 255, 255, 255, 255]

    private static let entries: [ArchiveEntry] = [
        ArchiveEntry(.directory, path: Array("d".utf8), mode: 0o3775, user: 5, group: 6, modified: 7),
        ArchiveEntry(.regular, path: Array("d/suid".utf8), mode: 0o6755, user: 1, group: 2, modified: 3),
        ArchiveEntry(.hardLink, path: Array("d/hard".utf8), target: Array("d/suid".utf8), mode: 0o6755),
        ArchiveEntry(.symbolicLink, path: Array("d/dangling".utf8), target: Array("/no/such/../one".utf8), mode: 0o777),
        ArchiveEntry(.fifo, path: Array("d/fifo".utf8), mode: 0o620),
        ArchiveEntry(
            .characterDevice, path: Array("d/null".utf8), mode: 0o666,
            device: ArchiveEntry.Device(major: 1, minor: 3)),
        ArchiveEntry(
            .blockDevice, path: Array("d/far".utf8), mode: 0o660,
            device: ArchiveEntry.Device(major: 4000, minor: 900_000)),
        ArchiveEntry(
            .characterDevice, path: Array("d/farthest".utf8), mode: 0o660,
            device: ArchiveEntry.Device(major: 4095, minor: 3_000_000)),
        ArchiveEntry(
            .regular, path: Array("caps".utf8), mode: 0o755,
            extendedAttributes: [
                "security.capability": capability, "user.empty": [], "user.a": [0, 10, 61, 255],
                "system.posix_acl_access": accessList,
            ]),
        ArchiveEntry(
            .directory, path: Array("acl".utf8), mode: 0o755,
            extendedAttributes: ["system.posix_acl_default": accessList]),
        ArchiveEntry(.regular, path: Array("owned".utf8), mode: 0o644, user: 4_000_000_000, group: 2_097_152),
        ArchiveEntry(.regular, path: Array("old".utf8), mode: 0o644, modified: -86_400),
        ArchiveEntry(.regular, path: Array("far".utf8), mode: 0o644, modified: 253_402_300_799),
        ArchiveEntry(.regular, path: [UInt8](repeating: 0x61, count: 100), mode: 0o644),
        ArchiveEntry(.regular, path: [UInt8](repeating: 0x62, count: 101), mode: 0o644),
        ArchiveEntry(.regular, path: [UInt8](repeating: 0x63, count: 256), mode: 0o644),
        ArchiveEntry(
            .regular, path: Array(String(repeating: "deep/", count: 818).utf8) + Array("leaf".utf8), mode: 0o600),
        ArchiveEntry(
            .symbolicLink, path: Array("long".utf8), target: Array(String(repeating: "../", count: 1300).utf8),
            mode: 0o777),
        ArchiveEntry(.regular, path: [0xFF, 0xFE, 0x2F, 0xC3, 0x28], mode: 0o644),
        ArchiveEntry(.regular, path: Array("new\nline\ttab = \\ \"".utf8), mode: 0o644),
        ArchiveEntry(.symbolicLink, path: Array("odd".utf8), target: [0x80, 0x81], mode: 0o777),
    ]

    private func write(_ entries: [ArchiveEntry]) throws {
        var writer = try LayerWriter(
            writingTo: File(folder("layer"), .replace(mode: 0o644)), compression: .gzip(threads: 2))
        for entry in entries { try writer.append(entry) }
        _ = try writer.finish()
    }

    @Test func `every kind of entry comes back as it was`() throws {
        try write(Self.entries)
        var reader = try LayerReader(File(folder("layer"), .read))
        var found: [ArchiveEntry] = []
        while var entry = try reader.next() {
            // libarchive marks a folder with a trailing slash.
            if entry.kind == .directory { entry.path.removeLast() }
            found.append(entry)
        }
        #expect(found.count == Self.entries.count)
        for (entry, expected) in zip(found, Self.entries) { #expect(entry == expected) }
    }

    /// Python's tarfile shares no code with libarchive.
    @Test func `python reads every kind of entry as it was meant`() async throws {
        try write(Self.entries)
        let python = """
            import os, sys, tarfile
            kinds = {b"0": "regular", b"5": "directory", b"1": "hardLink", b"2": "symbolicLink", b"6": "fifo",
                     b"3": "characterDevice", b"4": "blockDevice"}
            for m in tarfile.open(sys.argv[1]):
                device = f"{m.devmajor}:{m.devminor}" if m.ischr() or m.isblk() else "-"
                print(kinds[m.type], os.fsencode(m.name).hex(), os.fsencode(m.linkname).hex() or "-", oct(m.mode)[2:],
                      m.uid, m.gid, int(m.mtime), device)
            """
        let lines = try await Command("python3", ["-c", python, folder("layer").string]).succeed()
        let expected = Self.entries.map { entry in
            let device = entry.device.map { "\($0.major):\($0.minor)" } ?? "-"
            return [
                "\(entry.kind)", entry.path.hexadecimal, entry.target.isEmpty ? "-" : entry.target.hexadecimal,
                String(entry.mode, radix: 8), "\(entry.user)", "\(entry.group)", "\(entry.modified)", device,
            ].joined(separator: " ")
        }
        #expect(lines.split(separator: "\n").map(String.init) == expected)
    }

    @Test func `each extended attribute is in the headers once, in the spelling that runtimes read`() async throws {
        try write(Self.entries)
        let python = """
            import sys, gzip
            tar, place = gzip.open(sys.argv[1]).read(), 0
            while tar[place]:
                size, kind = int(tar[place+124:place+135], 8), tar[place+156:place+157]
                data = tar[place+512:place+512+size]
                while kind == b"x" and data:
                    record = data[:int(data.split(b" ")[0])]
                    key, value = record[record.index(b" ")+1:-1].split(b"=", 1)
                    if b"attr" in key or b"acl" in key: print(key.decode(), value.hex() or "-")
                    data = data[len(record):]
                place += 512 + (size + 511) // 512 * 512
            """
        let lines = try await Command("python3", ["-c", python, folder("layer").string]).succeed()
        let expected = Self.entries.flatMap { entry in
            entry.extendedAttributes.map { name, value in
                "SCHILY.xattr.\(name) \(value.isEmpty ? "-" : value.hexadecimal)"
            }
        }
        #expect(lines.split(separator: "\n").map(String.init).sorted() == expected.sorted())
    }

    /// Python's tarfile checks the names, because libarchive itself would decode the `%20` that it writes.
    @Test func `attributes keep their names, whatever is in them`() async throws {
        let attributes: [String: [UInt8]] = [
            "user.größe": [1], "user.100%": [2], "user.a b": [3], "user.a_b": Array("SCHILY.xattr.user.a-b=x".utf8),
            "user.a-b": [0, 10, 61],
        ]
        let entries = ["a", String(repeating: "long/", count: 40) + "b"].map { path in
            ArchiveEntry(.regular, path: Array(path.utf8), mode: 0o644, extendedAttributes: attributes)
        }
        try write(entries)
        let python = """
            import sys, tarfile
            for member in tarfile.open(sys.argv[1], errors="surrogateescape"):
                for key, value in sorted(member.pax_headers.items()):
                    if key.startswith("SCHILY.xattr."): print(member.name[-1], key[13:], value.encode().hex())
            """
        let lines = try await Command("python3", ["-c", python, folder("layer").string]).succeed()
        let expected = ["a", "b"].flatMap { name in
            attributes.map { "\(name) \($0.key) \($0.value.hexadecimal)" }.sorted()
        }
        #expect(lines.split(separator: "\n").map(String.init).sorted() == expected.sorted())
    }

    /// Two Unicode spellings of one letter look the same, but are two names to a kernel; both must be preserved.
    @Test func `names are bytes, on the way out and on the way in`() async throws {
        let names: [[UInt8]] = [
            Array("e\u{301}".utf8), Array("\u{e9}".utf8), Array("\u{1100}\u{1161}".utf8), Array("\u{ac00}".utf8),
            Array("\u{212b}".utf8), Array(String(repeating: "long/", count: 40).utf8) + Array("a\u{308}".utf8),
            [0x61, 0xFF, 0xFE], [0xED, 0xA0, 0x80],
        ]
        try write(
            names.map { ArchiveEntry(.regular, path: $0, mode: 0o644) }
                + names.map { ArchiveEntry(.symbolicLink, path: $0 + [0x6C], target: $0, mode: 0o777) })
        let python = """
            import sys, tarfile
            for member in tarfile.open(sys.argv[1], errors="surrogateescape"):
                print((member.linkname or member.name).encode("utf-8", "surrogateescape").hex())
            """
        let judged = try await Command("python3", ["-c", python, folder("layer").string]).succeed()
        // Python does not allow surrogates in UTF-8 either, and keeps their bytes.
        #expect(judged.split(separator: "\n").map(String.init) == (names + names).map(\.hexadecimal))
        var reader = try LayerReader(File(folder("layer"), .read))
        var read: [[UInt8]] = []
        while let entry = try reader.next() { read.append(entry.kind == .symbolicLink ? entry.target : entry.path) }
        #expect(read == names + names)
        var other = try ArchiveReader(File(folder("layer"), .read))
        read = []
        while let entry = try other.next() { read.append(entry.kind == .symbolicLink ? entry.target : entry.path) }
        #expect(read == names + names)
    }

    @Test func `an attribute whose name would come out as another is refused`() throws {
        let name = "user.a=b"
        let entry = ArchiveEntry(
            .regular, path: Array("a".utf8), mode: 0o644, extendedAttributes: [name: [1]])
        let error = #expect(throws: Failure.self) { try write([entry]) }
        #expect(
            error?.description
                == "cannot write a to a layer: the name of its extended attribute '\(name)' would not be kept")
    }

    /// GNU tar and bsdtar write ACLs as text, but runtimes read only the attribute.
    @Test func `access lists that others wrote as text become attributes`() throws {
        let text = "user::rw-,user:somebody:r--:1000,group::r--,mask::r--,other::r--"
        try FileSystem.write(Self.tar(pax: ["SCHILY.acl.access": text], name: "file"), to: folder("layer"))
        var reader = try LayerReader(File(folder("layer"), .read))
        let entry = try reader.next()
        #expect(entry?.extendedAttributes == ["system.posix_acl_access": Self.accessList])
    }

    @Test func `devices of another tar keep their numbers`() async throws {
        let python = """
            import tarfile, sys
            with tarfile.open(sys.argv[1], "w") as tar:
                for name, kind in ("c", tarfile.CHRTYPE), ("b", tarfile.BLKTYPE):
                    info = tarfile.TarInfo(name)
                    info.type, info.devmajor, info.devminor = kind, 195, 255
                    tar.addfile(info)
            """
        try await Command("python3", ["-c", python, folder("layer").string]).succeed()
        var reader = try ArchiveReader(File(folder("layer"), .read))
        var found: [ArchiveEntry.Kind] = []
        while let entry = try reader.next() {
            found.append(entry.kind)
            #expect(entry.device == ArchiveEntry.Device(major: 195, minor: 255))
        }
        #expect(found == [.characterDevice, .blockDevice])
    }

    /// Returns the tar of one empty file with pax records.
    private static func tar(pax: [String: String], name: String) -> [UInt8] {
        let records = pax.sorted { $0.key < $1.key }.map { key, value in
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count
            while "\(length)".utf8.count + rest.utf8.count != length { length += 1 }
            return "\(length)\(rest)"
        }.joined()
        return header(kind: "x", name: "pax", size: records.utf8.count) + padded(Array(records.utf8))
            + header(kind: "0", name: name, size: 0) + [UInt8](repeating: 0, count: 1024)
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }

    private static func header(kind: Character, name: String, size: Int) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(kind), at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", at: 148)
        return header
    }
}
