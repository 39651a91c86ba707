//! The rule-makers' side: requirements, objectives, and the aspects that farwatch reads out of the guide.

use serde::Deserialize;
use std::collections::BTreeMap;

/// FAR 52.204-21 with the 15 requirements and 59 objectives of CMMC Level 1.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The clause itself.
    pub clause: Clause,
    /// The documents that are quoted, by short name.
    pub sources: BTreeMap<String, Source>,
    /// The 15 requirements, in the order of the clause.
    pub requirements: Vec<Requirement>,
}

/// The clause: FAR 52.204-21 (Nov 2021).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// `FAR 52.204-21`.
    pub number: String,
    /// Its title, exactly.
    pub title: String,
    /// Its date as the clause prints it.
    pub date: String,
    /// The sentence that opens paragraph (b)(1), exactly.
    pub intro: String,
    /// The number used under agency deviations.
    pub also_cited_as: AlsoCitedAs,
}

/// Another number of the same clause.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoCitedAs {
    /// `FAR 52.240-93`.
    pub number: String,
    /// When that number is used.
    pub note: String,
}

/// A document that is quoted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Title, version and date.
    pub title: String,
    /// Where it is published.
    pub url: String,
}

/// One of the 15 requirements.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The final-rule id (32 CFR 170.14(c)): `SC.L1-b.1.x`.
    pub id: String,
    /// The paragraph of the clause: `52.204-21(b)(1)(x)`.
    pub far: String,
    /// Title in the guide.
    pub title: String,
    /// NIST SP 800-171 r2 numbers.
    pub nist: Vec<String>,
    /// Ids of the CMMC 2.0 model of 2021: `SC.L1-3.13.1`.
    pub legacy_ids: Vec<String>,
    /// Ids of CMMC 1.0: `SC.1.175`.
    pub cmmc_1_0_ids: Vec<String>,
    /// The text of the clause, exactly.
    pub text: String,
    /// The candidates ("SELECT FROM") for examine, interview and test.
    pub methods: Methods,
    /// The guide's potential assessment considerations, exactly.
    pub considerations: Vec<String>,
    /// What shows that it does apply: farwatch's own reading.
    pub applies: Applies,
    /// Its objectives, in the order of the guide.
    pub objectives: Vec<Objective>,
}

/// The guide's assessment methods: lists to select from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Methods {
    /// What may be examined.
    pub examine: Vec<String>,
    /// Who may be interviewed.
    pub interview: Vec<String>,
    /// What may be tested.
    pub test: Vec<String>,
}

/// One of the 59 assessment objectives.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// `SC.L1-b.1.x.c`; printed as `SC.L1-b.1.x[c]` by [`Objective::printed`].
    pub id: String,
    /// The NIST SP 800-171A objective it equals.
    pub nist: String,
    /// The text of the guide, exactly.
    pub text: String,
    /// What shows that it does apply, where that is not what the requirement says.
    #[serde(default)]
    pub applies: Option<Applies>,
    /// What must be shown for it.
    pub aspects: Vec<Aspect>,
}

/// What contradicts a statement that an objective is NOT APPLICABLE: any of these.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Why, in words that complete "it applies, because".
    pub because: String,
    /// An environment in scope of one of these kinds.
    #[serde(default)]
    pub environments: Vec<EnvironmentKind>,
    /// A point of a boundary in use.
    #[serde(default)]
    pub points: Vec<PointClass>,
}

/// See [`Applies::points`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointClass {
    /// Crosses the external boundary.
    External,
    /// Crosses an internal boundary.
    Internal,
    /// The public can reach something through it.
    Public,
}

/// What a good statement about an aspect contains: farwatch's own words.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guidance {
    /// What it should say.
    pub contains: Vec<String>,
    /// What an assessor would ask.
    pub asked: Vec<String>,
    /// Documents that would serve as evidence.
    pub evidence: Vec<String>,
}

