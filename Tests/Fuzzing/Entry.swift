import POSIX

// libFuzzer's main calls these two by name, always from one thread.
// <https://llvm.org/docs/LibFuzzer.html#fuzz-target>

private let chosen: FuzzedParser? = {
    let name = ProcessEnvironment.value("CAASCTL_FUZZ_PARSER") ?? ""
    return FuzzedParser.all.first { $0.name == name }
}()
nonisolated(unsafe) private var meter = Meter(
    seconds: ProcessEnvironment.value("CAASCTL_FUZZ_SECONDS").flatMap { Double($0) })

/// Writes what libFuzzer begins with, before it looks for that.
@_cdecl("LLVMFuzzerInitialize")
package func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    guard let chosen else {
        fatalError("CAASCTL_FUZZ_PARSER is none of \(FuzzedParser.all.map(\.name).joined(separator: ", "))")
    }
    do throws(POSIXError) {
        if let folder = ProcessEnvironment.value("CAASCTL_FUZZ_SEEDS") { try chosen.writeSeeds(to: folder) }
    } catch { fatalError("cannot write the seeds: \(error)") }
    return 0
}

/// Gives one input to the parser.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    meter.measure { chosen?.run(input) }
    return 0
}
