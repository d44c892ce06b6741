//! The functions that endpoint rules call: Smithy's standard library and AWS's additions.

use super::partitions::Partitions;
use serde_json::{Value as Json, json};

/// Calls a function by its name in the rules; nothing when there is no such function. A function that finds nothing
/// gives null.
pub(super) fn call(name: &str, arguments: &[Json], partitions: &Partitions) -> Option<Json> {
    let argument = |index: usize| arguments.get(index).unwrap_or(&Json::Null);
    let text = |index: usize| argument(index).as_str();
    let flag = |index: usize| argument(index) == &Json::Bool(true);
    Some(match name {
        "isSet" => (!argument(0).is_null()).into(),
        "not" => matches!(argument(0), Json::Null | Json::Bool(false)).into(),
        "booleanEquals" | "stringEquals" => (argument(0) == argument(1)).into(),
        "getAttr" => text(1)
            .and_then(|path| attribute(argument(0), path))
            .cloned()
            .unwrap_or(Json::Null),
        "substring" => text(0)
            .and_then(|whole| {
                let bound = |index: usize| usize::try_from(argument(index).as_u64()?).ok();
                substring(whole, bound(1)?, bound(2)?, flag(3))
            })
            .map_or(Json::Null, Json::from),
        "uriEncode" => text(0).map_or(Json::Null, |text| {
            aws_smithy_schema::http_protocol::percent_encode(text).into()
        }),
        "parseURL" => text(0).and_then(parse_url).unwrap_or(Json::Null),
        "isValidHostLabel" => text(0)
            .is_some_and(|label| is_host_label(label, flag(1)))
            .into(),
        "aws.partition" => partitions
            .of(text(0).unwrap_or_default())
            .cloned()
            .unwrap_or(Json::Null),
        "aws.parseArn" => text(0).and_then(parse_arn).unwrap_or(Json::Null),
        "aws.isVirtualHostableS3Bucket" => text(0)
            .is_some_and(|bucket| is_virtual_hostable(bucket, flag(1)))
            .into(),
        _ => return None,
    })
}

/// Follows a path like `resourceId[1]` or `a.b[0]` into a value.
pub(super) fn attribute<'j>(value: &'j Json, path: &str) -> Option<&'j Json> {
    let mut value = value;
    for part in path.split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, Some(index.strip_suffix(']')?)),
            None => (part, None),
        };
        if !name.is_empty() {
            value = value.get(name)?;
        }
        if let Some(index) = index {
            value = value.get(index.parse::<usize>().ok()?)?;
        }
    }
    Some(value)
}

fn substring(whole: &str, start: usize, stop: usize, reverse: bool) -> Option<&str> {
    if start >= stop || whole.len() < stop || !whole.is_ascii() {
        return None;
    }
    if reverse {
        whole.get(whole.len() - stop..whole.len() - start)
    } else {
        whole.get(start..stop)
    }
}

fn parse_url(url: &str) -> Option<Json> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") || rest.contains('?') {
        return None;
    }
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let bracketed = authority.starts_with('[');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !bracketed || host.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let normalized = if path.ends_with('/') {
        path.to_owned()
    } else {
        format!("{path}/")
    };
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    Some(json!({
        "scheme": scheme,
        "authority": authority,
        "path": path,
        "normalizedPath": normalized,
        "isIp": inner.parse::<std::net::IpAddr>().is_ok(),
    }))
}

fn is_host_label(label: &str, subdomains: bool) -> bool {
    if subdomains {
        return label.split('.').all(|label| is_host_label(label, false));
    }
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_virtual_hostable(bucket: &str, subdomains: bool) -> bool {
    bucket.len() >= 3
        && !bucket.bytes().any(|byte| byte.is_ascii_uppercase())
        && bucket.parse::<std::net::Ipv4Addr>().is_err()
        && is_host_label(bucket, subdomains)
}

fn parse_arn(arn: &str) -> Option<Json> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next();
    if next()? != "arn" {
        return None;
    }
    let (partition, service, region, account) = (next()?, next()?, next()?, next()?);
    let resource = next()?;
    if partition.is_empty() || service.is_empty() || resource.is_empty() {
        return None;
    }
    let ids: Vec<&str> = resource.split([':', '/']).collect();
    Some(json!({
        "partition": partition,
        "service": service,
        "region": region,
        "accountId": account,
        "resourceId": ids,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substrings_count_from_either_end() {
        assert_eq!(
            substring("bucket--usw2-az1--x-s3", 0, 6, true),
            Some("--x-s3")
        );
        assert_eq!(substring("abc", 0, 2, false), Some("ab"));
        assert_eq!(substring("abc", 0, 4, false), None);
        assert_eq!(substring("é", 0, 1, false), None);
    }

    #[test]
    fn urls_fall_into_parts() {
        let url = parse_url("http://127.0.0.1:5000/base").expect("a URL");
        assert_eq!(url["authority"], "127.0.0.1:5000");
        assert_eq!(url["normalizedPath"], "/base/");
        assert_eq!(url["isIp"], true);
        assert_eq!(parse_url("http://[::1]:80").expect("a URL")["isIp"], true);
        assert!(parse_url("http://host:port").is_none());
        assert!(parse_url("https://host?query").is_none());
    }

    #[test]
    fn arns_fall_into_parts() {
        let arn =
            parse_arn("arn:aws:s3:us-west-2:123456789012:accesspoint:mine/x").expect("an ARN");
        assert_eq!(attribute(&arn, "resourceId[1]"), Some(&json!("mine")));
        assert_eq!(attribute(&arn, "resourceId[2]"), Some(&json!("x")));
        assert!(parse_arn("arn:aws:s3").is_none());
    }

    #[test]
    fn bucket_names_that_fit_into_a_host() {
        assert!(is_virtual_hostable("my-bucket", false));
        assert!(is_virtual_hostable("my.bucket", true));
        for bucket in ["my.bucket", "Bucket", "ab", "192.168.1.1", "under_score"] {
            assert!(!is_virtual_hostable(bucket, false), "{bucket}");
        }
    }
}
