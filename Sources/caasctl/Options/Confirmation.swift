import POSIX

/// The confirmation that a command needs before it spends money or does something that cannot be undone.
enum Confirmation {
    /// Asks on the terminal and returns nil for yes, or the reason why the answer is no; `yes` skips the question.
    static func refusal(of question: String, yes: Bool) -> String? {
        if yes { return nil }
        guard StandardOutput.isInteractive else { return "nobody said yes; add --yes" }
        StandardError.print("\(question)? Type yes:")
        return readLine()?.lowercased() == "yes" ? nil : "you did not say yes"
    }
}
