//! AWS: one generic signed call on the SDK's own runtime. `SigV4`, retries, time-outs and the credentials chain are the
//! SDK's; the raw answer is ours.

mod call;
mod session;
mod wire;

pub use call::{Outgoing, request};
pub use session::{Aws, AwsOptions, http_client};
