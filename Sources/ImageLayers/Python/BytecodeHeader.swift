import JSON
import POSIX
import Synchronization

/// The first sixteen bytes of a `.pyc`, by which Python decides whether the rest is valid.
///
/// Source: <https://peps.python.org/pep-0552/>.
struct BytecodeHeader: Hashable {
    /// Magic numbers from Python 3.7 on; older versions have shorter headers, and Python 2's numbers are far higher.
    private static let magics: ClosedRange<UInt32> = 3390...20_000
    private static let length = 16

    /// The time of the source in seconds since 1970, in 32 bits; nil if the file is validated by digest or not at all.
    let sourceTime: UInt32?

    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length else { return nil }
        func number(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
        }
        let magic = number(0)
        guard Self.magics.contains(magic & 0xFFFF), magic >> 16 == 0x0A0D else { return nil }
        sourceTime = number(4) == 0 ? number(8) : nil
    }

    /// Returns whether Python compiles again if the source has this time.
    func isStale(sourceTime time: Int64) -> Bool { sourceTime.map { $0 != UInt32(truncatingIfNeeded: time) } ?? false }
}

/// Counts the `.pyc` files that are stale with the times in the image.
final class StaleBytecode: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock { $0 } }

    func add(_ count: Int) { number.withLock { $0 += count } }

    /// Examines the beginning of a file that gets the same time in the image as the source next to it.
    ///
    /// A `.pyc` outside `__pycache__` takes the place of its source, so there is no source to compare it with.
    func examine(_ path: [UInt8], _ bytes: UnsafeRawBufferPointer, time: Int64) {
        let names = path.split(separator: UInt8(ascii: "/")).suffix(2)
        guard names.first?.elementsEqual("__pycache__".utf8) == true, path.suffix(4).elementsEqual(".pyc".utf8),
            BytecodeHeader(bytes)?.isStale(sourceTime: time) == true
        else { return }
        add(1)
    }

    /// Returns a warning with advice for the user.
    func warning(_ title: String) -> String {
        let files = count == 1 ? "a .pyc file is" : "\(count) .pyc files are"
        return "\(title): \(files) stale in the image, since the files' times change, and Python will compile anew at "
            + "every start; type 'python3 -m compileall --invalidation-mode checked-hash' in the folder, or say "
            + "'mtime: keep'"
    }
}

/// The number of stale files in a layer, for when the layer comes from the cache.
extension LayerCache {
    func staleBytecode(of inputs: [String]) -> Int {
        guard let content = try? FileSystem.read(file(for: inputs + ["stale bytecode"])) else { return 0 }
        return (try? JSONValue(parsing: content))?.integer ?? 0
    }

    func keep(staleBytecode count: Int, of inputs: [String]) throws {
        guard count > 0 else { return }
        let file = file(for: inputs + ["stale bytecode"])
        try FileSystem.write(JSONValue.integer(count).encoded(), to: file)
    }
}
