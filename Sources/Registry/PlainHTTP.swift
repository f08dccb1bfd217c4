/// Which registries are spoken to without TLS.
package enum PlainHTTP: Sendable, Equatable {
    /// Those of this machine alone, as docker does.
    case onThisMachine
    /// All but Docker Hub: what travels can be read and changed on the way.
    case everywhere
    /// None, also not those of this machine.
    case nowhere
}
