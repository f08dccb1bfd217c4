import JSON
import POSIX
package import SystemPackage
import Wording

/// The locked state of an image's inputs: packages, commits, wheels, archives, the base.
///
/// It is stored in `image.lock` next to image.yaml, in a readable form for version control.
package struct ImageLock: Sendable, Hashable {
    package static let fileName = "image.lock"
    private static let version = 1
    private static let lockedKey = "locked"

    /// An input as image.yaml names it, with the state that was found.
    struct Entry: Sendable, Hashable {
        let input: JSONValue
        let locked: JSONValue
    }

    /// The file that the lock was read from; nil for a new lock.
    let file: FilePath?
    private(set) var entries: [Entry] = []

    init() { file = nil }

    /// Reads a lock file; returns nil if there is none.
    package init?(reading file: FilePath) throws {
        guard FileSystem.exists(file) else { return nil }
        let content = try FileSystem.read(file)
        self.file = file
        do throws(JSONError) {
            let document = try JSONValue(parsing: content)
            guard try document.whole("version") == Self.version else { throw JSONError("its version is not 1") }
            for element in try document.list("inputs") {
                var input = element
                let locked = try element.member(Self.lockedKey)
                input[Self.lockedKey] = nil
                entries.append(Entry(input: input, locked: locked))
            }
        } catch { throw Failure("read \(file)", "\(error.reason); renew it with --lock") }
    }

    /// Writes the lock to a file for later builds.
    package func write(to file: FilePath) throws {
        let inputs = entries.map { entry in
            var json = entry.input
            json[Self.lockedKey] = entry.locked
            return json
        }
        let document: JSONValue = ["version": .integer(Self.version), "inputs": .array(inputs)]
        try FileSystem.rewrite(file, with: document.prettyEncoded())
    }

    mutating func add(_ entry: Entry) {
        if !entries.contains(entry) { entries.append(entry) }
    }
}
