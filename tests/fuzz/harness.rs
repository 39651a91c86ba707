//! Changed inputs for parsers: a corpus, what a change can be, and what becomes of an input that fails.
//!
//! Included by its path where a parser is in reach: `tests/fuzz.rs` has those that the library shows, `derive.rs` beside
//! this file those that it keeps to itself.
//!
//! Without a word in the environment every run makes the same inputs. `FARWATCH_FUZZ_SECONDS=600` makes new ones for so
//! long in each parser, and writes those that fail into `fuzz/<parser>/` of the target directory. An input that failed
//! belongs into `tests/corpus/<parser>/`, beside the seeds: everything there is tried as it is, before anything is
//! changed.

use serde_json::Value;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The seed of a run that nobody told otherwise.
const SEED: u64 = 0xFA12_3A7C_4E5E_ED01;
/// Longest input: the corpus has none near, and doubling must end.
const LONGEST: usize = 64 * 1024;
/// Failing inputs that are kept of one run; more of them rarely say more.
const KEPT: usize = 20;

/// Numbers that look like chance and are not: `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
pub(super) struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or_default()
    }

    /// One of these.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The numbers that belong to an input: an input that is tried again meets the same.
    pub(super) fn of(bytes: &[u8]) -> Self {
        // FNV-1a, 64 bits.
        Self(
            bytes
                .iter()
                .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)),
        )
    }
}

/// An input of the corpus.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    /// The name of its file up to the first dot: it may say what the input is.
    pub(super) name: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// A parser, and what its inputs are made of.
pub(super) struct Parser<'a> {
    /// The folder below `tests/corpus`.
    pub(super) name: &'a str,
    /// Seeds from elsewhere.
    pub(super) more: Vec<Seed>,
    /// Words of the format, in groups of those that can stand in each other's place.
    pub(super) words: &'a [&'a [&'a str]],
    /// Inputs of an ordinary run.
    pub(super) inputs: usize,
}

