//! Where the organisation's files come from: a folder, or memory (the demo). Links are not followed, nothing outside
//! the folder is read, and nothing is read that is too large to be what it claims.

use crate::model::organisation::OrganisationFile;
use crate::model::organisation::file_evidence;
use crate::model::text::sha256_hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Largest text file: real ones have a few kilobytes.
const MAX_TEXT: u64 = 4 * 1024 * 1024;
/// Largest evidence file: a scanned document has a few megabytes.
const MAX_EVIDENCE: u64 = 256 * 1024 * 1024;

/// A folder of the organisation, wherever it is. Paths are relative, with `/`.
pub trait Files {
    /// Reads a text file.
    ///
    /// # Errors
    /// A sentence saying what is wrong.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;
    /// Is there such a file?
    fn exists(&self, path: &str) -> bool;
    /// The files of a folder with this ending, sorted, and what is wrong with an entry that is none.
    fn list(&self, folder: &str, ending: &str) -> Vec<(String, Option<String>)>;
    /// The digest of an evidence file.
    ///
    /// # Errors
    /// A sentence saying what is wrong.
    fn digest(&self, path: &str) -> Result<OrganisationFile, String>;
}

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

/// Files in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory(pub BTreeMap<String, Vec<u8>>);

/// A path that stays below the folder, or why it does not.
fn plain(path: &str) -> Result<Vec<&str>, String> {
    let parts: Vec<&str> = path.split('/').collect();
    let bad = |part: &&str| part.is_empty() || matches!(*part, "." | "..") || part.contains(['\\', ':', '\0']);
    if parts.iter().any(bad) {
        return Err(format!("`{path}` is not a path below the organisation's folder"));
    }
    Ok(parts)
}

impl Folder {
    /// The path on disk, with every part of it looked at: no links on the way.
    fn place(&self, path: &str, largest: u64) -> Result<PathBuf, String> {
        let mut place = self.0.clone();
        for part in plain(path)? {
            place.push(part);
            let meta = fs::symlink_metadata(&place).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => format!("there is no file `{path}`"),
                _ => format!("`{path}` cannot be read: {error}"),
            })?;
            if meta.file_type().is_symlink() {
                return Err(format!("`{path}` is or goes through a link, which is not followed"));
            }
        }
        let meta = fs::metadata(&place).map_err(|error| format!("`{path}` cannot be read: {error}"))?;
        if !meta.is_file() {
            return Err(format!("`{path}` is not a file"));
        }
        if meta.len() > largest {
            return Err(format!("`{path}` has {} bytes, more than the {largest} that are read", meta.len()));
        }
        Ok(place)
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let place = self.place(path, MAX_TEXT)?;
        fs::read(&place).map_err(|error| format!("`{path}` cannot be read: {error}"))
    }

    fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.0.join(path)).is_ok()
    }

    fn list(&self, folder: &str, ending: &str) -> Vec<(String, Option<String>)> {
        let place = self.0.join(folder);
        match fs::symlink_metadata(&place) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return vec![(folder.to_owned(), Some("it is not a folder, and no link is followed".to_owned()))],
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => return vec![(folder.to_owned(), Some(format!("the folder cannot be read: {error}")))],
        }
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(error) => return vec![(folder.to_owned(), Some(format!("the folder cannot be read: {error}")))],
        };
        let mut found = Vec::new();
        for entry in entries {
            let Ok(entry) = entry else {
                found.push((folder.to_owned(), Some("an entry of the folder cannot be read".to_owned())));
                continue;
            };
            let name = entry.file_name().to_string_lossy().into_owned();
            // Files of editors and of the system; a README is for people.
            if name.starts_with('.') || name.ends_with('~') || name == "README.md" {
                continue;
            }
            let path = format!("{folder}/{name}");
            let problem = match entry.file_type() {
                Ok(kind) if kind.is_symlink() => Some("a link is not followed".to_owned()),
                Ok(kind) if kind.is_dir() => Some("a folder inside is not read".to_owned()),
                Ok(_) if Path::new(&name).extension().is_none_or(|end| end != ending) => {
                    Some(format!("its name does not end in .{ending}, so it is not read"))
                }
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            };
            found.push((path, problem));
        }
        found.sort();
        found
    }

    fn digest(&self, path: &str) -> Result<OrganisationFile, String> {
        let place = self.place(path, MAX_EVIDENCE)?;
        let broken = |error: std::io::Error| format!("`{path}` cannot be read: {error}");
        let mut file = File::open(&place).map_err(broken)?;
        let mut sha = Sha256::new();
        let (mut buffer, mut bytes) = (vec![0_u8; 64 * 1024], 0_u64);
        loop {
            let read = file.read(&mut buffer).map_err(broken)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            bytes += read as u64;
            // It may grow while it is read.
            if bytes > MAX_EVIDENCE {
                return Err(format!("`{path}` has more than the {MAX_EVIDENCE} bytes that are read"));
            }
            sha.update(part);
        }
        let mut sha256 = String::with_capacity(64);
        for byte in sha.finalize() {
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(OrganisationFile { path: path.to_owned(), evidence: file_evidence(path), sha256, bytes })
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        plain(path)?;
        self.0.get(path).cloned().ok_or_else(|| format!("there is no file `{path}`"))
    }

    fn exists(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn list(&self, folder: &str, ending: &str) -> Vec<(String, Option<String>)> {
        let inside = |path: &&String| {
            path.strip_prefix(folder)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|name| !name.contains('/') && name.ends_with(&format!(".{ending}")) && name != "README.md")
        };
        self.0.keys().filter(inside).map(|path| (path.clone(), None)).collect()
    }

    fn digest(&self, path: &str) -> Result<OrganisationFile, String> {
        let bytes = self.read(path)?;
        Ok(OrganisationFile {
            path: path.to_owned(),
            evidence: file_evidence(path),
            sha256: sha256_hex(&bytes),
            bytes: bytes.len() as u64,
        })
    }
}
