private import CLinux

/// The signal dispositions of this process.
package enum ProcessSignals {
    /// Ignores SIGPIPE, so that a write to a closed connection fails instead of ending the process.
    package static func ignoreBrokenPipes() { caas_ignore_signal(SIGPIPE) }
}
