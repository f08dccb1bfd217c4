package import Definitions
import HTTP
package import RunContract

extension IonetClient {
    /// Creates the client that IOCLOUD_API_KEY and IOCLOUD_API_URL describe.
    package convenience init(settings: Settings) throws(DeploymentError) {
        guard let key = settings.secret("IOCLOUD_API_KEY") else {
            throw DeploymentError(
                .local, "talk to io.net",
                "IOCLOUD_API_KEY is not set, neither in the environment nor in --env-file; "
                    + "for a rehearsal on this machine type: caasctl sandbox up && eval \"$(caasctl sandbox env)\"")
        }
        try self.init(url: settings.text("IOCLOUD_API_URL") ?? Self.productionURL, key: key)
    }

    /// Throws where the machine was rented through another API; a sandbox on this computer may change its port.
    package func check(_ machine: MachineRecord, of run: RunID) throws(DeploymentError) {
        let own = address
        let isLocalMachine = (try? HTTPURL(machine.api))?.isLoopback ?? false
        guard machine.api == own || (isLocal && isLocalMachine) else {
            throw DeploymentError(
                .local, "look for run \(run)",
                "its machine \(machine.name) was deployed through \(machine.api), and IOCLOUD_API_URL now says \(own)")
        }
    }
}
