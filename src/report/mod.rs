//! One view model, then every format. It decides nothing.

mod boundary;
mod build;
pub mod diagram;
pub mod json;
mod organisation;
pub mod pdf;
mod scenario;
pub mod ssp;
pub mod terminal;
pub mod view;

pub use build::{Input, build};
pub use diagram::svg_files;
