//! What local actions may see of their surroundings.

use super::data_validate::Problem;
use super::person::{NoPerson, Person};
use super::trust::Trust;
use crate::call::{CallError, FailureKind, Target};
use crate::world::Pending;
use crate::world::clock::{Clock, SystemClock};
use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;

/// Judges a document as the arguments of an action, for `data:Validate`; `Err` says why the action is not known.
pub type Validator = Arc<dyn Fn(&str, &Json) -> Result<Vec<Problem>, String> + Send + Sync>;

/// The variables that give a program the region and the credentials of a target.
pub trait TargetEnvironment: Send + Sync {
    /// The variables (`AWS_REGION`, `AWS_ACCESS_KEY_ID` …) for calls to the target.
    ///
    /// # Errors
    /// `credentials` where the target's role cannot be assumed.
    fn variables<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pending<'a, Result<Vec<(String, String)>, CallError>>;
}

/// The same variables for every target but its region; a target with a role is refused.
#[derive(Debug, Clone, Default)]
pub struct FixedEnvironment(pub Vec<(String, String)>);

impl TargetEnvironment for FixedEnvironment {
    fn variables<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pending<'a, Result<Vec<(String, String)>, CallError>> {
        Box::pin(async move {
            if let Some(role) = &target.role {
                return Err(CallError::new(
                    FailureKind::Environment,
                    "credentials",
                    format!("no credentials of {role} can be given to a program here"),
                ));
            }
            let mut variables = self.0.clone();
            if let Some(region) = &target.region {
                variables.retain(|(name, _)| name != "AWS_REGION" && name != "AWS_DEFAULT_REGION");
                variables.push(("AWS_REGION".to_owned(), region.clone()));
                variables.push(("AWS_DEFAULT_REGION".to_owned(), region.clone()));
            }
            Ok(variables)
        })
    }
}

/// The surroundings of local actions, given by the embedding program.
#[derive(Clone)]
pub struct LocalContext {
    /// The playbook root: no file outside it is read.
    pub root: PathBuf,
    /// The folder of the playbook, below the root: relative paths start here.
    pub folder: PathBuf,
    /// Who answers for `human:Do` and `human:Ask`.
    pub person: Arc<dyn Person>,
    /// The hosts that may be contacted; `None` is none.
    pub reaches: Option<Vec<String>>,
    /// The programs that may be started; `None` is none.
    pub runs: Option<Vec<String>>,
    /// Folders outside of the root that paths may lead into: as the playbook writes them, and where they are.
    pub folders: Vec<(String, PathBuf)>,
    /// The caller's own variables; programs get `PATH`, `HOME`, `LANG`, `LC_ALL` and `TZ` of them, nothing else.
    pub environment: Vec<(String, String)>,
    /// Region and credentials for programs.
    pub target_environment: Arc<dyn TargetEnvironment>,
    /// Judges documents by an action's arguments; without it `data:Validate` knows JSON Schema only.
    pub validator: Option<Validator>,
    /// The certificate authorities that HTTPS trusts.
    pub trust: Arc<Trust>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl LocalContext {
    /// Makes the most closed surroundings: a root, nobody to ask, nothing to contact or to start, the system's clock.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            folder: root.clone(),
            root,
            person: Arc::new(NoPerson),
            reaches: None,
            runs: None,
            folders: Vec::new(),
            environment: Vec::new(),
            target_environment: Arc::new(FixedEnvironment::default()),
            validator: None,
            trust: Arc::new(Trust::system()),
            clock: Arc::new(SystemClock),
        }
    }

    /// A path of the playbook as a real one, symbolic links followed; `/` starts at the root, or at one of `folders`.
    ///
    /// # Errors
    /// `not_found` where nothing is there, `not_allowed` where it leaves the root and all `folders`.
    pub(super) async fn path(&self, path: &str) -> Result<PathBuf, CallError> {
        let wrong = |code: &str, what: String| CallError::new(FailureKind::NotSent, code, what);
        let folder = self.folders.iter().find_map(|(written, at)| {
            let inside = path.strip_prefix(written.trim_end_matches('/'))?;
            (inside.is_empty() || inside.starts_with('/'))
                .then(|| (at, at.join(inside.trim_start_matches('/'))))
        });
        let (root, start) = match (folder, path.strip_prefix('/')) {
            (Some((folder, start)), _) => (folder, start),
            (None, Some(inside)) => {
                let inside = inside.trim_start_matches('/');
                (&self.root, self.root.join(inside))
            }
            (None, None) => (&self.root, self.folder.join(path)),
        };
        let real = tokio::fs::canonicalize(&start)
            .await
            .map_err(|error| wrong("not_found", format!("{path}: {error}")))?;
        let root = tokio::fs::canonicalize(root)
            .await
            .map_err(|error| wrong("not_found", format!("{}: {error}", root.display())))?;
        if real.starts_with(&root) {
            Ok(real)
        } else {
            Err(wrong(
                "not_allowed",
                format!(
                    "{path} is outside of the playbook root; copy it below the root, or name its folder in `folders` at the top"
                ),
            ))
        }
    }
}
