//! What the tests against emulated AWS stand on: the emulators, the seeded accounts, the fault proxy and
//! the binary under test.
//!
//! moto and ministack are Python programs. The first test that needs one makes a virtual environment in
//! the target directory, from `requirements.txt` and nothing else (`--require-hashes`); later runs find
//! it there. A machine where that cannot be done fails these tests: a test that has not run has shown
//! nothing.

pub mod azure;
pub mod fault;
pub mod truth;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use fault::Fault;
use truth::{Finding, Truth};

/// The contractor's account whose credentials the tests use.
pub const FIRST: &str = "111122223333";
/// The contractor's account that is reached through [`ROLE`].
pub const SECOND: &str = "444455556666";
/// The role to assume in the second account.
pub const ROLE: &str = "farwatch-audit";
/// What its trust policy asks for.
pub const EXTERNAL_ID: &str = "fw-ext-1";
/// The regions that are on.
pub const REGIONS: [&str; 3] = ["us-east-1", "us-east-2", "us-west-2"];
/// The region that is listed and off.
pub const OFF_REGION: &str = "ap-south-2";
/// The secret that the binary under test signs with; it must stay out of everything it writes.
pub const SECRET: &str = "farwatch-canary-of-a-secret-access-key";
/// Nothing listens here.
pub const NOWHERE: &str = "http://127.0.0.1:1";

/// A run that takes longer than this hangs. The slowest, with throttling, takes half of it.
const PATIENCE: Duration = Duration::from_secs(150);

/// The ARN of the role in the second account.
pub fn second_role() -> String {
    format!("arn:aws:iam::{SECOND}:role/{ROLE}")
}

// --- the emulators -----------------------------------------------------------------------------

/// An emulator and what is true of the accounts seeded in it.
pub struct Emulator {
    /// `http://address:port`
    pub endpoint: String,
    /// The expected findings.
    pub truth: Truth,
    /// The child lives until this pipe closes, which the end of this process does, however it ends.
    _leash: ChildStdin,
}

impl Emulator {
    /// Runs a seeding script beside this file against the emulator.
    pub fn run(&self, name: &str) -> String {
        script(name, &[&self.endpoint])
    }

    /// moto, seeded; one per test process. Audits only read, so the tests can share it.
    pub fn moto() -> &'static Self {
        static MOTO: OnceLock<Emulator> = OnceLock::new();
        MOTO.get_or_init(|| Self::start("moto"))
    }

    /// ministack, seeded: other people's code, so its agreement with moto means something.
    pub fn ministack() -> &'static Self {
        static MINISTACK: OnceLock<Emulator> = OnceLock::new();
        MINISTACK.get_or_init(|| Self::start("ministack"))
    }

    /// A process of its own, with nothing in it.
    pub fn bare(name: &'static str) -> Self {
        Self::launch(name, false)
    }

    /// Runs a seeding script with words of its own.
    pub fn seed(&self, name: &str, words: &[&str]) -> String {
        script(name, &[&[self.endpoint.as_str()], words].concat())
    }

    fn start(name: &'static str) -> Self {
        Self::launch(name, true)
    }

    fn launch(name: &'static str, seeded: bool) -> Self {
        let log_path = workshop().join(format!("{name}-{}.log", std::process::id()));
        let log = File::create(&log_path).expect("a log file in the target directory");
        let mut child = Command::new(python())
            .arg(here("serve.py"))
            .arg(name)
            // moto reckons some times in local time and reports them as UTC.
            .env("TZ", "UTC")
            .env_remove("MOTO_IAM_LOAD_MANAGED_POLICIES")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the environment's python starts");
        let leash = child.stdin.take().expect("a piped standard input");
        let stdout = child.stdout.take().expect("a piped standard output");
        let mut first_line = String::new();
        BufReader::new(stdout).read_line(&mut first_line).expect("the emulator's standard output");
        let Ok(port) = first_line.trim().parse::<u16>() else {
            panic!("{name} did not start:\n{}", tail(&log_path));
        };
        wait_for_an_answer(&mut child, port, &log_path);
        let endpoint = format!("http://127.0.0.1:{port}");
        let truth = if seeded { Seed { emulator: name }.apply(&endpoint) } else { Truth::default() };
        Self { endpoint, truth, _leash: leash }
    }
}

fn wait_for_an_answer(child: &mut Child, port: u16, log: &Path) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_mins(1) {
        if let Some(status) = child.try_wait().expect("the state of a child of ours") {
            panic!("the emulator ended ({status}):\n{}", tail(log));
        }
        if answers(port) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the emulator did not answer for a minute:\n{}", tail(log));
}

