//! How many headers a record may have.

use super::fault::excerpt;
use super::headers::Headers;

/// The most headers, and bytes of them, that a record may have in either direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderLimits {
    /// How many headers, ours among them. 64 unless set.
    pub(crate) count: usize,
    /// How many bytes their names and values have together. 16 KiB unless set.
    pub(crate) bytes: usize,
}

impl Default for HeaderLimits {
    fn default() -> Self {
        Self {
            count: 64,
            bytes: 16 * 1024,
        }
    }
}

/// What is over the limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OverLimit {
    /// There are too many headers.
    #[error("{count} headers are over the limit of {limit}")]
    Count {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The headers are too long.
    #[error(
        "{bytes} bytes of headers are over the limit of {limit}; the longest is {longest} with {longest_bytes}"
    )]
    Bytes {
        /// How many bytes there are.
        bytes: usize,
        /// How many there may be.
        limit: usize,
        /// The name of the longest header, shortened and quoted.
        longest: String,
        /// The bytes of its name and value.
        longest_bytes: usize,
    },
}

impl HeaderLimits {
    /// Checks the headers of a record.
    ///
    /// # Errors
    /// When they are over a limit: which, and by which header.
    pub(crate) fn check(&self, headers: &Headers) -> Result<(), OverLimit> {
        if headers.len() > self.count {
            return Err(OverLimit::Count {
                count: headers.len(),
                limit: self.count,
            });
        }
        if headers.byte_len() > self.bytes {
            let (longest, longest_bytes) = headers
                .iter()
                .map(|(name, value)| (name, name.len() + value.len()))
                .max_by_key(|&(_, bytes)| bytes)
                .unwrap_or_default();
            return Err(OverLimit::Bytes {
                bytes: headers.byte_len(),
                limit: self.bytes,
                longest: excerpt(longest.as_bytes()),
                longest_bytes,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(count: usize, value: usize) -> Headers {
        (0..count)
            .map(|n| (format!("h{n:02}"), vec![b'x'; value]))
            .collect()
    }

    #[test]
    fn up_to_the_limits_all_is_well() {
        let limits = HeaderLimits::default();
        assert_eq!(limits.check(&Headers::new()), Ok(()));
        assert_eq!(limits.check(&headers(64, 16 * 1024 / 64 - 3)), Ok(()));
    }

    #[test]
    fn one_header_too_many_is_refused() {
        let error = HeaderLimits::default().check(&headers(65, 1)).unwrap_err();
        assert_eq!(error.to_string(), "65 headers are over the limit of 64");
    }

    #[test]
    fn one_byte_too_many_is_refused_and_the_longest_header_named() {
        let mut headers = headers(2, 1000);
        headers.push("x-report", &vec![0; 16 * 1024 - 2006 - 8 + 1]);
        let error = HeaderLimits::default().check(&headers).unwrap_err();
        assert_eq!(
            error.to_string(),
            "16385 bytes of headers are over the limit of 16384; the longest is \"x-report\" with 14379"
        );
    }
}
