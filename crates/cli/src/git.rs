//! Files of a git revision, by the `git` program. Nothing is checked out in place: blobs are read and written elsewhere,
//! so that neither the work tree nor the index changes and no filter or hook of the repository is run.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// The largest file that is taken out of a revision: what a playbook may have, and more.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A revision and a path in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// What was given: `main`, `HEAD~2`.
    pub name: String,
    /// The path from the top of the repository, or from the current folder where it begins with `./`.
    pub path: String,
}

impl Revision {
    /// Reads `main:playbooks`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, path) = text.split_once(':')?;
        (!name.is_empty() && !name.starts_with('-')).then(|| Self {
            name: name.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Git {
    /// Where `git` is started.
    pub folder: PathBuf,
}

impl Git {
    /// The commit that a revision names.
    ///
    /// # Errors
    /// It is no repository, or there is no such revision; or `git` is not installed.
    pub fn commit(&self, name: &str) -> Result<String, String> {
        self.run(&["rev-parse", "--git-dir"])
            .map_err(|why| match why {
                Problem::Missing => {
                    "the program `git` is not installed; compare files instead".to_owned()
                }
                Problem::Said(said) => format!(
                    "{} is not in a git repository, so `{name}:…` names nothing ({said})",
                    self.folder.display()
                ),
            })?;
        let wanted = format!("{name}^{{commit}}");
        self.text(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])
            .map_err(|_| {
                format!(
                    "the repository has no revision `{name}`; in a shallow clone, fetch it first: git fetch origin {name}"
                )
            })
    }

    /// The commit at which two revisions parted.
    ///
    /// # Errors
    /// They share none, or one of them is not there.
    pub fn merge_base(&self, one: &str, other: &str) -> Result<String, String> {
        let (first, second) = (self.commit(one)?, self.commit(other)?);
        self.text(&["merge-base", &first, &second]).map_err(|_| {
            format!(
                "`{one}` and `{other}` have no commit in common; in a shallow clone, fetch more of the history: git fetch --unshallow"
            )
        })
    }

    /// Writes the files of a folder of a commit below another folder.
    ///
    /// # Errors
    /// The path is not there, or a file cannot be read or written.
    pub fn export(&self, commit: &str, path: &str, to: &Path) -> Result<(), String> {
        let tree = self
            .bytes(&[
                "ls-tree",
                "-r",
                "-z",
                "-l",
                "--full-tree",
                commit,
                "--",
                path,
            ])
            .map_err(|problem| problem.to_string())?;
        let tree = String::from_utf8_lossy(&tree);
        let mut written = 0;
        for line in tree.split('\0').filter(|line| !line.is_empty()) {
            // `100644 blob SHA SIZE<TAB>PATH`
            let Some((facts, name)) = line.split_once('\t') else {
                continue;
            };
            let mut facts = facts.split_whitespace();
            let (Some(mode), Some("blob"), Some(id), Some(size)) =
                (facts.next(), facts.next(), facts.next(), facts.next())
            else {
                continue;
            };
            let inside = Path::new(name)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            let small = size.parse::<u64>().is_ok_and(|size| size <= LARGEST);
            // Links are not followed: they could lead anywhere.
            if mode == "120000" || !inside || !small {
                continue;
            }
            let text = self
                .bytes(&["cat-file", "blob", id])
                .map_err(|problem| problem.to_string())?;
            let file = to.join(name);
            let folder = file.parent().unwrap_or(to);
            std::fs::create_dir_all(folder)
                .and_then(|()| std::fs::write(&file, text))
                .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
            written += 1;
        }
        if written == 0 {
            return Err(format!("there is no `{path}` in {commit}"));
        }
        Ok(())
    }

    fn text(&self, arguments: &[&str]) -> Result<String, String> {
        let bytes = self
            .bytes(arguments)
            .map_err(|problem| problem.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn run(&self, arguments: &[&str]) -> Result<(), Problem> {
        self.bytes(arguments).map(|_| ())
    }

    fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, Problem> {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.folder)
            .args(arguments)
            .output()
            .map_err(|_| Problem::Missing)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Problem::Said(
            said.lines().next().unwrap_or_default().to_owned(),
        ))
    }
}

enum Problem {
    Missing,
    Said(String),
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("the program `git` is not installed"),
            Self::Said(said) => write!(f, "git says: {said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Revision;

    #[test]
    fn a_revision_is_told_by_its_colon() {
        let read = |text| Revision::parse(text).map(|found| (found.name, found.path));
        let found = |name: &str, path: &str| Some((name.to_owned(), path.to_owned()));
        assert_eq!(read("main:playbooks/"), found("main", "playbooks"));
        assert_eq!(read("HEAD~1:a/b.yaml"), found("HEAD~1", "a/b.yaml"));
        assert_eq!(read("playbooks"), None);
        // It would be an option of git.
        assert_eq!(read("--upload-pack=x:y"), None);
    }
}
