//! The binary messages of a session's data channel, as the SSM agent and its clients exchange them.
//!
//! All numbers are big-endian; the digest is the SHA-256 of the payload:
//!
//! | bytes | field |
//! | --- | --- |
//! | 4 | length of the header: all fields but the payload's length and the payload |
//! | 32 | message type, padded with spaces |
//! | 4 | schema version |
//! | 8 | created, in milliseconds of the epoch |
//! | 8 | sequence number |
//! | 8 | flags: 1 begins a stream, 2 ends it |
//! | 16 | message id, a UUID with its halves swapped |
//! | 32 | digest |
//! | 4 | payload type |
//! | 4 | length of the payload |

use sha2::{Digest, Sha256};
use uuid::Uuid;

const HEADER: usize = 116;
const TYPE_LENGTH: usize = 32;

/// What the agent says.
pub(super) const OUTPUT: &str = "output_stream_data";
/// What a client says.
pub(super) const INPUT: &str = "input_stream_data";
/// That a message has arrived.
pub(super) const ACKNOWLEDGE: &str = "acknowledge";
/// That the session is over.
pub(super) const CLOSED: &str = "channel_closed";

/// What a payload is.
pub(super) mod payload {
    pub(in super::super) const OUTPUT: u32 = 1;
    pub(in super::super) const SIZE: u32 = 3;
    pub(in super::super) const HANDSHAKE_REQUEST: u32 = 5;
    pub(in super::super) const HANDSHAKE_RESPONSE: u32 = 6;
    pub(in super::super) const HANDSHAKE_COMPLETE: u32 = 7;
    pub(in super::super) const FLAG: u32 = 10;
    pub(in super::super) const ERROR_OUTPUT: u32 = 11;
    pub(in super::super) const EXIT_CODE: u32 = 12;
}

/// A message, either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) kind: String,
    pub(super) created: u64,
    pub(super) sequence: i64,
    pub(super) flags: u64,
    pub(super) id: Uuid,
    pub(super) payload_type: u32,
    pub(super) payload: Vec<u8>,
}

impl Message {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + 4 + self.payload.len());
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        bytes.extend(number(HEADER));
        let mut kind = self.kind.clone().into_bytes();
        kind.resize(TYPE_LENGTH, b' ');
        bytes.extend(kind);
        bytes.extend(1_u32.to_be_bytes());
        bytes.extend(self.created.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.flags.to_be_bytes());
        bytes.extend(swapped(self.id).as_bytes());
        bytes.extend(Sha256::digest(&self.payload));
        bytes.extend(self.payload_type.to_be_bytes());
        bytes.extend(number(self.payload.len()));
        bytes.extend(&self.payload);
        bytes
    }

    /// Reads a message.
    ///
    /// # Errors
    /// What about the bytes is not of the protocol.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut fields = Fields { bytes };
        let header = u32::from_be_bytes(fields.take()?) as usize;
        let kind: [u8; TYPE_LENGTH] = fields.take()?;
        let kind = std::str::from_utf8(&kind).map_err(|_| "has a type that is no text")?;
        let _schema: [u8; 4] = fields.take()?;
        let created = u64::from_be_bytes(fields.take()?);
        let sequence = i64::from_be_bytes(fields.take()?);
        let flags = u64::from_be_bytes(fields.take()?);
        let id = swapped(Uuid::from_bytes(fields.take()?));
        let digest: [u8; 32] = fields.take()?;
        let payload_type = u32::from_be_bytes(fields.take()?);
        let length = u32::from_be_bytes(fields.take()?) as usize;
        // A longer header has fields that this version does not know, before the payload.
        let payload = header
            .checked_sub(HEADER)
            .and_then(|more| fields.bytes.get(more..))
            .ok_or("has a header of a wrong length")?;
        if payload.len() != length {
            return Err("has a payload of a wrong length");
        }
        if !payload.is_empty() && Sha256::digest(payload)[..] != digest {
            return Err("has a payload that is not what its digest says");
        }
        Ok(Self {
            kind: kind.trim_matches(['\0', ' ']).to_owned(),
            created,
            sequence,
            flags,
            id,
            payload_type,
            payload: payload.to_vec(),
        })
    }
}

struct Fields<'a> {
    bytes: &'a [u8],
}

impl Fields<'_> {
    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], &'static str> {
        let (field, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or("ends within its header")?;
        self.bytes = rest;
        Ok(*field)
    }
}

/// The id with its halves swapped, as it travels.
fn swapped(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().rotate_left(64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message() -> Message {
        Message {
            kind: OUTPUT.to_owned(),
            created: 1_503_434_274_948,
            sequence: 2,
            flags: 1,
            id: "dd01e56b-ff48-483e-a508-b5f073f31b16"
                .parse()
                .expect("an id"),
            payload_type: payload::OUTPUT,
            payload: b"payload".to_vec(),
        }
    }

    #[test]
    fn every_field_has_its_place() {
        let bytes = message().encode();
        assert_eq!(bytes.len(), 120 + 7);
        assert_eq!(bytes[..4], 116_u32.to_be_bytes());
        assert_eq!(&bytes[4..36], b"output_stream_data              ");
        assert_eq!(bytes[36..40], [0, 0, 0, 1]);
        assert_eq!(bytes[40..48], 1_503_434_274_948_u64.to_be_bytes());
        assert_eq!(bytes[48..56], [0, 0, 0, 0, 0, 0, 0, 2]);
        assert_eq!(bytes[56..64], [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(
            bytes[64..80],
            [
                0xa5, 0x08, 0xb5, 0xf0, 0x73, 0xf3, 0x1b, 0x16, 0xdd, 0x01, 0xe5, 0x6b, 0xff, 0x48,
                0x48, 0x3e
            ],
            "the second half of the id comes first"
        );
        assert_eq!(
            bytes[80..84],
            [0x23, 0x9f, 0x59, 0xed],
            "SHA-256 of `payload`"
        );
        assert_eq!(bytes[112..120], [0, 0, 0, 1, 0, 0, 0, 7]);
        assert_eq!(&bytes[120..], b"payload");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for payload in [Vec::new(), vec![0], vec![0xff; 4096]] {
            for sequence in [0, 1, i64::MAX] {
                let message = Message {
                    payload: payload.clone(),
                    sequence,
                    ..message()
                };
                assert_eq!(Message::decode(&message.encode()), Ok(message));
            }
        }
    }

    #[test]
    fn padding_may_be_nulls_and_headers_longer() {
        let mut bytes = message().encode();
        bytes[22..36].fill(0);
        assert_eq!(Message::decode(&bytes), Ok(message()));
        bytes[..4].copy_from_slice(&120_u32.to_be_bytes());
        bytes.splice(120..120, [1, 2, 3, 4]);
        assert_eq!(Message::decode(&bytes), Ok(message()));
    }

    #[test]
    fn garbage_is_refused_whatever_its_length() {
        let whole = message().encode();
        for length in 0..whole.len() {
            assert!(Message::decode(&whole[..length]).is_err(), "{length}");
        }
        for byte in [3, 35, 100, 119, 126] {
            let mut bytes = whole.clone();
            bytes[byte] ^= 0xff;
            assert!(Message::decode(&bytes).is_err(), "byte {byte}");
        }
        assert!(Message::decode(&[0xff; 300]).is_err());
    }
}
