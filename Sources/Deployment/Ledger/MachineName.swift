package import RunContract

/// The name of a run's machine at the provider: the run's id for the first, `<run>-2` for the second, and so on.
///
/// The provider's names are unique, and the name is all that its list shows of a deployment's purpose.
package struct MachineName: Sendable, Hashable, CustomStringConvertible {
    package let run: RunID
    /// The machine's number within the run, from 1.
    package let number: Int

    package init(run: RunID, number: Int) {
        self.run = run
        self.number = number
    }

    /// Parses the name of a machine of this run; returns nil for any other name.
    package init?(_ text: String, of run: RunID) {
        guard text != run.description else {
            self.init(run: run, number: 1)
            return
        }
        guard text.hasPrefix("\(run)-"), let number = Int(text.dropFirst(run.description.utf8.count + 1)), number > 1,
            text == "\(run)-\(number)"
        else { return nil }
        self.init(run: run, number: number)
    }

    /// Parses the name of a machine of any run; returns nil for a name that does not end like a run's id.
    package init?(_ text: String) {
        guard let match = text.wholeMatch(of: #/(.+-\d{8}-\d{6}-[0-9a-f]{4})(?:-\d+)?/#),
            let run = try? RunID(String(match.1))
        else { return nil }
        self.init(text, of: run)
    }

    package var description: String { number == 1 ? run.description : "\(run)-\(number)" }
}
