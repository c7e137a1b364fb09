//! How many objects are wanted, and when to ask for another page.

/// What `-ResultSize` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultSize {
    /// Not given: one page.
    Unset,
    /// Everything.
    Unlimited,
    /// At most this many.
    Count(u64),
}

/// Why a `-ResultSize` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ResultSizeError {
    /// Neither a whole number nor `Unlimited`.
    #[error("ResultSize must be a whole number or Unlimited, and '{0}' is neither")]
    NoNumber(String),
    /// Zero or less. The original's words.
    #[error("ResultSize must be greater than 0")]
    NotPositive,
}

impl ResultSize {
    /// Reads the text of the parameter; `None` when it is not given.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, ResultSizeError> {
        let Some(text) = text.map(str::trim) else { return Ok(Self::Unset) };
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        match text.parse::<i128>() {
            Ok(number) if number <= 0 => Err(ResultSizeError::NotPositive),
            Ok(number) => Ok(Self::Count(u64::try_from(number).unwrap_or(u64::MAX))),
            Err(_) => Err(ResultSizeError::NoNumber(text.chars().take(100).collect())),
        }
    }
}

/// The state of a query that comes in pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    wanted: ResultSize,
    page_size: u64,
}

impl Paging {
    pub(crate) fn new(wanted: ResultSize, page_size: u32) -> Self {
        Self { wanted, page_size: u64::from(page_size.max(1)) }
    }

    /// How many objects the next page may have.
    pub(crate) fn page_size(self) -> u64 {
        match self.wanted {
            ResultSize::Unset | ResultSize::Unlimited => self.page_size,
            ResultSize::Count(left) => self.page_size.min(left),
        }
    }

    /// Notes a page of `count` objects. Whether to ask for another one, should the service offer it.
    pub(crate) fn goes_on(&mut self, count: u64) -> bool {
        match self.wanted {
            ResultSize::Unset => false,
            ResultSize::Unlimited => true,
            ResultSize::Count(left) => {
                let was_full = self.page_size() <= count;
                let left = left.saturating_sub(count);
                self.wanted = ResultSize::Count(left);
                was_full && 0 < left
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_size_is_a_positive_number_or_unlimited() {
        for (text, expected) in [
            (None, Ok(ResultSize::Unset)),
            (Some("unlimited"), Ok(ResultSize::Unlimited)),
            (Some(" 5 "), Ok(ResultSize::Count(5))),
            (Some("0"), Err(ResultSizeError::NotPositive)),
            (Some("-3"), Err(ResultSizeError::NotPositive)),
            (Some("2.5"), Err(ResultSizeError::NoNumber("2.5".to_owned()))),
            (Some("99999999999999999999"), Ok(ResultSize::Count(u64::MAX))),
        ] {
            assert_eq!(ResultSize::parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn another_page_is_asked_for_while_the_last_was_full_and_more_is_wanted() {
        let pages = |wanted, counts: &[u64]| {
            let mut paging = Paging::new(wanted, 3);
            counts.iter().map(|&count| (paging.page_size(), paging.goes_on(count))).collect::<Vec<_>>()
        };
        assert_eq!(pages(ResultSize::Unset, &[3]), [(3, false)]);
        assert_eq!(pages(ResultSize::Unlimited, &[3, 0, 1]), [(3, true), (3, true), (3, true)]);
        assert_eq!(pages(ResultSize::Count(5), &[3, 2]), [(3, true), (2, false)]);
        assert_eq!(pages(ResultSize::Count(5), &[2]), [(3, false)]);
        assert_eq!(pages(ResultSize::Count(2), &[9]), [(2, false)]);
    }
}
