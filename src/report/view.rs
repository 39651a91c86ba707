//! The one view model that every document is made from. It decides nothing: it gathers, sorts and words.
//!
//! Every text that came from an account has passed [`crate::model::text::visible`] here; each format then escapes
//! for itself.

use serde::Serialize;

/// A whole report as data.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// `farwatch 0.1.0`.
    pub tool: String,
    /// Packet id: `FW-` and the assessment id.
    pub packet_id: String,
    /// Id of the assessment.
    pub assessment_id: String,
    /// True for the recorded clouds of the demo: every page says so.
    pub demo: bool,
    /// The day of the packet, `2026-11-24`.
    pub date: String,
    /// When the accounts were read: "2026-11-24 03:00:12 to 03:00:44 UTC".
    pub read_at: String,
    /// Expiry is judged at this time.
    pub as_of: String,
    /// The clause and its intro.
    pub clause: ClauseView,
    /// Who is assessed; nothing where there is no organisation file.
    pub organisation: Option<OrganisationView>,
    /// Files of the organisation that could not be used.
    pub problems: Vec<String>,
    /// What deserves a second look.
    pub warnings: Vec<String>,
    /// The accounts that were read, in words.
    pub accounts: Vec<AccountView>,
    /// The places in scope.
    pub environments: Vec<EnvironmentView>,
    /// Of what was seen, how much was examined: one sentence for each type.
    pub reconciliation: Vec<String>,
    /// What is out of scope.
    pub out_of_scope: Vec<OutOfScopeView>,
    /// Statements of the organisation.
    pub statements: Vec<StatementView>,
    /// Exceptions of the organisation.
    pub exceptions: Vec<ExceptionView>,
    /// Files of the organisation.
    pub files: Vec<FileView>,
    /// Counts of requirement statuses, in the order MET, NOT MET, NOT APPLICABLE, NOT ASSESSED.
    pub counts: Vec<CountView>,
    /// The result in one or two sentences.
    pub summary: String,
    /// What could not be seen, grouped: worst first.
    pub unseen: Vec<UnseenView>,
    /// All 15 requirements.
    pub requirements: Vec<RequirementView>,
    /// All findings: fail, error, unknown, pass, not applicable; within each by severity, check and place.
    pub findings: Vec<FindingView>,
    /// Counts of findings by outcome, in that order.
    pub finding_counts: Vec<CountView>,
    /// The checks that ran.
    pub checks: Vec<CheckView>,
    /// Every kept answer.
    pub evidence: Vec<EvidenceView>,
    /// Parameters as used.
    pub parameters: Vec<ParameterView>,
    /// Digests of what the assessment was made from.
    pub digests: Vec<(String, String)>,
    /// What this document proves and what it does not.
    pub limits: Vec<String>,
    /// HTTP requests made.
    pub requests: u64,
    /// Where communication crosses a boundary.
    pub boundary: BoundaryView,
    /// Stories of attacks, and what holds of what would notice and answer them.
    pub scenarios: Vec<ScenarioView>,
    /// Those that this run is not about.
    pub untold_scenarios: Vec<UntoldView>,
}

/// A story that this run does not tell.
#[derive(Debug, Clone, Serialize)]
pub struct UntoldView {
    /// What happens, in a few words.
    pub title: String,
    /// Why it is not told.
    pub why: String,
}

/// A story of an attack, held against the findings.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioView {
    /// What happens, in a few words.
    pub title: String,
    /// What happens.
    pub story: String,
    /// Would it be noticed, in a sentence.
    pub detected: String,
    /// Would it be answered, in a sentence.
    pub answered: String,
    /// What has to hold.
    pub links: Vec<LinkView>,
}

/// A link of a scenario.
#[derive(Debug, Clone, Serialize)]
pub struct LinkView {
    /// What has to hold.
    pub asks: String,
    /// "notice" or "answer".
    pub step: String,
    /// "holds", "does not hold", "not known".
    pub word: String,
    /// `pass`, `fail` or `unknown`, for colours.
    pub class: String,
    /// Why.
    pub because: String,
    /// The findings that decide, in sentences; the first few of many.
    pub findings: Vec<String>,
}

