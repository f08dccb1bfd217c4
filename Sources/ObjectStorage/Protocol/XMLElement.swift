/// An element of the XML documents with which S3 answers: a name, text, and elements inside.
///
/// Attributes, namespaces, comments and processing instructions are read over. A document type is refused, since its
/// entities could make a short answer long. <https://www.w3.org/TR/xml/>
struct XMLElement: Sendable {
    let name: String
    var text = ""
    var children: [XMLElement] = []

    init(name: String) { self.name = name }

    /// The text of the first element inside that has the name.
    subscript(name: String) -> String? { children.first { $0.name == name }?.text }

    /// Every element inside that has the name.
    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why a text is no XML that we read.
struct XMLError: Error, Equatable, CustomStringConvertible {
    let offset: Int
    let reason: String
    var description: String { "cannot read XML at byte \(offset): \(reason)" }
}
