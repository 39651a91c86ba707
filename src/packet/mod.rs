//! What makes a run checkable by others: judging that anybody can re-perform, and the signature over its digests.

pub mod judge;
pub mod sign;
