//! `vpc-0a*`: text in which `*` stands for any characters and `?` for one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

/// A pattern as an organisation writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// Does the text fit as a whole? Case counts.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        WildMatch::new(&self.0).matches(text)
    }

    /// Would everything fit? Such a pattern says nothing.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        self.0.chars().all(|c| c == '*' || c == '?')
    }

    /// Has it places that stand for other text?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.contains(['*', '?'])
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Does an optional pattern leave the text in? One that is not given fits all.
#[must_use]
pub fn fits(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.fits(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_texts() {
        let pattern = |text: &str| Pattern(text.to_owned());
        assert!(pattern("vpc-*").fits("vpc-1") && !pattern("vpc-*").fits("a vpc-1"));
        assert!(pattern("vpc-?").fits("vpc-1") && !pattern("vpc-?").fits("vpc-12"));
        assert!(!pattern("vpc").fits("vpc-1") && !pattern("VPC").fits("vpc"));
        assert!(pattern("**").is_anything() && pattern("").is_anything() && !pattern("a*").is_anything());
    }
}
