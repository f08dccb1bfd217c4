extension String {
    /// The text without the user and password in URLs, which may be a token.
    package var withoutUser: String { replacing(#/:\/\/[^\/\s@]+@/#, with: "://") }
}
