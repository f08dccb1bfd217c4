import POSIX

/// Prints a result, in place of the standard library's function: nothing may go to a terminal beside the one way there.
func print(_ item: some CustomStringConvertible, terminator: String = "\n") {
    StandardOutput.print(item.description, terminator: terminator)
}
