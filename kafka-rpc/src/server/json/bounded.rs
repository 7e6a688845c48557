use std::io;

/// Bytes up to a limit: to write over it is an error, and its only one.
#[derive(Debug)]
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    pub(super) fn last(&self) -> Option<u8> {
        self.bytes.last().copied()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.limit - self.bytes.len() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_limit_can_be_reached_and_not_passed() {
        let mut bounded = Bounded::new(5);
        bounded.write_all(b"four").expect("there is room");
        bounded.write_all(b"56").expect_err("one byte too many");
        bounded.write_all(b"5").expect("the limit itself");
        bounded.write_all(b"6").expect_err("full");
        assert_eq!(bounded.into_bytes(), b"four5");
    }
}
