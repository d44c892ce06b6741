//! `--coverage-min`: how much must be reached.

use super::{Column, Coverage};

/// The least shares, in percent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Least(Vec<(Column, f64)>);

impl Least {
    /// Reads `steps=95,causes=100`; a number alone is for steps.
    ///
    /// # Errors
    /// A sentence that says what may be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut least = Vec::new();
        for part in text.split(',') {
            let (name, share) = part.split_once('=').unwrap_or(("steps", part));
            let column = Column::ALL
                .into_iter()
                .find(|column| column.as_str() == name.trim())
                .ok_or_else(|| format!("`{}` is not steps, arms, causes or undo", name.trim()))?;
            let share: f64 = share
                .trim()
                .trim_end_matches('%')
                .parse()
                .ok()
                .filter(|share| (0.0..=100.0).contains(share))
                .ok_or_else(|| format!("`{}` is no share from 0 to 100", share.trim()))?;
            least.push((column, share));
        }
        Ok(Self(least))
    }

    /// What falls short, a sentence each.
    #[must_use]
    pub fn missed(&self, coverage: &Coverage) -> Vec<String> {
        let mut missed = Vec::new();
        for (column, least) in &self.0 {
            let count = coverage.count(*column);
            if count.percent() < *least {
                let (name, percent) = (column.as_str(), count.percent());
                missed.push(format!(
                    "{name}: {percent:.1} % are reached ({count}), and {least} % must be"
                ));
            }
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::Least;
    use crate::coverage::{Column, Coverage, Item, Kind, Reached};

    fn half() -> Coverage {
        let item = |name: &str, reached| Item {
            kind: Kind::Step,
            name: name.to_owned(),
            line: 1,
            reached,
        };
        let items = vec![item("a", true), item("b", false)];
        let files = [("x.yaml".to_owned(), Reached { items })];
        Coverage {
            files: files.into(),
        }
    }

    #[test]
    fn shares_are_read_and_held_against_what_was_reached() {
        let least = Least::parse("steps=50, causes=100%").expect("reads");
        assert!(least.missed(&half()).is_empty());
        let least = Least::parse("50.1").expect("reads");
        assert_eq!(
            least.missed(&half()),
            ["steps: 50.0 % are reached (1/2), and 50.1 % must be"]
        );
        assert_eq!(half().count(Column::Arms).to_string(), "-");
        assert!(Least::parse("stepps=5").is_err_and(|why| why.contains("stepps")));
        assert!(Least::parse("steps=101").is_err());
    }
}
