//! Derivation: what the policies of buckets say about writing and deleting.

use super::known::Known;
use super::log_store::partition;
use super::policy::{Answer, Document, denies_deletion, writers};
use crate::model::inventory::Inventory;
use crate::model::read::FieldKind;
use crate::model::resource::Resource;
use std::collections::BTreeMap;

/// The type that gets the fields.
pub(super) const KIND: &str = "aws.s3.bucket";

/// Its derived fields.
pub(super) fn fields() -> BTreeMap<&'static str, FieldKind> {
    BTreeMap::from([
        // Does the policy deny everybody to delete objects and their versions? `yes` or `no`.
        ("denies_deletion", FieldKind::Text),
        // Whom the policy lets write objects.
        ("writers", FieldKind::TextList),
        ("writer_names", FieldKind::Text),
    ])
}

/// Adds the derived fields.
pub(super) fn derive(inventory: &mut Inventory) {
    for bucket in inventory.resources.get_mut(KIND).into_iter().flatten() {
        match read(bucket) {
            Ok((deletion, who)) => {
                let evidence = bucket.evidence(["policy"]);
                match deletion {
                    Answer::Yes => bucket.set("denies_deletion", "yes".into(), evidence.clone()),
                    Answer::No => bucket.set("denies_deletion", "no".into(), evidence.clone()),
                    Answer::Perhaps => {
                        let what =
                            format!("it is not told whether the policy of {} denies every deletion", bucket.key.id);
                        Known::untold(what).leave_out(bucket, "denies_deletion");
                    }
                }
                match who {
                    Ok(who) => {
                        let names = if who.is_empty() { "nobody".to_owned() } else { who.join(", ") };
                        bucket.set("writer_names", names.into(), evidence.clone());
                        bucket.set("writers", who.into(), evidence);
                    }
                    Err(why) => {
                        why.clone().leave_out(bucket, "writer_names");
                        why.leave_out(bucket, "writers");
                    }
                }
            }
            Err(why) => fields().keys().for_each(|field| why.clone().leave_out(bucket, field)),
        }
    }
}

/// The two are told apart: who writes may stay open where nobody is denied anything.
fn read(bucket: &Resource) -> Result<(Answer, Result<Vec<String>, Known>), Known> {
    let text = bucket.get("policy").ok_or_else(|| Known::missing(bucket, "policy"))?;
    // No policy at all.
    if text.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok((Answer::No, Ok(Vec::new())));
    }
    let unread = |why| Known::untold(format!("the policy of the bucket {} cannot be read: {why}", bucket.key.id));
    let document = Document::parse(text).map_err(unread)?;
    let partition = partition(bucket.text("location").unwrap_or_default());
    let deletion = denies_deletion(&document, &bucket.key.id, partition);
    Ok((deletion, writers(&document, &bucket.key.id, partition).map_err(unread)))
}
