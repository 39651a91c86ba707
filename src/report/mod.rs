//! One view model, then every format. It decides nothing.

mod build;
pub mod diagram;
pub mod json;
pub mod pdf;
pub mod ssp;
pub mod terminal;
pub mod view;

pub use build::{Input, build};
pub use diagram::svg_files;
