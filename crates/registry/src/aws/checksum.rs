//! Checksums of request bodies, where an operation demands one.

use crate::model::service::Operation;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// Adds a CRC-32, the AWS SDKs' default, to a request whose operation must have a checksum and whose caller gave none.
pub(super) fn add(operation: &Operation, request: &mut HttpRequest) {
    let required = operation
        .checksum
        .as_ref()
        .is_some_and(|checksum| checksum.required);
    let given = request.headers().iter().any(|(name, _)| {
        name.eq_ignore_ascii_case("content-md5")
            || name.to_ascii_lowercase().starts_with("x-amz-checksum-")
    });
    if !required || given {
        return;
    }
    let Some(body) = request.body().bytes() else {
        return;
    };
    let checksum = BASE64.encode(crc32(body).to_be_bytes());
    let headers = request.headers_mut();
    headers.insert("x-amz-checksum-crc32", checksum);
    headers.insert("x-amz-sdk-checksum-algorithm", "CRC32");
}

/// CRC-32 as of ISO 3309 and gzip (polynomial `0xEDB88320`, reflected).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
