/// How long the values may be together that a Dockerfile's variables and labels get.
///
/// Each line can be several of those before it, so that a short file would else fill the memory.
package struct SettingsBudget: Sendable {
    /// Linux starts no process with more. <https://man7.org/linux/man-pages/man2/execve.2.html>
    private static let most = 2 << 20
    private var taken = 0

    /// A budget of which nothing is taken.
    package init() {}

    /// Takes what a value needs.
    package mutating func take(_ value: String, at place: SourcePlace) throws {
        taken += value.utf8.count
        guard taken <= Self.most else {
            throw place.error("the values of variables and labels are longer than \(Self.most) bytes up to here")
        }
    }
}
