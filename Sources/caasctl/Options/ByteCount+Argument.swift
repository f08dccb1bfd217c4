import ArgumentParser
package import Wording

extension ByteCount: ExpressibleByArgument {
    /// Parses a size such as `64MiB`.
    package init?(argument: String) { self.init(parsing: argument) }
}
