//! What the command line understands.

use super::out::Colour;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What `farwatch` says when it is asked nothing.
pub(super) const SHORT_HELP: &str = "\
farwatch reads live cloud accounts and says, objective by objective, what may honestly be
claimed about FAR 52.204-21 / CMMC Level 1, and with what proof.

  farwatch demo --out demo          the whole job on recorded clouds, offline
  farwatch audit aws --out run      your own account, with the credentials you have
  farwatch explain SC.L1-b.1.x      a requirement: its text, its objectives, what shows them

Start        demo · init · policy · doctor
Every night  audit
Later        collect · assess · report
Your part    statement · boundary · sprs
Knowledge    explain · check · coverage
Shell        completions · man · schema

farwatch COMMAND -h tells more. Exit codes: 0 everything MET · 10 something NOT MET ·
11 something NOT ASSESSED · 1 failed · 2 usage.";

const EXIT_CODES: &str = "\
Exit codes:
  0   everything is MET or NOT APPLICABLE (or the command did its job)
  10  something is NOT MET
  11  nothing is NOT MET, but something is NOT ASSESSED, or a file of yours could not be used
  1   it failed: no account could be identified, altered evidence, a disk that is full
  2   usage or configuration: an argument, a broken file under --controls";

/// Continuous compliance auditor for FAR 52.204-21 / CMMC Level 1.
#[derive(Debug, Parser)]
#[command(name = "farwatch", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What holds for every command.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Folder whose files add to the built-in controls, or replace those of the same path
    #[arg(long, global = true, value_name = "DIR", env = "FARWATCH_CONTROLS")]
    pub(super) controls: Option<PathBuf>,
    /// Folder of farwatch.yaml; the current folder's own is used unless given
    #[arg(long, global = true, value_name = "DIR", env = "FARWATCH_ORGANISATION")]
    pub(super) organisation: Option<PathBuf>,
    /// When to colour; a colour is never the only sign
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub(super) color: Colour,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The whole job on the recorded clouds of a fictitious contractor: no account, no network
    #[command(after_help = "Example:\n  farwatch demo --out demo")]
    Demo(DemoOptions),
    /// Read accounts, judge them, write documents
    #[command(after_help = "\
Examples:
  farwatch audit aws --out run
  farwatch audit aws --out run --role-arn arn:aws:iam::444455556666:role/farwatch-audit --external-id ID
  farwatch audit aws --out run --role-name farwatch-audit --account 444455556666 --account 777788889999
  farwatch audit aws --out run --role-name farwatch-audit --organization
  farwatch audit aws --out run --param min_retention_days=365 --sign-key ~/.ssh/farwatch
  farwatch audit azure --out run --azure-credential managed-identity
  farwatch audit all --out run --azure-credential certificate --azure-certificate farwatch.pem")]
    Audit(AuditOptions),
    /// Read accounts only; judge later with `assess`
    #[command(after_help = "Example:\n  farwatch collect aws --out run")]
    Collect(ReadOptions),
    /// Judge a run again, offline and without credentials
    #[command(after_help = "Example:\n  farwatch assess run --param min_retention_days=90")]
    Assess(AssessOptions),
    /// Write the documents of a run's newest assessment again
    #[command(after_help = "Example:\n  farwatch report run")]
    Report(ReportOptions),
    /// Make the organisation's file and folders
    #[command(
        after_help = "Examples:\n  farwatch init\n  farwatch init --yes --name 'Hallmark Machining LLC' compliance"
    )]
    Init(InitOptions),
    /// What people must state: the list, and drafts
    #[command(after_help = "\
Examples:
  farwatch statement list
  farwatch statement new AC.L1-b.1.i --environment office
  farwatch statement new SC.L1-b.1.xi --kind not_applicable")]
    Statement(StatementOptions),
    /// Where communication crosses a boundary, found and declared
    #[command(after_help = "Examples:\n  farwatch boundary run\n  farwatch boundary run --draft > boundary.yaml")]
    Boundary(BoundaryOptions),
    /// What to enter in SPRS, or what is still missing; it never affirms
    #[command(after_help = "Example:\n  farwatch sprs run")]
    Sprs(SprsOptions),
    /// Tell all about a requirement, objective, aspect or check, by any of its names
    #[command(after_help = "\
