//! Text that came from an account is attacker-controlled. These functions make it harmless before a person
//! or a shell sees it.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// Is this character able to hide, reorder or fake text, or to drive a terminal?
///
/// Control characters (C0, C1, DEL), bidirectional controls, zero-width and other invisible characters, line
/// and paragraph separators, private-use characters and non-characters. Sources: Unicode Standard Annex 9
/// (bidirectional controls), Unicode Technical Report 36 section 2.5 (invisible characters).
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF
            | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF | 0xF0000..=0x0010_FFFF)
        || (u32::from(c) & 0xFFFE) == 0xFFFE
        || matches!(u32::from(c), 0xFDD0..=0xFDEF)
}

/// The text with every deceptive character written out as `\u{…}`: what is printed is what is there.
#[must_use]
pub fn visible(text: &str) -> String {
    if !text.chars().any(is_deceptive) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_deceptive(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The text as one word of a POSIX-like shell (bash, zsh), whatever it holds.
///
/// Harmless words stay bare so that commands read well; anything else is single-quoted; a word with deceptive
/// characters uses `$'…'` with escapes, so that pasting it cannot drive the terminal.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    if !text.chars().any(is_deceptive) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if is_deceptive(c) => {
                let _ = write!(out, "\\U{:08x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// The text inside Markdown, on one line: nothing in it is markup, a link, raw HTML or an entity.
///
/// Every ASCII punctuation character may be backslash-escaped (CommonMark 0.31, section 2.4); those that can
/// start or end a construct are. Bare addresses are broken by escaping `:` in `://` and `www.`, because some
/// renderers link them by themselves.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut previous = ' ';
    for (position, c) in text.char_indices() {
        let escape = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '$' | '@' | '!' => true,
            // Only at the start can these open a list, a rule or a heading.
            '-' | '+' | '=' => position == 0,
            // An ordered list: a number, then `.` or `)`.
            '.' | ')' => {
                (previous.is_ascii_digit()
                    && text[..position].chars().all(|c| c.is_ascii_digit())
                    && text[position + 1..].chars().next().is_none_or(char::is_whitespace))
                    || text[..position].to_ascii_lowercase().ends_with("www")
            }
            ':' => text[position..].starts_with("://") || text[..position].to_ascii_lowercase().ends_with("mailto"),
            _ => false,
        };
        if escape {
            out.push('\\');
        }
        out.push(c);
        previous = c;
    }
    out
}

/// JSON text in which everything that is not printable ASCII is a `\u` escape: exact for a machine, harmless in
/// a terminal or an editor.
///
/// # Errors
/// When the value cannot be serialised (a map with keys that are not text).
pub fn json_pretty<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    Ok(escape_json(&serde_json::to_string_pretty(value)?) + "\n")
}

/// [`json_pretty`] on one line, without the line end.
///
/// # Errors
/// When the value cannot be serialised.
pub fn json_line<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    Ok(escape_json(&serde_json::to_string(value)?))
}

