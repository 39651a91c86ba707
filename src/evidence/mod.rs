//! The run store: append-only while it is written, atomic when it is done, digests over everything.
//!
//! ```text
//! RUN/collection/            immutable: plan.jsonl, exchanges.jsonl, bodies/, collection.json (written last)
//! RUN/assessments/<id>/      immutable: assessment.json, findings.json
//! RUN/documents/             made from the newest assessment
//! RUN/SHA256SUMS             over all of it
//! ```
//!
//! Everything is written under a name that ends in `.partial` and renamed when it is complete: a killed run leaves
//! nothing that looks finished.

use crate::model::exchange::{CollectionSeal, Exchange, Sink};
use crate::model::plan::Planned;
use crate::model::text::{json_line, json_pretty, sha256_hex, sha256_hex_of};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What can go wrong with a run directory.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Something could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The output folder already holds something.
    #[error("{0} is not empty; a run is written into a new or empty folder, so that nothing is overwritten")]
    NotEmpty(String),
    /// There is no finished collection.
    #[error("{0} holds no finished collection; give the folder that `farwatch audit --out` wrote")]
    NoCollection(String),
    /// A file does not have the digest that it was stored with.
    #[error(
        "{path} was altered: its SHA-256 is {found}, but it was stored as {expected}. Nothing is judged on altered evidence"
    )]
    Altered {
        /// Which file.
        path: String,
        /// Digest in the index.
        expected: String,
        /// Digest of the file.
        found: String,
    },
    /// An index cannot be understood.
    #[error("{path}, line {line}: {what}")]
    Index {
        /// Which file.
        path: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> EvidenceError + '_ {
    move |source| EvidenceError::Io { path: path.display().to_string(), source }
}

/// A collection being written.
#[derive(Debug)]
pub struct Recorder {
    run: PathBuf,
    partial: PathBuf,
    plan: BufWriter<File>,
    exchanges: BufWriter<File>,
}

impl Recorder {
    /// Begins a run in a new or empty folder.
    ///
    /// # Errors
    /// [`EvidenceError`] when the folder is not empty or cannot be written.
    pub fn create(run: &Path) -> Result<Self, EvidenceError> {
        if run.is_dir() {
            let mut entries = fs::read_dir(run).map_err(io_at(run))?;
            // What a killed run left behind does not count.
            if entries.any(|entry| entry.is_ok_and(|entry| !entry.file_name().to_string_lossy().ends_with(".partial")))
            {
                return Err(EvidenceError::NotEmpty(run.display().to_string()));
            }
        }
        let partial = run.join("collection.partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(io_at(&partial))?;
        }
        let bodies = partial.join("bodies");
        fs::create_dir_all(&bodies).map_err(io_at(&bodies))?;
        let open = |name: &str| {
            let path = partial.join(name);
            File::create(&path).map(BufWriter::new).map_err(io_at(&path))
        };
        Ok(Self { run: run.to_owned(), plan: open("plan.jsonl")?, exchanges: open("exchanges.jsonl")?, partial })
    }

    /// What was kept until now, as a collection.
    ///
    /// # Errors
    /// [`EvidenceError`] when it could not be written or read.
    pub fn so_far(&mut self, seal: &CollectionSeal) -> Result<Collection, EvidenceError> {
        let seal = self.with_digests(seal.clone())?;
        let read = |name: &str| {
            let path = self.partial.join(name);
            fs::read(&path).map_err(io_at(&path))
        };
        Collection::of(
            seal,
            String::new(),
            &self.partial.display().to_string(),
            &read,
            Source::Folder(self.partial.clone()),
        )
    }

    fn with_digests(&mut self, mut seal: CollectionSeal) -> Result<CollectionSeal, EvidenceError> {
        self.plan.flush().map_err(io_at(&self.partial))?;
        self.exchanges.flush().map_err(io_at(&self.partial))?;
        seal.plan = digest_of(&self.partial.join("plan.jsonl"))?;
        seal.exchanges = digest_of(&self.partial.join("exchanges.jsonl"))?;
        Ok(seal)
    }

    /// Finishes the collection: flushes, seals, and gives it its final name.
    ///
    /// # Errors
    /// [`EvidenceError`] when something could not be written; the unfinished folder stays under its partial name.
    pub fn seal(mut self, seal: CollectionSeal) -> Result<(), EvidenceError> {
        let seal = self.with_digests(seal)?;
        let path = self.partial.join("collection.json");
        let text = json_pretty(&seal).map_err(|error| io_at(&path)(error.into()))?;
        write_synced(&path, text.as_bytes())?;
        let target = self.run.join("collection");
        fs::rename(&self.partial, &target).map_err(io_at(&target))
    }
}

