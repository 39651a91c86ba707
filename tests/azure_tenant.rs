//! A whole tenant, with the truth of every check written down: what the shipped program says of it, finding by finding.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses its own part of the harness")]
mod emulators;

use emulators::azure::FakeAzure;
use std::path::Path;

#[test]
#[ignore = "serves the tenant for a look by hand"]
fn serve() {
    let fake = FakeAzure::serving(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/azure/tenant"));
    for (name, value) in fake.env() {
        eprintln!("export {name}={value}");
    }
    std::thread::sleep(std::time::Duration::from_hours(1));
}
