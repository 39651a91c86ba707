//! The evidence packet as a PDF for people: tagged, PDF/A-3a and PDF/UA-1 in one file, with the same data attached.
//!
//! Layout is a template in `report-templates/packet` that users may copy and change. The view reaches it as data
//! (JSON), never as markup, so no text from an account can draw anything. Typst stops at this module.
//!
//! The output depends on the view, the attachment and the template files alone: no clock, no disk, no system fonts,
//! no network.

use crate::model::text::{is_deceptive, visible};
use serde_json::Value;
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::fmt::Write as _;
use std::path::PathBuf;
use typst::diag::{FileError, FileResult, SourceDiagnostic, Warned};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// The template that is laid out.
const MAIN: &str = "packet.typ";
/// Where the template finds the view.
const DATA: &str = "data.json";
/// Where the template finds the file to attach.
const ATTACHMENT: &str = "packet.json";
/// Layout recurses; in an unoptimised build the 2 MiB of a test thread are too few.
const STACK: usize = 64 << 20;
/// Stands where a long word may break. It cannot come from an account ([`is_deceptive`]), and the template turns
/// it into a gap of no width, so that copied text is free of it.
const BREAK: char = '\u{200b}';
/// What has no joint to break at does so after this many characters.
const HARD: usize = 8;
/// Marks above or below one letter, at most; a tower of them would paint over its neighbours.
const MARKS: usize = 2;
/// Texts of ours and of the rule-makers that may have several lines. Elsewhere a line end is written out.
const LINES: [&str; 9] = ["about", "asks", "basis", "command", "intro", "limits", "remedy", "text", "why"];

/// How long a run may be before it must be able to break, by the column it is printed in.
#[derive(Debug, Clone, Copy)]
struct Room {
    /// Runs up to this [`weight`] never break.
    run: usize,
    /// Pieces between two places to break have up to this many characters.
    piece: usize,
    /// A word of letters up to this length is never cut.
    word: usize,
}

/// Observations, resources, paragraphs: 22 characters, an id such as `vpc-0123456789abcdef0`.
const WIDE: Room = Room { run: 44, piece: 14, word: 20 };
/// Ids, accounts and regions have columns of an inch: 14 characters.
const NARROW: Room = Room { run: 28, piece: 12, word: 12 };

/// Renders a packet. Behind a trait so that the layout engine can be replaced.
pub trait Renderer {
    /// The PDF of `view` (the report's view model as JSON), with `attachment` embedded as `packet.json`.
    ///
    /// # Errors
    /// When the template is wrong or does not fit the view; see [`PdfError`].
    fn render(&self, view: &Value, attachment: &[u8]) -> Result<Vec<u8>, PdfError>;
}

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A file is not there.
    #[error("the packet template has no {0}")]
    Missing(&'static str),
    /// A file of the template cannot be used.
    #[error("{file}: {problem}")]
    File {
        /// Its path in the template folder.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The view lacks something that the PDF cannot do without.
    #[error("the view has no {0}")]
    View(&'static str),
    /// The template is wrong, or the PDF standards refuse what it draws.
    #[error("{}", lines(.0))]
    Template(Vec<Mistake>),
    /// The layout engine itself failed.
    #[error("the layout engine stopped: {0}")]
    Engine(String),
}

/// One thing that is wrong in a template, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// File in the template folder; empty where the mistake has no place.
    pub file: String,
    /// Line, from 1; 0 where the mistake has no place.
    pub line: usize,
    /// Column in characters, from 1; 0 where the mistake has no place.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hints: Vec<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if self.line > 0 {
                write!(f, "{}:{}:", self.line, self.column)?;
            }
            f.write_char(' ')?;
        }
        f.write_str(&self.message)?;
        for hint in &self.hints {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A PDF, and what the template did that it should not.
#[derive(Debug)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
    /// Warnings: a font family that is not there, page numbers that did not settle.
    pub warnings: Vec<Mistake>,
}

/// Packets by Typst templates.
pub struct Typst {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    glyphs: Glyphs,
    main: FileId,
    data: FileId,
    attachment: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
}

