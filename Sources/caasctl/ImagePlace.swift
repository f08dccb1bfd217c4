import ArgumentParser
import ByteText
import ImageStore
import OCI
import POSIX
import SystemPackage

/// Where an image is, or is to be: a registry, the store, a layout or an archive.
enum ImagePlace: CustomStringConvertible {
    case registry(Reference)
    /// The store's own names and digests.
    case store(String)
    case layout(ImageOutput)

    /// Parses one; what is neither a registry's nor marked is refused, since it could mean two images.
    init(_ text: String) throws {
        if let name = text.dropping(bytes: "store:").map(String.init) {
            guard !name.isEmpty else { throw ValidationError("'\(text)' names no image; caasctl images lists them") }
            self = .store(name)
        } else if ImageOutput.Form.allCases.contains(where: { text.hasPrefix(bytes: "\($0.rawValue):") }) {
            do throws(ImageStoreError) { self = .layout(try ImageOutput(text)) } catch {
                throw ValidationError(error.description)
            }
        } else {
            let text = String(text.dropping(bytes: "docker://") ?? text[...])
            let host = text.split(byte: "/").first.map(String.init) ?? ""
            guard text.contains(byte: "/"), host.contains(byte: ".") || host.contains(byte: ":") || host == "localhost"
            else {
                throw ValidationError(
                    "'\(text)' names no registry: type docker.io/\(text) for Docker Hub's, or store:\(text) for the one here"
                )
            }
            do throws(OCIError) { self = .registry(try Reference(text)) } catch {
                throw ValidationError(error.description)
            }
        }
    }

    var description: String {
        switch self {
        case .registry(let reference): reference.description
        case .store(let name): "store:\(name)"
        case .layout(let layout): layout.description
        }
    }

    /// The registry's reference, nil where there is none.
    var reference: Reference? { if case .registry(let reference) = self { reference } else { nil } }
}

extension LayoutSource {
    /// What was written as an output, read as a source.
    init(_ place: ImageOutput) {
        let format: Format =
            switch place.form {
            case .layout: .folder
            case .ociArchive: .archive
            case .dockerArchive: .dockerArchive
            }
        self.init(format, place.path, tag: place.name)
    }
}
