//! A stub of AWS: it counts what it is asked to change, takes its time over it, and says who one is by one's access key.

use crate::stub::{self, Answered};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Aws {
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Operations, with their bodies.
    asked: Vec<(String, String)>,
    delay: Duration,
    calendar: &'static str,
}

impl Aws {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            calendar: "OPEN",
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        let url = stub::start(move |head, body| answer(&shared, head, body));
        Self { url, state }
    }

    /// Writes take so long.
    pub fn slow(self, delay: Duration) -> Self {
        self.state.lock().expect("free").delay = delay;
        self
    }

    pub fn calendar(&self, state: &'static str) {
        self.state.lock().expect("free").calendar = state;
    }

    /// The bodies of an operation's requests.
    pub fn asked(&self, operation: &str) -> Vec<String> {
        let state = self.state.lock().expect("free");
        let of = state.asked.iter().filter(|(name, _)| name == operation);
        of.map(|(_, body)| body.clone()).collect()
    }
}

fn answer(state: &Mutex<State>, head: &str, body: &str) -> Answered {
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let parameter = |name: &str| {
        let mut pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name);
        found.map_or_else(String::new, |(_, value)| value.to_owned())
    };
    let target = header("x-amz-target");
    let operation = match target.rsplit('.').next() {
        Some(name) if !name.is_empty() => name.to_owned(),
        _ => parameter("Action"),
    };
    let key = header("authorization");
    let key = key
        .split("Credential=")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let key = key.unwrap_or_default().to_lowercase();
    let (delay, calendar) = {
        let mut state = state.lock().expect("free");
        state.asked.push((operation.clone(), body.to_owned()));
        (state.delay, state.calendar)
    };
    let (kind, answer) = match operation.as_str() {
            "UpdateService" => {
                std::thread::sleep(delay);
                ("application/x-amz-json-1.1", r#"{"service": {}}"#.to_owned())
            }
            "GetCalendarState" => (
                "application/x-amz-json-1.1",
                format!(r#"{{"State": "{calendar}", "AtTime": "2026-01-01T00:00:00Z", "NextTransitionTime": "2027-01-02T00:00:00Z"}}"#),
            ),
            "GetCallerIdentity" => (
                "text/xml",
                format!("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/ops/{key}</Arn><UserId>U</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"),
            ),
            "AssumeRole" => (
                "text/xml",
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>SESSION</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>".to_owned(),
            ),
            _ => ("application/x-amz-json-1.1", "{}".to_owned()),
        };
    (200, kind, answer)
}
