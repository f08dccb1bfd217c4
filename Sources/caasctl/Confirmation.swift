import POSIX
import Terminal

/// The yes that is needed before something is paid for or cannot be undone.
enum Confirmation {
    /// Asks on the terminal and tells why the answer is no; nil for yes, also where it was given as `--yes`.
    static func refusal(of question: String, yes: Bool) -> String? {
        if yes { return nil }
        guard StandardOutput.isInteractive else { return "nobody said yes; add --yes" }
        StandardError.print("\(question)? Type yes:")
        return readLine()?.lowercased() == "yes" ? nil : "you did not say yes"
    }
}
