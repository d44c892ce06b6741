//! One client for every AWS operation, on AWS's own runtime crates.
//!
//! A model becomes schemas ([`schema`]); arguments go through them onto the wire ([`encode`]) and results come back
//! ([`decode`]); [`protocol`] has the glue that AWS's protocol crates leave to generated code; [`endpoint`] says where to
//! and how to sign; [`orchestrate`] signs, sends and retries,
//! with [`first_try`] as a short way for calls that succeed at once; [`paginate`] joins pages; [`live`] is the client.

mod auth;
mod body;
mod checksum;
mod clock;
mod compress;
mod configuration;
mod customize;
mod decode;
mod discover;
mod encode;
pub mod endpoint;
mod error;
mod events;
mod exchange;
mod express;
mod expression;
mod failure;
mod files;
mod first_try;
mod found;
mod garbage;
mod handed;
mod instant;
mod kept;
mod live;
pub mod offline;
mod options;
mod orchestrate;
mod paginate;
pub mod principal;
mod profile;
mod protocol;
mod retry;
mod role;
mod s3;
mod schema;
mod session;
mod signature;
mod transport;
mod unsupported;

pub use body::DEFAULT_ANSWER_LIMIT;
pub use found::FoundCredentials;
pub use live::AwsClient;
pub use options::Options;
pub use role::SecondFactor;
pub use session::SessionEnvironment;
pub use transport::connector;
pub use unsupported::unsupported;
