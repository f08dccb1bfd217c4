package import RunContract

/// What a run's machine is called at the provider: the run's id for the first, `<run>-2` for the second, and so on.
///
/// The provider's names are unique, and its list tells nothing else of what a deployment is for.
package struct MachineName: Sendable, Hashable, CustomStringConvertible {
    /// The run that it serves.
    package let run: RunID
    /// Counts the machines of the run from 1.
    package let number: Int

    /// The name of a run's machine of this number.
    package init(run: RunID, number: Int) {
        self.run = run
        self.number = number
    }

    /// Reads a name that was made for this run, nil for any other.
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

    /// Reads a name of whatever run, nil for one that does not end as ids of runs do.
    package init?(_ text: String) {
        guard let match = text.wholeMatch(of: #/(.+-\d{8}-\d{6}-[0-9a-f]{4})(?:-\d+)?/#),
            let run = try? RunID(String(match.1))
        else { return nil }
        self.init(text, of: run)
    }

    /// The name itself.
    package var description: String { number == 1 ? run.description : "\(run)-\(number)" }
}
