public import ArgumentParser
public import Terminal

extension ByteCount: ExpressibleByArgument {
    /// Reads `64MiB`.
    public init?(argument: String) { self.init(parsing: argument) }
}
