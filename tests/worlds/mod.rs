//! Recorded accounts and the organisations that go with them, for tests that judge without a cloud.

use farwatch::derive::inventory;
use farwatch::evidence::Collection;
use farwatch::model::exchange::Exchange;
use farwatch::model::organisation::Organisation;
use farwatch::model::parameter::defaults;
use farwatch::organisation::{self, Folder, Known};
use farwatch::packet::judge::{Judged, Rules, Terms, judge_inventory};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The built-in rules.
pub static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load(None).unwrap_or_else(|problems| panic!("{problems}")));

/// The day on which the worlds are judged.
pub const AS_OF: &str = "2026-11-24T12:00:00Z";

/// An account, and what its organisation says.
pub struct World {
    /// What was read.
    pub collection: Collection,
    /// What the organisation says.
    pub organisation: Organisation,
}

/// A path below the project.
pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The organisation in a folder. Nothing may be wrong with it.
pub fn organisation(folder: &Path) -> Organisation {
    let loaded = load(folder).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(loaded.problems.is_empty(), "{:#?}", loaded.problems);
    loaded
}

/// The organisation in a folder, whatever is wrong with it.
pub fn load(folder: &Path) -> Result<Organisation, farwatch::controls::Problems> {
    let known = Known {
        catalog: &RULES.controls.catalog,
        parameters: &RULES.controls.parameters,
        checks: RULES.known_checks(),
    };
    organisation::load(&Folder(folder.to_owned()), &known).map(|loaded| loaded.organisation)
}

impl World {
    /// The demo: half way.
    pub fn demo() -> Self {
        Self {
            collection: Collection::open(&here("src/cli/demo")).unwrap(),
            organisation: organisation(&here("src/cli/demo/organisation")),
        }
    }

    /// The same contractor after everything was mended, and ready to affirm.
    pub fn ready() -> Self {
        Self {
            collection: Collection::open(&here("tests/recorded/mended")).unwrap(),
            organisation: organisation(&here("tests/fixtures/organisations/ready")),
        }
    }

    /// Judges it as it is.
    pub fn judge(&self) -> Judged {
        self.judge_with(
            &self.collection.exchanges,
            &|exchange| self.collection.body(exchange),
            Some(&self.organisation),
        )
    }

    /// Judges it with other answers, or another organisation.
    pub fn judge_with(
        &self,
        exchanges: &[Exchange],
        body: &dyn Fn(&Exchange) -> Vec<u8>,
        organisation: Option<&Organisation>,
    ) -> Judged {
        let reads = &RULES.controls.reads;
        let seen = inventory(reads, &self.collection.seal, &self.collection.plan, exchanges, body);
        let mut parameters = defaults(&RULES.controls.parameters);
        parameters.extend(organisation.map(|one| one.parameters.clone()).unwrap_or_default());
        let terms = Terms { organisation, parameters, as_of: AS_OF.parse().unwrap() };
        judge_inventory(&RULES, seen, &self.collection, terms).unwrap()
    }
}
