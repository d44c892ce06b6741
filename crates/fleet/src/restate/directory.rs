//! Which fleets a server has: a virtual object, for its ingress lists none.

use jiff::Timestamp;
use restate_sdk::context::{
    ContextReadState as _, ContextWriteState as _, ObjectContext, SharedObjectContext,
};
use restate_sdk::errors::HandlerError;
use restate_sdk::serde::Json;
use serde::{Deserialize, Serialize};

/// The name of the service, by which the server finds it.
pub(super) const DIRECTORY: &str = "RunbookFleets";

/// Its only key.
pub(super) const ALL: &str = "all";

/// The most fleets that are listed: the newest.
const MOST: usize = 1000;

/// Where they are kept.
const ENTRIES: &str = "fleets";

/// A fleet that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id.
    pub fleet: String,
    /// The playbook's id.
    pub playbook: String,
    /// How many targets it has.
    pub targets: usize,
    /// When it began.
    pub started: Timestamp,
}

/// The list as a virtual object.
pub(super) struct Directory;

#[restate_sdk::object(name = "RunbookFleets")]
impl Directory {
    /// Takes note of a fleet that has begun.
    #[handler]
    async fn add(
        &self,
        context: ObjectContext<'_>,
        entry: Json<Entry>,
    ) -> Result<(), HandlerError> {
        let entry = entry.into_inner();
        let kept = context.get::<Json<Vec<Entry>>>(ENTRIES).await?;
        let mut all = kept.map(Json::into_inner).unwrap_or_default();
        all.retain(|one| one.fleet != entry.fleet);
        all.push(entry);
        let old = all.len().saturating_sub(MOST);
        all.drain(..old);
        context.set(ENTRIES, Json(all));
        Ok(())
    }

    /// The fleets, in the order in which they began.
    #[handler]
    async fn list(
        &self,
        context: SharedObjectContext<'_>,
    ) -> Result<Json<Vec<Entry>>, HandlerError> {
        let kept = context.get::<Json<Vec<Entry>>>(ENTRIES).await?;
        Ok(kept.unwrap_or_else(|| Json(Vec::new())))
    }
}
