package import Definitions

/// One kind of target: its name, and how it is opened with a user's settings.
package struct TargetKind: Sendable {
    /// The word in a manifest's `target`.
    package let name: String
    /// The name in messages.
    package let title: String
    /// True where the settings hold what the target needs, so that a failure to open it is worth an exit status.
    package let isConfigured: @Sendable (Settings) -> Bool
    private let opened: @Sendable (Settings) throws(DeploymentError) -> any Target

    package init(
        name: String, title: String, isConfigured: @escaping @Sendable (Settings) -> Bool,
        open: @escaping @Sendable (Settings) throws(DeploymentError) -> any Target
    ) {
        self.name = name
        self.title = title
        self.isConfigured = isConfigured
        opened = open
    }

    /// Opens the target; throws where a setting is missing.
    package func open(_ settings: Settings) throws(DeploymentError) -> any Target { try opened(settings) }

    /// io.net's Containers as a Service.
    package static let ionet = TargetKind(
        name: "ionet", title: "io.net", isConfigured: { $0.secret("IOCLOUD_API_KEY") != nil },
        open: { (settings) throws(DeploymentError) in try IonetClient(settings: settings) })
}

/// The targets that a program knows.
package struct Targets: Sendable {
    package let kinds: [TargetKind]

    package init(_ kinds: [TargetKind]) { self.kinds = kinds }

    /// The targets' names for messages, such as `io.net and this computer`.
    package var titles: String { kinds.map(\.title).joined(separator: " and ") }

    /// Returns the kind of a name, nil where there is none.
    package func kind(named name: String) -> TargetKind? { kinds.first { $0.name == name } }
}
