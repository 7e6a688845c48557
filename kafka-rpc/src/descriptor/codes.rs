use crate::call::Code;

/// A set of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Codes(u32);

impl Codes {
    pub(crate) const fn of(mut codes: &[Code]) -> Self {
        let mut set = 0;
        while let [code, rest @ ..] = codes {
            set |= 1 << *code as u32;
            codes = rest;
        }
        Self(set)
    }

    pub(crate) const fn contains(self, code: Code) -> bool {
        self.0 & (1 << code as u32) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_codes_that_it_was_made_of() {
        let set = Codes::of(&[Code::Unavailable, Code::Unauthenticated]);
        let in_it: Vec<Code> = (0..17)
            .map(Code::from_i32)
            .filter(|code| set.contains(*code))
            .collect();
        assert_eq!(in_it, [Code::Unavailable, Code::Unauthenticated]);
    }
}
