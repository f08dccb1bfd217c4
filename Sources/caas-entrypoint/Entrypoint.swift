import HTTP
import POSIX
import RunContract
import Supervision

#if canImport(Glibc)
import Glibc
#endif

/// PID 1 of a container.
@main struct Entrypoint {
    static func main() {
        // Before anything hashes: that would be the first initialisation.
        OpenSSLConfiguration.ignore()
        DescriptorLimit.raise()
        ProcessHardening.apply()
        let all = InitialEnvironment.take()
        let file = ProgramFile(arguments: CommandLine.arguments)
        let program = file.read()
        let environment = InheritedEnvironment(all, image: (try? program.get())?.imageEnvironment ?? [:])
        InitialEnvironment.putBack(environment.forLibraries)
        ProcessSupervisor.blockSignals()
        // While there is nobody else in the container who could have taken them all.
        TaskThreads.takeOver()
        BlockingThread.keep(foreground: 10, background: 8)
        // Without exit's handlers: they would take OpenSSL away from threads that are still at work.
        _exit(Container(program: program, environment: environment, notice: file.notice).run())
    }
}
