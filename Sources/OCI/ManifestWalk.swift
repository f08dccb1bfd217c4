/// What an image may consist of; both are more than any has.
package enum ManifestLimits {
    /// Indexes below indexes: some tools put the index of the platforms into another one.
    package static let levels = 4
    /// Manifests and indexes.
    package static let manifests = 200
}

/// The walk over an image's manifests, from an index down to all that it lists.
///
/// An index may list indexes, and the same manifest again and again, so that few bytes of a hostile image could keep a
/// reader busy for ever: each digest is visited once, and levels and manifests have a limit.
package struct ManifestWalk<WalkError: Error> {
    private let failure: (Descriptor, String) -> WalkError
    private var seen: Set<Digest> = []

    /// `failure` makes the error for a descriptor where the walk ends.
    package init(failure: @escaping (Descriptor, String) -> WalkError) { self.failure = failure }

    /// Visits a descriptor and what it leads to, in the order of the lists.
    ///
    /// `enter` reads a document, and returns what `leave` needs of it and the manifests that it lists; `leave` is called
    /// after all of them.
    package mutating func visit<Node>(
        _ root: Descriptor, enter: (Descriptor) throws(WalkError) -> (node: Node, children: [Descriptor]),
        leave: (Descriptor, Node) throws(WalkError) -> Void
    ) throws(WalkError) {
        try visit(root, level: 0, enter, leave)
    }

    /// Visits a descriptor and what it leads to; `enter` returns the manifests that a document lists.
    package mutating func visit(
        _ root: Descriptor, enter: (Descriptor) throws(WalkError) -> [Descriptor]
    ) throws(WalkError) {
        try visit(root, level: 0) { (descriptor) throws(WalkError) in
            ((), try enter(descriptor))
        } _: { (_, _) throws(WalkError) in
        }
    }

    private mutating func visit<Node>(
        _ descriptor: Descriptor, level: Int,
        _ enter: (Descriptor) throws(WalkError) -> (node: Node, children: [Descriptor]),
        _ leave: (Descriptor, Node) throws(WalkError) -> Void
    ) throws(WalkError) {
        guard seen.insert(descriptor.digest).inserted else { return }
        guard level <= ManifestLimits.levels else {
            throw failure(descriptor, "its lists of manifests are nested too deep")
        }
        guard seen.count <= ManifestLimits.manifests else {
            throw failure(descriptor, "it has more than \(ManifestLimits.manifests) manifests")
        }
        let (node, children) = try enter(descriptor)
        for child in children { try visit(child, level: level + 1, enter, leave) }
        try leave(descriptor, node)
    }
}
