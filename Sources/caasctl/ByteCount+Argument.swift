package import ArgumentParser
package import Terminal

extension ByteCount: ExpressibleByArgument {
    /// Reads `64MiB`.
    package init?(argument: String) { self.init(parsing: argument) }
}
