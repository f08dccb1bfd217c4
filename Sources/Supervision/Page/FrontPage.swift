import ByteText
import Hashing

/// The public content of `/`: a field for the token, and the page that shows the run once it is given.
///
/// The script reads the token from the URL's fragment, which is never sent to a server or logged.
enum FrontPage {
    static let script = text(PackageResources.page_js)
    private static let style = text(PackageResources.page_css)

    static let html = text(PackageResources.page_html)
        .replacing(bytes: "/*CSS*/", with: style).replacing(bytes: "/*JS*/", with: script)

    /// What a browser lets the page do: the page shows output of stages, and no script in it may run but this one.
    static let policy =
        "default-src 'none'; style-src '\(hash(style))'; script-src '\(hash(script))'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func hash(_ text: String) -> String { "sha256-\(SHA256.hash(text.utf8).base64)" }
}
