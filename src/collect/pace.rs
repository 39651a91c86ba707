//! Our own limits: no more than `per_second` requests to one service reach one account and region within any one second.
//!
//! That is counted where the provider counts. A request keeps its place until one second after its answer came: it had
//! arrived before the answer, and the one that gets its place arrives after, so the two are a second apart there too,
//! whatever delays either under way. Within the second they are evenly spaced: account-wide limits have no memory of our
//! pauses. Retries wait like everything else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The time in which no more than `per_second` requests arrive.
const WINDOW: Duration = Duration::from_secs(1);

/// The limits of every service, by session and region, and how many requests are under way at once.
#[derive(Debug)]
pub struct Pace {
    lanes: Mutex<HashMap<(usize, String, String), Arc<Lane>>>,
    connections: Arc<Semaphore>,
}

impl Pace {
    /// No more than this many requests are under way at once. What waits for a limit is not under way.
    #[must_use]
    pub fn new(connections: usize) -> Self {
        Self { lanes: Mutex::default(), connections: Arc::new(Semaphore::new(connections.max(1))) }
    }

    /// The limit of a service for one identity in one region.
    #[must_use]
    pub fn lane(&self, session: usize, service: &str, region: &str, per_second: f64) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry((session, service.to_owned(), region.to_owned()));
        Arc::clone(lane.or_insert_with(|| Arc::new(Lane::new(per_second, Arc::clone(&self.connections)))))
    }
}

/// The limit of one service in one account and region.
#[derive(Debug)]
pub struct Lane {
    places: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    gap: Duration,
    next: Mutex<Instant>,
}

impl Lane {
    fn new(per_second: f64, connections: Arc<Semaphore>) -> Self {
        let per_second = per_second.max(0.1);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small and positive
        let places = per_second as usize;
        Self {
            places: Arc::new(Semaphore::new(places.max(1))),
            connections,
            gap: Duration::from_secs_f64(1.0 / per_second),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until one more request may be sent. The turn is held until its answer is there, and then let go.
    pub async fn turn(&self) -> Turn {
        // It is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let at = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let at = (*next).max(Instant::now());
            *next = at + self.gap;
            at
        };
        tokio::time::sleep_until(at).await;
        // Last, so that nothing which waits for its limit keeps others from theirs.
        Turn { place, _connection: Arc::clone(&self.connections).acquire_owned().await.ok() }
    }
}

/// The right to send one request. Its place is free again one second after it was let go.
#[derive(Debug)]
#[must_use = "a turn that is let go at once leaves its place while the request is under way"]
pub struct Turn {
    place: Option<OwnedSemaphorePermit>,
    _connection: Option<OwnedSemaphorePermit>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let (Some(place), Ok(runtime)) = (self.place.take(), Handle::try_current()) {
            runtime.spawn(async move {
                tokio::time::sleep(WINDOW).await;
                drop(place);
            });
        }
    }
}