/// Whether there is HTTP at that port, of whatever kind.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut start = [0; 5];
    stream.write_all(b"GET /favicon.ico HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n").is_ok()
        && stream.read_exact(&mut start).is_ok()
        && &start == b"HTTP/"
}

fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

/// The seeding of one emulator.
pub struct Seed {
    /// `moto` or `ministack`: the latter lacks some services.
    pub emulator: &'static str,
}

impl Seed {
    /// Makes the contractor's accounts at `endpoint` and says what is true of them.
    pub fn apply(&self, endpoint: &str) -> Truth {
        let said = script("seed.py", &[endpoint, "--emulator", self.emulator]);
        serde_json::from_str(&said).expect("the seed prints the truth as JSON")
    }
}

/// Runs one of the scripts beside this file and gives what it prints.
fn script(name: &str, arguments: &[&str]) -> String {
    said(name, scripted(name).args(arguments).output().expect("the environment's python starts"))
}

/// The same, with something to read on its standard input.
pub fn ask(name: &str, input: String) -> String {
    let mut child = scripted(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the environment's python starts");
    let mut pipe = child.stdin.take().expect("a piped standard input");
    // Written while it answers: a full pipe would stop both. A script that ends early says so by its status.
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()).is_ok());
    let output = child.wait_with_output().expect("the output of a child of ours");
    let written = writer.join().expect("the writer of a pipe");
    let text = said(name, output);
    assert!(written, "{name} did not read all of its input");
    text
}

fn scripted(name: &str) -> Command {
    let mut command = Command::new(python());
    command
        .arg(here(name))
        // A profile or a region of the developer must not lead the script elsewhere.
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_ENDPOINT_URL")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn said(name: &str, output: std::process::Output) -> String {
    assert!(output.status.success(), "{name} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("scripts print text")
}

// --- the Python environment --------------------------------------------------------------------

/// The interpreter of the environment that `requirements.txt` describes.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(environment)
}

fn environment() -> PathBuf {
    let requirements = here("requirements.txt");
    let wanted = fs::read(&requirements).expect("requirements.txt beside this file");
    let version = Command::new("python3").arg("--version").output();
    let version = match version {
        Ok(output) if output.status.success() => output.stdout,
        _ => panic!("the tests on emulated AWS need python3 (3.11 or later, with venv and pip) on the PATH"),
    };
    // The interpreter counts too: an environment does not survive the update of the one it was made with.
    let digest = format!("{:x}", Sha256::new().chain_update(&wanted).chain_update(&version).finalize());
    let place = workshop().join(format!("venv-{}", &digest[..16]));
    let stamp = place.join("complete");

    // Test binaries run side by side: one of them makes the environment, the others wait for it.
    let lock = File::create(workshop().join("lock")).expect("a lock file in the target directory");
    lock.lock().expect("the lock on the emulators' directory");
    if !stamp.exists() {
        // What an interrupted run left behind is not worth trusting.
        let _ = fs::remove_dir_all(&place);
        prepare(Command::new("python3").args(["-m", "venv"]).arg(&place));
        // Wheels only: nothing that was downloaded runs before its hash was checked.
        prepare(
            Command::new(place.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
                .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
                .arg(&requirements),
        );
        File::create(&stamp).expect("the stamp of a complete environment");
    }
    place.join("bin/python")
}

fn prepare(command: &mut Command) {
    let shown = format!("{command:?}");
    let (said, succeeded) = match command.output() {
        Ok(output) => (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.success()),
        Err(error) => (error.to_string(), false),
    };
    assert!(
        succeeded,
        "the tests on emulated AWS need moto and ministack, which could not be installed.\n\
         Needed: python3 (3.11 or later) with venv and pip (Debian: python3-venv), and a Python package index.\n\
         {shown}\n{said}"
    );
}

/// Where the environment and the emulators' logs live: in the target directory, as everything built.
fn workshop() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("emulators");
    fs::create_dir_all(&place).expect("a directory in the target directory");
    place
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emulators").join(name)
}

// --- the binary under test ---------------------------------------------------------------------

