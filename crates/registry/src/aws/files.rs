//! Bodies from files and into files, so that an object need not fit into memory.

use super::checksum;
use super::error;
use super::protocol::{Reply, Wire};
use crate::call::{CallError, FailureKind};
use crate::model::files::{FILE, OUTFILE, streamed_input, streams_output};
use crate::model::service::{Operation, Service};
use aws_smithy_checksums::ChecksumAlgorithm;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

/// The files of one call.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Where the body of the request comes from.
    pub(super) upload: Option<Upload>,
    /// Where the body of the answer goes.
    pub(super) download: Option<PathBuf>,
}

/// A file that becomes the body of a request.
#[derive(Debug)]
pub(super) struct Upload {
    body: SdkBody,
    pub(super) bytes: u64,
    /// Its SHA-256 in hexadecimal, for the signature.
    pub(super) sha256: String,
    /// Its checksums in base64.
    sums: Vec<(ChecksumAlgorithm, &'static str, String)>,
}

fn wrong(message: String) -> CallError {
    CallError::new(FailureKind::NotSent, "arguments", message)
}

/// Takes the files out of arguments: `{file: path}` for a streamed body, and `outfile`.
///
/// # Errors
/// [`CallError`] where files cannot be used, a file is not below `root`, or cannot be read.
pub(super) async fn take(
    root: Option<&Path>,
    service: &Service,
    operation: &Operation,
    arguments: &mut Json,
) -> Result<Files, CallError> {
    let mut files = Files::default();
    let root = || {
        root.ok_or_else(|| wrong("no files can be read or written here; give the bytes".to_owned()))
    };
    if let Some(member) = streamed_input(service, operation)
        && let Some(body) = arguments[member].as_object()
    {
        let Some(path) = body
            .get(FILE)
            .and_then(Json::as_str)
            .filter(|_| body.len() == 1)
        else {
            return Err(wrong(format!(
                "`{member}`: expected base64 text, or `{{{FILE}: PATH}}` and nothing else"
            )));
        };
        let path = source(root()?, path)
            .await
            .map_err(|problem| wrong(format!("`{member}`: {problem}")))?;
        let named = operation
            .checksum
            .as_ref()
            .and_then(|checksum| arguments.get(checksum.request_algorithm_member?)?.as_str())
            .and_then(checksum::algorithm);
        files.upload = Some(
            Upload::of(path, named)
                .await
                .map_err(|problem| wrong(format!("`{member}`: {problem}")))?,
        );
        arguments[member] = "".into();
    }
    if streams_output(service, operation)
        && let Some(path) = arguments.get(OUTFILE).and_then(Json::as_str)
    {
        let path = destination(root()?, path)
            .await
            .map_err(|problem| wrong(format!("`{OUTFILE}`: {problem}")))?;
        files.download = Some(path);
        if let Some(arguments) = arguments.as_object_mut() {
            arguments.shift_remove(OUTFILE);
        }
    }
    Ok(files)
}

/// The path below a root; a `/` at its start is the root.
fn below(root: &Path, path: &str) -> Result<PathBuf, String> {
    let inside = Path::new(path.trim_start_matches('/'));
    let plain = inside
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if plain && inside.file_name().is_some() {
        Ok(root.join(inside))
    } else {
        Err(format!("{path} does not name a file below the root"))
    }
}

/// The file or folder itself, wherever links lead, if that is below the root.
async fn real(root: &Path, path: &Path, shown: &str) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    let root = tokio::fs::canonicalize(root).await.map_err(failed)?;
    let real = tokio::fs::canonicalize(path).await.map_err(failed)?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(format!("{shown} is outside the root"))
    }
}

