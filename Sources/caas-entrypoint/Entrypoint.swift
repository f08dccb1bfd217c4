#if canImport(Glibc)
import Glibc
#endif
import POSIX
import RunContract
import Supervision

/// PID 1 of a container.
@main struct Entrypoint {
    static func main() {
        DescriptorLimit.raise()
        ProcessHardening.apply()
        let all = ProcessEnvironment.all()
        let program = ProgramFile.read(arguments: CommandLine.arguments, environment: all)
        let image = (try? program.get())?.imageEnvironment ?? [:]
        let environment = InheritedEnvironment.take(all, image: image)
        ProcessSupervisor.blockSignals()
        // While there is nobody else in the container who could have taken them all.
        TaskThreads.takeOver()
        BlockingThread.keep(foreground: 10, background: 8)
        // Without exit's handlers: they would take OpenSSL away from threads that are still at work.
        _exit(Container(program: program, environment: environment).run())
    }
}