/// farwatch with an environment that leads to `endpoint` and nowhere else.
pub fn farwatch(endpoint: &str) -> Command {
    static HOME: OnceLock<TempDir> = OnceLock::new();
    let home = HOME.get_or_init(|| tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("an empty home"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_farwatch"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .current_dir(home.path())
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", FIRST)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_REGION", REGIONS[0])
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// One finished run of farwatch and the directory it wrote.
pub struct Run {
    /// The run directory.
    pub dir: PathBuf,
    /// The exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
    _parent: TempDir,
}

/// `farwatch audit aws` through the proxy. The PDF is left out: it is no part of what is tested here.
pub fn audit(fault: &Fault, more: &[&str]) -> Run {
    audit_with(fault, more, |_| {})
}

/// The same, with a word in the environment.
pub fn audit_with(fault: &Fault, more: &[&str], change: impl FnOnce(&mut Command)) -> Run {
    audit_of("aws", fault, more, change)
}

/// The same of `aws` or `all`.
pub fn audit_of(cloud: &str, fault: &Fault, more: &[&str], change: impl FnOnce(&mut Command)) -> Run {
    let parent = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the run");
    let dir = parent.path().join("run");
    let mut command = farwatch(fault.endpoint());
    command.args(["audit", cloud, "--no-pdf", "--out"]).arg(&dir).args(more);
    change(&mut command);
    let (code, stdout, stderr) = finish(&mut command);
    Run { dir, code, stdout, stderr, _parent: parent }
}

/// `farwatch assess`, away from any cloud.
pub fn assess(dir: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    finish(farwatch(NOWHERE).args(["assess", "--no-pdf"]).arg(dir).args(more))
}

/// Runs to the end, but not for ever.
fn finish(command: &mut Command) -> (Option<i32>, String, String) {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("farwatch starts");
    // Read while it runs: a full pipe would stop it.
    let stdout = drain(child.stdout.take().expect("a piped standard output"));
    let stderr = drain(child.stderr.take().expect("a piped standard error"));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the state of a child of ours") {
            break status;
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            panic!("farwatch did not end within {PATIENCE:?}:\n{}", stderr.join().expect("the reader of a pipe"));
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = |reader: std::thread::JoinHandle<String>| reader.join().expect("the reader of a pipe");
    (status.code(), text(stdout), text(stderr))
}

fn drain(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What `findings.json` says.
#[derive(Deserialize)]
pub struct Findings {
    /// The format.
    pub schema: String,
    /// The moment it judges.
    pub as_of: String,
    /// One per check and subject.
    #[serde(rename = "findings")]
    pub all: Vec<Finding>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// A planned call that did not settle.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Gap {
    /// The read, `service:Operation`.
    pub read: String,
    /// The IAM action it needs.
    pub action: String,
    /// Where.
    pub account: String,
    /// `denied`, `throttled`, `failed`, …
    pub outcome: String,
    /// What AWS called it.
    pub code: Option<String>,
}

/// The reads that moto has no answer to. The second cannot be asked without an answer to the first.
pub const UNANSWERED: [&str; 4] = [
    "guardduty:ListFindings",
    "guardduty:GetFindings",
    "guardduty:ListPublishingDestinations",
    "macie2:GetMacieSession",
];

impl Findings {
    /// The gaps that are not there for want of an answer of moto's.
    pub fn own_gaps(&self) -> Vec<&Gap> {
        self.gaps.iter().filter(|gap| !UNANSWERED.contains(&gap.read.as_str())).collect()
    }
}

impl Run {
    /// The one assessment that an audit leaves behind.
    pub fn assessment_dir(&self) -> PathBuf {
        let dirs = assessments(&self.dir);
        assert_eq!(dirs.len(), 1, "one assessment in {}\n{}", self.dir.display(), self.said());
        dirs[0].clone()
    }

    /// Its findings.
    pub fn findings(&self) -> Findings {
        let bytes = fs::read(self.assessment_dir().join("findings.json"))
            .unwrap_or_else(|error| panic!("findings.json: {error}\n{}", self.said()));
        let findings: Findings = serde_json::from_slice(&bytes).expect("findings.json as the contract has it");
        assert_eq!(findings.schema, "farwatch/findings/1");
        findings
    }

    /// Its assessment.
    pub fn assessment(&self) -> Value {
        let bytes = fs::read(self.assessment_dir().join("assessment.json"))
            .unwrap_or_else(|error| panic!("assessment.json: {error}\n{}", self.said()));
        serde_json::from_slice(&bytes).expect("assessment.json is JSON")
    }

    /// What it printed, for the message of a failing test.
    pub fn said(&self) -> String {
        format!("exit {:?}\n--- standard output\n{}\n--- standard error\n{}", self.code, self.stdout, self.stderr)
    }
}

/// The assessments of a run directory.
pub fn assessments(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join("assessments")).into_iter().flatten().flatten();
    let mut dirs: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    dirs.sort();
    dirs
}

/// Every file below a directory.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Copies a run, so that a test can do to it what it likes.
pub fn copy(from: &Path) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory for the copy");
    let to = parent.path().join("run");
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).expect("a file below the run"));
        fs::create_dir_all(target.parent().expect("a file has a directory")).expect("a directory of the copy");
        fs::copy(&file, &target).expect("a file of the copy");
    }
    (parent, to)
}
