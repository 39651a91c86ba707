//! Azure Resource Manager and Microsoft Graph over `azure_core`'s pipeline: raw answers of declared reads.

mod call;
mod credential;
mod session;

pub use credential::Credential;
pub use session::{Azure, AzureOptions, Endpoints, Pem};
