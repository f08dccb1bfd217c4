import HTTP
import ImageStore
import OCI
import POSIX
import Registry
import Secrets
import SystemPackage
import Wording

/// Pulls an image from its registry and unpacks it into a folder.
struct ImageInstaller: Sendable {
    let store: ImageStore
    let http: HTTPClient

    init(folder: SandboxFolder) throws {
        do { store = try ImageStore(at: folder.images) } catch { throw Failure("open the sandbox's images", error) }
        http = HTTPClient()
    }

    /// Pulls the image with the deployment's own login, or anonymously, and unpacks it.
    func install(_ request: DeployRequest, into root: FilePath) async throws -> ImageConfig {
        let reference = try Reference(request.image)
        var credentials = RegistryCredentials.none
        if let user = request.registryUsername, !user.isEmpty, let password = request.registrySecret {
            let login = RegistryCredential.password(user: user, password, from: "registry_config")
            credentials.add(login, for: reference.registry)
        }
        let client = RegistryClient(credentials: credentials, http: http, retries: RetryPolicy(attempts: 3))
        let image = try await client.pull(reference, platform: .current, into: store)
        try Task.checkCancellation()
        let stored = try store.image(image.descriptor)
        let unpacker = ImageUnpacker(store: store, keepingOwners: !RuntimeIdentity.current.isRootless)
        try await BlockingThread.run { try unpacker.unpack(stored, into: root) }
        return image.config
    }
}
