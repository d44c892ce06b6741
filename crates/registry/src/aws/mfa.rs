//! Profiles that ask for a second factor, which AWS's own chain of credentials does not ask for.

use aws_config::profile::{ProfileSet, load};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};
use std::borrow::Cow;

/// A profile with a second factor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SecondFactor {
    pub(super) profile: String,
    /// The ARN or serial number of the device.
    pub(super) serial: String,
}

/// The second factor that the profile, or one that it assumes a role from, asks for.
pub(super) async fn second_factor(profile: Option<String>) -> Option<SecondFactor> {
    let profiles = load(
        &Fs::real(),
        &Env::real(),
        &EnvConfigFiles::default(),
        profile.map(Cow::Owned),
    )
    .await
    .ok()?;
    in_chain(&profiles)
}

fn in_chain(profiles: &ProfileSet) -> Option<SecondFactor> {
    let mut name = profiles.selected_profile();
    let mut seen = Vec::new();
    loop {
        let profile = profiles.get_profile(name)?;
        if let Some(serial) = profile.get("mfa_serial") {
            return Some(SecondFactor {
                profile: name.to_owned(),
                serial: serial.to_owned(),
            });
        }
        seen.push(name);
        name = profile
            .get("source_profile")
            .filter(|next| !seen.contains(next))?;
    }
}