impl Sink for Recorder {
    fn planned(&mut self, planned: &Planned) -> io::Result<()> {
        writeln!(self.plan, "{}", json_line(planned)?)
    }

    fn exchanged(&mut self, mut exchange: Exchange, body: Option<&[u8]>) -> io::Result<Exchange> {
        if let Some(bytes) = body {
            let end = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
                Some(b'{' | b'[') => "json",
                Some(b'<') => "xml",
                _ => "txt",
            };
            let name = format!("{}.{end}", exchange.id);
            let path = self.partial.join("bodies").join(&name);
            fs::write(&path, bytes)
                .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
            exchange.digest = Some(sha256_hex(bytes));
            exchange.bytes = bytes.len() as u64;
            exchange.body = Some(name);
        }
        // The plan is on disk before the first answer that belongs to it.
        self.plan.flush()?;
        writeln!(self.exchanges, "{}", json_line(&exchange)?)?;
        Ok(exchange)
    }
}

/// A finished collection, every stored byte checked against its digest.
#[derive(Debug)]
pub struct Collection {
    /// What the run as a whole is.
    pub seal: CollectionSeal,
    /// Calls it meant to make.
    pub plan: Vec<Planned>,
    /// Answers it got.
    pub exchanges: Vec<Exchange>,
    /// SHA-256 of `collection.json`.
    pub digest: String,
    source: Source,
}

/// Where bodies lie.
#[derive(Debug)]
enum Source {
    Folder(PathBuf),
    Memory(BTreeMap<String, Vec<u8>>),
}

impl Collection {
    /// Opens the collection of a run directory.
    ///
    /// # Errors
    /// [`EvidenceError`]: nothing there, something altered, or unreadable.
    pub fn open(run: &Path) -> Result<Self, EvidenceError> {
        let folder = run.join("collection");
        if !folder.join("collection.json").is_file() {
            return Err(EvidenceError::NoCollection(run.display().to_string()));
        }
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).map_err(io_at(&path))
        };
        let collection = Self::parse(&folder.display().to_string(), &read, Source::Folder(folder.clone()))?;
        for exchange in &collection.exchanges {
            collection.checked_body(exchange)?;
        }
        Ok(collection)
    }

    /// Opens a collection from files in memory, by their names below `collection/`.
    ///
    /// # Errors
    /// As [`Collection::open`].
    pub fn from_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self, EvidenceError> {
        let missing = |name: &str| EvidenceError::Io { path: name.to_owned(), source: io::ErrorKind::NotFound.into() };
        let read = |name: &str| files.get(name).cloned().ok_or_else(|| missing(name));
        let mut collection = Self::parse("collection", &read, Source::Memory(BTreeMap::new()))?;
        collection.source = Source::Memory(files);
        Ok(collection)
    }

    fn parse(
        shown: &str,
        read: &dyn Fn(&str) -> Result<Vec<u8>, EvidenceError>,
        source: Source,
    ) -> Result<Self, EvidenceError> {
        let text = read("collection.json")?;
        let seal: CollectionSeal = serde_json::from_slice(&text).map_err(|error| EvidenceError::Index {
            path: format!("{shown}/collection.json"),
            line: error.line(),
            what: error.to_string(),
        })?;
        Self::of(seal, sha256_hex(&text), shown, read, source)
    }

    fn of(
        seal: CollectionSeal,
        digest: String,
        shown: &str,
        read: &dyn Fn(&str) -> Result<Vec<u8>, EvidenceError>,
        source: Source,
    ) -> Result<Self, EvidenceError> {
        let plan = lines(shown, "plan.jsonl", &read("plan.jsonl")?, &seal.plan)?;
        let exchanges = lines(shown, "exchanges.jsonl", &read("exchanges.jsonl")?, &seal.exchanges)?;
        Ok(Self { seal, plan, exchanges, digest, source })
    }

    /// The stored bytes of an exchange; empty where nothing was stored or the file has gone since it was checked.
    #[must_use]
    pub fn body(&self, exchange: &Exchange) -> Vec<u8> {
        self.checked_body(exchange).unwrap_or_default()
    }

    fn checked_body(&self, exchange: &Exchange) -> Result<Vec<u8>, EvidenceError> {
        let (Some(name), Some(expected)) = (&exchange.body, &exchange.digest) else { return Ok(Vec::new()) };
        // Names come from the index, which is text: only a plain name below `bodies/` is followed.
        if name.contains(['/', '\\']) || name.starts_with('.') {
            return Err(EvidenceError::Altered {
                path: name.clone(),
                expected: expected.clone(),
                found: "no plain file name".to_owned(),
            });
        }
        let (bytes, path) = match &self.source {
            Source::Folder(folder) => {
                let path = folder.join("bodies").join(name);
                (fs::read(&path).map_err(io_at(&path))?, path.display().to_string())
            }
            Source::Memory(files) => {
                let path = format!("bodies/{name}");
                (files.get(&path).cloned().unwrap_or_default(), path)
            }
        };
        let found = sha256_hex(&bytes);
        if found == *expected {
            Ok(bytes)
        } else {
            Err(EvidenceError::Altered { path, expected: expected.clone(), found })
        }
    }
}

