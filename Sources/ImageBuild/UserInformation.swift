extension String {
    /// The text with what stands before the host of a URL left out: tokens are written there.
    var withoutUser: String { replacing(#/:\/\/[^\/\s@]+@/#, with: "://") }
}
