//! What the standard variables of OpenTelemetry ask for: "Environment Variable Specification" and "OpenTelemetry Protocol
//! Exporter" of its specification 1.4x.

use crate::parent::Parent;
use std::time::Duration;

/// How often what has ended is sent, where `OTEL_BSP_SCHEDULE_DELAY` does not say. The specification's five seconds would lose
/// more of a run that is killed.
const DELAY: Duration = Duration::from_secs(1);

/// Where spans go, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The whole address.
    pub endpoint: String,
    /// Headers of every request, which may hold keys.
    pub headers: Vec<(String, String)>,
    /// The form of the messages.
    pub encoding: Encoding,
    /// They are compressed.
    pub gzip: bool,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often what has ended is sent.
    pub delay: Duration,
    /// The most spans that wait to be sent.
    pub queue: usize,
    /// The most spans of a message.
    pub batch: usize,
    /// A file with the authorities that are trusted instead of the system's.
    pub certificate: Option<String>,
    /// What is said of this program.
    pub resource: Vec<(String, String)>,
    /// Of how many traces spans are sent, from 0 to 1.
    pub share: f64,
    /// Whether a trace is recorded is asked of its parent first.
    pub asks_parent: bool,
}

/// The form of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `http/protobuf`
    Protobuf,
    /// `http/json`
    Json,
}

/// What the variables say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// Where spans go; nothing where they go nowhere.
    pub settings: Option<Settings>,
    /// What of it is not understood, and what is done instead.
    pub warnings: Vec<String>,
}

/// Reads the variables. An empty one counts as not set, as the specification says.
#[must_use]
#[expect(clippy::too_many_lines, reason = "one variable after the other")]
pub fn read<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Read {
    let set = |name: &str| {
        variable(name)
            .map(str::trim)
            .filter(|value| !value.is_empty())
    };
    let of_traces = |name: &str| {
        set(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
            .or_else(|| set(&format!("OTEL_EXPORTER_OTLP_{name}")))
    };
    let mut warnings = Vec::new();
    if set("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Read::default();
    }
    let exporters = set("OTEL_TRACES_EXPORTER");
    let named = exporters.is_some_and(|names| names.split(',').any(|name| name.trim() == "otlp"));
    let nothing = |warnings| Read {
        settings: None,
        warnings,
    };
    if let Some(names) = exporters
        && !named
    {
        if names != "none" {
            warnings.push(format!(
                "OTEL_TRACES_EXPORTER={names} is not known here, so no spans are sent; write otlp or none"
            ));
        }
        return nothing(warnings);
    }
    let own = set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").map(whole);
    let shared = set("OTEL_EXPORTER_OTLP_ENDPOINT").map(below);
    let local = || named.then(|| "http://localhost:4318/v1/traces".to_owned());
    let Some(endpoint) = own.or(shared).or_else(local) else {
        return Read::default();
    };
    let is_address = endpoint.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
    });
    if !is_address {
        warnings.push(
            "the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT is no address that begins with http:// or https://, so no spans are sent"
                .to_owned(),
        );
        return nothing(warnings);
    }
    let encoding = match of_traces("PROTOCOL") {
        None | Some("http/protobuf") => Encoding::Protobuf,
        Some("http/json") => Encoding::Json,
        Some(other) => {
            warnings.push(format!(
                "OTEL_EXPORTER_OTLP_PROTOCOL={other} is not spoken here, so no spans are sent; write http/protobuf, or http/json (port 4318)"
            ));
            return nothing(warnings);
        }
    };
    for unused in ["CLIENT_KEY", "CLIENT_CERTIFICATE"] {
        if of_traces(unused).is_some() {
            warnings.push(format!(
                "OTEL_EXPORTER_OTLP_{unused} is not used: spans are sent without a certificate of the client"
            ));
        }
    }
    let (share, asks_parent) = sampler(
        set("OTEL_TRACES_SAMPLER"),
        set("OTEL_TRACES_SAMPLER_ARG"),
        &mut warnings,
    );
    let mut number = |name: &str, value: Option<&str>, otherwise: u64| match value.map(str::parse) {
        None => otherwise,
        Some(Ok(value)) => value,
        Some(Err(_)) => {
            warnings.push(format!("{name} is no number; {otherwise} is taken"));
            otherwise
        }
    };
    let milliseconds = |value: u64| Duration::from_millis(value);
    let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).max(1);
    let timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", of_traces("TIMEOUT"), 10_000);
    let delay = number(
        "OTEL_BSP_SCHEDULE_DELAY",
        set("OTEL_BSP_SCHEDULE_DELAY"),
        u64::try_from(DELAY.as_millis()).unwrap_or_default(),
    );
    let queue = number(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        set("OTEL_BSP_MAX_QUEUE_SIZE"),
        2048,
    );
    let batch = number(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
        512,
    );
    let settings = Settings {
        endpoint,
        headers: of_traces("HEADERS").map(pairs).unwrap_or_default(),
        encoding,
        gzip: of_traces("COMPRESSION") == Some("gzip"),
        timeout: milliseconds(timeout),
        delay: milliseconds(delay.max(10)),
        queue: size(queue),
        batch: size(batch),
        certificate: of_traces("CERTIFICATE").map(str::to_owned),
        resource: resource(set("OTEL_SERVICE_NAME"), set("OTEL_RESOURCE_ATTRIBUTES")),
        share,
        asks_parent,
    };
    Read {
        settings: Some(settings),
        warnings,
    }
}