impl Parser<'_> {
    /// Tries the corpus and then changed inputs. `holds` gets the name of the seed, the input, and numbers to draw what
    /// else it needs; it panics where something does not hold, and says whether the input could be read at all.
    pub(super) fn run(self, holds: &dyn Fn(&str, &[u8], &mut Draw) -> bool) {
        let seeds: Vec<Seed> = self.corpus().into_iter().chain(self.more.iter().cloned()).collect();
        assert!(seeds.len() >= 12, "{}: a corpus has a dozen inputs", self.name);
        let place = place(self.name);
        let mut failed = Vec::new();
        let attempt = |seed: &Seed, failed: &mut Vec<String>| -> bool {
            let tried = catch_unwind(AssertUnwindSafe(|| holds(&seed.name, &seed.bytes, &mut Draw::of(&seed.bytes))));
            tried.unwrap_or_else(|panic| {
                let path = place.join(format!("{}.{:016x}", seed.name, Draw::of(&seed.bytes).0));
                fs::write(&path, &seed.bytes).expect("a file in the target directory");
                let why = panic.downcast_ref::<String>().map(String::as_str);
                let why = why.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
                failed.push(format!("{}: {why}", path.display()));
                false
            })
        };
        fs::create_dir_all(&place).expect("a folder in the target directory");
        let running = place.join("running");
        for seed in &seeds {
            fs::write(&running, &seed.bytes).expect("a file in the target directory");
            attempt(seed, &mut failed);
        }
        let seconds = std::env::var("FARWATCH_FUZZ_SECONDS").ok();
        let seconds = seconds.map(|text| text.parse::<u64>().expect("FARWATCH_FUZZ_SECONDS is a number"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let start = if seconds.is_some() { u64::try_from(now % u128::from(u64::MAX)).unwrap_or(SEED) } else { SEED };
        println!("{}: {} inputs of the corpus, seed {start:#018x}", self.name, seeds.len());
        let mut draw = Draw(start);
        let (mut made, mut read, mut slowest) = (0_usize, 0_usize, (Duration::ZERO, String::new()));
        let began = Instant::now();
        let goes_on = |made: usize| match seconds {
            Some(seconds) => began.elapsed() < Duration::from_secs(seconds),
            None => made < self.inputs,
        };
        while goes_on(made) && failed.len() < KEPT {
            let seed = draw.one(&seeds);
            let changed = Seed { name: seed.name.clone(), bytes: self.change(seed, &seeds, &mut draw) };
            // What ends the process (a stack that is full) leaves its input here.
            fs::write(&running, &changed.bytes).expect("a file in the target directory");
            let from = Instant::now();
            read += usize::from(attempt(&changed, &mut failed));
            if from.elapsed() > slowest.0 {
                slowest = (from.elapsed(), String::from_utf8_lossy(&changed.bytes).chars().take(200).collect());
            }
            made += 1;
        }
        let _ = fs::remove_file(&running);
        println!("{}: {made} changed inputs, {read} of them could be read, {} failed", self.name, failed.len());
        if seconds.is_some() {
            println!("{}: the slowest took {:?}: {}", self.name, slowest.0, slowest.1);
        }
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        // A harness whose inputs are all refused at the door tries nothing.
        assert!(read * 50 > made, "only {read} of {made} changed inputs could be read");
    }

    fn corpus(&self) -> Vec<Seed> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(self.name);
        let mut paths: Vec<PathBuf> =
            fs::read_dir(&folder).map(|all| all.flatten().map(|one| one.path()).collect()).unwrap_or_default();
        paths.sort();
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        paths
            .into_iter()
            .map(|path| Seed {
                name: name(&path).split('.').next().unwrap_or_default().to_owned(),
                bytes: fs::read(&path).expect("a file of the corpus"),
            })
            .collect()
    }

    /// One to four changes.
    fn change(&self, seed: &Seed, seeds: &[Seed], draw: &mut Draw) -> Vec<u8> {
        let mut bytes = seed.bytes.clone();
        // One change more often than four: a parser that refuses everything at once is not tried.
        let most = 1 + draw.below(4);
        for _ in 0..=draw.below(most) {
            self.change_once(&mut bytes, seeds, draw);
            bytes.truncate(LONGEST);
        }
        bytes
    }

    fn word(&self, draw: &mut Draw) -> &str {
        let group: &[&str] = draw.one::<&[&str]>(self.words);
        draw.one::<&str>(group)
    }

    /// False where one of the two is no JSON, or a document without parts.
    fn graft(bytes: &mut Vec<u8>, seeds: &[Seed], draw: &mut Draw) -> bool {
        let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return false };
        let Ok(other) = serde_json::from_slice::<Value>(&draw.one(seeds).bytes) else { return false };
        let (into, from) = (pointers(&value), pointers(&other));
        if into.len() == 1 {
            return false;
        }
        let (Some(place), Some(part)) =
            (value.pointer_mut(&into[1 + draw.below(into.len() - 1)]), other.pointer(draw.one::<String>(&from)))
        else {
            return false;
        };
        *place = part.clone();
        *bytes = value.to_string().into_bytes();
        true
    }

    fn change_once(&self, bytes: &mut Vec<u8>, seeds: &[Seed], draw: &mut Draw) {
        let range = |length: usize, most: usize, draw: &mut Draw| {
            let from = draw.below(length + 1);
            from..(from + draw.below(most + 1)).min(length)
        };
        match draw.below(16) {
            // A bit.
            0 if !bytes.is_empty() => {
                let at = draw.below(bytes.len());
                bytes[at] ^= 1 << draw.below(8);
            }
            // A character: of those that structure something more often than by chance.
            1 => {
                let at = range(bytes.len(), 1, draw);
                let byte = *draw.one(b"{}[]()<>\"'\\/&|,:;=.*?!%$#@-+ \n\t0123456789eEaZ\x00\x7f\x80\xc3\xff");
                bytes.splice(at, [byte]);
            }
            // Nothing.
            2 => drop(bytes.drain(range(bytes.len(), 8, draw))),
            3 => drop(bytes.drain(range(bytes.len(), bytes.len(), draw))),
            // The end.
            4 => bytes.truncate(draw.below(bytes.len() + 1)),
            // The same again, once or a few times.
            5 => {
                let at = range(bytes.len(), 64, draw);
                let piece = bytes[at.clone()].repeat(1 + draw.below(4));
                bytes.splice(at.end..at.end, piece);
            }
            // A piece of this or another input.
            6 => {
                let other = &draw.one(seeds).bytes;
                let piece = other[range(other.len(), 80, draw)].to_vec();
                let at = range(bytes.len(), 40, draw);
                bytes.splice(at, piece);
            }
            // Inside more of the same brackets; now and then deeper than anybody writes.
            7 => {
                let at = range(bytes.len(), 60, draw);
                let (open, close) = *draw.one(&[("[", "]"), ("{", "}"), ("(", ")"), ("{\"a\":", "}"), ("<a>", "</a>")]);
                let times = if draw.below(20) == 0 { 1 + draw.below(1000) } else { 1 + draw.below(4) };
                let inside = bytes[at.clone()].to_vec();
                bytes.splice(at, [open.repeat(times).into_bytes(), inside, close.repeat(times).into_bytes()].concat());
            }
            // Two pieces in each other's place.
            8 => {
                let (one, other) = (range(bytes.len(), 30, draw), range(bytes.len(), 30, draw));
                let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
                if first.end <= second.start {
                    let (left, right) = (bytes[first.clone()].to_vec(), bytes[second.clone()].to_vec());
                    bytes.splice(second, left);
                    bytes.splice(first, right);
                }
            }
            // A word of the format, somewhere.
            9 => {
                let at = range(bytes.len(), 6, draw);
                bytes.splice(at, self.word(draw).bytes());
            }
            // A part of another document of JSON in the place of a part of this one.
            10..=12 if Self::graft(bytes, seeds, draw) => {}
            // A word of the format in the place of another, more often of one of its kind.
            _ => {
                for _ in 0..20 {
                    let group = *draw.one(self.words);
                    let found = draw.one(group).as_bytes();
                    let word = if draw.below(4) == 0 { self.word(draw) } else { *draw.one(group) };
                    let last = bytes.len().saturating_sub(found.len());
                    let is_there = |at: &usize| !found.is_empty() && bytes[*at..].starts_with(found);
                    let places: Vec<usize> = (0..=last).filter(is_there).collect();
                    if !places.is_empty() {
                        let from = *draw.one(&places);
                        bytes.splice(from..from + found.len(), word.bytes());
                        break;
                    }
                }
            }
        }
    }
}

/// The paths of all values in a document, the whole of it first.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut of = |name: &str, inner: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        found.extend(pointers(inner).into_iter().map(|path| format!("/{name}{path}")));
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| of(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(at, inner)| of(&at.to_string(), inner)),
        _ => {}
    }
    found
}

/// Where failing inputs of a parser go: below the target directory, wherever that is.
fn place(name: &str) -> PathBuf {
    let binary = std::env::current_exe().expect("the path of this test");
    // <target>/<profile>/deps/<binary>
    binary.ancestors().nth(3).unwrap_or(Path::new("target")).join("fuzz").join(name)
}
