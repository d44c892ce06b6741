//! Connections: a name's addresses, TCP and TLS, each with its own error code.

use super::trust::tls_error;
use crate::call::{CallError, FailureKind};
use jiff::SignedDuration;
use runbook_playbook::duration;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Bounds a future; past the bound it fails with the code `timeout`.
///
/// # Errors
/// What the future fails with, or `timeout` with the given kind.
pub(super) async fn within<T>(
    length: SignedDuration,
    kind: FailureKind,
    what: &str,
    future: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    match tokio::time::timeout(length.unsigned_abs(), future).await {
        Ok(result) => result,
        Err(_) => Err(CallError::new(
            kind,
            "timeout",
            format!("{what} took longer than {}", duration::format(length)),
        )),
    }
}

/// Connects to the first address of a host that answers, giving each an equal share of the time.
///
/// # Errors
/// `dns`, `connect` or `timeout`, all before anything was sent.
pub(super) async fn connect(
    host: &str,
    port: u16,
    length: SignedDuration,
) -> Result<TcpStream, CallError> {
    within(
        length,
        FailureKind::NotSent,
        &format!("connecting to {host}:{port}"),
        connect_to_any(host, port, length),
    )
    .await
}

async fn connect_to_any(
    host: &str,
    port: u16,
    length: SignedDuration,
) -> Result<TcpStream, CallError> {
    let dns = |what: String| CallError::new(FailureKind::NotSent, "dns", what);
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| dns(format!("{host} has no address: {error}")))?
        .collect();
    let share = length.unsigned_abs() / u32::try_from(addresses.len().max(1)).unwrap_or(1);
    let mut last = dns(format!("{host} has no address"));
    for address in addresses {
        match tokio::time::timeout(
            share.max(Duration::from_millis(1)),
            TcpStream::connect(address),
        )
        .await
        {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                last = CallError::new(
                    FailureKind::NotSent,
                    "connect",
                    format!("{host} at {address}: {error}"),
                );
            }
            Err(_) => {
                last = CallError::new(
                    FailureKind::NotSent,
                    "timeout",
                    format!("{host} at {address} did not answer within {share:?}"),
                );
            }
        }
    }
    Err(last)
}

/// Speaks TLS over a connection.
///
/// # Errors
/// `tls`, before anything of the caller's was sent.
pub(super) async fn handshake(
    stream: TcpStream,
    host: &str,
    config: ClientConfig,
) -> Result<TlsStream<TcpStream>, CallError> {
    TlsConnector::from(Arc::new(config))
        .connect(server_name(host)?, stream)
        .await
        .map_err(|error| tls_error(&format_args!("{host}: {error}")))
}

/// A host as TLS names it.
///
/// # Errors
/// `tls` for what is neither a DNS name nor an address.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, CallError> {
    ServerName::try_from(host.to_owned())
        .map_err(|_| tls_error(&format_args!("{host} is neither a DNS name nor an address")))
}