/// The boundary: what the organisation says of it, what was found, and drawings of both.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BoundaryView {
    /// The organisation's own words.
    pub description: String,
    /// Does the organisation declare its boundary?
    pub declared: bool,
    /// Accounts and regions, with counts.
    pub places: Vec<BoundaryPlaceView>,
    /// Names of networks, for the drawings. A network that only points name is drawn by its id.
    pub networks: Vec<BoundaryNetworkView>,
    /// Every point that was found.
    pub points: Vec<BoundaryPointView>,
    /// What the organisation declares.
    pub declarations: Vec<DeclarationView>,
    /// What is declared and was not found, in sentences.
    pub missing: Vec<String>,
    /// What could not be listed, in sentences.
    pub cut: Vec<String>,
    /// Drawings of the points, each with the same in words.
    pub diagrams: Vec<DiagramView>,
}

/// A part of the boundary as the organisation declares it.
#[derive(Debug, Clone, Serialize)]
pub struct DeclarationView {
    /// Its name.
    pub name: String,
    /// "external" or "internal".
    pub crosses: String,
    /// What it fits: "subnet · network vpc-1".
    pub fits: String,
    /// What it is for.
    pub purpose: String,
    /// How many points were found; empty where that is not known.
    pub found: String,
}

/// What was found in one account and region.
#[derive(Debug, Clone, Serialize)]
pub struct BoundaryPlaceView {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Points of the external boundary.
    pub external: usize,
    /// Points of internal boundaries.
    pub internal: usize,
    /// Points that are not declared.
    pub undeclared: usize,
}

/// A network (VPC, `VNet`).
#[derive(Debug, Clone, Serialize)]
pub struct BoundaryNetworkView {
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// Its id, as points name it.
    pub id: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// More about it, short: `10.0.0.0/16`; may be empty.
    pub about: String,
}

/// A point where communication crosses a boundary.
#[derive(Debug, Clone, Serialize)]
pub struct BoundaryPointView {
    /// `internet gateway`.
    pub kind: String,
    /// "external" or "internal".
    pub crosses: String,
    /// Its id.
    pub id: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// The network it belongs to; empty for none.
    pub network: String,
    /// What lies on its other side; may be empty.
    pub leads_to: String,
    /// Can the public reach something through it?
    pub public: bool,
    /// Is it in use?
    pub in_use: bool,
    /// "declared as X", "not declared", "nothing is declared", "not in use".
    pub declared: String,
    /// Class for layout.
    pub class: String,
}

/// A drawing.
#[derive(Debug, Clone, Serialize)]
pub struct DiagramView {
    /// "Account 111122223333, us-gov-west-1: networks 1 to 9 of 30".
    pub title: String,
    /// SVG 1.1, a document of its own.
    pub svg: String,
    /// The same in sentences.
    pub alt: String,
}

/// The clause.
#[derive(Debug, Clone, Serialize)]
pub struct ClauseView {
    /// `FAR 52.204-21`.
    pub number: String,
    /// Title.
    pub title: String,
    /// `NOV 2021`.
    pub date: String,
    /// The opening of paragraph (b)(1).
    pub intro: String,
    /// `FAR 52.240-93`.
    pub also_number: String,
    /// When that number is used.
    pub also_note: String,
}

/// An account that was to be read.
#[derive(Debug, Clone, Serialize)]
pub struct AccountView {
    /// Account, tenant or subscription.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Partition.
    pub partition: String,
    /// Who read it (ARN).
    pub caller: String,
    /// Why it could not be used; empty when it was.
    pub failed: String,
}

/// A place in scope.
#[derive(Debug, Clone, Serialize)]
pub struct EnvironmentView {
    /// Id.
    pub id: String,
    /// Name for people.
    pub label: String,
    /// Kind, in words.
    pub kind: String,
    /// "read on 2026-11-24" or "not declared: its aspects stay open".
    pub note: String,
}

/// A count with its word.
#[derive(Debug, Clone, Serialize)]
pub struct CountView {
    /// The word: `NOT MET`, `unknown`.
    pub word: String,
    /// Class for layout: `met`, `not_met`, `not_applicable`, `not_assessed`; `pass`, `fail`, …
    pub class: String,
    /// How many.
    pub number: usize,
}

/// Gaps of one kind, grouped.
#[derive(Debug, Clone, Serialize)]
pub struct UnseenView {
    /// `logs:DescribeLogGroups was denied (AccessDeniedException)`.
    pub what: String,
    /// The right to add, when it was a denial: `logs:DescribeLogGroups`; else empty.
    pub permission: String,
    /// `111122223333: us-east-1, us-west-2`.
    pub places: String,
    /// Number of calls.
    pub calls: usize,
    /// The checks that were left without an answer by it.
    pub checks: Vec<String>,
}

