import POSIX
package import SystemPackage

/// Runs programs of the system that have privileges this process lacks, or do a task best, and blocks until they end.
package enum SystemProgram {
    /// Runs a program from PATH; returns false if its exit status is not 0.
    package static func run(_ program: String, _ arguments: [String]) throws -> Bool {
        ChildExit.wait(for: try ProgramStart(program, arguments).start()) == 0
    }

    /// Runs a program, and returns its exit status.
    ///
    /// `input` is the file for its standard input. `told` receives standard output and standard error of the program
    /// and of processes that it leaves behind, in order, until the last of them closes them.
    package static func run(
        _ program: FilePath, _ arguments: [String], input: FilePath, told: (UnsafeRawBufferPointer) -> Void
    ) throws -> Int32 {
        let pipe = try Pipe("output")
        var start = ProgramStart(program.string, arguments)
        start.input = input
        start.output = .descriptor(pipe.write.descriptor)
        start.errors = start.output
        let pid = try start.start()
        let output = pipe.keepRead()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try output.read(into: buffer)
            if count == 0 { return ChildExit.wait(for: pid) }
            told(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
