//! Credentials, chosen by the person who runs farwatch and never guessed.

use super::session::{AzureOptions, Pem};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientMethodOptions, ClientOptions};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use std::sync::Arc;

/// How farwatch signs in to Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Credential {
    /// As the person or application that `az login` signed in.
    #[default]
    Cli,
    /// As the managed identity of the machine.
    ManagedIdentity,
    /// By the token file of a workload identity (Kubernetes, CI).
    WorkloadIdentity,
    /// As an application, by a certificate.
    Certificate,
    /// As an application, by a secret.
    Secret,
}

impl Credential {
    /// The word for files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cli => "azure_cli",
            Self::ManagedIdentity => "managed_identity",
            Self::WorkloadIdentity => "workload_identity",
            Self::Certificate => "certificate",
            Self::Secret => "secret",
        }
    }
}

/// Makes the credential. Nothing is asked yet.
pub(super) fn make(
    options: &AzureOptions,
    authority: &str,
    client_options: ClientOptions,
) -> Result<Arc<dyn TokenCredential>, String> {
    let need = |what: &Option<String>, name: &str| {
        what.clone().filter(|text| !text.is_empty()).ok_or_else(|| format!("this way to sign in needs {name}"))
    };
    let tenant = || need(&options.tenant, "--azure-tenant (or AZURE_TENANT_ID)");
    let client = || need(&options.client_id, "--azure-client-id (or AZURE_CLIENT_ID)");
    let text = |error: azure_core::Error| error.to_string();
    Ok(match options.credential {
        Credential::Cli => {
            let options = AzureCliCredentialOptions { tenant_id: options.tenant.clone(), ..Default::default() };
            AzureCliCredential::new(Some(options)).map_err(text)?
        }
        Credential::ManagedIdentity => {
            let user_assigned_id = options.client_id.clone().map(UserAssignedId::ClientId);
            let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
            ManagedIdentityCredential::new(Some(options)).map_err(text)?
        }
        Credential::WorkloadIdentity => {
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options },
                client_id: options.client_id.clone(),
                tenant_id: options.tenant.clone(),
                ..Default::default()
            };
            WorkloadIdentityCredential::new(Some(options)).map_err(text)?
        }
        Credential::Certificate => {
            let pem = options.certificate.as_ref().ok_or("this way to sign in needs --azure-certificate FILE")?;
            let (tenant, client) = (tenant()?, client()?);
            let assertion = Certificate::read(pem, authority, &tenant, &client)?;
            let options = ClientAssertionCredentialOptions { client_options };
            ClientAssertionCredential::new(tenant, client, assertion, Some(options)).map_err(text)?
        }
        Credential::Secret => {
            let secret = need(&options.secret, "the environment variable AZURE_CLIENT_SECRET")?;
            let options = ClientSecretCredentialOptions { client_options };
            ClientSecretCredential::new(&tenant()?, client()?, Secret::new(secret), Some(options)).map_err(text)?
        }
    })
}

/// A certificate with its private key: signs what says who we are.
///
/// Source: Microsoft identity platform, "Microsoft identity platform application authentication certificate credentials":
/// PS256, `x5t#S256`, `aud` the token endpoint, `iss` and `sub` the client, a `jti` of its own, ten minutes at most.
struct Certificate {
    key: RsaKeyPair,
    thumbprint: String,
    audience: String,
    client: String,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "certificate {}", self.thumbprint)
    }
}

impl Certificate {
    fn read(pem: &Pem, authority: &str, tenant: &str, client: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            format!(
                "--azure-certificate {}: {what}; give one PEM file with the certificate and its unencrypted RSA key",
                pem.path
            )
        };
        let certificate = CertificateDer::from_pem_slice(&pem.bytes)
            .map_err(|_| wrong("there is no certificate in it that can be read"))?;
        let key = PrivateKeyDer::from_pem_slice(&pem.bytes)
            .map_err(|_| wrong("there is no private key in it that can be read"))?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(wrong("its key is no RSA key")),
        };
        Ok(Self {
            key: key.map_err(|_| wrong("its key is no RSA key"))?,
            thumbprint: BASE64.encode(digest(&SHA256, &certificate)),
            audience: format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/')),
            client: client.to_owned(),
        })
    }

    fn sign(&self, now: i64) -> Result<String, String> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| "no random numbers".to_owned())?;
        let head = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience, "iss": self.client, "sub": self.client, "jti": BASE64.encode(id),
            "nbf": now - 60, "exp": now + 540,
        });
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
            .map_err(|_| "the key of --azure-certificate cannot sign".to_owned())?;
        Ok(format!("{signed}.{}", BASE64.encode(signature)))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Certificate {
    async fn secret(&self, _options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.sign(jiff::Timestamp::now().as_second())
            .map_err(|why| azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, why))
    }
}