impl fmt::Debug for Typst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typst")
            .field("sources", &self.sources.len())
            .field("files", &self.files.len())
            .field("fonts", &self.fonts.len())
            .finish_non_exhaustive()
    }
}

impl Typst {
    /// A renderer from the files of a template folder, by relative path: `packet.typ`, what it imports, and every
    /// font under `fonts/` (`.ttf`, `.otf`). Other files (a logo) can be read by the template; nothing else can.
    ///
    /// # Errors
    /// When `packet.typ` is missing, a template is not UTF-8, a font cannot be read, or no font covers ASCII.
    pub fn new(files: BTreeMap<String, Vec<u8>>) -> Result<Self, PdfError> {
        let mut typst = Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(FontBook::new()),
            fonts: Vec::new(),
            glyphs: Glyphs::default(),
            main: file_id(MAIN)?,
            data: file_id(DATA)?,
            attachment: file_id(ATTACHMENT)?,
            sources: HashMap::new(),
            files: HashMap::new(),
        };
        for (path, bytes) in files {
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
            match extension.as_str() {
                "ttf" | "otf" => {
                    let before = typst.fonts.len();
                    typst.fonts.extend(Font::iter(Bytes::new(bytes)));
                    if typst.fonts.len() == before {
                        return Err(problem(&path, "is not a TrueType or OpenType font"));
                    }
                }
                "typ" => {
                    let text = String::from_utf8(bytes).map_err(|_| problem(&path, "is not UTF-8"))?;
                    let id = file_id(&path)?;
                    typst.sources.insert(id, Source::new(id, text));
                }
                _ if path == DATA || path == ATTACHMENT => {
                    return Err(problem(&path, "has the name of a file that farwatch provides; rename it"));
                }
                _ => {
                    typst.files.insert(file_id(&path)?, Bytes::new(bytes));
                }
            }
        }
        if !typst.sources.contains_key(&typst.main) {
            return Err(PdfError::Missing(MAIN));
        }
        let book = FontBook::from_fonts(&typst.fonts);
        typst.glyphs = Glyphs::new(&book);
        if !(' '..='~').all(|c| typst.glyphs.show(c)) {
            return Err(PdfError::Missing("font with the letters of ASCII (fonts/*.ttf, fonts/*.otf)"));
        }
        typst.book = LazyHash::new(book);
        Ok(typst)
    }

    /// As [`Renderer::render`], with the number of pages and the warnings.
    ///
    /// # Errors
    /// As [`Renderer::render`].
    pub fn layout(&self, view: &Value, attachment: &[u8]) -> Result<Rendered, PdfError> {
        let text = |name: &'static str| view.get(name).and_then(Value::as_str).ok_or(PdfError::View(name));
        let ident = text("packet_id")?.to_owned();
        let creator = text("tool")?.to_owned();
        let date = day(text("date")?).ok_or(PdfError::View("date of the form 2026-11-24"))?;
        let json = serde_json::to_vec(&self.glyphs.printable(view)).map_err(|e| PdfError::Engine(e.to_string()))?;
        let world = Packet { typst: self, data: Bytes::new(json), attachment: Bytes::new(attachment.to_vec()) };
        let standards = PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1])
            .map_err(|e| PdfError::Engine(e.message().to_string()))?;
        let options = PdfOptions {
            ident: Smart::Custom(ident),
            creator: Smart::Custom(Some(creator)),
            timestamp: Some(Timestamp::new_utc(date)),
            page_ranges: None,
            standards,
            tagged: true,
            pretty: false,
        };
        // A thread of its own has the stack that layout needs, and a panic of the engine ends there.
        let rendered = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("packet".to_owned()).stack_size(STACK);
            match thread.spawn_scoped(scope, || world.render(&options)) {
                Ok(thread) => thread.join().unwrap_or_else(|panic| Err(PdfError::Engine(last_words(panic.as_ref())))),
                Err(e) => Err(PdfError::Engine(e.to_string())),
            }
        });
        // The engine remembers every layout; the next packet has other data.
        typst::comemo::evict(0);
        rendered
    }
}

