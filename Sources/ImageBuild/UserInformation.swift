extension String {
    /// The text without the user and password in URLs, which may be a token.
    var withoutUser: String { replacing(#/:\/\/[^\/\s@]+@/#, with: "://") }
}