/// One thing an objective asks to be shown: farwatch's own reading of the guide.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aspect {
    /// Short name, unique within its objective.
    pub id: String,
    /// What must be shown, in one plain sentence.
    pub asks: String,
    /// The words of the guide it rests on, exactly.
    pub basis: String,
    /// The kinds of environment it concerns, and how it may be shown in each.
    pub shown_by: BTreeMap<EnvironmentKind, ShownBy>,
    /// True where the guide offers no consideration and the objective's own text stands for the aspect.
    #[serde(default)]
    pub provisional: bool,
}

/// A kind of place in which Federal Contract Information may live.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// An AWS account.
    Aws,
    /// An Azure subscription.
    Azure,
    /// An Entra tenant.
    Entra,
    /// Rooms and what stands in them.
    Office,
    /// Laptops and phones.
    Endpoints,
    /// Software as a service.
    Saas,
}

impl EnvironmentKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [Self::Aws, Self::Azure, Self::Entra, Self::Office, Self::Endpoints, Self::Saas];

    /// The word for files and ids: `office`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Entra => "entra",
            Self::Office => "office",
            Self::Endpoints => "endpoints",
            Self::Saas => "saas",
        }
    }

    /// Is it read through an interface, so that findings can be about it?
    #[must_use]
    pub fn is_cloud(self) -> bool {
        matches!(self, Self::Aws | Self::Azure | Self::Entra)
    }

    /// All of the kind, for the head of a list.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Aws => "AWS accounts",
            Self::Azure => "Azure subscriptions",
            Self::Entra => "Entra tenants",
            Self::Office => "Offices",
            Self::Endpoints => "Endpoints",
            Self::Saas => "Software as a service",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Aws => "AWS account",
            Self::Azure => "Azure subscription",
            Self::Entra => "Entra tenant",
            Self::Office => "offices",
            Self::Endpoints => "endpoints (computers, phones, machines)",
            Self::Saas => "software as a service",
        }
    }
}

/// How an aspect may be shown in one kind of environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ShownBy {
    /// Machine checks decide alone.
    Check,
    /// A signed statement decides alone.
    Statement,
    /// Both are needed.
    CheckAndStatement,
    /// Either is enough.
    CheckOrStatement,
    /// The provider's facilities and media, or a statement.
    InheritanceOrStatement,
}

impl ShownBy {
    /// May machine checks answer here at all?
    #[must_use]
    pub fn by_check(self) -> bool {
        matches!(self, Self::Check | Self::CheckAndStatement | Self::CheckOrStatement)
    }
    /// Must a statement be there in any case?
    #[must_use]
    pub fn needs_statement(self) -> bool {
        matches!(self, Self::Statement | Self::CheckAndStatement | Self::InheritanceOrStatement)
    }
    /// What would show it, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Check => "machine checks",
            Self::Statement => "a signed statement",
            Self::CheckAndStatement => "machine checks and a signed statement",
            Self::CheckOrStatement => "machine checks or a signed statement",
            Self::InheritanceOrStatement => "documented inheritance from the provider, or a signed statement",
        }
    }
}

/// What an id of any scheme leads to.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// A requirement.
    Requirement(&'a Requirement),
    /// An objective and the requirement it belongs to.
    Objective(&'a Requirement, &'a Objective),
    /// An aspect with its objective and requirement.
    Aspect(&'a Requirement, &'a Objective, &'a Aspect),
}

impl Objective {
    /// The last part of the id: `c`.
    #[must_use]
    pub fn letter(&self) -> &str {
        self.id.rsplit('.').next().unwrap_or(&self.id)
    }
    /// The id as the guide prints it: `SC.L1-b.1.x[c]`.
    #[must_use]
    pub fn printed(&self) -> String {
        printed_objective(&self.id)
    }
    /// What contradicts a statement that it is NOT APPLICABLE.
    #[must_use]
    pub fn applies<'a>(&'a self, requirement: &'a Requirement) -> &'a Applies {
        self.applies.as_ref().unwrap_or(&requirement.applies)
    }
    /// The aspect of this name.
    #[must_use]
    pub fn aspect(&self, id: &str) -> Option<&Aspect> {
        self.aspects.iter().find(|aspect| aspect.id == id)
    }
}

/// `SC.L1-b.1.x.c` as the guide prints it.
#[must_use]
pub fn printed_objective(id: &str) -> String {
    id.rsplit_once('.').map_or_else(|| id.to_owned(), |(requirement, letter)| format!("{requirement}[{letter}]"))
}

impl Requirement {
    /// Does this id stand for a part of the requirement only? `PE.L1-b.1.ix` was three practices once, and is three
    /// requirements of SP 800-171 still.
    #[must_use]
    pub fn is_part(&self, id: &str) -> bool {
        let wanted = normal(id);
        [&self.legacy_ids, &self.cmmc_1_0_ids, &self.nist]
            .into_iter()
            .any(|ids| ids.len() > 1 && ids.iter().any(|one| normal(one) == wanted))
    }

    /// The paragraph under the number used by agency deviations.
    #[must_use]
    pub fn far_deviation(&self) -> String {
        self.far.replace("52.204-21", "52.240-93")
    }

    /// Every id that names this requirement, in every live scheme.
    pub fn ids(&self) -> impl Iterator<Item = String> + '_ {
        [self.id.clone(), self.far.clone(), self.far_deviation()]
            .into_iter()
            .chain(self.legacy_ids.iter().cloned())
            .chain(self.cmmc_1_0_ids.iter().cloned())
            .chain(self.nist.iter().cloned())
    }
}

