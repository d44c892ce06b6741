//! Where calls go, whether anything answers there, what time it is there, and as whom calls are made.

use super::finding::{Finding, parted};
use crate::args::{DoctorArguments, TargetArguments};
use crate::commands::hosts;
use crate::environment::Environment;
use crate::identity::{Caller, caller};
use crate::world;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::duration;
use runbook_registry::Registry;
use runbook_registry::aws::AwsClient;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::World;
use runbook_registry::world::live::AwsSender as _;
use serde_json::json;
use std::sync::Arc;

/// Requests whose time is further from a service's are refused by it.
const FARTHEST: SignedDuration = SignedDuration::from_mins(5);
/// Differences from here on are worth a word.
const FAR: SignedDuration = SignedDuration::from_secs(30);
/// Credentials that end sooner do not last for many runs.
const SOON: SignedDuration = SignedDuration::from_mins(15);
const ASKED: &str = "sts:GetCallerIdentity";

/// Looks at the region, the endpoint, the clock and the credentials.
pub async fn examine(arguments: &DoctorArguments, environment: &Environment) -> Vec<Finding> {
    let target = &arguments.target;
    let registry = Arc::new(Registry::new());
    let here = &environment.places.current;
    let client = world::client(environment, target, here, None);
    // Settles the region.
    client.ready(false).await;
    let region = region(&client, target, environment);
    if arguments.offline {
        let left = |check| Finding::skipped(check, "not asked: --offline");
        return vec![region, left("endpoint"), left("clock"), left("credentials")];
    }
    let address = client.address(ASKED).await;
    let mut context = world::context(environment, target, &registry, here, here);
    if let Ok(address) = &address {
        context.reaches = Some(hosts(&json!({"url": address})));
    }
    let world = world::of_client(&client, context);
    let probe = match &address {
        Ok(address) => Some(probe(&world, &registry, address).await),
        Err(_) => None,
    };
    let found = client.found_credentials().await;
    let who = match (&found, &address) {
        (Ok(_), Ok(_)) => Some(caller(&world, &registry).await),
        _ => None,
    };
    vec![
        region,
        endpoint(&address, probe.as_ref(), who.as_ref()),
        clock(probe.as_ref()),
        credentials(found, who, target, environment),
    ]
}