Examples:
  farwatch explain SC.L1-b.1.x
  farwatch explain 'SC.L1-3.13.1[c]'
  farwatch explain aws-vpc-flow-log-all-traffic
  farwatch explain F-0123456789ab --run run")]
    Explain(ExplainOptions),
    /// The checks: list, show, test, lint
    Check(CheckOptions),
    /// How the checks answer the lists of checks that others publish, row by row
    #[command(after_help = "\
Examples:
  farwatch coverage
  farwatch coverage prowler-azure
  farwatch coverage azure-policy --json")]
    Coverage(CoverageOptions),
    /// Can an audit work here? Failures first, each with what to add
    #[command(after_help = "Examples:\n  farwatch doctor aws\n  farwatch doctor azure\n  farwatch doctor organisation")]
    Doctor(DoctorOptions),
    /// The rights that the reads need, as a policy: nothing more
    #[command(after_help = "\
Examples:
  farwatch policy aws > farwatch-audit.json
  farwatch policy aws --organization > farwatch-management.json
  farwatch policy azure | sh        the custom role and the permissions, as az commands: read them first")]
    Policy(PolicyOptions),
    /// The JSON Schema of a file
    #[command(after_help = "Example:\n  farwatch schema organisation > organisation.schema.json")]
    Schema {
        /// `organisation`, `boundary`, `statement`, `exception`, `findings` or `assessment`
        name: String,
    },
    /// Completions for a shell
    #[command(after_help = "Example:\n  farwatch completions bash > /etc/bash_completion.d/farwatch")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The man page
    #[command(after_help = "Example:\n  farwatch man > farwatch.1")]
    Man,
}

