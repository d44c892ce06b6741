//! Where playbooks are found.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path, PathBuf};

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The current folder.
    pub current: PathBuf,
    /// The folders of `RUNBOOK_PATH`, in order.
    pub path: Vec<PathBuf>,
}

/// A playbook's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub file: PathBuf,
    /// What messages call it: relative to the current folder where it lies below.
    pub name: String,
    /// The playbook root that it lies in.
    pub root: PathBuf,
    /// Its id: the path below the root without the ending.
    pub id: String,
}

/// A playbook that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    /// What was asked for.
    pub asked: String,
    /// Where it was looked for.
    pub searched: Vec<String>,
    /// Playbooks with a similar name, best first.
    pub similar: Vec<String>,
    /// It is a folder.
    pub folder: bool,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.folder {
            return write!(f, "`{}` is a folder; name a playbook in it", self.asked);
        }
        write!(f, "there is no playbook `{}`", self.asked)?;
        for place in &self.searched {
            write!(f, "\n  looked for {place}")?;
        }
        match self.similar.as_slice() {
            [] => write!(f, "\n  `runbook list` names the playbooks that are found"),
            [one] => write!(f, "\n  did you mean `{one}`?"),
            many => write!(f, "\n  did you mean one of `{}`?", many.join("`, `")),
        }
    }
}

impl Places {
    /// Finds a playbook: relative to the current folder, then below `playbooks/` of it or of the nearest folder above that
    /// has one, then along `RUNBOOK_PATH`; with or without its ending.
    ///
    /// # Errors
    /// [`NotFound`] says where it was looked for and what may have been meant.
    pub fn locate(&self, asked: &str) -> Result<Located, NotFound> {
        let mut searched = Vec::new();
        let roots = self.roots();
        for base in std::iter::once(&self.current).chain(&roots) {
            for candidate in with_endings(&base.join(asked)) {
                let candidate = normal(&candidate);
                if candidate.is_file() {
                    return Ok(self.place(&candidate));
                }
                if !searched.contains(&candidate) {
                    searched.push(candidate);
                }
            }
        }
        Err(NotFound {
            asked: asked.to_owned(),
            searched: searched.iter().map(|path| self.shown(path)).collect(),
            similar: similar(asked, &roots),
            folder: self.current.join(asked).is_dir(),
        })
    }

    /// The folders that playbooks are named in.
    #[must_use]
    pub fn roots(&self) -> Vec<PathBuf> {
        let nearest = self
            .current
            .ancestors()
            .map(|folder| folder.join("playbooks"))
            .find(|folder| folder.is_dir());
        nearest
            .into_iter()
            .chain(self.path.iter().map(|folder| self.current.join(folder)))
            .collect()
    }

    /// Names a file that is there: its root is the `playbooks` folder or the folder of `RUNBOOK_PATH` around it, else its
    /// own folder.
    #[must_use]
    pub fn place(&self, file: &Path) -> Located {
        let file = normal(&self.current.join(file));
        let own = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let root = self
            .roots()
            .into_iter()
            .map(|root| normal(&root))
            .find(|root| file.starts_with(root))
            .or_else(|| {
                own.ancestors()
                    .find(|folder| folder.ends_with("playbooks"))
                    .map(Path::to_path_buf)
            })
            .unwrap_or(own);
        let id = file
            .strip_prefix(&root)
            .unwrap_or(&file)
            .with_extension("")
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/");
        Located {
            name: self.shown(&file),
            id,
            root,
            file,
        }
    }

    /// A path as messages show it.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.current).unwrap_or(path);
        short.display().to_string()
    }
}

/// The path itself where it has a YAML ending, else with each.
fn with_endings(path: &Path) -> Vec<PathBuf> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if matches!(ending, Some("yaml" | "yml")) {
        return vec![path.to_path_buf()];
    }
    ["yaml", "yml"]
        .iter()
        .map(|ending| {
            let mut name = path.as_os_str().to_owned();
            name.push(".");
            name.push(ending);
            PathBuf::from(name)
        })
        .collect()
}