fn region(client: &AwsClient, target: &TargetArguments, environment: &Environment) -> Finding {
    let Some(region) = client.place().region else {
        return Finding::failed(
            "region",
            "no AWS region is known",
            "give one with --region, set AWS_REGION, or set `region` in the profile",
        );
    };
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find(|name| environment.variable(name) == Some(region.as_str()));
    let source = match (&target.region, variable) {
        (Some(_), _) => "--region".to_owned(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => profile(target, environment),
    };
    Finding::well("region", format!("{region}, from {source}"))
        .with("region", region)
        .with("source", source)
}

/// The profile that settings are read from.
fn profile(target: &TargetArguments, environment: &Environment) -> String {
    let named = target.profile.as_deref();
    let named = named.or_else(|| environment.variable("AWS_PROFILE"));
    format!("the profile {}", named.unwrap_or("default"))
}

/// One request that nobody signs, and when it was sent and answered.
struct Probe {
    sent: Timestamp,
    received: Timestamp,
    answer: Result<Answer, CallError>,
}

async fn probe(world: &dyn World, registry: &Registry, address: &str) -> Probe {
    let asked = json!({"url": address, "redirects": 0, "timeout": "10s"});
    let call = Call::new("http:Request", asked);
    let sent = Timestamp::now();
    let answer = registry.perform(world, &call).await;
    Probe {
        sent,
        received: Timestamp::now(),
        answer,
    }
}

fn endpoint(
    address: &Result<String, CallError>,
    probe: Option<&Probe>,
    who: Option<&Result<Caller, CallError>>,
) -> Finding {
    let (Ok(address), Some(probe)) = (address, probe) else {
        return Finding::skipped("endpoint", "not asked: no region is known");
    };
    let signed = matches!(who, Some(Ok(_)))
        || matches!(who, Some(Err(error)) if error.kind == FailureKind::Answered);
    let took = probe.received.duration_since(probe.sent).as_millis();
    let took = i64::try_from(took).unwrap_or(i64::MAX);
    let finding = match &probe.answer {
        Ok(_) => Finding::well("endpoint", format!("{address} answers, after {took} ms"))
            .with("milliseconds", took),
        // The client may know certificates that a plain request does not.
        Err(_) if signed => Finding::well("endpoint", format!("{address} answers")),
        Err(error) => {
            let next = match error.code.as_str() {
                "dns" => "check the region, the name server and any endpoint URL that is set",
                "tls" => {
                    "behind a proxy with a certificate of its own, set AWS_CA_BUNDLE to its file"
                }
                _ => "check the network, firewalls, VPC endpoints and any endpoint URL that is set",
            };
            let said = format!("{address} does not answer: {}", error.message);
            Finding::failed("endpoint", said, next).with("code", error.code.as_str())
        }
    };
    finding.with("url", address.as_str())
}

fn clock(probe: Option<&Probe>) -> Finding {
    let told = probe.and_then(|probe| {
        let answer = probe.answer.as_ref().ok()?;
        let date = answer.result.get("headers")?.get("date")?.as_str()?;
        let told = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
        let took = probe.received.duration_since(probe.sent);
        Some(told.duration_since(probe.sent + took / 2))
    });
    let Some(apart) = told else {
        return Finding::skipped("clock", "not compared: no answer told the time");
    };
    // Answers tell whole seconds.
    let seconds = apart.as_secs();
    let size = SignedDuration::from_secs(seconds.abs());
    let side = if seconds < 0 { "ahead of" } else { "behind" };
    let said = format!("{} {side} the endpoint's", duration::format(size));
    let next =
        "let the system set its clock: `timedatectl set-ntp true`, or the time service of the host";
    let finding = if size > FARTHEST {
        Finding::failed(
            "clock",
            format!("{said}: signed requests are refused"),
            next,
        )
    } else if size > FAR {
        Finding::note("clock", said, next)
    } else {
        Finding::well("clock", "as the endpoint's")
    };
    finding.with("behind_seconds", seconds)
}

fn credentials(
    found: Result<runbook_registry::aws::FoundCredentials, CallError>,
    who: Option<Result<Caller, CallError>>,
    target: &TargetArguments,
    environment: &Environment,
) -> Finding {
    let login = "log in again (`aws sso login`), or name another profile with --profile";
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let (said, next) = parted(&error.message, login);
            return Finding::failed("credentials", said, next).with("code", error.code);
        }
    };
    let mut source = found.sources.join(", then ");
    if source.is_empty() {
        "the environment or a profile".clone_into(&mut source);
    }
    let elsewhere = ["environment", "container", "instance"];
    if !elsewhere.iter().any(|place| source.contains(place)) {
        source = format!("{source} ({})", profile(target, environment));
    }
    let ends = found.expires.map(|end| {
        let left = end.duration_since(Timestamp::now());
        let left = SignedDuration::from_secs(left.as_secs());
        (end.strftime("%Y-%m-%d %H:%M:%SZ").to_string(), left)
    });
    let until = match &ends {
        Some((end, left)) if left.is_positive() => {
            format!("; they end in {}, at {end}", duration::format(*left))
        }
        Some((end, _)) => format!("; they ended at {end}"),
        None => String::new(),
    };
    let said = |who: &str| format!("{who}, by {source} ({}){until}", found.access_key_id);
    let finding = match who {
        None => Finding::skipped(
            "credentials",
            format!("found, not tried: {}", said("no region is known")),
        ),
        Some(Ok(who)) => {
            let arn = who.arn.clone().unwrap_or_else(|| "somebody".to_owned());
            let said = said(&arn);
            let finding = match &ends {
                Some((_, left)) if *left < SOON => Finding::note("credentials", said, login),
                _ => Finding::well("credentials", said),
            };
            finding.with("arn", who.arn).with("account", who.account)
        }
        Some(Err(error)) => refused(&error, &said("who one is was not told"), login),
    };
    let finding = finding
        .with("source", found.sources.join(", "))
        .with("access_key_id", found.access_key_id.as_str());
    match found.expires {
        Some(end) => finding.with("expires", end.to_string()),
        None => finding,
    }
}

/// The service that tells who one is did not.
fn refused(error: &CallError, said: &str, login: &str) -> Finding {
    let next = match error.code.as_str() {
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => login,
        "InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId" => {
            "the access key is unknown or off: set AWS_ACCESS_KEY_ID and its secret anew, or name another profile with --profile"
        }
        "SignatureDoesNotMatch" | "RequestExpired" => {
            "check the secret of the access key, and the clock above"
        }
        "AccessDenied" | "AccessDeniedException" => {
            "an endpoint's or an organization's policy refuses the call: ask who runs the account"
        }
        _ => "see the endpoint above; `runbook call sts:GetCallerIdentity` asks again",
    };
    let said = format!("{}: {}; {said}", error.code, error.message);
    Finding::failed("credentials", said, next).with("code", error.code.as_str())
}