impl Renderer for Typst {
    fn render(&self, view: &Value, attachment: &[u8]) -> Result<Vec<u8>, PdfError> {
        self.layout(view, attachment).map(|rendered| rendered.pdf)
    }
}

/// The world of one packet: its template, its data, its attachment, and nothing else.
struct Packet<'a> {
    typst: &'a Typst,
    data: Bytes,
    attachment: Bytes,
}

impl Packet<'_> {
    fn render(&self, options: &PdfOptions) -> Result<Rendered, PdfError> {
        let Warned { output, warnings } = typst::compile::<PagedDocument>(self);
        let document = output.map_err(|errors| PdfError::Template(self.mistakes(&errors)))?;
        // What layout remembered is of no more use, and export needs room of its own.
        typst::comemo::evict(0);
        let pdf = typst_pdf::pdf(&document, options).map_err(|errors| PdfError::Template(self.mistakes(&errors)))?;
        Ok(Rendered { pdf, pages: document.pages().len(), warnings: self.mistakes(&warnings) })
    }

    fn mistakes(&self, diagnostics: &[SourceDiagnostic]) -> Vec<Mistake> {
        diagnostics
            .iter()
            .map(|diagnostic| {
                let (file, line, column) = self.place(diagnostic.span);
                let hints = diagnostic.hints.iter().map(|hint| visible(&hint.v)).collect();
                Mistake { file, line, column, message: visible(&diagnostic.message), hints }
            })
            .collect()
    }

    fn place(&self, span: DiagSpan) -> (String, usize, usize) {
        let Some(id) = span.id() else { return (String::new(), 0, 0) };
        let place = self.typst.sources.get(&id).and_then(|source| {
            let range = self.range(span)?;
            source.lines().byte_to_line_column(range.start)
        });
        let (line, column) = place.map_or((0, 0), |(line, column)| (line + 1, column + 1));
        (id.vpath().get_without_slash().to_owned(), line, column)
    }
}

