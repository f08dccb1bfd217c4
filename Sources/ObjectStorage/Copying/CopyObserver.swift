/// Receives the progress of a copy of many objects, from several tasks at once; objects go by their index in the plan.
package protocol CopyObserver: Sendable {
    /// The bytes of an object that are transferred so far.
    func moved(_ index: Int, _ bytes: Int64)

    /// An object is copied, for which `moved` bytes were transferred.
    ///
    /// `isProved` is false where its content could not be compared with the source.
    func copied(_ index: Int, size: Int64, moved: Int64, isProved: Bool)

    /// The target had an object already.
    func found(_ index: Int, size: Int64)

    /// The bytes of an object's copy that are compared so far.
    func checked(_ name: String, _ bytes: Int64, of size: Int64)
}
