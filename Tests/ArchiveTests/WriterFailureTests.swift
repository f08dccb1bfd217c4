import Archive
import CLinux
import POSIX
import SystemPackage
import TestSupport
import Testing

@Suite struct WriterFailureTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let compressions: [LayerCompression] = [
        .none, .gzip(threads: 3), .gzipPortable(level: 1, threads: 2), .zstd(threads: 2),
    ]

    private static let noise: [UInt8] = {
        var noise: UInt64 = 1
        return (0..<1 << 20).map { _ in
            noise = noise &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: noise >> 56)
        }
    }()

    private static func write(megabytes: Int, to path: FilePath, _ compression: LayerCompression) throws {
        var writer = try LayerWriter(writingTo: File(path, .append(mode: 0o644)), compression: compression)
        for number in 0..<megabytes {
            try writer.append(ArchiveEntry(.regular, path: Array("\(number)".utf8), mode: 0o644), content: noise)
        }
        _ = try writer.finish()
    }

    /// Content that fits into the ring fails when the layer is finished; more content fails earlier.
    @Test(arguments: compressions, [0, 1, 12]) func `a full disk is one clear error`(
        compression: LayerCompression, megabytes: Int
    ) throws {
        let error = #expect(throws: POSIXError.self) {
            try Self.write(megabytes: megabytes, to: "/dev/full", compression)
        }
        #expect(error?.description == "cannot write /dev/full: No space left on device")
    }

    @Test(arguments: compressions) func `a writer that is dropped leaves no thread and no open file`(
        compression: LayerCompression
    ) throws {
        for megabytes in [0, 1, 8] {
            let path = folder("dropped-\(megabytes)")
            do {
                var writer = try LayerWriter(writingTo: File(path, .create(mode: 0o644)), compression: compression)
                for number in 0..<megabytes {
                    try writer.append(
                        ArchiveEntry(.regular, path: Array("\(number)".utf8), mode: 0o644),
                        content: [UInt8](repeating: 1, count: 1 << 20))
                }
            }
            let open = try FileSystem.names(in: "/proc/self/fd").filter { name in
                var target = [UInt8](repeating: 0, count: 4096)
                let count = readlink("/proc/self/fd/\(name)", &target, 4096)
                return count > 0 && String(decoding: target[..<count], as: UTF8.self) == path.string
            }
            #expect(open.isEmpty)
        }
    }

    @Test func `a read that fails is told as it is, and the writer still ends`() throws {
        struct Broken: Error {}
        var writer = try LayerWriter(
            writingTo: File(folder("layer"), .create(mode: 0o644)), compression: .gzip(threads: 2))
        let entry = ArchiveEntry(.regular, path: Array("a".utf8), mode: 0o644, size: 5 << 20)
        #expect(throws: Broken.self) {
            var calls = 0
            try writer.append(entry) { (buffer) in
                calls += 1
                if calls == 3 { throw Broken() }
                return buffer.count
            }
        }
    }
}
