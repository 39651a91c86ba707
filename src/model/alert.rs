//! Alerts, whatever cloud they are of.

/// The derived type: all whole alerts of a run, counted.
pub const SUMMARY: &str = "alert.summary";