#[derive(Debug, Args)]
pub(super) struct InitOptions {
    /// Folder to write into
    #[arg(default_value = ".")]
    pub(super) folder: PathBuf,
    /// Ask nothing; write a file to fill in
    #[arg(long)]
    pub(super) yes: bool,
    /// Name of the organisation
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct StatementOptions {
    #[command(subcommand)]
    pub(super) command: StatementCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum StatementCommand {
    /// What is still to be stated, aspect by aspect and place by place
    List {
        /// Also what is stated already
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a draft, with what a good statement contains and what an assessor would ask
    New {
        /// A requirement, objective or aspect, by any of its ids
        id: String,
        /// Only these environments (`office:hq`, or a kind); all that it concerns unless given; may be repeated
        #[arg(long = "environment", value_name = "ENVIRONMENT")]
        environments: Vec<String>,
        /// attestation, drill, siem, inheritance, `alternative_implementation` or `not_applicable`
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct BoundaryOptions {
    /// The run folder
    pub(super) run: PathBuf,
    /// Print a boundary.yaml of what was found, to be completed
    #[arg(long, conflicts_with = "json")]
    pub(super) draft: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SprsOptions {
    /// The run folder
    pub(super) run: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// A cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Cloud {
    /// Amazon Web Services: commercial, GovCloud (US), China
    Aws,
    /// Azure and Entra: public, Government, `DoD`
    Azure,
    /// Both
    All,
}

impl Cloud {
    pub(super) fn has_aws(self) -> bool {
        self != Self::Azure
    }

    pub(super) fn has_azure(self) -> bool {
        self != Self::Aws
    }
}

/// How to sign in to Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum AzureCredential {
    /// As `az login` did
    #[default]
    Cli,
    /// As the managed identity of this machine
    ManagedIdentity,
    /// By the token file of a workload identity (`AZURE_FEDERATED_TOKEN_FILE`)
    WorkloadIdentity,
    /// As an application, by --azure-certificate
    Certificate,
    /// As an application, by the environment variable `AZURE_CLIENT_SECRET`
    Secret,
}

/// How the resources of the subscriptions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Inventory {
    /// Each subscription by itself
    #[default]
    Direct,
    /// Networks of all subscriptions at once, by Azure Resource Graph
    ResourceGraph,
}

/// How to come into an Entra tenant and its Azure subscriptions.
#[derive(Debug, Args)]
pub(super) struct AzureAccess {
    /// How to sign in to Azure; kept as evidence
    #[arg(long, value_enum, default_value_t, value_name = "WAY", help_heading = "Azure")]
    pub(super) azure_credential: AzureCredential,
    /// The Azure cloud: azure-public, azure-government or azure-dod
    #[arg(long, value_name = "CLOUD", default_value = "azure-public", help_heading = "Azure")]
    pub(super) azure_cloud: String,
    /// Id of the tenant
    #[arg(long, value_name = "ID", env = "AZURE_TENANT_ID", help_heading = "Azure")]
    pub(super) azure_tenant: Option<String>,
    /// Client id of the application, or of a user-assigned managed identity
    #[arg(long, value_name = "ID", env = "AZURE_CLIENT_ID", help_heading = "Azure")]
    pub(super) azure_client_id: Option<String>,
    /// PEM file with the application's certificate and its unencrypted RSA key
    #[arg(long, value_name = "FILE", env = "AZURE_CLIENT_CERTIFICATE_PATH", help_heading = "Azure")]
    pub(super) azure_certificate: Option<PathBuf>,
    /// How the resources of the subscriptions are listed
    #[arg(long, value_enum, default_value_t, value_name = "HOW", help_heading = "Azure")]
    pub(super) inventory: Inventory,
    /// PEM file of further certificate authorities to trust for Azure (a proxy that opens TLS)
    #[arg(long, value_name = "FILE", help_heading = "Azure")]
    pub(super) ca_bundle: Option<PathBuf>,
    /// Address of the token service, in place of the cloud's own
    #[arg(long, value_name = "URL", env = "FARWATCH_AZURE_AUTHORITY", help_heading = "Azure")]
    pub(super) azure_authority: Option<String>,
    /// Address of Azure Resource Manager, in place of the cloud's own
    #[arg(long, value_name = "URL", env = "FARWATCH_ARM_ENDPOINT", help_heading = "Azure")]
    pub(super) arm_endpoint: Option<String>,
    /// Address of Microsoft Graph, in place of the cloud's own
    #[arg(long, value_name = "URL", env = "FARWATCH_GRAPH_ENDPOINT", help_heading = "Azure")]
    pub(super) graph_endpoint: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct DemoOptions {
    /// New or empty folder for the run
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) judge: JudgeOptions,
}

/// How to judge and what to write.
#[derive(Debug, Args)]
pub(super) struct JudgeOptions {
    /// A parameter of the organisation, such as `min_retention_days=365`; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// The time at which expiry is judged; the end of the reading unless given
    #[arg(long, value_name = "TIME")]
    pub(super) as_of: Option<jiff::Timestamp>,
    /// Do not write the PDF
    #[arg(long)]
    pub(super) no_pdf: bool,
    /// Print JSON instead of the summary
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) sign: SignOptions,
}

/// Who signs. Never the auditing identity.
#[derive(Debug, Args)]
pub(super) struct SignOptions {
    /// OpenSSH private key that signs SHA256SUMS (passphrase in `FARWATCH_SIGN_PASSPHRASE`)
    #[arg(long, value_name = "FILE", conflicts_with = "sign_kms")]
    pub(super) sign_key: Option<PathBuf>,
    /// AWS KMS key (`ECC_NIST_P256`) that signs SHA256SUMS
    #[arg(long, value_name = "KEY", requires = "sign_profile")]
    pub(super) sign_kms: Option<String>,
    /// AWS profile for --sign-kms: an identity of its own
    #[arg(long, value_name = "PROFILE", requires = "sign_kms")]
    pub(super) sign_profile: Option<String>,
}

/// How to come into the accounts.
#[derive(Debug, Args)]
pub(super) struct AccessOptions {
    /// AWS profile to use
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Role of another account to read as well; may be repeated
    #[arg(long = "role-arn", value_name = "ARN")]
    pub(super) roles: Vec<String>,
    /// Read only the accounts of --role-arn, not the one of the ambient credentials
    #[arg(long, requires = "roles")]
    pub(super) roles_only: bool,
    /// Name of a role that each account of --account or --organization has; it is assumed there
    #[arg(long, value_name = "NAME")]
    pub(super) role_name: Option<String>,
    /// Account to read by the role --role-name; may be repeated
    #[arg(long = "account", value_name = "ID")]
    pub(super) accounts: Vec<String>,
    /// Read every active account of the organization by the role --role-name (needs organizations:ListAccounts, in the
    /// management account or as a delegated administrator)
    #[arg(long)]
    pub(super) organization: bool,
    /// External id that the roles ask for
    #[arg(long, value_name = "ID")]
    pub(super) external_id: Option<String>,
    /// Name of the role sessions in the account's own CloudTrail
    #[arg(long, value_name = "NAME", default_value = "farwatch")]
    pub(super) session_name: String,
    #[command(flatten)]
    pub(super) azure: AzureAccess,
    /// Seconds for one call, retries included
    #[arg(long, value_name = "SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) call_timeout: u64,
    /// Requests under way at once, to each cloud
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) in_flight: u16,
}

/// What `doctor` tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// Credentials and rights in AWS
    Aws,
    /// Credentials and rights in Azure and Entra
    Azure,
    /// farwatch.yaml and the files beside it
    Organisation,
}

#[derive(Debug, Args)]
pub(super) struct DoctorOptions {
    /// What to try
    #[arg(value_enum)]
    pub(super) what: What,
    #[command(flatten)]
    pub(super) access: AccessOptions,
}

/// What to read, and where to.
#[derive(Debug, Args)]
pub(super) struct ReadOptions {
    /// What to read
    #[arg(value_enum)]
    pub(super) cloud: Cloud,
    /// New or empty folder for the run
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) access: AccessOptions,
    /// Seconds for the whole reading; what is not read by then is unknown
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) run_timeout: u64,
    /// Only errors on standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct AuditOptions {
    #[command(flatten)]
    pub(super) read: ReadOptions,
    #[command(flatten)]
    pub(super) judge: JudgeOptions,
}

