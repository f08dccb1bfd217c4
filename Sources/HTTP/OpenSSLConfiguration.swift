private import CLibCurl

/// Keeps OpenSSL from reading openssl.cnf, neither the one in OPENSSL_CONF nor the system's own.
///
/// An image's configuration must not change our use of TLS, and a provider in it would be loaded into this process.
package enum OpenSSLConfiguration {
    /// Initialises OpenSSL with OPENSSL_INIT_NO_LOAD_CONFIG.
    ///
    /// It must precede any use of OpenSSL, including hashing: only a process's first initialisation counts.
    /// <https://docs.openssl.org/3.0/man3/OPENSSL_init_crypto/>
    package static func ignore() { _ = caas_openssl_init_without_config() }
}
