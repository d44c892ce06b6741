//! One place at which a playbook is run, with what it is given there.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// A place and what the playbook is given there.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What people call it: unique in its fleet, and the same whenever the fleet is made again.
    pub name: String,
    /// The twelve-digit account, where it is known; a run whose credentials are of another one is refused.
    #[serde(default)]
    pub account: Option<String>,
    /// The region.
    #[serde(default)]
    pub region: Option<String>,
    /// The profile of the AWS configuration whose credentials are used.
    #[serde(default)]
    pub profile: Option<String>,
    /// The role that is assumed for it.
    #[serde(default)]
    pub role: Option<String>,
    /// The external id that the role asks for.
    #[serde(default)]
    pub external_id: Option<String>,
    /// The inputs that it is given; of secrets where they lie (`ssm:/name`), never what they are.
    #[serde(default)]
    pub inputs: IndexMap<String, Json>,
    /// Words by which reports group targets.
    #[serde(default)]
    pub labels: IndexMap<String, String>,
}

/// The id of a target's run: that of the same fleet and the same target is the same, so that a run that was begun is found
/// again without a record of which run is whose. It has the form of a UUID (version 8).
#[must_use]
pub fn run_id(fleet: &str, target: &str) -> String {
    let digest = Sha256::digest(format!("{fleet}\n{target}"));
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    let mut number = u128::from_be_bytes(bytes);
    number &= !(0xf << 76) & !(0x3 << 62);
    number |= (0x8 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::run_id;

    #[test]
    fn the_run_of_a_target_has_an_id_of_its_own_that_is_always_the_same() {
        let id = run_id("fleet", "shop/eu-west-1");
        assert_eq!(id, run_id("fleet", "shop/eu-west-1"));
        assert_ne!(id, run_id("fleet", "shop/us-east-1"));
        assert_ne!(id, run_id("other", "shop/eu-west-1"));
        let parts: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id.chars().nth(14), Some('8'), "{id}");
        assert!(
            "89ab".contains(id.chars().nth(19).unwrap_or_default()),
            "{id}"
        );
    }
}