/// Whether a file is a playbook by its name: YAML, and not its scenarios.
#[must_use]
pub fn is_playbook(path: &Path) -> bool {
    is_yaml(path) && !is_scenarios(path)
}

/// Whether a file is YAML by its name, and not hidden.
#[must_use]
pub fn is_yaml(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let yaml = path
        .extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml");
    yaml && !name.unwrap_or(".").starts_with('.')
}

/// Whether a file holds scenarios by its name.
#[must_use]
pub fn is_scenarios(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with(".scenarios.yaml"))
}

/// The file of a playbook's scenarios: `NAME.scenarios.yaml` beside it.
#[must_use]
pub fn scenarios_of(playbook: &Path) -> PathBuf {
    playbook.with_extension("scenarios.yaml")
}

/// All files below a folder that a test accepts, sorted. Hidden folders are left out.
#[must_use]
pub fn files_below(folder: &Path, accept: fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !hidden => open.push(path),
                _ if accept(&path) => {
                    found.insert(path);
                }
                _ => {}
            }
        }
    }
    found.into_iter().collect()
}

/// Removes `.` and resolves `..` by name.
fn normal(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// Playbooks below the roots whose id or last name is close to what was asked.
fn similar(asked: &str, roots: &[PathBuf]) -> Vec<String> {
    let wanted = asked
        .trim_end_matches(".yaml")
        .trim_end_matches(".yml")
        .to_lowercase();
    let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let mut near = BTreeSet::new();
    for root in roots {
        for file in files_below(root, is_playbook) {
            let id = file.strip_prefix(root).unwrap_or(&file).with_extension("");
            let id = id.to_string_lossy().replace('\\', "/");
            let distance = strsim::damerau_levenshtein(&id, &wanted)
                .min(strsim::damerau_levenshtein(&last(&id), &last(&wanted)));
            if distance <= 1 + last(&wanted).len() / 4 {
                near.insert((distance, id));
            }
        }
    }
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::Places;
    use std::fs;
    use std::path::Path;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in [
            "playbooks/acso/memory-leak.yaml",
            "playbooks/acso/memory-leak.scenarios.yaml",
            "examples/each.yaml",
            "shared/network.yml",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("folders");
            fs::write(path, "").expect("a file");
        }
        folder
    }

    fn places(folder: &Path) -> Places {
        Places {
            current: folder.to_path_buf(),
            path: vec![folder.join("shared")],
        }
    }

    #[test]
    fn finds_along_the_current_folder_playbooks_and_the_path() {
        let folder = tree();
        let places = places(folder.path());
        let found = |asked: &str| places.locate(asked).map(|found| (found.name, found.id));
        let leak = Ok((
            "playbooks/acso/memory-leak.yaml".to_owned(),
            "acso/memory-leak".to_owned(),
        ));
        assert_eq!(found("acso/memory-leak.yaml"), leak);
        assert_eq!(found("acso/memory-leak"), leak);
        assert_eq!(found("./playbooks/acso/memory-leak.yaml"), leak);
        assert_eq!(
            found("examples/each"),
            Ok(("examples/each.yaml".to_owned(), "each".to_owned()))
        );
        assert_eq!(
            found("network"),
            Ok(("shared/network.yml".to_owned(), "network".to_owned()))
        );
    }

    #[test]
    fn finds_the_playbooks_of_a_folder_above() {
        let folder = tree();
        let inner = places(&folder.path().join("examples"));
        let found = inner.locate("acso/memory-leak").map(|found| found.id);
        assert_eq!(found.as_deref(), Ok("acso/memory-leak"));
    }

    #[test]
    fn says_where_it_looked_and_what_may_have_been_meant() {
        let folder = tree();
        let error = places(folder.path())
            .locate("acso/memory-leek.yaml")
            .expect_err("there is none");
        assert_eq!(
            error.to_string(),
            "there is no playbook `acso/memory-leek.yaml`\
             \n  looked for acso/memory-leek.yaml\
             \n  looked for playbooks/acso/memory-leek.yaml\
             \n  looked for shared/acso/memory-leek.yaml\
             \n  did you mean `acso/memory-leak`?"
        );
    }
}
