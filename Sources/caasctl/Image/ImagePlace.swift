import ArgumentParser
import ByteText
import ImageStore
import OCI
import POSIX
import SystemPackage

/// The source or target of a copy: a registry, the store, an OCI layout or an archive.
enum ImagePlace: CustomStringConvertible {
    case registry(Reference)
    /// A name or digest in the store.
    case store(String)
    case layout(ImageOutput)

    /// Parses a place; throws for a name with neither a registry's host nor a prefix, since it could mean two images.
    init(_ text: String) throws {
        switch ImageLocation(text) {
        case .store(let name):
            guard !name.isEmpty else { throw ValidationError("'\(text)' names no image; caasctl image ls lists them") }
            self = .store(name)
        case .layout:
            do { self = .layout(try ImageOutput(text)) } catch { throw ValidationError("\(error)") }
        case .registry(let name), .name(let name):
            guard Reference.host(of: name) != nil else {
                throw ValidationError(
                    "'\(name)' names no registry: type docker.io/\(name) for Docker Hub's, or store:\(name) for the one here"
                )
            }
            do { self = .registry(try Reference(name)) } catch { throw ValidationError("\(error)") }
        }
    }

    var description: String {
        switch self {
        case .registry(let reference): reference.description
        case .store(let name): "store:\(name)"
        case .layout(let layout): layout.description
        }
    }

    /// The reference of a place in a registry, nil for any other place.
    var reference: Reference? { if case .registry(let reference) = self { reference } else { nil } }
}
