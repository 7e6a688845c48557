use std::collections::BTreeMap;

use super::broker::Broker;

/// What Kafka's own tool says of a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its partitions.
    pub partitions: u32,
    /// The replicas of each.
    pub replication: u32,
    /// The configuration that the topic has of its own.
    pub configs: BTreeMap<String, String>,
}

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";

impl Broker {
    /// Describes topics by a regular expression.
    ///
    /// # Panics
    /// When the tool fails, or says what can't be understood.
    #[track_caller]
    pub fn describe_topics(&self, pattern: &str) -> BTreeMap<String, TopicDescription> {
        let described = self.tool(TOPICS, &["--describe", "--topic", pattern]).run();
        described
            .lines()
            .filter(|line| line.starts_with("Topic:"))
            .map(|line| parse(line).unwrap_or_else(|| panic!("no description: {line:?}")))
            .collect()
    }
}

/// Fields are parted by tabs, and are a name, `: ` and a value.
fn parse(line: &str) -> Option<(String, TopicDescription)> {
    let fields: BTreeMap<&str, &str> = line
        .split('\t')
        .filter_map(|field| field.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let description = TopicDescription {
        partitions: fields.get("PartitionCount")?.parse().ok()?,
        replication: fields.get("ReplicationFactor")?.parse().ok()?,
        configs: configs(fields.get("Configs")?),
    };
    Some(((*fields.get("Topic")?).to_owned(), description))
}

/// Settings are parted by commas, which can also be in their values.
fn configs(text: &str) -> BTreeMap<String, String> {
    let mut configs: Vec<(String, String)> = Vec::new();
    for part in text.split(',') {
        match (part.split_once('='), configs.last_mut()) {
            (Some((name, value)), _) => configs.push((name.to_owned(), value.to_owned())),
            (None, Some((_, value))) => *value = format!("{value},{part}"),
            (None, None) => {}
        }
    }
    configs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_words_are_understood() {
        let line = "Topic: orders\tTopicId: uY\tPartitionCount: 4\tReplicationFactor: 1\tConfigs: a.b=c,e,d=1";
        let (name, topic) = parse(line).unwrap();
        assert_eq!(name, "orders");
        assert_eq!((topic.partitions, topic.replication), (4, 1));
        assert_eq!(topic.configs["a.b"], "c,e");
        assert_eq!(topic.configs["d"], "1");
        let plain = line.split("a.b").next().unwrap();
        assert!(parse(plain).unwrap().1.configs.is_empty());
    }
}
