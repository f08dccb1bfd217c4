import HTTP
import POSIX
import RunContract
import Supervision

#if canImport(Glibc)
import Glibc
#endif

/// The program that runs as PID 1 of a container.
@main struct Entrypoint {
    static func main() {
        // Before the first hash, which would initialise OpenSSL.
        OpenSSLConfiguration.ignore()
        DescriptorLimit.raise()
        ProcessHardening.apply()
        let all = InitialEnvironment.take()
        let file = ProgramFile(arguments: CommandLine.arguments)
        let program = file.read()
        let environment = InheritedEnvironment(all, image: (try? program.get())?.imageEnvironment ?? [:])
        InitialEnvironment.putBack(environment.forLibraries)
        ProcessSupervisor.blockSignals()
        // Now, while no other process of the container exists that could have used up all threads.
        TaskThreads.takeOver()
        BlockingThread.keep(foreground: 10, background: 8)
        // Skip exit's handlers, which would shut down OpenSSL while other threads still use it.
        _exit(Container(program: program, environment: environment, notice: file.notice).run())
    }
}
