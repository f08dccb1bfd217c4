package import HTTP
package import OCI
package import Registry

/// Takes layers elsewhere while they are made and once they are there.
package protocol LayerOutlet: Sendable {
    /// A layer begins to be written to a file. What is returned is called once: with the layer when it is in the store, or
    /// with nil when it will never be.
    func begin(_ file: GrowingFile) -> @Sendable (Descriptor?) -> Void

    /// A layer was in the store before.
    func add(_ blob: Descriptor)
}

extension EarlyPush: LayerOutlet {}

/// A layer on its way through an outlet, or through none.
struct OutgoingLayer: Sendable {
    private let file: GrowingFile?
    private let finish: @Sendable (Descriptor?) -> Void

    init(_ outlet: (any LayerOutlet)?, _ file: @autoclosure () -> GrowingFile?) {
        if let outlet, let file = file() {
            self.file = file
            finish = outlet.begin(file)
        } else {
            // A layer that cannot be read while it is made is sent when it is whole.
            self.file = nil
            finish = { blob in if let blob { outlet?.add(blob) } }
        }
    }

    func grow(to size: Int64) { file?.grow(to: size) }

    /// Says that the layer is whole, before it has its name in the store.
    func end() { file?.end() }

    func keep(_ blob: Descriptor) { finish(blob) }

    func abandon() {
        file?.abandon()
        finish(nil)
    }
}