/// A requirement.
#[derive(Debug, Clone, Serialize)]
pub struct RequirementView {
    /// `SC.L1-b.1.x`.
    pub id: String,
    /// `FAR 52.204-21(b)(1)(x)`.
    pub far: String,
    /// `FAR 52.240-93(b)(1)(x)`.
    pub far_deviation: String,
    /// `3.13.1`.
    pub nist: String,
    /// `SC.L1-3.13.1, SC.1.175`.
    pub other_ids: String,
    /// Title.
    pub title: String,
    /// Text of the clause, exactly.
    pub text: String,
    /// Status word.
    pub status: String,
    /// Class for layout.
    pub class: String,
    /// Why, in one sentence.
    pub why: String,
    /// Did any check or statement say something about it?
    pub touched: bool,
    /// Objectives.
    pub objectives: Vec<ObjectiveView>,
}

/// An objective.
#[derive(Debug, Clone, Serialize)]
pub struct ObjectiveView {
    /// `SC.L1-b.1.x.c`.
    pub id: String,
    /// `SC.L1-b.1.x[c]`.
    pub printed: String,
    /// `c`.
    pub letter: String,
    /// Text of the guide, exactly.
    pub text: String,
    /// Status word.
    pub status: String,
    /// Class for layout.
    pub class: String,
    /// Why, in one sentence: which aspects are shown, open, failed.
    pub why: String,
    /// Statements that say NOT APPLICABLE and are not followed.
    pub refused: Vec<String>,
    /// Aspects.
    pub aspects: Vec<AspectView>,
}

/// An aspect: farwatch's own reading of the guide.
#[derive(Debug, Clone, Serialize)]
pub struct AspectView {
    /// Name.
    pub id: String,
    /// What must be shown.
    pub asks: String,
    /// The words of the guide.
    pub basis: String,
    /// The guide offers no consideration for it.
    pub provisional: bool,
    /// One row per environment.
    pub cells: Vec<CellView>,
    /// Ids of the findings that decide or support it, deciding ones first, for links.
    pub findings: Vec<String>,
    /// Sentences built from the facts, each with the evidence ids it rests on.
    pub facts: Vec<FactView>,
}

/// A fact in a sentence, with its evidence.
#[derive(Debug, Clone, Serialize)]
pub struct FactView {
    /// The sentence.
    pub sentence: String,
    /// `pass`, `fail`, `unknown`, …
    pub class: String,
    /// "decides", "supports", or "replaced" by an alternative implementation.
    pub role: String,
    /// Id of the finding.
    pub finding: String,
    /// Evidence ids, at most three, then "and n more".
    pub evidence: String,
}

/// An aspect in one environment.
#[derive(Debug, Clone, Serialize)]
pub struct CellView {
    /// Label of the environment.
    pub environment: String,
    /// State word.
    pub state: String,
    /// Class for layout: `shown`, `open`, `failed`, `shown_by_exception`.
    pub class: String,
    /// Why, in one sentence.
    pub why: String,
    /// Statements that count here.
    pub statements: Vec<String>,
    /// Exceptions that count here.
    pub exceptions: Vec<String>,
    /// What would change it, and who can: "Ada Okafor: …".
    pub next: Vec<String>,
}

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingView {
    /// `F-…`.
    pub id: String,
    /// Id of the check.
    pub check: String,
    /// Title of the check.
    pub title: String,
    /// Severity word.
    pub severity: String,
    /// Outcome word.
    pub outcome: String,
    /// Class for layout.
    pub class: String,
    /// Type of the resource.
    pub kind: String,
    /// Id of the resource; "(the whole list)" where the list itself could not be read.
    pub resource: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// The sentence.
    pub sentence: String,
    /// Exceptions that cover it: it fails all the same.
    pub exceptions: Vec<String>,
    /// Alternative implementations by which it no longer decides, wherever it speaks.
    pub replaced_by: Vec<String>,
    /// Why it is unknown or an error.
    pub reasons: Vec<String>,
    /// Evidence ids.
    pub evidence: Vec<String>,
    /// How to mend a fail, in words; empty otherwise.
    pub remedy: String,
    /// The command; empty where there is none.
    pub command: String,
    /// "determines SC.L1-b.1.x[c] traffic-recorded".
    pub maps: Vec<String>,
}

/// A check that ran.
#[derive(Debug, Clone, Serialize)]
pub struct CheckView {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// Severity word.
    pub severity: String,
    /// "2 fail, 1 unknown, 14 pass", or "nothing found to judge".
    pub result: String,
    /// "determines SC.L1-b.1.x[c] traffic-recorded".
    pub maps: Vec<String>,
}

