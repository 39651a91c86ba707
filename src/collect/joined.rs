//! Several clouds in one run.

use super::{Further, Reply, Request, SessionInfo, Source};
use futures::future::BoxFuture;

/// Sources one behind the other: the sessions of the first, then those of the second, and so on. Further accounts are
/// reached from the first one alone; what it opens while the run goes on is numbered behind all others.
pub struct Joined(Vec<Box<dyn Source + Send>>);

impl std::fmt::Debug for Joined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sources", self.0.len())
    }
}

impl Joined {
    /// Joins them.
    #[must_use]
    pub fn new(sources: Vec<Box<dyn Source + Send>>) -> Self {
        Self(sources)
    }

    /// How many sessions each has from the start. Only the first source opens more, and a number stays what it is.
    fn starts(&self) -> Vec<usize> {
        self.0.iter().map(|source| source.starts_with()).collect()
    }
}

impl Source for Joined {
    fn sessions(&self) -> Vec<SessionInfo> {
        self.0.iter().flat_map(|source| source.sessions()).collect()
    }

    fn starts_with(&self) -> usize {
        self.starts().iter().sum()
    }

    fn further(&self) -> Further {
        self.0.first().map(|first| first.further()).unwrap_or_default()
    }

    fn open<'a>(&'a self, partition: &'a str, account: &'a str) -> BoxFuture<'a, Option<(usize, SessionInfo)>> {
        Box::pin(async move {
            let (position, info) = self.0.first()?.open(partition, account).await?;
            let starts = self.starts();
            let own = starts.first().copied().unwrap_or_default();
            Some((position - own + starts.iter().sum::<usize>(), info))
        })
    }

    fn send<'a>(&'a self, mut request: Request<'a>) -> BoxFuture<'a, Reply> {
        let starts = self.starts();
        let mut at = request.session;
        for (source, own) in self.0.iter().zip(&starts) {
            if at < *own {
                request.session = at;
                return source.send(request);
            }
            at -= own;
        }
        // What the first source has opened.
        request.session = starts.first().copied().unwrap_or_default() + at;
        match self.0.first() {
            Some(first) => first.send(request),
            None => Box::pin(std::future::ready(Reply::none("there is no such session"))),
        }
    }

    fn endpoint(&self) -> Option<String> {
        let all: Vec<String> = self.0.iter().filter_map(|source| source.endpoint()).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}
