/// A user of a broker that was started with [`Builder::with_acls`](super::Builder::with_acls).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// The principal is `User:` and this.
    pub name: &'static str,
    /// Sent in the clear: SASL/PLAIN on loopback.
    pub password: &'static str,
}

/// May do everything.
pub const ADMIN: User = User {
    name: "admin",
    password: "admin-secret",
};

/// Can log in, and may do nothing until an ACL says so.
pub const GUEST: User = User {
    name: "guest",
    password: "guest-secret",
};

impl User {
    /// What a librdkafka client sets to log in as this user.
    pub fn properties(self) -> [(&'static str, &'static str); 4] {
        [
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", self.name),
            ("sasl.password", self.password),
        ]
    }

    /// The same for a Java client, as the lines of a properties file.
    pub(crate) fn java_properties(self) -> String {
        let login = self.login();
        format!(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config={login};\n"
        )
    }

    /// A JAAS login that sends this user's name and password; options can follow.
    pub(crate) fn login(self) -> String {
        format!(
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{}\" password=\"{}\"",
            self.name, self.password
        )
    }
}
