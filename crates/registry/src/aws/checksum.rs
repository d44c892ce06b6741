//! Checksums of request bodies and of answers, where an operation has them: mostly S3.

use crate::model::service::Operation;
use aws_smithy_checksums::ChecksumAlgorithm;
use aws_smithy_checksums::http::{CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER, HttpChecksum};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::checksum_config::RequestChecksumCalculation;
use aws_smithy_types::config_bag::ConfigBag;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

/// The algorithm of an operation's request, or nothing where it has no checksum or the caller gave one: the one that
/// the arguments name, else CRC-32 as the AWS SDKs do, where it is demanded or, unless the configuration says
/// otherwise, possible.
pub(super) fn of_request(
    operation: &Operation,
    arguments: &Json,
    request: &HttpRequest,
    cfg: &ConfigBag,
) -> Option<ChecksumAlgorithm> {
    let checksum = operation.checksum.as_ref()?;
    let given = request.headers().iter().any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        let value = name
            .strip_prefix("x-amz-checksum-")
            .is_some_and(|kind| kind != "algorithm" && kind != "type" && kind != "mode");
        value || name == "content-md5"
    });
    if given {
        return None;
    }
    let named = checksum
        .request_algorithm_member
        .and_then(|member| arguments.get(member)?.as_str());
    if let Some(named) = named {
        return algorithm(named);
    }
    let only_demanded = matches!(
        cfg.load::<RequestChecksumCalculation>(),
        Some(RequestChecksumCalculation::WhenRequired)
    );
    let possible = checksum.request_algorithm_member.is_some() && !only_demanded;
    (checksum.required || possible).then_some(ChecksumAlgorithm::Crc32)
}

/// The algorithm of a name, unless it cannot be computed here.
pub(super) fn algorithm(name: &str) -> Option<ChecksumAlgorithm> {
    // MD5 is understood as another one.
    let algorithm = name.parse::<ChecksumAlgorithm>().ok()?;
    algorithm
        .as_str()
        .eq_ignore_ascii_case(name)
        .then_some(algorithm)
}

/// What is wrong with the algorithm that arguments name, or nothing.
pub(super) fn wrong_algorithm(operation: &Operation, arguments: &Json) -> Option<String> {
    let member = operation.checksum.as_ref()?.request_algorithm_member?;
    let name = arguments.get(member)?.as_str()?;
    let value = format!("Checksum{}", name.to_ascii_uppercase());
    let given = arguments.get(&value).is_some_and(Json::is_string);
    (!given && algorithm(name).is_none()).then(|| {
        format!(
            "`{member}`: {name} cannot be computed here; choose CRC32, CRC32C, CRC64NVME, SHA1 or SHA256, or give `{value}`"
        )
    })
}

/// Adds the checksum of a request whose body is at hand.
pub(super) fn add(
    operation: &Operation,
    arguments: &Json,
    request: &mut HttpRequest,
    cfg: &ConfigBag,
) {
    let Some(algorithm) = of_request(operation, arguments, request, cfg) else {
        return;
    };
    let Some(body) = request.body().bytes() else {
        return;
    };
    let mut checksum = algorithm.into_impl();
    checksum.update(body);
    put(request, algorithm, checksum);
}

/// Puts a finished checksum into the headers.
pub(super) fn put(
    request: &mut HttpRequest,
    algorithm: ChecksumAlgorithm,
    checksum: Box<dyn HttpChecksum>,
) {
    let name = checksum.header_name();
    let value = BASE64.encode(checksum.finalize());
    let headers = request.headers_mut();
    headers.insert(name, value);
    headers.insert(
        "x-amz-sdk-checksum-algorithm",
        algorithm.as_str().to_ascii_uppercase(),
    );
}

/// What an answer's body must add up to.
pub(super) struct Expected {
    pub(super) checksum: Box<dyn HttpChecksum>,
    pub(super) value: Vec<u8>,
}

/// The checksum that an answer states of its whole body, by the fastest algorithm that it has.
pub(super) fn of_answer(operation: &Operation, response: &HttpResponse) -> Option<Expected> {
    let algorithms = &operation.checksum.as_ref()?.response_algorithms;
    // A part of an object comes with the checksum of the whole.
    if response.status().as_u16() != 200 {
        return None;
    }
    CHECKSUM_ALGORITHMS_IN_PRIORITY_ORDER
        .into_iter()
        .filter(|name| {
            algorithms
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        })
        .find_map(|name| {
            let checksum = name.parse::<ChecksumAlgorithm>().ok()?.into_impl();
            let stated = response.headers().get(checksum.header_name())?;
            // `…-3` is a checksum of the checksums of three parts, and not base64.
            let value = BASE64.decode(stated).ok()?;
            Some(Expected { checksum, value })
        })
}

/// An answer's body does not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its bytes do not have the checksum that it states; it was damaged on the way")]
pub(super) struct Mismatch;
