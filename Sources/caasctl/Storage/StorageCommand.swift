import ArgumentParser

/// `caasctl storage`: commands for objects in a bucket or in a shared folder.
struct StorageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage",
        abstract: "List, copy and remove objects in a bucket or shared folder, and test it.",
        discussion: """
            A location is s3://BUCKET/KEY, file:///FOLDER/FILE or a path. The S3 endpoint is R2_ENDPOINT_URL or \
            AWS_ENDPOINT_URL; the access key is R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY, or AWS's names. They come \
            from the environment or from --env-file. With R2_ENDPOINT_URL=file:///shared the bucket s3://runs is the \
            folder /shared/runs.
            """,
        subcommands: [
            StorageList.self, StorageCopy.self, StorageRemove.self, StorageUploads.self, StoragePresign.self,
            StorageCheck.self,
        ])
}
