import ImageStore
import OCI
import POSIX
import Registry
import Synchronization
import Terminal
import Wording

/// Writes images of the store to the places of `--output`.
struct ImageExport: Sendable {
    let store: ImageStore
    let registry: RegistryClient

    func write(_ image: Descriptor, to outputs: [ImageOutput], name: String) async throws {
        guard !outputs.isEmpty else { return }
        if StandardOutput.isTerminal, let stream = outputs.first(where: \.isStandardOutput) {
            throw Failure("write \(stream)", "standard output is a terminal, which no archive is for")
        }
        try await fetchLayers(of: image, name: name)
        for output in outputs { try await write(image, to: output, name: name) }
    }

    /// Fetches the layers that the store does not have, such as those of a base image, which stay in their registry.
    func fetchLayers(of image: Descriptor, name: String) async throws {
        let missing = try store.content(of: image).filter { !store.contains($0) }
        guard !missing.isEmpty else { return }
        let transfer = TransferProgress("fetch layers of \(name)")
        try await registry.fetch(missing, in: store, onEvent: transfer.note)
        transfer.finish()
    }

    private func write(_ image: Descriptor, to output: ImageOutput, name: String) async throws {
        // An export of up to 64 MiB is too fast to need a progress line.
        let pause: Int64 = 64 << 20
        let line = ProgressLine()
        let store = store
        let copied = try await BlockingThread.run {
            var copied: Int64 = 0
            try store.export(image, to: output, name: name) { count in
                copied += count
                if copied > pause { line.update("write \(output): \(ByteCount(copied))") }
            }
            return copied
        }
        line.write("\(output)" + (copied > 0 ? ": \(ByteCount(copied))" : ""))
    }
}
