/// Which registries are reached over plain HTTP.
package enum PlainHTTP: Sendable, Equatable {
    /// Registries on this machine only, as docker does.
    case onThisMachine
    /// All but Docker Hub; anyone on the network can read and change the data.
    case everywhere
    /// No registry, not even one on this machine.
    case nowhere
}
