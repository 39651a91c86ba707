//! `vpc-0a*`: text in which `*` stands for any characters and `?` for one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wildmatch::WildMatch;

/// A pattern as an organisation writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Pattern {
    /// Does the text fit as a whole? Case counts, but in ids of Azure.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        // Azure compares ids without case, and writes one and the same id in several ways.
        if text.starts_with("/subscriptions/") || text.starts_with("/providers/") {
            return WildMatch::new_case_insensitive(&self.0).matches(text);
        }
        WildMatch::new(&self.0).matches(text)
    }

    /// Would all or nearly everything fit? A pattern with wildcards needs four other characters side by side; the head
    /// of an ARN (`arn:aws:s3:::`), which says what it is and not which, does not count.
    #[must_use]
    pub fn is_vague(&self) -> bool {
        let text = match self.0.strip_prefix("arn:") {
            Some(_) => self.0.splitn(6, ':').nth(5).unwrap_or_default(),
            None => &self.0,
        };
        let longest = text.split(['*', '?']).map(|part| part.chars().count()).max().unwrap_or_default();
        self.0.is_empty() || self.is_open() && longest < 4
    }

    /// Does it say no more than the kind of an id: `igw-*`, `subnet-?*`?
    #[must_use]
    pub fn is_kind_alone(&self) -> bool {
        let Some((head, rest)) = self.0.split_once(['*', '?']) else { return false };
        head.ends_with('-')
            && head.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            && rest.chars().all(|c| c == '*' || c == '?')
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
        let id = "/subscriptions/0/resourcegroups/rg-a/providers/microsoft.network/virtualnetworks/vnet-a";
        assert!(pattern("*/virtualNetworks/vnet-A").fits(id) && !pattern("*/virtualNetworks/vnet-b").fits(id));
    }

    #[test]
    fn patterns_that_say_little_are_told_from_others() {
        let pattern = |text: &str| Pattern(text.to_owned());
        for vague in ["", "*", "**", "*-*", "*?p*", "arn*", "arn:aws:*", "arn:aws:s3:::*", "arn:aws:sns:us-east-1:1:a*"]
        {
            assert!(pattern(vague).is_vague(), "{vague}");
        }
        for clear in ["a", "j.r", "us-east-1", "legacy-*", "*-archive", "arn:aws:s3:::logs-*", "vpc-0a*"] {
            assert!(!pattern(clear).is_vague(), "{clear}");
        }
        assert!(pattern("igw-*").is_kind_alone() && pattern("tgw-attach-?*").is_kind_alone());
        assert!(!pattern("igw-0a*").is_kind_alone() && !pattern("igw-").is_kind_alone());
        assert!(!pattern("arn:aws:x:y:1:app/portal/*").is_kind_alone());
    }
}
