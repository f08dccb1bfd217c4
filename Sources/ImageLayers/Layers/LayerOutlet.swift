package import HTTP
package import OCI

/// Receives layers while they are made, and when they are complete.
package protocol LayerOutlet: Sendable {
    /// Starts to receive a layer that is being written to a file.
    ///
    /// The returned function is called once: with the layer when it is in the store, or with nil if it will never be.
    func begin(_ file: GrowingFile) -> @Sendable (Descriptor?) -> Void

    /// Receives a layer that was in the store before.
    func add(_ blob: Descriptor)
}

/// A layer on its way to an outlet, if there is one.
struct OutgoingLayer: Sendable {
    private let file: GrowingFile?
    private let finish: @Sendable (Descriptor?) -> Void

    init(_ outlet: (any LayerOutlet)?, _ file: @autoclosure () -> GrowingFile?) {
        if let outlet, let file = file() {
            self.file = file
            finish = outlet.begin(file)
        } else {
            // A layer that cannot be read while it is made is sent when it is complete.
            self.file = nil
            finish = { blob in if let blob { outlet?.add(blob) } }
        }
    }

    func grow(to size: Int64) { file?.grow(to: size) }

    /// Marks the layer as complete, before it has its name in the store.
    func end() { file?.end() }

    func keep(_ blob: Descriptor) { finish(blob) }

    func abandon() {
        file?.abandon()
        finish(nil)
    }
}
