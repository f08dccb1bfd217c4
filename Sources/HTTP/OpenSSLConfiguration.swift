private import CLibCurl

/// Keeps OpenSSL from reading openssl.cnf, be it the one that OPENSSL_CONF names or the machine's own: what an image says
/// must not change how we use TLS, and a provider named there would be loaded into this process.
package enum OpenSSLConfiguration {
    /// OPENSSL_INIT_NO_LOAD_CONFIG; the first initialisation of a process counts, and hashing is one.
    /// <https://docs.openssl.org/3.0/man3/OPENSSL_init_crypto/>
    package static func ignore() { _ = caas_openssl_init_without_config() }
}
