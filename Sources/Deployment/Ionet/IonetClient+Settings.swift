public import Definitions
import HTTP

extension IonetClient {
    /// The client that IOCLOUD_API_KEY and IOCLOUD_API_URL describe.
    public convenience init(settings: Settings) throws(DeploymentError) {
        guard let key = settings.secret("IOCLOUD_API_KEY") else {
            throw DeploymentError(
                .local, "talk to io.net",
                "IOCLOUD_API_KEY is not set, neither in the environment nor in --env-file; "
                    + "for a rehearsal on this machine type: caasctl sandbox up && eval \"$(caasctl sandbox env)\"")
        }
        try self.init(url: settings.text("IOCLOUD_API_URL") ?? Self.productionURL, key: key)
    }

    /// Refuses to look for a run where it never was; sandboxes of this machine may change their port.
    public func check(_ record: RunRecord) throws(DeploymentError) {
        let own = base.with(target: "/").description
        let isLocalRun = (try? HTTPURL(record.api))?.isLoopback ?? false
        guard record.api == own || (isLocal && isLocalRun) else {
            throw DeploymentError(
                .local, "look for run \(record.run)",
                "it was deployed through \(record.api), and IOCLOUD_API_URL now says \(own)")
        }
    }
}
