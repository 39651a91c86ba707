//! The rule engine: checks over an inventory → findings.
//!
//! Only `expr` and `view` know `cel`.

mod compile;
mod expr;
mod join;
mod run;
mod selftest;
mod types;
mod view;

pub use compile::{Compiled, Problem, compile};
pub use run::run;
pub use selftest::{TestResult, selftest};
pub use types::{Shape, Types};

#[doc(hidden)]
pub mod bench {
    //! For the benchmark alone.
    pub use super::run::one_assert;
}