impl World for Packet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.typst.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.typst.book
    }

    fn main(&self) -> FileId {
        self.typst.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.typst.sources.get(&id).cloned().ok_or_else(|| refused(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id == self.typst.data {
            return Ok(self.data.clone());
        }
        if id == self.typst.attachment {
            return Ok(self.attachment.clone());
        }
        self.typst.files.get(&id).cloned().ok_or_else(|| refused(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.typst.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn refused(id: FileId) -> FileError {
    match id.root() {
        VirtualRoot::Project => FileError::NotFound(PathBuf::from(id.vpath().get_without_slash())),
        VirtualRoot::Package(_) => {
            FileError::Other(Some("packages are not loaded; copy the code into the template folder".into()))
        }
    }
}

fn file_id(path: &str) -> Result<FileId, PdfError> {
    let virtual_path = VirtualPath::new(path).map_err(|e| problem(path, &e.to_string()))?;
    Ok(RootedPath::new(VirtualRoot::Project, virtual_path).intern())
}

fn problem(file: &str, problem: &str) -> PdfError {
    PdfError::File { file: visible(file), problem: problem.to_owned() }
}

/// `2026-11-24`.
fn day(text: &str) -> Option<Datetime> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse::<u16>().ok()?;
    let month = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Datetime::from_ymd_hms(i32::from(year), month, day, 0, 0, 0)
}

fn last_words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    visible(words.unwrap_or("no reason given"))
}

/// What the fonts can draw: per family, the ranges of characters that all its faces have, so that a bold word never
/// lacks what the regular one has.
#[derive(Debug, Default)]
struct Glyphs {
    families: Vec<Vec<(u32, u32)>>,
}

impl Glyphs {
    fn new(book: &FontBook) -> Self {
        let mut families = Vec::new();
        for (_, faces) in book.families() {
            let mut common: Option<BTreeSet<u32>> = None;
            for face in faces.filter_map(|index| book.info(index)) {
                let has: BTreeSet<u32> = face.coverage.iter().collect();
                common = Some(match common {
                    Some(common) => common.intersection(&has).copied().collect(),
                    None => has,
                });
            }
            let mut ranges: Vec<(u32, u32)> = Vec::new();
            for c in common.unwrap_or_default() {
                match ranges.last_mut() {
                    Some((_, last)) if *last + 1 == c => *last = c,
                    _ => ranges.push((c, c)),
                }
            }
            families.push(ranges);
        }
        Self { families }
    }

    fn show(&self, c: char) -> bool {
        self.families.iter().any(|ranges| covers(ranges, c))
    }

    /// A letter and its mark must come from one font, or there is no glyph for them together. Which one the
    /// template asks for is not known here, so every font that has the letter must have the mark.
    fn show_together(&self, letter: char, mark: char) -> bool {
        let mut with_letter = self.families.iter().filter(|ranges| covers(ranges, letter)).peekable();
        with_letter.peek().is_some() && with_letter.all(|ranges| covers(ranges, mark))
    }

    /// The view with every text made fit for print: nothing without a glyph, nothing that hides or reorders, and
    /// places to break in what is long.
    fn printable(&self, view: &Value) -> Value {
        self.value("", view)
    }

    fn value(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(key, text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(key, item)).collect()),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.value(key, value))).collect())
            }
            other => other.clone(),
        }
    }

    fn text(&self, key: &str, text: &str) -> String {
        let clean = self.clean(text, LINES.contains(&key));
        let digest = || clean.len() == 64 && clean.bytes().all(|b| b.is_ascii_hexdigit());
        match key {
            // A drawing has measured its texts; they do not break.
            "svg" => self.clean(text, true),
            "class" | "date" | "at" if clean.len() <= 32 => clean,
            "digest" | "digests" if digest() => clean,
            "id" | "account" | "region" | "outcome" | "evidence" | "finding" => breakable(&clean, NARROW),
            _ => breakable(&clean, WIDE),
        }
    }

    /// The text with every character that cannot be drawn, or that could deceive, written out as `\u{…}`.
    fn clean(&self, text: &str, lines: bool) -> String {
        let text = if lines { text.trim_end() } else { text };
        if text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len() + 16);
        let mut letter = None;
        let mut marks = 0;
        for c in text.chars() {
            let fits = if is_mark(c) {
                marks += 1;
                marks <= MARKS && !is_overlay(c) && letter.is_some_and(|letter| self.show_together(letter, c))
            } else {
                marks = 0;
                letter = c.is_alphabetic().then_some(c);
                (c == '\n' && lines) || (!is_deceptive(c) && !is_right_to_left(c) && self.show(c))
            };
            if fits {
                out.push(c);
            } else {
                letter = None;
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
        }
        out
    }
}

fn covers(ranges: &[(u32, u32)], c: char) -> bool {
    let c = u32::from(c);
    let after = ranges.partition_point(|(first, _)| *first <= c);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|(_, last)| c <= *last)
}

/// A mark that joins the letter before it.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036F | 0x0483..=0x0489 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF
        | 0xFE20..=0xFE2F)
}

/// A mark that strikes through or encloses its letter can make a word read as crossed out.
fn is_overlay(c: char) -> bool {
    matches!(u32::from(c), 0x0334..=0x0338 | 0x0488..=0x0489 | 0x20D0..=0x20FF)
}

/// A letter that is written from right to left moves its neighbours: "fail 3" and "3 fail" would look alike.
fn is_right_to_left(c: char) -> bool {
    matches!(u32::from(c), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF | 0x1_0800..=0x1_0FFF
        | 0x1_E800..=0x1_EFFF)
}

/// The text with [`BREAK`]s in its long runs, so that no id, ARN or command leaves its column.
fn breakable(text: &str, room: Room) -> String {
    let ends = |c: char| c == ' ' || c == '\n';
    let long = |run: &str| run.len() > room.run / 2 && weight(run) > room.run && !is_own_id(run);
    if !text.split(ends).any(long) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() * 2);
    for run in text.split_inclusive(ends) {
        let body = run.trim_end_matches(ends);
        if long(body) {
            break_run(body, room, &mut out);
        } else {
            out.push_str(body);
        }
        out.push_str(run.get(body.len()..).unwrap_or_default());
    }
    out
}

