//! What makes a run checkable by others: the signature over its digests.

pub mod sign;
