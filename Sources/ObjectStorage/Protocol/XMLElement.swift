/// An element of an S3 answer in XML: a name, text and child elements.
///
/// Attributes, namespaces, comments and processing instructions are skipped. A document type is refused, because its
/// entities could expand a short answer to a huge one. <https://www.w3.org/TR/xml/>
struct XMLElement: Sendable {
    let name: String
    var text = ""
    var children: [XMLElement] = []

    init(name: String) { self.name = name }

    /// Returns the text of the first child with the name.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    /// Returns every child with the name.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a text is not XML that this parser accepts.
struct XMLError: Error, Equatable, CustomStringConvertible {
    let offset: Int
    let reason: String
    var description: String { "cannot read XML at byte \(offset): \(reason)" }
}
