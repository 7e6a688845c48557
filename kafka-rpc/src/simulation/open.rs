use crate::Channel;

/// How many of a channel's calls and streams have no end yet.
pub fn pending(channel: &Channel) -> usize {
    channel.pending()
}
