//! `dns:Resolve`: the records of a name.

use super::arguments::Arguments;
use super::connection::within;
use super::signature::{local, some_text};
use super::{LocalAction, LocalContext, allowed};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, Record as DnsRecord, RecordType};
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};
use std::net::{IpAddr, SocketAddr};

const TYPES: [&str; 10] = [
    "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT",
];

/// Asks DNS for the records of a name, with the system's configuration (its hosts file included) or of a given server.
///
/// Inputs: `name` (must be in the playbook's `reaches`; the name itself, no search domains), `type` (A by default),
/// `server` (the address of a DNS server, with or without a port; must be in `reaches` too), `timeout` (10 s by default).
/// For `type: PTR` the name may be an address.
///
/// Result: `records` (`name`, `type`, `value`, `ttl` in seconds, of the whole chain of aliases) and `values` (those of
/// the type asked for). A name without such records gives empty lists.
///
/// Errors: `not_allowed`, `nxdomain` (no such name), `dns` (no server answered, or it refused), `timeout`.
#[derive(Debug, Clone, Copy)]
pub struct DnsResolve;

impl LocalAction for DnsResolve {
    fn signature(&self) -> Action {
        let input = Record::new("dns:Resolve input")
            .required("name", some_text())
            .optional("type", Type::one_of(&TYPES))
            .optional("server", some_text())
            .optional("timeout", Type::Duration)
            .build();
        let record = Record::new("dns:Resolve record")
            .required("name", Type::text())
            .required("type", Type::text())
            .required("value", Type::text())
            .required("ttl", Type::integer())
            .build();
        let output = Record::new("dns:Resolve result")
            .required("records", Type::list(record))
            .required("values", Type::list(Type::text()))
            .build();
        local(
            "dns:Resolve",
            input,
            output,
            Effect::Read,
            &["not_allowed", "nxdomain", "dns", "timeout"],
        )
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(resolve(context, call))
    }
}

async fn resolve(context: &LocalContext, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let name = arguments.text("name")?;
    let wanted = record_type(&arguments)?;
    let server = server(&arguments)?;
    let timeout = arguments.duration("timeout", SignedDuration::from_secs(10))?;
    allowed::host(context.reaches.as_deref(), name, None)?;
    if let Some(server) = server {
        let host = server.ip().to_string();
        allowed::host(context.reaches.as_deref(), &host, Some(server.port()))?;
    }
    let query = query_name(&arguments, name, wanted)?;
    let resolver = resolver(server, timeout)?;
    let what = format!("asking for {wanted} of {name}");
    let records = within(timeout, FailureKind::Unanswered, &what, async {
        match resolver.lookup(query, wanted).await {
            Ok(lookup) => Ok(lookup.answers().to_vec()),
            Err(NetError::Dns(DnsError::NoRecordsFound(none)))
                if none.response_code == ResponseCode::NoError =>
            {
                Ok(Vec::new())
            }
            Err(error) => Err(failed(name, &error)),
        }
    })
    .await?;
    let values: Json = records
        .iter()
        .filter(|record| record.record_type() == wanted)
        .map(|record| Json::from(value(record)))
        .collect();
    let records: Json = records
        .iter()
        .map(|record| {
            json!({
                "name": record.name.to_string(),
                "type": record.record_type().to_string(),
                "value": value(record),
                "ttl": record.ttl,
            })
        })
        .collect();
    Ok(Answer {
        result: json!({"records": records, "values": values}),
        ..Answer::default()
    })
}

fn record_type(arguments: &Arguments<'_>) -> Result<RecordType, CallError> {
    let name = arguments.optional_text("type")?.unwrap_or("A");
    if TYPES.contains(&name)
        && let Ok(wanted) = name.parse()
    {
        return Ok(wanted);
    }
    Err(arguments.wrong("type", format_args!("must be one of {}", TYPES.join(", "))))
}

fn server(arguments: &Arguments<'_>) -> Result<Option<SocketAddr>, CallError> {
    arguments
        .optional_text("server")?
        .map(|text| {
            text.parse::<SocketAddr>()
                .or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
                .map_err(|_| {
                    arguments.wrong(
                        "server",
                        "must be the address of a DNS server, such as `10.0.0.2` or `10.0.0.2:53`",
                    )
                })
        })
        .transpose()
}

/// The fully qualified name that is asked for: search domains would ask for names that nobody wrote.
fn query_name(
    arguments: &Arguments<'_>,
    name: &str,
    wanted: RecordType,
) -> Result<Name, CallError> {
    if wanted == RecordType::PTR
        && let Ok(address) = name.parse::<IpAddr>()
    {
        return Ok(Name::from(address));
    }
    let mut query = Name::from_utf8(name).map_err(|error| arguments.wrong("name", error))?;
    query.set_fqdn(true);
    Ok(query)
}

fn resolver(
    server: Option<SocketAddr>,
    timeout: SignedDuration,
) -> Result<TokioResolver, CallError> {
    let unusable = |error: &NetError| {
        CallError::new(
            FailureKind::Environment,
            "dns",
            format!("the system's DNS configuration cannot be used: {error}"),
        )
    };
    let mut builder = match server {
        None => TokioResolver::builder_tokio().map_err(|error| unusable(&error))?,
        Some(server) => {
            let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
            for connection in &mut connections {
                connection.port = server.port();
            }
            let server = NameServerConfig::new(server.ip(), true, connections);
            let mut builder = TokioResolver::builder_with_config(
                ResolverConfig::from_parts(None, Vec::new(), vec![server]),
                TokioRuntimeProvider::default(),
            );
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        }
    };
    // One query may be lost: leave time for a second one.
    builder.options_mut().timeout = timeout.unsigned_abs() / 3;
    builder.build().map_err(|error| unusable(&error))
}

/// A record's value as zone files write it; texts come without quotes, their parts joined.
fn value(record: &DnsRecord) -> String {
    match &record.data {
        hickory_resolver::proto::rr::RData::TXT(text) => text
            .txt_data
            .iter()
            .map(|part| String::from_utf8_lossy(part))
            .collect(),
        other => other.to_string(),
    }
}

fn failed(name: &str, error: &NetError) -> CallError {
    if error.is_nx_domain() {
        return CallError::new(
            FailureKind::Answered,
            "nxdomain",
            format!("{name} does not exist"),
        );
    }
    let (kind, code) = match error {
        NetError::Timeout => (FailureKind::Unanswered, "timeout"),
        NetError::Dns(_) => (FailureKind::Answered, "dns"),
        _ => (FailureKind::Unanswered, "dns"),
    };
    CallError::new(kind, code, format!("{name}: {error}"))
}

#[cfg(test)]
#[path = "dns_resolve_tests.rs"]
mod tests;
