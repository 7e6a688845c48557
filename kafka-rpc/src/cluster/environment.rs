use std::env::VarError;

use super::{Cluster, Sasl, Tls};
use crate::Error;

impl Cluster {
    /// A cluster as the environment tells:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `KAFKA_BROKERS` | bootstrap servers, required |
    /// | `KAFKA_TOPIC_PREFIX` | see [`Cluster::topic_prefix`] |
    /// | `KAFKA_TLS` | `true` encrypts connections |
    /// | `KAFKA_TLS_CA_FILE` | PEM file of the authorities to trust; implies `KAFKA_TLS` |
    /// | `KAFKA_SASL_MECHANISM` | `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512` |
    /// | `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD` | with `KAFKA_SASL_MECHANISM` |
    ///
    /// # Errors
    /// [`Error::Config`] names the variable that is missing or can't be understood.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name))
    }

    /// [`Cluster::from_env`] where `KAFKA_BROKERS` is set, [`Cluster::embedded`] where it is not:
    /// what an example or a test wants.
    ///
    /// # Errors
    /// Those of the two.
    pub fn from_env_or_embedded() -> Result<Self, Error> {
        match std::env::var_os("KAFKA_BROKERS") {
            Some(_) => Self::from_env(),
            None => Self::embedded(),
        }
    }

    fn from_variables(get: impl Fn(&str) -> Result<String, VarError>) -> Result<Self, Error> {
        let optional = |name: &str| match get(name) {
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(Error::Config(format!("{name} is not UTF-8"))),
        };
        let required = |name: &str, why: &str| {
            optional(name)?
                .filter(|value| !value.is_empty())
                .ok_or_else(|| Error::Config(format!("{name} is not set: {why}")))
        };

        let mut cluster = Self::new(required(
            "KAFKA_BROKERS",
            "give the bootstrap servers as host:port, several divided by commas",
        )?);
        if let Some(prefix) = optional("KAFKA_TOPIC_PREFIX")? {
            cluster = cluster.topic_prefix(prefix);
        }
        let ca_file = optional("KAFKA_TLS_CA_FILE")?;
        let encrypt = match optional("KAFKA_TLS")?.as_deref() {
            None => ca_file.is_some(),
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(other) => {
                let message = format!("KAFKA_TLS is {other:?}: it takes true or false");
                return Err(Error::Config(message));
            }
        };
        if encrypt {
            let tls = ca_file.map_or_else(Tls::new, |file| Tls::new().ca_file(file));
            cluster = cluster.tls(tls);
        }
        if let Some(mechanism) = optional("KAFKA_SASL_MECHANISM")? {
            let why = "KAFKA_SASL_MECHANISM needs it";
            let user = required("KAFKA_SASL_USERNAME", why)?;
            let password = required("KAFKA_SASL_PASSWORD", why)?;
            cluster = cluster.sasl(match &*mechanism {
                "PLAIN" => Sasl::plain(user, password),
                "SCRAM-SHA-256" => Sasl::scram_sha_256(user, password),
                "SCRAM-SHA-512" => Sasl::scram_sha_512(user, password),
                other => {
                    return Err(Error::Config(format!(
                        "KAFKA_SASL_MECHANISM is {other:?}: it takes PLAIN, SCRAM-SHA-256 or \
                         SCRAM-SHA-512; other mechanisms are set with Cluster::property"
                    )));
                }
            });
        }
        Ok(cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(variables: &[(&str, &str)]) -> Result<Cluster, Error> {
        Cluster::from_variables(|wanted| {
            variables
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| (*value).to_owned())
                .ok_or(VarError::NotPresent)
        })
    }

    #[test]
    fn brokers_alone_are_enough() {
        let cluster = cluster(&[("KAFKA_BROKERS", "a:1,b:2")]).unwrap();
        assert_eq!(cluster.bootstrap_servers(), "a:1,b:2");
        assert!(cluster.tls.is_none() && cluster.sasl.is_none());
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = cluster(&[]).unwrap_err().to_string();
        assert!(error.contains("KAFKA_BROKERS"), "{error}");
        let error = cluster(&[("KAFKA_BROKERS", "a:1"), ("KAFKA_SASL_MECHANISM", "PLAIN")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("KAFKA_SASL_USERNAME"), "{error}");
    }

    #[test]
    fn an_unknown_mechanism_is_refused() {
        let error = cluster(&[
            ("KAFKA_BROKERS", "a:1"),
            ("KAFKA_SASL_MECHANISM", "GSSAPI"),
            ("KAFKA_SASL_USERNAME", "u"),
            ("KAFKA_SASL_PASSWORD", "p"),
        ])
        .unwrap_err()
        .to_string();
        assert!(error.contains("GSSAPI"), "{error}");
    }

    #[test]
    fn a_ca_file_implies_encryption() {
        let cluster = cluster(&[("KAFKA_BROKERS", "a:1"), ("KAFKA_TLS_CA_FILE", "ca.pem")]);
        assert!(cluster.unwrap().tls.is_some());
    }
}
