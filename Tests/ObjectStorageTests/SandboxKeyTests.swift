import HTTP
import ObjectStorage
import Secrets
import Testing

struct SandboxKeyTests {
    @Test func `the sandbox's key is shown to no other machine`() async throws {
        let location = try BucketLocation(endpoint: "https://account.r2.cloudflarestorage.com", bucket: "runs")
        let credentials = StorageCredentials(accessKeyID: "sandbox-1234", secretAccessKey: Secret("sandbox-5678"))
        let store = S3Client(location, credentials: credentials, client: HTTPClient(), policy: .never)
        let error = await #expect(throws: StorageError.self) { try await store.get("status.json", limit: 1024) }
        #expect(error?.code == .wrongKey)
        #expect(
            error?.message
                == "cannot read s3://runs/status.json: the key is the sandbox's, and "
                + "account.r2.cloudflarestorage.com is not this machine; set R2_ACCESS_KEY_ID to its key")
    }
}
