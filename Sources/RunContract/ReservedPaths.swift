package import SystemPackage

/// The paths called `.caas` on which images, deployments and PID 1 agree.
///
/// docs/container.md describes them.
package enum ReservedPaths {
    /// The files of the entrypoint and program layers in an image.
    package enum Image {
        package static let root = "/.caas"
        package static let entrypoint = root + "/caas-entrypoint"
        package static let program = root + "/program.json"
        /// CA certificates, since an image may have none.
        package static let authorities = root + "/ca.pem"
    }

    /// The paths of the page that PID 1 serves.
    package enum Page {
        package static let root = "/.caas"
        package static let page = root + "/page"
        package static let status = root + "/status.json"
        package static let log = root + "/log"
        package static let metrics = root + "/metrics"
        /// The state and its changes, as server-sent events.
        package static let events = root + "/events"
    }

    /// The folder in a program's data folder where an attempt leaves notes for the next one on the same disk.
    package enum Data {
        package static let folder = ".caas"

        /// The run's ID where the deployment set none.
        package static func runID(in data: FilePath) -> FilePath { data.appending(folder).appending("run-id") }
        /// Checkpoints that are not in the bucket yet.
        package static func checkpoints(in data: FilePath) -> FilePath {
            data.appending(folder).appending("checkpoints")
        }
        /// Second names of checkpoints that wait for their upload.
        package static func pinned(in data: FilePath) -> FilePath { data.appending(folder).appending("pinned") }
        /// Stages that need not run again.
        package static func finished(in data: FilePath) -> FilePath { data.appending(folder).appending("finished") }
        /// Multipart uploads that can go on.
        package static func uploads(in data: FilePath) -> FilePath { data.appending(folder).appending("uploads") }
        /// Files that were moved out of the way of a restored checkpoint.
        package static func aside(in data: FilePath) -> FilePath { data.appending(folder).appending("aside") }
    }
}