impl Catalog {
    /// The objective of this id.
    #[must_use]
    pub fn objective(&self, id: &str) -> Option<(&Requirement, &Objective)> {
        self.requirements.iter().find_map(|requirement| {
            let objective = requirement.objectives.iter().find(|objective| objective.id == id)?;
            Some((requirement, objective))
        })
    }

    /// All objectives with their requirements, in order.
    pub fn objectives(&self) -> impl Iterator<Item = (&Requirement, &Objective)> {
        self.requirements.iter().flat_map(|r| r.objectives.iter().map(move |o| (r, o)))
    }

    /// Resolves an id of any live scheme, whatever its case: `sc.l1-3.13.1`, `SC.L1-b.1.x[c]`,
    /// `FAR 52.204-21(b)(1)(x)`, `SC.1.175`, `3.13.1[c]`, `SC.L1-b.1.x.c/traffic-recorded`.
    #[must_use]
    pub fn resolve(&self, id: &str) -> Option<Entry<'_>> {
        let wanted = normal(id);
        if let Some((objective, aspect)) = wanted.split_once('/') {
            let Some(Entry::Objective(requirement, objective)) = self.resolve(objective) else { return None };
            let aspect = objective.aspects.iter().find(|a| a.id == aspect)?;
            return Some(Entry::Aspect(requirement, objective, aspect));
        }
        for requirement in &self.requirements {
            let names: Vec<String> = requirement.ids().map(|name| normal(&name)).collect();
            if names.contains(&wanted) {
                return Some(Entry::Requirement(requirement));
            }
            for objective in &requirement.objectives {
                let nist = normal(&objective.nist);
                // A legacy id that stands for a third of a requirement has that third's letters, so objectives
                // resolve through their own 800-171A id first.
                let legacy = requirement.legacy_ids.iter().zip(&requirement.nist).any(|(legacy, number)| {
                    let number = normal(number);
                    nist.strip_prefix(&number)
                        .is_some_and(|rest| rest.starts_with('.') && wanted == normal(legacy) + rest)
                });
                let by_name = names.iter().any(|name| {
                    !requirement.nist.iter().any(|n| normal(n) == *name)
                        && !requirement.legacy_ids.iter().any(|l| normal(l) == *name)
                        && wanted == format!("{name}.{}", objective.letter())
                });
                // `3.10.4` and `3.14.4` name a requirement as well as its one objective; the requirement came first.
                if wanted == nist || legacy || by_name {
                    return Some(Entry::Objective(requirement, objective));
                }
            }
        }
        None
    }
}

/// One spelling for all spellings: lower case, `FAR ` dropped, `[c]` as `.c`.
fn normal(id: &str) -> String {
    let id = id.trim().to_ascii_lowercase();
    let id = id.strip_prefix("far").unwrap_or(&id).trim_start();
    id.replace('[', ".").replace([']', ' '], "")
}
