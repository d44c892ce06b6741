//! Bodies of requests made smaller, for the operations that take them so.

use crate::model::service::Operation;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// The least bytes of a body that is compressed, where the configuration has no other.
const LEAST: u32 = 10_240;

/// The least bytes of a body that is compressed; `None` where none is.
pub(super) fn least(config: &SdkConfig) -> Option<u32> {
    let disabled = config.disable_request_compression().unwrap_or(false);
    let least = config.request_min_compression_size_bytes().unwrap_or(LEAST);
    (!disabled).then_some(least)
}

/// Compresses the body of a request where its operation takes that and the body has at least as many bytes.
pub(super) fn apply(operation: &Operation, request: &mut HttpRequest, least: Option<u32>) {
    let Some(least) = least.filter(|_| operation.gzip) else {
        return;
    };
    let Some(body) = request.body().bytes() else {
        return;
    };
    if body.len() < least as usize {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    let Ok(smaller) = encoder.write_all(body).and_then(|()| encoder.finish()) else {
        return;
    };
    let length = smaller.len().to_string();
    *request.body_mut() = SdkBody::from(smaller);
    let headers = request.headers_mut();
    let before = headers.get("Content-Encoding").map(ToOwned::to_owned);
    let encoding = before.map_or("gzip".to_owned(), |before| format!("{before}, gzip"));
    headers.insert("Content-Encoding", encoding);
    if headers.get("Content-Length").is_some() {
        headers.insert("Content-Length", length);
    }
}
