import POSIX

/// Prints a result; it shadows the standard library's `print`, so that all output goes through `StandardOutput`.
func print(_ item: some CustomStringConvertible, terminator: String = "\n") {
    StandardOutput.print(item.description, terminator: terminator)
}
