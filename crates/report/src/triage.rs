//! What the symptoms of many playbooks say, side by side.

use crate::line::{Line, Look, Tone};
use crate::playbook_list::tone;
use crate::value_text::counted;
use runbook_interpreter::truth::Truth;
use serde_json::{Value as Json, json};

/// What came of the symptoms of many playbooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triage {
    /// The playbooks, those first that matter most.
    pub playbooks: Vec<TriagedPlaybook>,
    /// How many playbooks have no symptom.
    pub without: usize,
    /// How many reads were made.
    pub reads: usize,
    /// How many more there would have been if none were shared.
    pub shared: usize,
}

/// A playbook and what its symptoms say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriagedPlaybook {
    /// What `runbook run` takes.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// How bad its problem is.
    pub severity: Option<String>,
    /// What came of it.
    pub standing: Standing,
    /// Its symptoms, in written order.
    pub symptoms: Vec<ReadSymptom>,
    /// The command to go on with.
    pub next: String,
}

/// What came of a playbook's symptoms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The problem shows.
    Holds,
    /// It could not be told.
    Unknown {
        /// Why.
        why: String,
    },
    /// It was not asked.
    NotAsked {
        /// Why.
        why: String,
        /// The inputs that it lacks.
        lacks: Vec<String>,
    },
    /// The problem does not show.
    Clear,
}

/// One symptom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadSymptom {
    /// The step.
    pub step: String,
    /// What it is called, or the step's id.
    pub title: String,
    /// Whether it holds.
    pub holds: Truth,
    /// What was found, or why it could not be read.
    pub found: String,
}

impl Standing {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Unknown { .. } => "unknown",
            Self::NotAsked { .. } => "not_asked",
            Self::Clear => "clear",
        }
    }
}

impl TriagedPlaybook {
    /// How many of its symptoms hold.
    #[must_use]
    pub fn holding(&self) -> usize {
        let symptoms = self.symptoms.iter();
        symptoms
            .filter(|symptom| symptom.holds == Truth::True)
            .count()
    }
}

impl Triage {
    fn of(&self, word: &str) -> Vec<&TriagedPlaybook> {
        let playbooks = self.playbooks.iter();
        playbooks
            .filter(|playbook| playbook.standing.as_str() == word)
            .collect()
    }

    /// Whether a problem shows, or whether one does could not be told.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.of("holds").is_empty() && self.of("unknown").is_empty()
    }
}

/// The symptoms as text.
#[must_use]
pub fn lines(triage: &Triage, look: Look) -> Vec<String> {
    let (holding, unknown) = (triage.of("holds"), triage.of("unknown"));
    let (not_asked, clear) = (triage.of("not_asked"), triage.of("clear"));
    let asked = holding.len() + unknown.len() + clear.len();
    let mut lines = Vec::new();
    for playbook in &holding {
        lines.extend(read(playbook, look));
        lines.push(String::new());
    }
    if !unknown.is_empty() {
        lines.push(
            Line::at(0)
                .with(Tone::Attention, "Could not be told")
                .cut(look),
        );
        for playbook in &unknown {
            lines.extend(read(playbook, look));
        }
        lines.push(String::new());
    }
    if !not_asked.is_empty() {
        lines.push(Line::at(0).with(Tone::Strong, "Not asked").cut(look));
        for playbook in &not_asked {
            let Standing::NotAsked { why, lacks } = &playbook.standing else {
                continue;
            };
            let why = match lacks.as_slice() {
                [] => why.clone(),
                lacks => format!("lacks {}", lacks.join(", ")),
            };
            let line = Line::at(1).plain(&playbook.name).plain("  ");
            lines.extend(line.with(Tone::Quiet, why).wrapped(look));
        }
        lines.push(String::new());
    }
    if !clear.is_empty() {
        let names: Vec<&str> = clear
            .iter()
            .map(|playbook| playbook.name.as_str())
            .collect();
        lines.push(Line::at(0).with(Tone::Strong, "Do not show").cut(look));
        let names = Line::at(1).with(Tone::Quiet, names.join(", "));
        lines.extend(names.wrapped(look));
        lines.push(String::new());
    }
    let tone = if holding.is_empty() && unknown.is_empty() {
        Tone::Good
    } else {
        Tone::Strong
    };
    let verb = if holding.len() == 1 { "shows" } else { "show" };
    let mut summary = format!("{} of {asked} problems {verb}", holding.len());
    if !unknown.is_empty() {
        summary = format!("{summary}, {} could not be told", unknown.len());
    }
    let mut more = counted(triage.reads, "read");
    if triage.shared > 0 {
        more = format!("{more}, {} shared", triage.shared);
    }
    if !not_asked.is_empty() {
        more = format!("{more}; {} not asked", not_asked.len());
    }
    if triage.without > 0 {
        more = format!("{more}; {} without a symptom", triage.without);
    }
    let more = format!("; {more}");
    let summary = Line::at(0).with(tone, summary).with(Tone::Quiet, more);
    lines.extend(summary.wrapped(look));
    lines
}

