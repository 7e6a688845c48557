use std::fmt;

use crate::transport::{Failure, TransportError};

/// Why a client or a server could not start, or a server had to end.
///
/// A call's own outcome is a [`Status`](crate::Status).
///
/// `Debug` shows what `Display` does, so that a program's `main` can return the error as it is.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that can't be.
    #[error("{0}")]
    Config(String),
    /// The cluster can't be reached, or did not answer in time.
    #[error("{0}")]
    Unreachable(String),
    /// The cluster refused the credentials, or a right to a group is missing or was taken away.
    #[error("{0}")]
    Denied(String),
    /// Topics are missing and could not be created, or rights to topics or groups are missing. The
    /// message lists each with its settings and the command that makes it or gives the right.
    #[error("{0}")]
    Topics(TopicProblems),
    /// Anything else that the client library or the cluster says.
    #[error("{0}")]
    Kafka(String),
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let message = error.message;
        match error.failure {
            Failure::Unreachable => Self::Unreachable(message),
            Failure::Denied => Self::Denied(message),
            Failure::Config => Self::Config(message),
            _ => Self::Kafka(message),
        }
    }
}

/// One topic that is not as it has to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopicProblem {
    pub(crate) topic: String,
    pub(crate) reason: String,
    pub(crate) command: String,
}

impl TopicProblem {
    /// The topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What is wrong: it is missing, it may not be created, a right to it is missing, or why the
    /// broker refused.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The command line that makes it, or that gives the right to it.
    pub fn command(&self) -> &str {
        &self.command
    }
}

/// All topics that are not as they have to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopicProblems(pub(crate) Vec<TopicProblem>);

impl TopicProblems {
    /// The topics, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &TopicProblem> {
        self.0.iter()
    }
}

impl fmt::Display for TopicProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "topic" } else { "topics" };
        write!(f, "{} {plural} can't be used:", self.0.len())?;
        for problem in &self.0 {
            write!(f, "\n  {}: {}", problem.topic, problem.reason)?;
            write!(f, "\n    {}", problem.command)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_the_error_shows_each_topic_with_its_command_on_lines_of_their_own() {
        let problem = |topic: &str| TopicProblem {
            topic: topic.to_owned(),
            reason: "it does not exist".to_owned(),
            command: format!("kafka-topics.sh --create --topic {topic}"),
        };
        let error = Error::Topics(TopicProblems(vec![problem("a"), problem("b")]));
        assert_eq!(
            format!("{error:?}"),
            "2 topics can't be used:\n  \
             a: it does not exist\n    \
             kafka-topics.sh --create --topic a\n  \
             b: it does not exist\n    \
             kafka-topics.sh --create --topic b"
        );
    }
}
