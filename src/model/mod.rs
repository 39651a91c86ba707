//! Plain data that the rooms share: no I/O, no clock, nothing of ours imported.
//!
//! The words are the ones of the field and of the rule-makers; see each module.

pub mod alert;
pub mod answer;
pub mod assessment;
pub mod boundary;
pub mod catalog;
pub mod check;
pub mod coverage;
pub mod drill;
pub mod exception;
pub mod exchange;
pub mod finding;
pub mod gap;
pub mod inventory;
pub mod organisation;
pub mod parameter;
pub mod path;
pub mod pattern;
pub mod plan;
pub mod problem;
pub mod provider;
pub mod read;
pub mod resource;
pub mod scenario;
pub mod scope;
pub mod statement;
pub mod template;
pub mod text;
