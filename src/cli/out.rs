//! Everything that is printed goes through here. Standard output is the report, standard error the talk.

use anstyle::{AnsiColor, Style};
use std::io::Write as _;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless `NO_COLOR` or `TERM=dumb` say otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

pub(super) fn choose_colour(colour: Colour) {
    match colour {
        Colour::Auto => anstream::ColorChoice::Auto,
        Colour::Always => anstream::ColorChoice::Always,
        Colour::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Prints to standard output. A closed pipe (`| head`) is not an error.
pub(super) fn print(text: &str) {
    let _ = anstream::stdout().write_all(text.as_bytes());
}

/// Says something to a person, on standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Text of others cannot drive the terminal; line ends of ours stay.
pub(super) fn harmless(text: &str) -> String {
    text.lines().map(crate::model::text::visible).collect::<Vec<_>>().join("\n")
}

/// A word in the colour of its class. The word itself says the same, so colour is never the only sign.
pub(super) fn paint(class: &str, word: &str) -> String {
    let style = match class {
        "met" | "pass" => Style::new().fg_color(Some(AnsiColor::Green.into())),
        "not_met" | "fail" | "error" => Style::new().fg_color(Some(AnsiColor::Red.into())).bold(),
        "not_assessed" | "unknown" => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        _ => Style::new(),
    };
    format!("{}{word}{}", style.render(), style.render_reset())
}
