//! From the orchestrator's errors to ours: what failed, whether anything was sent, and what to do next.

use super::body::{Silent, TooLarge};
use super::checksum::Mismatch;
use super::endpoint::NoEndpoint;
use super::failure::Failure;
use crate::call::{CallError, FailureKind};
use crate::policy::MOST_OF_A_SESSION;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::interceptors::context::Error;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_schema::serde::SerdeError;
use aws_types::request_id::RequestId as _;
use std::error::Error as StdError;
use std::io::ErrorKind as IoKind;

/// The error of a call to `address` (`` `ecs` in eu-west-1 ``).
pub(super) fn of_call(error: SdkError<Error, HttpResponse>, address: &str) -> CallError {
    match error {
        SdkError::ServiceError(context) => match context.into_err().downcast::<Failure>() {
            Ok(failure) => failure.into_call_error(),
            Err(_) => CallError::new(
                FailureKind::Garbled,
                "response",
                "the answer has an unexpected form",
            ),
        },
        SdkError::TimeoutError(_) => out_of_time(address),
        SdkError::ResponseError(context) => {
            let request_id = context.raw().request_id().map(ToOwned::to_owned);
            let error = SdkError::<Error, HttpResponse>::ResponseError(context);
            CallError {
                request_id,
                ..of_body(&error, address)
            }
        }
        other => not_answered(&other, address),
    }
}

/// The time allowed for a call is over.
pub(super) fn out_of_time(address: &str) -> CallError {
    CallError::new(
        FailureKind::Unanswered,
        "timeout",
        format!("no answer from {address} within the time allowed for this call"),
    )
}

/// Whether an answer had more bytes than are accepted.
pub(super) fn is_too_large(error: &(dyn StdError + 'static)) -> bool {
    find::<TooLarge>(error).is_some()
}

/// The error of an answer whose body could not be read to its end.
pub(super) fn of_body(error: &(dyn StdError + 'static), address: &str) -> CallError {
    if let Some(problem) = find::<TooLarge>(error) {
        let message = format!(
            "the answer of {address} is not accepted: {problem}; ask for less at a time, or let it go to a file where the operation can"
        );
        return CallError::new(FailureKind::Garbled, "response", message);
    }
    if let Some(problem) = find::<Mismatch>(error) {
        let message = format!("the answer of {address} is not accepted: {problem}");
        return CallError::new(FailureKind::Garbled, "response", message);
    }
    let message = format!("the answer of {address} broke off: {}", root_of(error));
    if find::<Silent>(error).is_some() {
        return CallError::new(FailureKind::Unanswered, "timeout", message);
    }
    CallError::new(FailureKind::Garbled, "response", message)
}

fn not_answered(error: &SdkError<Error, HttpResponse>, address: &str) -> CallError {
    if let Some(problem) = find::<CredentialsError>(error) {
        return credentials(problem);
    }
    if let Some(problem) = find::<SerdeError>(error) {
        return CallError::new(FailureKind::NotSent, "arguments", problem.to_string());
    }
    if let Some(problem) = find::<NoEndpoint>(error) {
        return CallError::new(FailureKind::Environment, "endpoint", problem.to_string());
    }
    let reason = root_of(error);
    let chain = texts(error);
    let says = |words: &[&str]| words.iter().any(|word| chain.contains(word));
    let io = find::<std::io::Error>(error).map(std::io::Error::kind);
    let timed_out = matches!(error, SdkError::DispatchFailure(failure) if failure.is_timeout());
    if timed_out && says(&["read timeout", "HTTP read"]) {
        return CallError::new(
            FailureKind::Unanswered,
            "timeout",
            format!("no answer from {address}: {reason}"),
        );
    }
    if timed_out || io == Some(IoKind::TimedOut) {
        return unreachable_endpoint("connect", address, &reason);
    }
    if says(&DNS) {
        return unreachable_endpoint("dns", address, &reason);
    }
    if says(&["certificate", "tls handshake", "TLS"]) {
        return unreachable_endpoint("tls", address, &reason);
    }
    if io == Some(IoKind::ConnectionRefused) || says(&CONNECTING) {
        return unreachable_endpoint("connect", address, &reason);
    }
    let broken = says(&[
        "connection closed before message completed",
        "connection error",
        "connection reset",
        "Connection reset",
        "Broken pipe",
    ]);
    if broken || matches!(error, SdkError::DispatchFailure(failure) if failure.is_io()) {
        return CallError::new(
            FailureKind::Unanswered,
            "connect",
            format!("the connection to {address} broke before an answer came: {reason}"),
        );
    }
    CallError::new(
        FailureKind::NotSent,
        "arguments",
        format!("the request to {address} could not be made: {reason}"),
    )
}

/// What errors say whose host has no address.
const DNS: [&str; 2] = ["dns error", "failed to lookup address"];

/// What errors say that stem from connecting.
const CONNECTING: [&str; 3] = [
    "tcp connect error",
    "error trying to connect",
    "client error (Connect)",
];

/// Whether an error means that no connection could be made: nobody listens, no such host, no way there.
pub(super) fn is_out_of_reach(error: &(dyn StdError + 'static)) -> bool {
    let chain = texts(error);
    find::<std::io::Error>(error).map(std::io::Error::kind) == Some(IoKind::ConnectionRefused)
        || DNS
            .iter()
            .chain(&CONNECTING)
            .any(|word| chain.contains(word))
        || chain.contains("HTTP connect")
}

fn unreachable_endpoint(code: &str, address: &str, reason: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        code,
        format!(
            "cannot reach {address}: {reason}; check the network, the region and any endpoint URL that is set"
        ),
    )
}

/// There are no usable credentials.
pub(super) fn credentials(problem: &CredentialsError) -> CallError {
    if let Some(error) = find::<CallError>(problem) {
        return error.clone();
    }
    let next = "log in (`aws sso login`), name a profile (`--profile`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    let message = match problem {
        CredentialsError::CredentialsNotLoaded(_) => {
            format!("no AWS credentials were found; {next}")
        }
        other => format!(
            "the AWS credentials cannot be used: {}; {next}",
            root_of(other)
        ),
    };
    CallError::new(FailureKind::Environment, "credentials", message)
}

/// A role could not be assumed.
pub(super) fn role(arn: &str, problem: CallError) -> CallError {
    let message = match problem.kind {
        FailureKind::Answered => format!(
            "the role {arn} cannot be assumed: {}: {}; see that it trusts the credentials it is assumed with, and that they may call sts:AssumeRole",
            problem.code, problem.message
        ),
        // There were no credentials to assume it with, or no answer: nothing of the call itself was sent.
        _ => format!("the role {arn} cannot be assumed: {}", problem.message),
    };
    let code = match problem.kind {
        FailureKind::Answered => "credentials".to_owned(),
        _ => problem.code,
    };
    CallError {
        request_id: problem.request_id,
        ..CallError::new(FailureKind::Environment, code, message)
    }
}

/// The answer to an assumption had no credentials in it.
pub(super) fn session(arn: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!("the role {arn} cannot be assumed: the answer has no credentials in it"),
    )
}