async fn source(root: &Path, path: &str) -> Result<PathBuf, String> {
    let real = real(root, &below(root, path)?, path).await?;
    match tokio::fs::metadata(&real).await {
        Ok(found) if found.is_file() => Ok(real),
        Ok(_) => Err(format!("{path} is not a file")),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

async fn destination(root: &Path, path: &str) -> Result<PathBuf, String> {
    let wanted = below(root, path)?;
    let (Some(folder), Some(name)) = (wanted.parent(), wanted.file_name()) else {
        return Err(format!("{path} does not name a file"));
    };
    let wanted = real(root, folder, path).await?.join(name);
    match tokio::fs::symlink_metadata(&wanted).await {
        Ok(found) if !found.is_file() => Err(format!("{path} is there and is not a file")),
        _ => Ok(wanted),
    }
}

impl Upload {
    async fn of(path: PathBuf, named: Option<ChecksumAlgorithm>) -> Result<Self, String> {
        let shown = path.display().to_string();
        let body = ByteStream::from_path(&path)
            .await
            .map_err(|error| format!("{shown}: {error}"))?;
        let read = tokio::task::spawn_blocking(move || sums(&path, named)).await;
        let (bytes, sha256, sums) = read
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("{shown}: {error}"))?;
        Ok(Self {
            body: body.into_inner(),
            bytes,
            sha256,
            sums,
        })
    }

    /// Makes the file the body of a request, with a checksum where one is due.
    pub(super) fn put_into(&self, request: &mut HttpRequest, due: Option<ChecksumAlgorithm>) {
        // A body of a file is opened anew for every attempt.
        *request.body_mut() = self.body.try_clone().unwrap_or_else(SdkBody::empty);
        let headers = request.headers_mut();
        headers.insert("Content-Length", self.bytes.to_string());
        if !headers.contains_key("Content-Type") {
            headers.insert("Content-Type", "application/octet-stream");
        }
        let sum = self
            .sums
            .iter()
            .find(|(algorithm, ..)| Some(*algorithm) == due);
        if let Some((algorithm, header, value)) = sum {
            headers.insert(*header, value.clone());
            let name = algorithm.as_str().to_ascii_uppercase();
            headers.insert("x-amz-sdk-checksum-algorithm", name);
        }
    }
}

/// A file's length, SHA-256 and checksums, read once.
type Sums = (u64, String, Vec<(ChecksumAlgorithm, &'static str, String)>);

fn sums(path: &Path, named: Option<ChecksumAlgorithm>) -> std::io::Result<Sums> {
    let mut file = std::fs::File::open(path)?;
    let mut sha256 = ChecksumAlgorithm::Sha256.into_impl();
    let mut wanted = vec![ChecksumAlgorithm::Crc32];
    wanted.extend(named.filter(|named| *named != ChecksumAlgorithm::Crc32));
    let mut sums: Vec<_> = wanted
        .into_iter()
        .map(|algorithm| (algorithm, algorithm.into_impl()))
        .collect();
    let mut bytes = 0;
    let mut chunk = vec![0; 256 << 10];
    loop {
        let count = file.read(&mut chunk)?;
        let Some(read) = chunk.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        bytes += count as u64;
        sha256.update(read);
        for (_, sum) in &mut sums {
            sum.update(read);
        }
    }
    let hex = sha256
        .finalize()
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
    let sums = sums
        .into_iter()
        .map(|(algorithm, sum)| {
            let header = sum.header_name();
            (algorithm, header, BASE64.encode(sum.finalize()))
        })
        .collect();
    Ok((bytes, hex, sums))
}

/// Writes the body of an answer that has begun into a file, which is there whole or, after an error, as before.
///
/// # Errors
/// [`CallError`] when the body breaks off, the time is over, or the file cannot be written.
pub(super) async fn save(
    wire: &Wire,
    operation: &'static Operation,
    mut opened: HttpResponse,
    path: &Path,
    deadline: Option<Instant>,
    address: &str,
) -> Result<Reply, CallError> {
    let request_id = wire.request_id(&opened, &[]);
    let body = std::mem::replace(opened.body_mut(), SdkBody::empty());
    let partial = path.with_added_extension(format!("part-{}", uuid::Uuid::new_v4().simple()));
    let writing = write(body, &partial, path, address);
    let written = match deadline {
        Some(at) => tokio::time::timeout_at(at, writing)
            .await
            .unwrap_or_else(|_| {
                let message =
                    format!("the answer of {address} was not whole within the time allowed");
                Err(CallError::new(FailureKind::Unanswered, "timeout", message))
            }),
        None => writing.await,
    };
    match written {
        Ok(()) => Ok(Reply {
            result: wire.head_of_result(operation, &opened),
            request_id,
            truncated: false,
        }),
        Err(error) => {
            // Nothing is lost where there is nothing to remove.
            let _ = tokio::fs::remove_file(&partial).await;
            Err(CallError {
                request_id,
                ..error
            })
        }
    }
}

async fn write(body: SdkBody, partial: &Path, path: &Path, address: &str) -> Result<(), CallError> {
    let failed = |error: std::io::Error| {
        let message = format!("{}: {error}", path.display());
        CallError::new(FailureKind::Garbled, "response", message)
    };
    let mut file = tokio::fs::File::create_new(partial).await.map_err(failed)?;
    let mut body = ByteStream::new(body);
    while let Some(chunk) = body
        .try_next()
        .await
        .map_err(|problem| error::of_body(&problem, address))?
    {
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)?;
    drop(file);
    tokio::fs::rename(partial, path).await.map_err(failed)
}