/// Outside ASCII, JSON text occurs only inside strings, so escaping there keeps the meaning.
fn escape_json(json: &str) -> String {
    if json.bytes().all(|b| b < 0x7f) {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() + 32);
    for c in json.chars() {
        if c == '\u{7f}' || (!c.is_ascii() && is_deceptive(c)) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The same of what is read, which need not fit into memory.
///
/// # Errors
/// When reading fails.
pub fn sha256_hex_of(mut from: impl std::io::Read) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    std::io::copy(&mut from, &mut digest)?;
    Ok(hex(&digest.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// "1 thing", "2 things".
#[must_use]
pub fn count(number: usize, singular: &str, plural: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {plural}") }
}

/// `aws.ec2.flow_log` → "EC2 flow logs".
#[must_use]
pub fn plural(kind: &str) -> String {
    /// Short words that people write in capitals.
    const CAPITALS: [&str; 6] = ["vpc", "vpn", "nat", "ip", "mfa", "dns"];
    /// Types of Azure whose last name alone says too little.
    const OWN: [(&str, &str); 11] = [
        ("azure.key_vault.key", "keys of Azure key vaults"),
        ("azure.key_vault.vault", "Azure key vaults"),
        ("azure.monitor.alert", "alerts of Azure Monitor"),
        ("azure.monitor.log_storage", "Azure storage accounts that receive records"),
        ("azure.monitor.source", "Azure resources with logs of their own"),
        ("azure.operational_insights.table", "tables of Log Analytics"),
        ("azure.operational_insights.workspace", "Log Analytics workspaces"),
        ("azure.security.pricing", "plans of Defender for Cloud"),
        ("azure.sentinel.onboarding", "workspaces in Microsoft Sentinel"),
        ("azure.storage.account", "Azure storage accounts"),
        ("azure.web.connection", "connections of Azure workflows"),
    ];
    if let Some((_, own)) = OWN.iter().find(|(name, _)| *name == kind) {
        return (*own).to_owned();
    }
    let mut parts = kind.split('.').skip(1);
    let service = |service: &str| {
        // Names that are written in their own way.
        let own = [("cloudtrail", "CloudTrail"), ("guardduty", "GuardDuty"), ("dynamodb", "DynamoDB")];
        if let Some((_, own)) = own.iter().find(|(name, _)| *name == service) {
            return format!("{own} ");
        }
        // Short names are initials.
        if service.len() <= 3 || service.contains(|c: char| c.is_ascii_digit()) {
            return service.to_uppercase() + " ";
        }
        let mut letters = service.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().collect::<String>() + letters.as_str() + " ")
            .unwrap_or_default()
    };
    let (service, name) = match (parts.next(), parts.next()) {
        // Names in Azure say what they are without the provider.
        (Some(_), Some(name)) if kind.starts_with("azure.") => ("Azure ".to_owned(), name),
        (Some(part), Some(name)) => (service(part), name),
        (Some(name), None) => (String::new(), name),
        _ => (String::new(), kind),
    };
    let words: Vec<String> = name
        .split('_')
        .map(|word| if CAPITALS.contains(&word) { word.to_uppercase() } else { word.to_owned() })
        .collect();
    let name = words.join(" ");
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{service}{stem}ies"),
        _ => format!("{service}{name}s"),
    }
}

/// The nearest name, if it is near enough to be meant.
#[must_use]
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(name.len()) / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (j, y) in b.iter().enumerate() {
            let up = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let cost = (diagonal + usize::from(x != *y)).min(up + 1).min(left + 1);
            diagonal = up;
            if let Some(cell) = row.get_mut(j) {
                *cell = left;
            }
            left = cost;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_written_out() {
        assert_eq!(visible("a\u{1b}[31mb\u{202e}c\u{9b}"), "a\\u{1b}[31mb\\u{202e}c\\u{9b}");
        assert_eq!(visible("Zürich 東京 #1"), "Zürich 東京 #1");
    }

    #[test]
    fn shell_words_cannot_break_out() {
        assert_eq!(shell_word("vpc-1"), "vpc-1");
        assert_eq!(shell_word("$(id)"), "'$(id)'");
        assert_eq!(shell_word("a'b"), r"'a'\''b'");
        assert_eq!(shell_word("a\u{1b}'b\\"), r"$'a\U0000001b\'b\\'");
        assert_eq!(shell_word(""), "''");
    }

    #[test]
    fn markdown_stays_text() {
        assert_eq!(markdown("<script>alert(1)</script>"), r"\<script\>alert(1)\</script\>");
        assert_eq!(markdown("[x](http://e.x)"), r"\[x\](http\://e.x)");
        assert_eq!(markdown("1. one"), r"1\. one");
        assert_eq!(markdown("3.13.1"), "3.13.1");
        assert_eq!(markdown("- a"), r"\- a");
        assert_eq!(markdown("us-east-1 10.0.0.0/8"), "us-east-1 10.0.0.0/8");
    }

    #[test]
    fn json_hides_nothing_and_drives_nothing() {
        let line = json_line("é\u{202e}\u{9b}\u{e0041}").unwrap();
        assert_eq!(line, "\"é\\u202e\\u009b\\udb40\\udc41\"");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), "é\u{202e}\u{9b}\u{e0041}");
    }

    #[test]
    fn types_read_as_words() {
        assert_eq!(plural("aws.ec2.vpc"), "EC2 VPCs");
        assert_eq!(plural("aws.cloudtrail.trail"), "CloudTrail trails");
        assert_eq!(plural("aws.guardduty.detector"), "GuardDuty detectors");
        assert_eq!(plural("aws.iam.credential_report_entry"), "IAM credential report entries");
        assert_eq!(plural("aws.region"), "regions");
        assert_eq!(plural("azure.network.virtual_network"), "Azure virtual networks");
        assert_eq!(plural("azure.storage.account"), "Azure storage accounts");
        assert_eq!(plural("azure.subscription"), "subscriptions");
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(nearest("traffic_typ", ["status", "traffic_type"].into_iter()), Some("traffic_type"));
        assert_eq!(nearest("zzz", ["status", "traffic_type"].into_iter()), None);
    }
}