/// A role asks for a second factor and nobody is there to give it.
pub(super) fn second_factor(device: &str, role: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!(
            "the role {role} asks for the code of a second factor ({device}), and nobody can be asked here; run it in a terminal, or get a session first: `aws sts get-session-token --serial-number {device} --token-code CODE`, or `credential_process = aws configure export-credentials --profile …`"
        ),
    )
}

/// Somebody was asked for the code of a second factor and gave none.
pub(super) fn no_code(device: &str, role: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!(
            "the role {role} asks for the code of a second factor and none was given; it has the six digits that {device} shows"
        ),
    )
}

/// A session policy without a role has nothing to limit.
pub(super) fn session_policy() -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        "a session policy limits the session of an assumed role; name a role as well (`--role`)",
    )
}

/// Nothing is done with a session that may do more than was shown.
pub(super) fn session_policy_too_long(role: &str, count: usize) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!(
            "the least policy of what is done as {role} has {count} characters, and STS takes {MOST_OF_A_SESSION} for a session; run without --scoped"
        ),
    )
}

/// There is no bearer token for a service that takes nothing else.
pub(super) fn token(service: &str) -> CallError {
    CallError::new(
        FailureKind::Environment,
        "credentials",
        format!(
            "`{service}` takes a bearer token and none was found; log in with a profile that has an `sso_session` (`aws sso login`)"
        ),
    )
}

/// No region is known.
pub(super) fn region() -> CallError {
    CallError::new(
        FailureKind::Environment,
        "region",
        "no AWS region is known; give one (`--region`), set AWS_REGION, or set `region` in the profile",
    )
}

fn chain<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn StdError + 'static)| {
        (*error).source()
    })
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|error| error.downcast_ref::<T>())
}

fn texts(error: &(dyn StdError + 'static)) -> String {
    chain(error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

/// The innermost reason.
fn root_of(error: &(dyn StdError + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
