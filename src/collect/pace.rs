//! Our own limits: never faster than `per_second` to one service in one account and region.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Hands out the moments at which calls may start.
#[derive(Debug, Default)]
pub(super) struct Pace {
    next: Mutex<HashMap<(usize, String, String), Instant>>,
}

impl Pace {
    /// Waits for this call's turn. Evenly spaced, without bursts: account-wide limits have no memory of our pauses.
    pub(super) async fn turn(&self, session: usize, service: &str, region: &str, per_second: f64) {
        let gap = Duration::from_secs_f64(1.0 / per_second.max(0.1));
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = next.entry((session, service.to_owned(), region.to_owned())).or_insert_with(Instant::now);
            let at = (*slot).max(Instant::now());
            *slot = at + gap;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}