fn lines<T: serde::de::DeserializeOwned>(
    shown: &str,
    name: &str,
    bytes: &[u8],
    expected: &str,
) -> Result<Vec<T>, EvidenceError> {
    let path = format!("{shown}/{name}");
    let found = sha256_hex(bytes);
    if found != expected {
        return Err(EvidenceError::Altered { path, expected: expected.to_owned(), found });
    }
    String::from_utf8_lossy(bytes)
        .lines()
        .enumerate()
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| EvidenceError::Index {
                path: path.clone(),
                line: at + 1,
                what: error.to_string(),
            })
        })
        .collect()
}

fn digest_of(path: &Path) -> Result<String, EvidenceError> {
    File::open(path).and_then(sha256_hex_of).map_err(io_at(path))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), EvidenceError> {
    let mut file = File::create(path).map_err(io_at(path))?;
    file.write_all(bytes).map_err(io_at(path))?;
    file.sync_all().map_err(io_at(path))
}

/// Writes a folder of files so that it appears whole or not at all. An equal folder that is already there stays;
/// `replace` puts the new one in place of a different one.
///
/// # Errors
/// [`EvidenceError`] when something could not be written, or a different folder is there and `replace` is false.
pub fn write_folder(folder: &Path, files: &BTreeMap<String, Vec<u8>>, replace: bool) -> Result<(), EvidenceError> {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let partial = folder.with_file_name(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(io_at(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(io_at(&partial))?;
    for (name, bytes) in files {
        let path = partial.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io_at(parent))?;
        }
        write_synced(&path, bytes)?;
    }
    if folder.exists() {
        let same = files.iter().all(|(name, bytes)| fs::read(folder.join(name)).is_ok_and(|old| old == *bytes));
        if same && !replace {
            return fs::remove_dir_all(&partial).map_err(io_at(&partial));
        }
        if !replace {
            return Err(EvidenceError::NotEmpty(folder.display().to_string()));
        }
        fs::remove_dir_all(folder).map_err(io_at(folder))?;
    }
    fs::rename(&partial, folder).map_err(io_at(folder))
}

/// Writes one file so that it appears whole or not at all.
///
/// # Errors
/// [`EvidenceError`] when it could not be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), EvidenceError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let partial = path.with_file_name(format!("{name}.partial"));
    write_synced(&partial, bytes)?;
    fs::rename(&partial, path).map_err(io_at(path))
}

/// The lines of `SHA256SUMS`: every file below the run directory but the sums themselves and their signature, sorted,
/// as `sha256sum` writes them.
///
/// # Errors
/// [`EvidenceError`] when a file could not be read.
pub fn sums(run: &Path) -> Result<String, EvidenceError> {
    let mut found = BTreeMap::new();
    collect_sums(run, run, &mut found)?;
    let mut lines = String::new();
    for (path, digest) in found {
        lines += &format!("{digest}  {path}\n");
    }
    Ok(lines)
}

fn collect_sums(run: &Path, folder: &Path, found: &mut BTreeMap<String, String>) -> Result<(), EvidenceError> {
    for entry in fs::read_dir(folder).map_err(io_at(folder))? {
        let entry = entry.map_err(io_at(folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(io_at(&path))?;
        let name = path.strip_prefix(run).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if kind.is_dir() && !name.ends_with(".partial") {
            collect_sums(run, &path, found)?;
        } else if kind.is_file() && !name.starts_with("SHA256SUMS") && !name.ends_with(".partial") {
            found.insert(name, digest_of(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_and_equal_ones_stay() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        let folder = root.join("a");
        let files = BTreeMap::from([("x/y.txt".to_owned(), b"1".to_vec())]);
        write_folder(&folder, &files, false).unwrap();
        write_folder(&folder, &files, false).unwrap();
        let other = BTreeMap::from([("x/y.txt".to_owned(), b"2".to_vec())]);
        assert!(matches!(write_folder(&folder, &other, false), Err(EvidenceError::NotEmpty(_))));
        write_folder(&folder, &other, true).unwrap();
        assert_eq!(fs::read(folder.join("x/y.txt")).unwrap(), b"2");
        assert_eq!(sums(root).unwrap(), format!("{}  a/x/y.txt\n", sha256_hex(b"2")));
    }
}