impl Settings {
    /// Whether the spans of a trace are sent.
    #[must_use]
    pub fn records(&self, trace: [u8; 16], parent: Option<&Parent>) -> bool {
        if let Some(parent) = parent.filter(|_| self.asks_parent) {
            return parent.sampled;
        }
        // As the SDKs have it: the last eight bytes, without their highest bit, against the share of what they can be.
        let last = trace.last_chunk().copied().unwrap_or_default();
        let place = u64::from_be_bytes(last) >> 1;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a share is no more exact than that"
        )]
        let place = place as f64 / (1_u64 << 63) as f64;
        place < self.share
    }
}

/// The address of traces below one that all signals share.
fn below(base: &str) -> String {
    format!("{}/v1/traces", base.trim_end_matches('/'))
}

/// An address as it stands, with a path.
fn whole(address: &str) -> String {
    let after = address.split_once("://").map_or(address, |(_, rest)| rest);
    if after.contains('/') {
        address.to_owned()
    } else {
        format!("{address}/")
    }
}

fn sampler(name: Option<&str>, argument: Option<&str>, warnings: &mut Vec<String>) -> (f64, bool) {
    let mut share = || match argument.map(str::parse::<f64>) {
        None => 1.0,
        Some(Ok(share)) if (0.0..=1.0).contains(&share) => share,
        Some(_) => {
            warnings.push(
                "OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; all traces are sent".to_owned(),
            );
            1.0
        }
    };
    match name {
        None | Some("parentbased_always_on") => (1.0, true),
        Some("always_on") => (1.0, false),
        Some("always_off") => (0.0, false),
        Some("parentbased_always_off") => (0.0, true),
        Some("traceidratio") => (share(), false),
        Some("parentbased_traceidratio") => (share(), true),
        Some(other) => {
            warnings.push(format!(
                "OTEL_TRACES_SAMPLER={other} is not known here; all traces are sent"
            ));
            (1.0, true)
        }
    }
}

