//! A recorded account that answers like the live one: the demo and the tests.

use super::{Further, Reply, Request, SessionInfo, Source};
use crate::model::exchange::{CollectionSeal, Exchange, SessionSeal};
use crate::model::plan::page_id;
use futures::future::BoxFuture;
use std::collections::HashMap;

/// Answers from a recording. A call that was not recorded gets no answer, and so becomes a gap.
#[derive(Debug)]
pub struct Replay {
    sessions: Vec<SessionSeal>,
    pages: HashMap<String, (Exchange, Vec<u8>)>,
    region: String,
    organization: bool,
}

impl Replay {
    /// From the parts of a recorded collection: its seal, and each exchange with its body.
    #[must_use]
    pub fn new(seal: &CollectionSeal, exchanges: impl IntoIterator<Item = (Exchange, Vec<u8>)>, region: &str) -> Self {
        let pages = exchanges.into_iter().map(|(exchange, body)| (exchange.id.clone(), (exchange, body))).collect();
        Self {
            sessions: seal.sessions.clone(),
            pages,
            region: region.to_owned(),
            organization: seal.accounts_listed.is_some(),
        }
    }
}

impl Source for Replay {
    fn sessions(&self) -> Vec<SessionInfo> {
        self.sessions
            .iter()
            .map(|session| SessionInfo {
                role: session.role.clone(),
                region: self.region.clone(),
                partition: Some(session.partition.clone()),
                refused: session.failed.clone(),
            })
            .collect()
    }

    // The accounts that were reached from the first are among the sealed sessions; the list of the organization's
    // accounts is an answer like any other.
    fn further(&self) -> Further {
        Further { accounts: Vec::new(), organization: self.organization }
    }

    fn is_replay(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Reply> {
        // The identity is asked before the account is known; a recording knows it.
        let mut call = request.call.clone();
        if call.account.is_empty()
            && let Some(session) = self.sessions.get(request.session)
        {
            call.account.clone_from(&session.account);
        }
        let found = self.pages.get(&page_id(&call.evidence_id(), request.page));
        let reply = match found {
            Some((exchange, body)) => Reply {
                http_status: exchange.http_status,
                body: body.clone(),
                request_id: exchange.request_id.clone(),
                header_code: exchange.code.clone(),
                broken: (exchange.http_status == 0).then(|| exchange.detail.clone().unwrap_or_default()),
                started: exchange.started,
                finished: exchange.finished,
                attempts: exchange.attempts,
            },
            None => Reply {
                http_status: 0,
                body: Vec::new(),
                request_id: String::new(),
                header_code: None,
                broken: Some("the recording has no answer to this call".to_owned()),
                started: jiff::Timestamp::UNIX_EPOCH,
                finished: jiff::Timestamp::UNIX_EPOCH,
                attempts: 0,
            },
        };
        Box::pin(std::future::ready(reply))
    }
}
