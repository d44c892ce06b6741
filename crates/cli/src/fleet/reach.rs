//! Whether calls get to a target's place as the target wants.

use crate::args::TargetArguments;
use crate::identity;
use runbook_fleet::target::Target;
use runbook_registry::Registry;
use runbook_registry::world::World;
use std::sync::Arc;

/// Error codes by which a region says that an account has not turned it on.
const REGION_OFF: [&str; 5] = [
    "AuthFailure",
    "InvalidClientTokenId",
    "OptInRequired",
    "RegionDisabledException",
    "UnrecognizedClientException",
];

/// Why calls do not get to a target's place; nothing where they do, or where the target names neither account nor role.
pub async fn refusal(
    target: &Target,
    arguments: &TargetArguments,
    live: &dyn World,
    registry: &Arc<Registry>,
) -> Option<String> {
    if target.account.is_none() && target.role.is_none() {
        return None;
    }
    let role = arguments.role.as_deref();
    match identity::caller(live, registry).await {
        Ok(caller) if target.account.is_none() || caller.account == target.account => None,
        Ok(caller) => Some(format!(
            "its account is {}, and the credentials are of {}; name the role to assume there with `role:`",
            target.account.as_deref().unwrap_or_default(),
            caller.account.as_deref().unwrap_or("another one")
        )),
        Err(error) => {
            let off = REGION_OFF.contains(&error.code.as_str());
            let region = arguments.region.as_deref().filter(|_| off);
            let hint = region.map_or_else(String::new, |region| {
                format!("; {region} may be switched off in this account")
            });
            Some(match role {
                Some(role) => format!("as {role} nothing can be called: {error}{hint}"),
                None => format!("nothing can be called there: {error}{hint}"),
            })
        }
    }
}
