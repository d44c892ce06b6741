//! What S3 needs beyond its model: the region of a bucket, and keys that XML cannot hold.

use crate::model::service::{Operation, Service};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_xml::codec::find_depth2_element_slice_by;
use serde_json::Value as Json;

/// The region where a bucket is, by an error that sends callers there.
pub(super) fn region_of_bucket(response: &HttpResponse, body: &[u8]) -> Option<String> {
    if let Some(region) = response.headers().get("x-amz-bucket-region") {
        return Some(region.to_owned());
    }
    let text = |name: &str| {
        let slice = find_depth2_element_slice_by(body, |found| found == name)?;
        let text = std::str::from_utf8(slice).ok()?;
        let (_, rest) = text.split_once('>')?;
        let (value, _) = rest.split_once('<')?;
        Some(value.trim().to_owned())
    };
    if !matches!(response.status().as_u16(), 301 | 307 | 400) {
        return None;
    }
    text("Region").or_else(|| {
        let location = response.headers().get("location").map(ToOwned::to_owned);
        region_in_host(&text("Endpoint").or(location)?)
    })
}

/// The region in `bucket.s3.eu-west-1.amazonaws.com` or `bucket.s3-eu-west-1.amazonaws.com`.
fn region_in_host(address: &str) -> Option<String> {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split('/').next()?;
    let (_, rest) = host.rsplit_once(".s3.").or_else(|| {
        let (before, rest) = host.rsplit_once("s3-")?;
        (before.is_empty() || before.ends_with('.')).then_some((before, rest))
    })?;
    let (region, _) = rest.split_once('.')?;
    (region.contains('-')).then(|| region.to_owned())
}

/// Whether an error may mean that the bucket is in another region.
pub(super) fn sends_elsewhere(service: &Service, code: &str) -> bool {
    service.name == "s3"
        && matches!(
            code,
            "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException"
                | "BadRequest"
                | "301"
                | "307"
                | "400"
        )
}

/// The bucket of a call, unless it is an ARN, which has its region in it.
pub(super) fn bucket<'j>(service: &Service, arguments: &'j Json) -> Option<&'j str> {
    let bucket = arguments.get("Bucket").filter(|_| service.name == "s3")?;
    bucket.as_str().filter(|name| !name.starts_with("arn:"))
}

/// The lists of keys that this client asks for in percent-encoding, and the members that are encoded then.
const ENCODED: [(&str, &[&str]); 4] = [
    (
        "ListObjects",
        &[
            "Delimiter",
            "Marker",
            "NextMarker",
            "Prefix",
            "Contents.Key",
            "CommonPrefixes.Prefix",
        ],
    ),
    (
        "ListObjectsV2",
        &[
            "Delimiter",
            "StartAfter",
            "Prefix",
            "Contents.Key",
            "CommonPrefixes.Prefix",
        ],
    ),
    (
        "ListObjectVersions",
        &[
            "Delimiter",
            "KeyMarker",
            "NextKeyMarker",
            "Prefix",
            "Versions.Key",
            "DeleteMarkers.Key",
            "CommonPrefixes.Prefix",
        ],
    ),
    (
        "ListMultipartUploads",
        &[
            "Delimiter",
            "KeyMarker",
            "NextKeyMarker",
            "Prefix",
            "Uploads.Key",
            "CommonPrefixes.Prefix",
        ],
    ),
];

fn encoded(service: &Service, operation: &Operation) -> Option<&'static [&'static str]> {
    ENCODED
        .into_iter()
        .find(|(name, _)| service.name == "s3" && *name == operation.name)
        .map(|(_, members)| members)
}

/// Asks for keys in percent-encoding where the caller did not choose; whether it did.
pub(super) fn ask_for_encoding(
    service: &Service,
    operation: &Operation,
    arguments: &mut Json,
) -> bool {
    let free = encoded(service, operation).is_some() && arguments["EncodingType"].is_null();
    if free {
        arguments["EncodingType"] = "url".into();
    }
    free
}

/// Takes the percent-encoding that this client asked for off the keys of a page.
pub(super) fn decode_keys(service: &Service, operation: &Operation, result: &mut Json) {
    if result["EncodingType"] != "url" {
        return;
    }
    for path in encoded(service, operation).unwrap_or_default() {
        match path.split_once('.') {
            None => decode(result.get_mut(path)),
            Some((list, member)) => {
                let items = result.get_mut(list).and_then(Json::as_array_mut);
                for item in items.into_iter().flatten() {
                    decode(item.get_mut(member));
                }
            }
        }
    }
}

fn decode(value: Option<&mut Json>) {
    if let Some(value) = value
        && let Some(text) = value.as_str()
        && let Some(plain) = super::decode::percent_decoded(&text.replace('+', " "))
    {
        *value = plain.into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_name_regions() {
        for (address, region) in [
            ("https://b.s3.eu-west-1.amazonaws.com/k", Some("eu-west-1")),
            ("b.s3-us-west-2.amazonaws.com", Some("us-west-2")),
            ("b.s3.amazonaws.com", None),
            ("my-s3-bucket.example.org", None),
        ] {
            assert_eq!(region_in_host(address).as_deref(), region, "{address}");
        }
    }
}
