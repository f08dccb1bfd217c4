package import OCI

/// What happens to a blob while an image is pushed or pulled; told from many threads.
package enum TransferEvent: Sendable {
    /// So many bytes are to be looked at, in so many blobs.
    case planned(blobs: Int, bytes: Int64)
    /// The other side has it already.
    case present(Descriptor)
    /// The registry took it over from another of its repositories.
    case mounted(Descriptor)
    /// So many of its bytes have moved; fewer than before after a broken connection.
    case moving(Descriptor, bytes: Int64)
    /// All of it has moved and was taken.
    case moved(Descriptor)
}