fn read(playbook: &TriagedPlaybook, look: Look) -> Vec<String> {
    let severity = playbook.severity.as_deref().unwrap_or("-");
    let head = Line::at(0)
        .with(tone(severity), format!("{severity:<3} "))
        .with(Tone::Strong, &playbook.name)
        .plain("  ")
        .plain(&playbook.title)
        .with(
            Tone::Quiet,
            format!("  {} of {}", playbook.holding(), playbook.symptoms.len()),
        );
    let mut lines = head.wrapped(look);
    let mut told = false;
    for symptom in &playbook.symptoms {
        let (mark, tone) = match symptom.holds {
            Truth::True => ("● ", Tone::Bad),
            Truth::Unknown => ("? ", Tone::Attention),
            Truth::False => ("○ ", Tone::Quiet),
        };
        told |= symptom.holds == Truth::Unknown;
        let line = Line::at(2).with(tone, mark).plain(&symptom.title);
        let found = Some(&symptom.found).filter(|found| !found.is_empty());
        lines.extend(line.maybe(Tone::Quiet, ": ", found).wrapped(look));
    }
    if let Standing::Unknown { why } = &playbook.standing
        && !told
    {
        lines.extend(Line::at(2).with(Tone::Attention, why).wrapped(look));
    }
    lines.extend(command(&playbook.next, look));
    lines
}

/// A command to paste: it is never broken.
pub(crate) fn command(command: &str, look: Look) -> Vec<String> {
    let unbroken = Look {
        width: None,
        ..look
    };
    vec![
        Line::at(2)
            .with(Tone::Good, "→ ")
            .plain(command)
            .cut(unbroken),
    ]
}

/// One document for programs.
#[must_use]
pub fn document(triage: &Triage) -> Json {
    let playbooks: Vec<Json> = triage
        .playbooks
        .iter()
        .map(|playbook| {
            let symptoms: Vec<Json> = playbook
                .symptoms
                .iter()
                .map(|symptom| {
                    let holds = match symptom.holds {
                        Truth::True => json!(true),
                        Truth::False => json!(false),
                        Truth::Unknown => json!("unknown"),
                    };
                    json!({
                        "step": symptom.step,
                        "title": symptom.title,
                        "holds": holds,
                        "found": symptom.found,
                    })
                })
                .collect();
            let (why, lacks) = match &playbook.standing {
                Standing::Unknown { why } => (Some(why), None),
                Standing::NotAsked { why, lacks } => (Some(why), Some(lacks)),
                Standing::Holds | Standing::Clear => (None, None),
            };
            json!({
                "playbook": playbook.name,
                "title": playbook.title,
                "severity": playbook.severity,
                "status": playbook.standing.as_str(),
                "why": why,
                "lacks": lacks.cloned().unwrap_or_default(),
                "symptoms": symptoms,
                "holding": playbook.holding(),
                "next": playbook.next,
            })
        })
        .collect();
    json!({
        "playbooks": playbooks,
        "without_symptom": triage.without,
        "reads": triage.reads,
        "shared_reads": triage.shared,
    })
}

#[cfg(test)]
mod tests {
    use super::{ReadSymptom, Standing, Triage, TriagedPlaybook, lines};
    use crate::line::Look;
    use runbook_interpreter::truth::Truth;

    fn playbook(name: &str, standing: Standing, holds: Truth) -> TriagedPlaybook {
        TriagedPlaybook {
            name: name.to_owned(),
            title: "Memory leak".to_owned(),
            severity: Some("P1".to_owned()),
            standing,
            symptoms: vec![ReadSymptom {
                step: "symptom.rising".to_owned(),
                title: "It rises".to_owned(),
                holds,
                found: "2 % an hour".to_owned(),
            }],
            next: format!("runbook run {name} -i cluster=prod"),
        }
    }

    #[test]
    fn what_holds_comes_with_its_evidence_and_the_command() {
        let lacks = Standing::NotAsked {
            why: String::new(),
            lacks: vec!["table".to_owned()],
        };
        let triage = Triage {
            playbooks: vec![
                playbook("a/leak", Standing::Holds, Truth::True),
                playbook("a/throttled", lacks, Truth::Unknown),
                playbook("a/cpu", Standing::Clear, Truth::False),
            ],
            without: 2,
            reads: 3,
            shared: 1,
        };
        assert_eq!(
            lines(&triage, Look::default()),
            [
                "P1  a/leak  Memory leak  1 of 1",
                "    ● It rises: 2 % an hour",
                "    → runbook run a/leak -i cluster=prod",
                "",
                "Not asked",
                "  a/throttled  lacks table",
                "",
                "Do not show",
                "  a/cpu",
                "",
                "1 of 2 problems shows; 3 reads, 1 shared; 1 not asked; 2 without a symptom",
            ]
        );
        assert!(!triage.is_well());
    }
}
