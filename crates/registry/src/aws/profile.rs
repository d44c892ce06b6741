//! Credentials of a profile in the two cases that AWS's own chain does not see to: a profile that is named stands before
//! credentials in the environment, and one that asks for a second factor has a person asked.

use super::options::Options;
use super::role::{Role, RoleSession};
use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{Profile, ProfileFileCredentialsProvider, ProfileSet, load};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::os_shim_internal::{Env, Fs};
use std::borrow::Cow;

/// Where credentials come from that AWS's own chain would look for elsewhere.
pub(super) struct Found {
    pub(super) provider: SharedCredentialsProvider,
    /// They are those of a session that somebody was asked a code for.
    pub(super) second_factor: bool,
}

/// Reads the profiles; the chosen one is `name`, else the environment's.
pub(super) async fn read(name: Option<&String>) -> Option<ProfileSet> {
    load(
        &Fs::real(),
        &Env::real(),
        &EnvConfigFiles::default(),
        name.map(|name| Cow::Owned(name.clone())),
    )
    .await
    .ok()
}

/// The file of the authorities to trust, where one is named (`AWS_CA_BUNDLE`, `ca_bundle`).
pub(super) fn ca_bundle(profiles: Option<&ProfileSet>) -> Option<String> {
    let named = Env::real().get("AWS_CA_BUNDLE").ok();
    let given = named.or_else(|| profiles?.get("ca_bundle").map(ToOwned::to_owned));
    given.filter(|file| !file.is_empty())
}

/// The credentials of the chosen profile, where AWS's own chain would not find them.
pub(super) fn credentials(
    options: &Options,
    profiles: &ProfileSet,
    config: &SdkConfig,
    http: &SharedHttpClient,
) -> Option<Found> {
    let named = options.profile.as_ref();
    if named.is_none() && Env::real().get("AWS_ACCESS_KEY_ID").is_ok() {
        return None;
    }
    let surroundings = Surroundings {
        options,
        config,
        provider: ProviderConfig::without_region()
            .with_region(config.region().cloned())
            .with_use_fips(config.use_fips())
            .with_use_dual_stack(config.use_dual_stack())
            .with_http_client(http.clone()),
    };
    let chain = chain(profiles);
    if let Some(chain) = chain.filter(Chain::asks) {
        return Some(Found {
            provider: surroundings.sessions(chain),
            second_factor: true,
        });
    }
    let provider = &surroundings.provider;
    let profile = surroundings.of_profile(named?);
    let ecs = EcsCredentialsProvider::builder()
        .configure(provider)
        .build();
    let imds = ImdsCredentialsProvider::builder()
        .configure(provider)
        .build();
    let chain = CredentialsProviderChain::first_try("Profile", profile)
        .or_else("EcsContainer", ecs)
        .or_else("Ec2InstanceMetadata", imds);
    Some(Found {
        provider: SharedCredentialsProvider::new(chain),
        second_factor: false,
    })
}

/// What providers are made with.
struct Surroundings<'a> {
    options: &'a Options,
    config: &'a SdkConfig,
    provider: ProviderConfig,
}

impl Surroundings<'_> {
    fn of_profile(&self, name: &str) -> ProfileFileCredentialsProvider {
        ProfileFileCredentialsProvider::builder()
            .profile_name(name)
            .configure(&self.provider)
            .build()
    }

    fn base(&self, base: Base) -> SharedCredentialsProvider {
        let provider = &self.provider;
        match base {
            Base::Profile(name) => SharedCredentialsProvider::new(self.of_profile(&name)),
            Base::Keys(keys) => SharedCredentialsProvider::new(keys),
            Base::Environment => {
                SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new())
            }
            Base::Container => SharedCredentialsProvider::new(
                EcsCredentialsProvider::builder()
                    .configure(provider)
                    .build(),
            ),
            Base::Instance => SharedCredentialsProvider::new(
                ImdsCredentialsProvider::builder()
                    .configure(provider)
                    .build(),
            ),
        }
    }

    /// The session of the first role, got with that of the second, and so on.
    fn sessions(&self, chain: Chain) -> SharedCredentialsProvider {
        let base = self.base(chain.base);
        chain.roles.into_iter().rev().fold(base, |from, role| {
            let person = self.options.second_factor.clone();
            let session = RoleSession::new(role, self.config, from, None, person);
            SharedCredentialsProvider::new(session)
        })
    }
}

/// Roles that are assumed one with the other, the profile's own first.
#[derive(Debug, PartialEq)]
struct Chain {
    roles: Vec<Role>,
    base: Base,
}

impl Chain {
    fn asks(&self) -> bool {
        self.roles.iter().any(|role| role.device.is_some())
    }
}

/// What the last role is assumed with.
#[derive(Debug, PartialEq)]
enum Base {
    /// What AWS's own provider finds in a profile.
    Profile(String),
    /// Keys that stand beside the role.
    Keys(Credentials),
    Environment,
    Container,
    Instance,
}

/// The chain of the chosen profile; `None` where it has no end, or one that is not known here.
fn chain(profiles: &ProfileSet) -> Option<Chain> {
    let mut name = profiles.selected_profile();
    let mut roles = Vec::new();
    let mut seen = Vec::new();
    loop {
        let profile = profiles.get_profile(name)?;
        let here = || Base::Profile(name.to_owned());
        let web_identity = profile.get("web_identity_token_file").is_some();
        let Some(role) = role(profile).filter(|_| !web_identity) else {
            return Some(Chain {
                roles,
                base: here(),
            });
        };
        roles.push(role);
        seen.push(name);
        let source = match (
            profile.get("source_profile"),
            profile.get("credential_source"),
        ) {
            (Some(source), _) if source == name => Base::Keys(keys(profile)?),
            (Some(source), _) if seen.contains(&source) => return None,
            (Some(source), _) => {
                name = source;
                continue;
            }
            (None, Some("Environment")) => Base::Environment,
            (None, Some("EcsContainer")) => Base::Container,
            (None, Some("Ec2InstanceMetadata")) => Base::Instance,
            (None, _) => return None,
        };
        return Some(Chain {
            roles,
            base: source,
        });
    }
}

fn role(profile: &Profile) -> Option<Role> {
    let text = |key: &str| profile.get(key).map(ToOwned::to_owned);
    Some(Role {
        arn: text("role_arn")?,
        session_name: text("role_session_name"),
        external_id: text("external_id"),
        device: text("mfa_serial"),
        duration: profile
            .get("duration_seconds")
            .and_then(|seconds| seconds.parse().ok()),
        policy: None,
    })
}

fn keys(profile: &Profile) -> Option<Credentials> {
    Some(Credentials::new(
        profile.get("aws_access_key_id")?,
        profile.get("aws_secret_access_key")?,
        profile.get("aws_session_token").map(ToOwned::to_owned),
        None,
        "Profile",
    ))
}
