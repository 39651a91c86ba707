//! Drills, held against what clouds remember.

/// The derived type: a drill that the organisation states.
pub const DRILL: &str = "organisation.drill";
