//! Plan, ask, keep: from declared reads to stored exchanges.
//!
//! Provider types stop here. What an answer says about resources is not this room's to know: `cli` passes in a
//! function of `derive` for it.

pub mod aws;
pub mod azure;
mod classify;
mod joined;
mod pace;
mod redact;
mod replay;
mod run;

pub use joined::Joined;
pub use pace::{Lane, Pace, Turn};
pub use redact::{RedactError, redact};
pub use replay::Replay;
pub use run::{CollectError, Collected, Limits, NotRead, Progress, Seen, SeenPage, Understand, collect};

use crate::model::plan::CallId;
use crate::model::read::Read;
use futures::future::BoxFuture;
use serde_json::Value;

/// One HTTP call to be made.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The session (identity) that asks: its position.
    pub session: usize,
    /// The declared read.
    pub read: &'a Read,
    /// The operation: the read's own, or the one that generates its answer.
    pub operation: &'a str,
    /// The call.
    pub call: &'a CallId,
    /// The region to send it to; calls about the whole account go to the partition's global region.
    pub region: String,
    /// The page token, after the first page.
    pub token: Option<Value>,
    /// The page, from 1.
    pub page: u32,
}

/// What came back, also when nothing did.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status; 0 where nothing answered.
    pub http_status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The provider's request id.
    pub request_id: String,
    /// The error code in a header, where the protocol has it there.
    pub header_code: Option<String>,
    /// Why nothing answered.
    pub broken: Option<String>,
    /// When the first attempt began.
    pub started: jiff::Timestamp,
    /// When it ended.
    pub finished: jiff::Timestamp,
    /// Attempts made.
    pub attempts: u32,
}

impl Reply {
    /// No answer at all, and nothing was sent.
    #[must_use]
    pub fn none(why: &str) -> Self {
        let now = jiff::Timestamp::now();
        Self {
            http_status: 0,
            body: Vec::new(),
            request_id: String::new(),
            header_code: None,
            broken: Some(why.to_owned()),
            started: now,
            finished: now,
            attempts: 0,
        }
    }
}

/// An identity that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The role that is assumed; nothing for the ambient credentials.
    pub role: Option<String>,
    /// The region in which to ask who we are.
    pub region: String,
    /// The cloud it belongs to, where that is known without asking: `azure-public`. AWS tells its partition.
    pub partition: Option<String>,
    /// Why it cannot be used, where that is known without asking (a recording knows).
    pub refused: Option<String>,
}

/// Accounts to read besides those of the first identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Further {
    /// These.
    pub accounts: Vec<String>,
    /// And every active account of the organization.
    pub organization: bool,
}

/// Something that answers calls: a cloud, or a recording of one.
pub trait Source: Sync {
    /// The identities it has from the start. The first is the one that others are reached from.
    fn sessions(&self) -> Vec<SessionInfo>;
    /// How many identities it had at the start.
    fn starts_with(&self) -> usize {
        self.sessions().len()
    }
    /// Which accounts it is to reach from the first identity, once that is known.
    fn further(&self) -> Further {
        Further::default()
    }
    /// Prepares an identity in a further account: its position, and what it is. Nothing is asked yet. Nothing comes
    /// back where it knows no way into that account.
    fn open<'a>(&'a self, _partition: &'a str, _account: &'a str) -> BoxFuture<'a, Option<(usize, SessionInfo)>> {
        Box::pin(std::future::ready(None))
    }
    /// Makes one call, retries included, when the limits of its service let it. Never fails: what went wrong is in the
    /// reply.
    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply>;
    /// How it is reached, where that is not the provider's own ordinary addresses.
    fn endpoint(&self) -> Option<String> {
        None
    }
    /// Is it a recording? Then nothing is waited for.
    fn is_replay(&self) -> bool {
        false
    }
}