fn resource(service: Option<&str>, attributes: Option<&str>) -> Vec<(String, String)> {
    let mut resource = vec![
        ("service.name".to_owned(), "runbook".to_owned()),
        (
            "service.version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        ),
        ("telemetry.sdk.name".to_owned(), "runbook".to_owned()),
        ("telemetry.sdk.language".to_owned(), "rust".to_owned()),
        (
            "telemetry.sdk.version".to_owned(),
            env!("CARGO_PKG_VERSION").to_owned(),
        ),
    ];
    let given = attributes.map(pairs).unwrap_or_default();
    let named = service.map(|name| ("service.name".to_owned(), name.to_owned()));
    for (name, value) in given.into_iter().chain(named) {
        resource.retain(|(known, _)| *known != name);
        resource.push((name, value));
    }
    resource
}

/// `name=value,name=value` with percent-encoded values, as W3C's Baggage writes lists.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name.trim()), decoded(value.trim())))
        .filter(|(name, _)| !name.is_empty())
        .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match rest {
            [b'%', high, low, ..] => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        if let Some(byte) = code {
            bytes.push(byte);
            rest = rest.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Read, Settings, read};
    use crate::parent::Parent;

    fn of(variables: &[(&str, &'static str)]) -> Read {
        read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        })
    }

    fn settings(variables: &[(&str, &'static str)]) -> Settings {
        of(variables).settings.expect("spans are sent")
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");

    #[test]
    fn nothing_is_sent_unasked() {
        for variables in [
            &[][..],
            &[("OTEL_SERVICE_NAME", "x")],
            &[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")],
            &[ENDPOINT, ("OTEL_SDK_DISABLED", "TRUE")],
            &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")],
        ] {
            assert_eq!(of(variables), Read::default(), "{variables:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (variable, word) in [
            (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), "http/protobuf"),
            (("OTEL_TRACES_EXPORTER", "zipkin"), "otlp or none"),
            (
                ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4318"),
                "http://",
            ),
        ] {
            let read = of(&[ENDPOINT, variable]);
            assert_eq!(read.settings, None, "{variable:?}");
            assert!(read.warnings[0].contains(word), "{:?}", read.warnings);
        }
        let read = of(&[ENDPOINT, ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]);
        assert_eq!(read.settings.expect("sent").timeout.as_secs(), 10);
        assert!(read.warnings[0].contains("OTEL_EXPORTER_OTLP_TIMEOUT"));
    }

    #[test]
    fn addresses_are_put_together_as_the_specification_says() {
        assert_eq!(
            settings(&[ENDPOINT]).endpoint,
            "http://collector:4318/v1/traces"
        );
        let own = (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "https://traces.example",
        );
        assert_eq!(
            settings(&[ENDPOINT, own]).endpoint,
            "https://traces.example/"
        );
        let named = ("OTEL_TRACES_EXPORTER", "otlp");
        assert_eq!(
            settings(&[named]).endpoint,
            "http://localhost:4318/v1/traces"
        );
    }

    #[test]
    fn what_is_said_of_traces_stands_before_what_is_said_of_all() {
        let settings = settings(&[
            ENDPOINT,
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1"),
            (
                "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
                "Authorization=Bearer%20k%3D1, b = 2",
            ),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_SERVICE_NAME", "ops"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=x,team=a%2Cb"),
        ]);
        assert_eq!(
            settings.headers,
            [
                ("Authorization".to_owned(), "Bearer k=1".to_owned()),
                ("b".to_owned(), "2".to_owned())
            ]
        );
        assert_eq!((settings.encoding, settings.gzip), (Encoding::Json, true));
        let of = |name: &str| {
            let found = settings.resource.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(of("service.name"), Some("ops"));
        assert_eq!(of("team"), Some("a,b"));
    }

    #[test]
    fn traces_are_sampled_by_parent_or_share() {
        let parent = |sampled| Parent {
            trace: [1; 16],
            span: [1; 8],
            sampled,
            state: String::new(),
        };
        let always = settings(&[ENDPOINT]);
        assert!(always.records([9; 16], None));
        assert!(!always.records([9; 16], Some(&parent(false))));
        let never = settings(&[ENDPOINT, ("OTEL_TRACES_SAMPLER", "parentbased_always_off")]);
        assert!(!never.records([0; 16], None));
        assert!(never.records([0; 16], Some(&parent(true))));
        let some = settings(&[
            ENDPOINT,
            ("OTEL_TRACES_SAMPLER", "traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.5"),
        ]);
        assert!(some.records([0x10; 16], None));
        assert!(!some.records([0xf0; 16], None));
    }
}