#[derive(Debug, Args)]
pub(super) struct AssessOptions {
    /// The run folder
    pub(super) run: PathBuf,
    #[command(flatten)]
    pub(super) judge: JudgeOptions,
}

#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    /// The run folder
    pub(super) run: PathBuf,
    /// Do not write the PDF
    #[arg(long)]
    pub(super) no_pdf: bool,
    #[command(flatten)]
    pub(super) sign: SignOptions,
}

#[derive(Debug, Args)]
pub(super) struct ExplainOptions {
    /// An id: requirement, objective, aspect, check; of --run also a finding, statement or exception
    pub(super) id: String,
    /// The run folder whose newest assessment is told along
    #[arg(long, value_name = "DIR")]
    pub(super) run: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    #[command(subcommand)]
    pub(super) command: CheckCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum CheckCommand {
    /// All checks
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// One check as its file says it
    Show {
        /// Its id
        id: String,
    },
    /// Run the tests that stand in the check files
    Test {
        /// Only these checks
        ids: Vec<String>,
    },
    /// Load and compile everything; says all that is wrong at once
    Lint,
}

#[derive(Debug, Args)]
pub(super) struct CoverageOptions {
    /// Only this list
    pub(super) list: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct PolicyOptions {
    /// The cloud
    #[arg(value_enum)]
    pub(super) cloud: Cloud,
    /// With the right to list the accounts of the organization, for the identity that audits with --organization
    #[arg(long)]
    pub(super) organization: bool,
}
