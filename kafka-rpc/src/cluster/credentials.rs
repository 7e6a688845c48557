use std::fmt;
use std::path::PathBuf;

/// How connections are encrypted. Needs the crate's feature `tls`.
///
/// Without a CA file the system's certificates are trusted.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    ca_file: Option<PathBuf>,
    client: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// TLS with the system's certificates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts the certificate authorities in this PEM file instead of the system's.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Shows the broker a certificate of our own: PEM files of the certificate and its key.
    #[must_use]
    pub fn client_certificate(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.client = Some((certificate.into(), key.into()));
        self
    }
}

/// How to log in.
#[derive(Clone)]
pub struct Sasl {
    mechanism: &'static str,
    user: String,
    password: String,
}

impl Sasl {
    /// SASL/PLAIN (RFC 4616). The password crosses the wire: use it with TLS.
    pub fn plain(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::with("PLAIN", user, password)
    }

    /// SASL/SCRAM-SHA-256 (RFC 7677). Needs the crate's feature `tls`.
    pub fn scram_sha_256(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::with("SCRAM-SHA-256", user, password)
    }

    /// SASL/SCRAM-SHA-512. Needs the crate's feature `tls`.
    pub fn scram_sha_512(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::with("SCRAM-SHA-512", user, password)
    }

    fn with(mechanism: &'static str, user: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            mechanism,
            user: user.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for Sasl {
    /// Leaves the password out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl")
            .field("mechanism", &self.mechanism)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The client library's properties for these credentials.
pub(super) fn properties(tls: Option<&Tls>, sasl: Option<&Sasl>) -> Vec<(String, String)> {
    let protocol = match (tls, sasl) {
        (None, None) => return Vec::new(),
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    let mut properties = vec![("security.protocol".to_owned(), protocol.to_owned())];
    let mut set = |name: &str, value: String| properties.push((name.to_owned(), value));
    if let Some(tls) = tls {
        let path = |path: &PathBuf| path.to_string_lossy().into_owned();
        if let Some(file) = &tls.ca_file {
            set("ssl.ca.location", path(file));
        }
        if let Some((certificate, key)) = &tls.client {
            set("ssl.certificate.location", path(certificate));
            set("ssl.key.location", path(key));
        }
    }
    if let Some(sasl) = sasl {
        set("sasl.mechanism", sasl.mechanism.to_owned());
        set("sasl.username", sasl.user.clone());
        set("sasl.password", sasl.password.clone());
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_follows_from_what_is_set() {
        let protocol = |tls: Option<&Tls>, sasl: Option<&Sasl>| {
            properties(tls, sasl)
                .into_iter()
                .find_map(|(name, value)| (name == "security.protocol").then_some(value))
        };
        let (tls, sasl) = (Tls::new(), Sasl::plain("u", "p"));
        assert_eq!(protocol(None, None), None);
        assert_eq!(protocol(Some(&tls), None).as_deref(), Some("ssl"));
        assert_eq!(
            protocol(None, Some(&sasl)).as_deref(),
            Some("sasl_plaintext")
        );
        assert_eq!(
            protocol(Some(&tls), Some(&sasl)).as_deref(),
            Some("sasl_ssl")
        );
    }

    #[test]
    fn debug_output_keeps_the_password_to_itself() {
        assert!(!format!("{:?}", Sasl::plain("user", "hunter2")).contains("hunter2"));
    }
}
