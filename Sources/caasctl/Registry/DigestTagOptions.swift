import ArgumentParser
import OCI
import POSIX
import Registry

/// Whether a pushed image also gets a tag made of its digest, for every command that pushes.
struct DigestTagOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Also tag the image with the first 12 digits of its digest.",
            discussion:
                "The image then stays in the registry under this tag when its other tag moves to a newer image; deploy "
                + "uses this tag for images that were built here."))
    var digestTag = true

    /// Prints and returns the tags that the image has now, the reference's own first.
    @discardableResult
    func tell(_ reference: Reference, _ digest: Digest) -> [String] {
        let tags = RegistryClient.tags(of: reference, digest, digestTag: digestTag)
        StandardError.print(tags.isEmpty ? "no tag leads to it" : "tagged \(tags.joined(separator: " and "))")
        return tags
    }
}
