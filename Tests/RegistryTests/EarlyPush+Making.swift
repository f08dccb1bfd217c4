import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import TestSupport

extension EarlyPush {
    /// Sends a layer as if it were being written now, in pieces of this length.
    func make(_ layer: Descriptor, of image: SampleImage, pieces length: Int = 30_000) async throws {
        let content = try FileSystem.read(image.store.path(of: layer.digest))
        let path = image.folder("making.\(layer.digest.short)")
        try FileSystem.write([], to: path)
        let growing = try GrowingFile(path)
        let finish = begin(growing)
        let file = try File(path, .append(mode: 0o644))
        var done = 0
        while done < content.count {
            let end = min(content.count, done + length)
            try file.write(Array(content[done..<end]))
            done = end
            growing.grow(to: Int64(done))
            try await Task.sleep(for: .milliseconds(1))
        }
        growing.end()
        finish(layer)
    }
}
