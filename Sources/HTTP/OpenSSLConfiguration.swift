private import CLibCurl

/// Keeps OpenSSL from reading the file that OPENSSL_CONF names: what an image says must not change how we use TLS.
enum OpenSSLConfiguration {
    /// OPENSSL_INIT_NO_LOAD_CONFIG; the first initialisation of a process counts.
    /// <https://docs.openssl.org/3.0/man3/OPENSSL_init_crypto/>
    static func ignore() { _ = caas_openssl_init_without_config() }
}
