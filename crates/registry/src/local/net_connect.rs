//! `net:Connect`: whether a TCP port answers.

use super::arguments::Arguments;
use super::connection::connect;
use super::signature::{integer_between, local, some_text};
use super::{LocalAction, LocalContext, allowed};
use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::json;
use std::time::Instant;

/// Opens a TCP connection and closes it again; nothing is sent.
///
/// Inputs: `host` (must be in the playbook's `reaches`), `port`, `timeout` (10 s by default).
/// Result: `address` (the one that answered, with its port) and `milliseconds` (name lookup and connection).
/// Errors: `not_allowed`, `dns`, `connect` (refused, unreachable), `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct NetConnect;

impl LocalAction for NetConnect {
    fn signature(&self) -> Action {
        let input = Record::new("net:Connect input")
            .required("host", some_text())
            .required("port", integer_between(1, 65_535))
            .optional("timeout", Type::Duration)
            .build();
        let output = Record::new("net:Connect result")
            .required("address", Type::text())
            .required("milliseconds", Type::integer())
            .build();
        local(
            "net:Connect",
            input,
            output,
            Effect::Read,
            &["not_allowed", "dns", "connect", "timeout"],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let arguments = Arguments::of(call);
            let host = arguments.text("host")?;
            arguments.required("port")?;
            let port = u16::try_from(arguments.integer("port", 0, 1..=65_535)?).unwrap_or_default();
            let timeout = arguments.duration("timeout", SignedDuration::from_secs(10))?;
            allowed::host(context.reaches.as_deref(), host, Some(port))?;
            let started = Instant::now();
            let stream = connect(host, port, timeout).await?;
            let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let address = stream
                .peer_addr()
                .map_or_else(|_| format!("{host}:{port}"), |address| address.to_string());
            Ok(Answer {
                result: json!({"address": address, "milliseconds": milliseconds}),
                ..Answer::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_server::{context, run};
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_listening_port_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let arguments = json!({"host": "127.0.0.1", "port": address.port()});
        let result = run(&NetConnect, &context(), arguments)
            .await
            .expect("connects");
        assert_eq!(result["address"], address.to_string());
    }

    #[tokio::test]
    async fn a_closed_port_fails_with_connect() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        let error = run(
            &NetConnect,
            &context(),
            json!({"host": "127.0.0.1", "port": port}),
        )
        .await
        .expect_err("nobody listens");
        assert_eq!(error.code, "connect");
    }

    #[tokio::test]
    async fn a_host_that_is_not_reached_is_refused() {
        let mut closed = context();
        closed.reaches = None;
        let error = run(
            &NetConnect,
            &closed,
            json!({"host": "127.0.0.1", "port": 9}),
        )
        .await
        .expect_err("not in `reaches`");
        assert_eq!(error.code, "not_allowed");
    }
}