/// A kept answer.
#[derive(Debug, Clone, Serialize)]
pub struct EvidenceView {
    /// `E-….1`.
    pub id: String,
    /// `ec2:DescribeVpcs`.
    pub read: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// The resource it was asked about; empty for lists.
    pub parent: String,
    /// When the answer was complete, `2026-11-24T03:00:12Z`.
    pub at: String,
    /// HTTP status.
    pub http_status: u16,
    /// Outcome word.
    pub outcome: String,
    /// SHA-256 of the stored bytes; empty where nothing was stored.
    pub digest: String,
    /// Their length.
    pub bytes: u64,
    /// The provider's request id.
    pub request_id: String,
}

/// A parameter as used.
#[derive(Debug, Clone, Serialize)]
pub struct ParameterView {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// "default", "set by the organisation", or that nobody set it.
    pub origin: String,
    /// What it means.
    pub about: String,
}

/// Who is assessed.
#[derive(Debug, Clone, Serialize)]
pub struct OrganisationView {
    /// Name.
    pub name: String,
    /// CAGE codes.
    pub cage_codes: Vec<String>,
    /// Name of the system.
    pub system: String,
    /// What it is.
    pub description: String,
    /// What kind of information it holds.
    pub information: String,
    /// People.
    pub people: Vec<PersonView>,
    /// Kinds of environment that it declares it does not have.
    pub absent: Vec<AbsentView>,
}

/// Somebody with a role.
#[derive(Debug, Clone, Serialize)]
pub struct PersonView {
    /// Name.
    pub name: String,
    /// Title.
    pub title: String,
    /// Roles, in words.
    pub roles: String,
}

/// A kind of environment that is declared absent.
#[derive(Debug, Clone, Serialize)]
pub struct AbsentView {
    /// The kind.
    pub kind: String,
    /// Why.
    pub reason: String,
}

/// A resource that is out of scope.
#[derive(Debug, Clone, Serialize)]
pub struct OutOfScopeView {
    /// Type.
    pub kind: String,
    /// Id.
    pub id: String,
    /// Account.
    pub account: String,
    /// Region.
    pub region: String,
    /// The organisation's reason.
    pub reason: String,
}

/// A statement.
#[derive(Debug, Clone, Serialize)]
pub struct StatementView {
    /// Name of its file without the ending.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is.
    pub kind: String,
    /// Does it count?
    pub counts: bool,
    /// "counts until 2027-10-01", or why it does not.
    pub state: String,
    /// What it speaks to.
    pub answers: Vec<String>,
    /// Where.
    pub environments: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// Its date.
    pub date: String,
    /// Its last day.
    pub expires: String,
    /// How it was assessed.
    pub methods: String,
    /// Evidence files.
    pub evidence: Vec<String>,
    /// Checks that it replaces.
    pub replaces: Vec<String>,
    /// Provider and document, for inheritance.
    pub provider: String,
    /// Its text, paragraph by paragraph.
    pub paragraphs: Vec<ParagraphView>,
    /// Its file.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// A paragraph of a statement, or a line of a list in it.
#[derive(Debug, Clone, Serialize)]
pub struct ParagraphView {
    /// Is it a line of a list?
    pub item: bool,
    /// Its text.
    pub text: String,
}

/// An exception.
#[derive(Debug, Clone, Serialize)]
pub struct ExceptionView {
    /// Name of its file without the ending.
    pub id: String,
    /// Title.
    pub title: String,
    /// Which of the two.
    pub kind: String,
    /// Does it count?
    pub counts: bool,
    /// "counts until 2027-10-01", or why it does not.
    pub state: String,
    /// Checks or aspects it is about.
    pub about: Vec<String>,
    /// Resources or environments it is about.
    pub on: Vec<String>,
    /// Failing findings that it covers, or would cover.
    pub findings: Vec<String>,
    /// What a person should know.
    pub hints: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// First day.
    pub start: String,
    /// Last day.
    pub expires: String,
    /// Why.
    pub reason: String,
    /// What makes it be looked at again.
    pub reopens_when: String,
    /// What is done instead.
    pub mitigations: Vec<String>,
    /// Proof that it once worked.
    pub worked: Vec<String>,
    /// Steps of the operational plan of action.
    pub milestones: Vec<String>,
    /// Day of the next deficiency review; empty for none.
    pub review: String,
    /// How far it is.
    pub progress: String,
    /// Its file.
    pub file: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// A file of the organisation.
#[derive(Debug, Clone, Serialize)]
pub struct FileView {
    /// Evidence id.
    pub evidence: String,
    /// Path.
    pub path: String,
    /// SHA-256.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
}
