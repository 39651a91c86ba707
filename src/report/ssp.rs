//! SSP sections through handlebars: the sentences are facts, the template only places them.

use super::view::View;
use crate::model::text::markdown;
use handlebars::{Context, Handlebars};

/// Why a section could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SspError {
    /// The template is wrong.
    #[error("report-templates/ssp/{name}: {what}")]
    Template {
        /// Which template.
        name: String,
        /// What is wrong, with line and column.
        what: String,
    },
}

/// The Markdown of every requirement that a check says something about, in the order of the clause.
///
/// # Errors
/// [`SspError`] names template, line and column.
pub fn markdown_sections(view: &View, template: &str) -> Result<String, SspError> {
    let wrong = |what: String| SspError::Template { name: "section.md.hbs".to_owned(), what };
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(markdown);
    engine.register_template_string("section", template).map_err(|error| wrong(error.to_string()))?;
    let mut data = serde_json::to_value(view).map_err(|error| wrong(error.to_string()))?;
    if let Some(requirements) = data.get_mut("requirements").and_then(serde_json::Value::as_array_mut) {
        requirements.retain(|requirement| requirement["touched"] == true);
    }
    // As it is: rendering what can be serialised would make a second copy of everything.
    let data = Context::from(data);
    let text = engine.render_with_context("section", &data).map_err(|error| wrong(error.to_string()))?;
    Ok(tidy(&text))
}

/// One blank line at most, none at the end.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(str::trim_end) {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_end().to_owned() + "\n"
}