/// About the width of a run in half letters: capitals and foreign letters are wide.
fn weight(run: &str) -> usize {
    run.chars().map(|c| if c.is_ascii() && !c.is_ascii_uppercase() { 2 } else { 3 }).sum()
}

/// `F-0123456789ab`, `E-0123456789ab.12`: ids of ours are copied and looked up, so they stay in one piece.
fn is_own_id(run: &str) -> bool {
    let run = run.trim_end_matches([',', '.', ';', ':', ')']);
    let Some(rest) = run.strip_prefix("E-").or_else(|| run.strip_prefix("F-")) else { return false };
    let (hex, page) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = page.len() <= 4 && page.bytes().all(|b| b.is_ascii_digit());
    hex.len() == 12 && hex.bytes().all(|b| b.is_ascii_hexdigit()) && digits
}

/// Breaks at the joints of the run, and inside what has none; short neighbours stay together.
///
/// A joint lies before a hyphen, not behind it: a line that ends in a hyphen loses it in many viewers when it is
/// copied.
fn break_run(run: &str, room: Room, out: &mut String) {
    let mut start = 0;
    let mut piece = 0;
    let mut previous: Option<char> = None;
    let mut push = |atom: &str| {
        let length = atom.chars().count();
        if piece > 0 && piece + length > room.piece {
            out.push(BREAK);
            piece = 0;
        }
        let word = length <= room.word && atom.trim_start_matches('-').chars().all(char::is_alphabetic);
        if length <= room.piece || word {
            out.push_str(atom);
            piece += length;
            return;
        }
        for (index, c) in atom.chars().enumerate() {
            if index > 0 && index % HARD == 0 && !is_mark(c) {
                out.push(BREAK);
                piece = 0;
            }
            out.push(c);
            piece += 1;
        }
    };
    for (at, c) in run.char_indices() {
        let joint = previous.is_some_and(|previous| {
            (c == '-' && previous.is_alphanumeric())
                || (":/_.,;=@|?&+#)]}".contains(previous) && (c.is_alphanumeric() || c == '\\'))
                || (previous.is_lowercase() && c.is_uppercase())
        });
        if joint {
            push(run.get(start..at).unwrap_or_default());
            start = at;
        }
        previous = Some(c);
    }
    push(run.get(start..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(template: &str) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([
            ("packet.typ".to_owned(), template.as_bytes().to_vec()),
            (
                "fonts/sans.otf".to_owned(),
                include_bytes!("../../report-templates/packet/fonts/Inter-Regular.otf").to_vec(),
            ),
            (
                "fonts/mono.ttf".to_owned(),
                include_bytes!("../../report-templates/packet/fonts/JetBrainsMono-Regular.ttf").to_vec(),
            ),
        ])
    }

    fn view() -> Value {
        json!({ "packet_id": "FW-0123456789ab", "tool": "farwatch 0.1.0", "date": "2026-11-24" })
    }

    fn errors(template: &str) -> Vec<Mistake> {
        match Typst::new(with(template)).unwrap().layout(&view(), b"{}") {
            Err(PdfError::Template(mistakes)) => mistakes,
            other => panic!("expected mistakes, got {other:?}"),
        }
    }

    const TITLED: &str = "#set document(title: \"x\")\n#set text(font: \"Inter\", lang: \"en\")\n";

    #[test]
    fn what_cannot_be_drawn_or_could_deceive_is_written_out() {
        let typst = Typst::new(with("")).unwrap();
        let clean = |text: &str| typst.glyphs.clean(text, false);
        assert_eq!(clean("Zürich §3 → Ωμέγα, Москва ✓"), "Zürich §3 → Ωμέγα, Москва ✓");
        assert_eq!(clean("a\u{1b}[31m\u{7}"), "a\\u{1b}[31m\\u{7}");
        assert_eq!(clean("\u{202e}TEM\u{202c}"), "\\u{202e}TEM\\u{202c}");
        assert_eq!(clean("東\u{1f600}\u{e000}"), "\\u{6771}\\u{1f600}\\u{e000}");
        assert_eq!(clean("a\u{200b}b\u{ad}c\u{feff}"), "a\\u{200b}b\\u{ad}c\\u{feff}");
        assert_eq!(clean("א1"), "\\u{5d0}1", "right-to-left letters move their neighbours");
        assert_eq!(clean("one\ntwo"), "one\\u{a}two");
        assert_eq!(typst.glyphs.clean("one\ntwo\n", true), "one\ntwo");
    }

    #[test]
    fn marks_neither_tower_nor_strike_out() {
        let typst = Typst::new(with("")).unwrap();
        let clean = |text: &str| typst.glyphs.clean(text, false);
        assert_eq!(clean("e\u{301}"), "e\u{301}");
        assert_eq!(clean("e\u{301}\u{300}\u{302}"), "e\u{301}\u{300}\\u{302}");
        assert_eq!(clean("M\u{336}E\u{20dd}"), "M\\u{336}E\\u{20dd}");
        assert_eq!(clean("\u{301}x 1\u{301}"), "\\u{301}x 1\\u{301}");
    }

    #[test]
    fn long_runs_break_and_nothing_else_does() {
        let shown = |text: &str| breakable(text, WIDE).replace(BREAK, "|");
        assert_eq!(shown("E-0123456789ab.1 and words"), "E-0123456789ab.1 and words");
        assert_eq!(shown("vpc-0123456789abcdef0"), "vpc-0123456789abcdef0");
        assert_eq!(shown("arn:aws:iam::111122223333:role/audit"), "arn:aws:iam::|111122223333:|role/audit");
        assert_eq!(shown("(ec2:GetEbsEncryptionByDefault)"), "(ec2:GetEbs|EncryptionBy|Default)");
        assert_eq!(shown("aws-s3-bucket-not-public"), "aws-s3-bucket|-not-public");
        assert_eq!(shown("--security-group-rule-ids"), "--security|-group-rule|-ids");
        assert_eq!(shown("x-telecommunications-0123456789abcdef0"), "x|-telecommunications|-0123456|789abcde|f0");
        assert_eq!(
            shown("electroencephalographers telecommunications"),
            "electroe|ncephalo|graphers telecommunications"
        );
        let narrow = |text: &str| breakable(text, NARROW).replace(BREAK, "|");
        assert_eq!(narrow("E-0123456789ab.123, F-0123456789ab"), "E-0123456789ab.123, F-0123456789ab");
        assert_eq!(narrow("ap-southeast-1"), "ap-southeast-1");
        assert_eq!(narrow("germanywestcentral"), "germanyw|estcentr|al");
        let huge = "x".repeat(3000);
        assert_eq!(breakable(&huge, WIDE).matches(BREAK).count(), 374);
        assert_eq!(breakable(&huge, NARROW).replace(BREAK, ""), huge);
        assert_eq!(breakable("", WIDE).len(), 0);
    }

    #[test]
    fn what_the_template_takes_apart_stays_exact() {
        let typst = Typst::new(with("")).unwrap();
        let digest = "0123456789abcdef".repeat(4);
        let printable = typst.glyphs.printable(&json!({
            "class": "shown_by_exception", "at": "2026-11-24T03:00:12Z", "digest": digest,
            "digests": [["catalog", digest]], "resource": digest, "bytes": 7,
        }));
        assert_eq!(printable["class"], "shown_by_exception");
        assert_eq!(printable["at"], "2026-11-24T03:00:12Z");
        assert_eq!(printable["digest"], digest);
        assert_eq!(printable["digests"][0][1], digest);
        assert_ne!(printable["resource"], digest, "a name that looks like a digest still breaks");
        assert_eq!(printable["bytes"], 7);
    }

    #[test]
    fn text_from_data_is_never_markup() {
        let template = TITLED.to_owned() + "#let d = json(\"data.json\")\n#d.name\n\n#pagebreak(weak: true)\n#d.name";
        let mut view = view();
        view["name"] = json!("#place(top)[MET] $x$ @ref <label> \\ `raw` = heading");
        let rendered = Typst::new(with(&template)).unwrap().layout(&view, b"{}").unwrap();
        assert_eq!(rendered.warnings, []);
        assert_eq!(rendered.pages, 2);
        assert!(rendered.pdf.starts_with(b"%PDF-1.7"));
    }

    #[test]
    fn mistakes_name_file_line_and_column() {
        let found = errors("= Title\n\n#let x = 1\n  #nothing.here\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].file.as_str(), found[0].line, found[0].column), ("packet.typ", 4, 4));
        assert!(found[0].to_string().starts_with("packet.typ:4:4: unknown variable: nothing"), "{}", found[0]);
        let found = errors("#let day = 1\n#(day-one)");
        assert!(found[0].to_string().contains("\n  hint: "), "{}", found[0]);
    }

    #[test]
    fn nothing_outside_the_folder_can_be_read() {
        for template in [
            "#read(\"/etc/passwd\")",
            "#read(\"../../../etc/passwd\")",
            "#include \"other.typ\"",
            "#import \"@preview/cetz:0.3.0\"",
            "#image(\"logo.png\")",
        ] {
            let found = errors(template);
            assert_eq!((found[0].file.as_str(), found[0].line), ("packet.typ", 1), "{}", found[0]);
        }
        assert!(errors("#import \"@preview/cetz:0.3.0\"")[0].message.contains("packages are not loaded"));
        assert!(errors("#datetime.today().display()")[0].line == 1);
    }

    #[test]
    fn the_standards_are_enforced() {
        let found = errors("#set text(font: \"Inter\")\nno title");
        assert!(found.iter().any(|mistake| mistake.message.contains("title")), "{found:?}");
        let found = errors(&(TITLED.to_owned() + "= One\n=== Three"));
        assert!(found.iter().any(|mistake| mistake.message.contains("UA-1")), "{found:?}");
    }

    #[test]
    fn a_family_that_is_not_there_is_a_warning() {
        let template = "#set document(title: \"x\")\n#set text(font: \"Nowhere Sans\")\nx";
        let rendered = Typst::new(with(template)).unwrap().layout(&view(), b"{}").unwrap();
        assert!(rendered.warnings.iter().any(|warning| warning.message.contains("nowhere sans") && warning.line == 2));
    }

    #[test]
    fn broken_folders_and_views_are_refused() {
        let refuse = |path: &str, bytes: &[u8]| {
            let mut files = with("");
            files.insert(path.to_owned(), bytes.to_vec());
            Typst::new(files).unwrap_err().to_string()
        };
        assert_eq!(refuse("fonts/x.ttf", b"no font"), "fonts/x.ttf: is not a TrueType or OpenType font");
        assert_eq!(refuse("theme.typ", b"\xff"), "theme.typ: is not UTF-8");
        assert!(refuse("data.json", b"{}").contains("rename it"));
        assert!(refuse("../x.png", b"").starts_with("../x.png: "));
        assert!(matches!(Typst::new(BTreeMap::new()), Err(PdfError::Missing(MAIN))));
        let bare = BTreeMap::from([("packet.typ".to_owned(), Vec::new())]);
        assert!(Typst::new(bare).unwrap_err().to_string().contains("font"));

        let typst = Typst::new(with("")).unwrap();
        assert!(matches!(typst.render(&json!({}), b""), Err(PdfError::View("packet_id"))));
        for date in ["", "24.11.2026", "2026-13-01", "2026-02-30", "2026-11-24T00:00"] {
            let mut view = view();
            view["date"] = json!(date);
            assert!(matches!(typst.render(&view, b""), Err(PdfError::View(_))), "{date}");
        }
    }

    #[test]
    fn the_attachment_is_what_was_given() {
        let template = TITLED.to_owned()
            + "#pdf.attach(\"packet.json\", relationship: \"data\", mime-type: \"application/json\", description: \"d\")\nx";
        let typst = Typst::new(with(&template)).unwrap();
        let one = typst.render(&view(), b"{\"a\":1}").unwrap();
        assert_eq!(one, typst.render(&view(), b"{\"a\":1}").unwrap());
        assert_ne!(one, typst.render(&view(), b"{\"a\":2}").unwrap());
    }
}
