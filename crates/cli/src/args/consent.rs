//! What `--yes` answers for.

use clap::Args;
use runbook_playbook::catalog::Effect;
use std::collections::BTreeSet;

/// What is answered before it is asked.
#[derive(Debug, Clone, Args)]
pub struct ConsentArguments {
    /// Answer yes to these effects; without a list: write
    #[arg(
        long,
        value_name = "EFFECTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write",
        value_parser = Consent::parse
    )]
    pub yes: Option<Consent>,
}

impl ConsentArguments {
    /// What is answered: nothing where `--yes` was not given.
    #[must_use]
    pub fn given(&self) -> Consent {
        self.yes.clone().unwrap_or_default()
    }
}

/// The effects that `--yes` answers for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consent {
    /// Effects of steps.
    pub effects: BTreeSet<Effect>,
    /// Telling people.
    pub notify: bool,
}

impl Consent {
    /// Reads `write,destroy,notify`.
    fn parse(text: &str) -> Result<Self, String> {
        let mut consent = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "notify" => consent.notify = true,
                word => {
                    let effect = Effect::ALL
                        .into_iter()
                        .find(|effect| *effect != Effect::Read && effect.as_str() == word);
                    let known = "write, destroy, permission, execute, notify";
                    let effect = effect
                        .ok_or_else(|| format!("`{word}` is no effect; write any of {known}"))?;
                    consent.effects.insert(effect);
                }
            }
        }
        Ok(consent)
    }

    /// Whether it answers for all of these effects. Reads need no answer of their own: who consents to writes consents
    /// to them.
    #[must_use]
    pub fn covers(&self, effects: &BTreeSet<Effect>) -> bool {
        let read_only = effects.iter().all(|effect| *effect == Effect::Read);
        if read_only {
            return !self.effects.is_empty();
        }
        effects
            .iter()
            .all(|effect| *effect == Effect::Read || self.effects.contains(effect))
    }
}
