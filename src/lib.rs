//! farwatch: a continuous compliance auditor for FAR 52.204-21 / CMMC Level 1.
//!
//! Data flows one way: reads → exchanges → resources → findings → assessment → reports. Each room knows `model` and
//! no other room; `cli` and `packet` join them.

pub mod assess;
pub mod check;
pub mod cli;
pub mod collect;
pub mod controls;
pub mod derive;
pub mod evidence;
pub mod model;
pub mod organisation;
pub mod packet;
pub mod report;
