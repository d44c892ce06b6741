//! All playbooks below the folders in which playbooks are found.

use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::{Located, Places, files_below, is_playbook};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files that may be playbooks, each once, in the order of the folders and sorted within them.
///
/// # Errors
/// There is no such folder.
pub fn files(folder: Option<&Path>, environment: &Environment) -> Result<Vec<PathBuf>, Failure> {
    let places = &environment.places;
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for folder in folders(folder, places)? {
        let below = if folder.is_file() {
            vec![folder]
        } else {
            files_below(&folder, is_playbook)
        };
        found.extend(below.into_iter().filter(|file| seen.insert(file.clone())));
    }
    Ok(found)
}

fn folders(folder: Option<&Path>, places: &Places) -> Result<Vec<PathBuf>, Failure> {
    let roots = places.roots();
    let Some(asked) = folder else {
        let there: Vec<PathBuf> = roots.into_iter().filter(|root| root.is_dir()).collect();
        return Ok(if there.is_empty() {
            vec![places.current.clone()]
        } else {
            there
        });
    };
    let bases = std::iter::once(&places.current).chain(&roots);
    let mut tried = bases.map(|base| base.join(asked));
    if let Some(there) = tried.find(|path| path.is_dir()) {
        return Ok(vec![there]);
    }
    match places.locate(&asked.to_string_lossy()) {
        Ok(located) => Ok(vec![located.file]),
        Err(_) => Err(Failure::wrong(format!(
            "there is no folder `{}`, neither here nor below `playbooks/` or a folder of RUNBOOK_PATH",
            asked.display()
        ))),
    }
}

/// What `runbook run` takes for a playbook, as short as it can be.
#[must_use]
pub fn runnable(located: &Located, places: &Places) -> String {
    match places.locate(&located.id) {
        Ok(same) if same.file == located.file => located.id.clone(),
        _ => located.name.clone(),
    }
}

/// Where a severity stands among others: the lower, the worse.
#[must_use]
pub fn rank(severity: Option<&str>) -> u32 {
    let Some(severity) = severity.map(str::to_lowercase) else {
        return u32::MAX;
    };
    let number = severity
        .strip_prefix(['p', 's'])
        .or_else(|| severity.strip_prefix("sev"));
    if let Some(number) = number.and_then(|number| number.parse().ok()) {
        return number;
    }
    match severity.as_str() {
        "critical" => 0,
        "high" => 1,
        "medium" | "normal" => 2,
        "low" => 3,
        _ => u32::MAX - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn severities_are_in_order() {
        let order = ["P0", "high", "p2", "P10", "odd"];
        let ranks: Vec<u32> = order.iter().map(|word| rank(Some(word))).collect();
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert!(rank(Some("odd")) < rank(None));
    }
}
