package import OCI

/// The progress of a blob in a push or pull; events come from many threads.
package enum TransferEvent: Sendable {
    /// The number of blobs to process, and their total size in bytes.
    case planned(blobs: Int, bytes: Int64)
    /// The destination already has the blob.
    case present(Descriptor)
    /// The registry mounted the blob from another of its repositories.
    case mounted(Descriptor)
    /// The number of bytes transferred so far; it decreases after a broken connection.
    case moving(Descriptor, bytes: Int64)
    /// The blob has been transferred completely and accepted.
    case moved(Descriptor)
}
