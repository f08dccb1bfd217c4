import ArgumentParser

/// `caasctl image`: images of the store, of registries, layouts and archives.
struct ImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image",
        abstract: "List, show, compare, verify, copy and remove images.",
        discussion: """
            An image is a name in the local store, a reference in a registry, oci:DIR[:TAG], oci-archive:FILE[:TAG] or \
            docker-archive:FILE.
            """,
        subcommands: [
            ImageList.self, ImageInspect.self, ImageListFiles.self, ImageDiff.self, ImageVerify.self, ImageCopy.self,
            ImageRemove.self, ImagePrune.self,
        ])
}
