//! How commands speak to fleets: through the server's ingress.

use super::board::{Board, Command, FleetStart, Head, Told};
use super::directory::{ALL, DIRECTORY, Entry};
use super::fleet::FLEETS;
use super::http::{Silent, Speaker, said};
use super::target::{Going, Package, TARGETS};
use super::wire::{Holder, Vote, Waiting};
use crate::outcome::FleetOutcome;
use crate::target::{Target, run_id};
use hyper::{Method, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a server could not be spoken to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Nothing answers.
    #[error(
        "{whose}: no Restate server answers at {url}: {why}; see that it runs, and that this is its ingress (port 8080), not its admin address"
    )]
    Down {
        /// What it was about.
        whose: String,
        /// Where.
        url: String,
        /// What the system said.
        why: String,
    },
    /// The server answers, and no worker does.
    #[error(
        "{whose}: the Restate server at {url} has no answer from a worker after {seconds} s; see that `runbook worker` runs and that the server reaches it"
    )]
    NoWorker {
        /// What it was about.
        whose: String,
        /// Where.
        url: String,
        /// How long was waited.
        seconds: u64,
    },
    /// No worker was ever registered.
    #[error(
        "{whose}: the Restate server at {url} knows no runbook workers; start one with `runbook worker --restate ADMIN_URL`"
    )]
    NoService {
        /// What it was about.
        whose: String,
        /// Where.
        url: String,
    },
    /// The server does not know the fleet.
    #[error(
        "the Restate server at {url} knows no fleet {fleet}: it was never started there, its time is over, or the server has lost its disk"
    )]
    NoFleet {
        /// The fleet.
        fleet: String,
        /// Where.
        url: String,
    },
    /// What is written stands for several.
    #[error("`{asked}` begins {count} fleets; write more of the id")]
    Several {
        /// What was written.
        asked: String,
        /// How many it begins.
        count: usize,
    },
    /// There is one already.
    #[error(
        "fleet {fleet} has been started before; give it another id, or watch it with `runbook fleet watch {fleet} --on restate={url}`"
    )]
    Exists {
        /// The fleet.
        fleet: String,
        /// Where.
        url: String,
    },
    /// The worker is another version.
    #[error(
        "the workers at {url} are runbook {theirs}, and this is runbook {own}: a fleet is carried by the version that checked it; start workers of {own}"
    )]
    Version {
        /// Where.
        url: String,
        /// Theirs.
        theirs: String,
        /// This one.
        own: String,
    },
    /// It is no address.
    #[error("`{url}` is no address of a Restate server: {why}; it is like `http://localhost:8080`")]
    Address {
        /// What was given.
        url: String,
        /// Why.
        why: String,
    },
    /// Anything else that the server or a worker says.
    #[error("{whose}: {url} says {status}: {message}")]
    Refused {
        /// What it was about.
        whose: String,
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// Its words.
        message: String,
    },
}

/// Speaks to fleets.
#[derive(Debug, Clone)]
pub struct Client {
    speaker: Speaker,
}

impl Client {
    /// Speaks through the ingress at this address; a token is sent as that of a bearer.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, ClientError> {
        let speaker = Speaker::new(url, token).map_err(|why| ClientError::Address {
            url: url.to_owned(),
            why,
        })?;
        Ok(Self { speaker })
    }

    /// Where it speaks to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.speaker.url
    }

    /// Starts a fleet, where workers of this version answer.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn start(&self, fleet: &str, start: &FleetStart) -> Result<(), ClientError> {
        let own = &start.package.version;
        let theirs: String = self.fleet(fleet, "version", None::<&()>).await?;
        if theirs != *own {
            return Err(ClientError::Version {
                url: self.speaker.url.clone(),
                theirs,
                own: own.clone(),
            });
        }
        let path = format!("/{FLEETS}/{}/run/send", encoded(fleet));
        let whose = format!("fleet {fleet}");
        let sent: Json = self.post(&path, Some(start), &whose, fleet).await?;
        // The server says so where there was one of this name; it does not begin another.
        if sent.get("status").and_then(Json::as_str) == Some("PreviouslyAccepted") {
            return Err(self.exists(fleet));
        }
        self.begun(fleet).await
    }

    /// Waits until a worker has begun a fleet: before that the server knows nothing of it but its name.
    async fn begun(&self, fleet: &str) -> Result<(), ClientError> {
        let since = Instant::now();
        loop {
            match self.board(fleet).await {
                Ok(_) => return Ok(()),
                Err(ClientError::NoFleet { .. }) if since.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(ClientError::NoFleet { .. }) => {
                    return Err(ClientError::NoWorker {
                        whose: format!("fleet {fleet}, which has been accepted"),
                        url: self.speaker.url.clone(),
                        seconds: PATIENCE.as_secs(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn exists(&self, fleet: &str) -> ClientError {
        ClientError::Exists {
            fleet: fleet.to_owned(),
            url: self.speaker.url.clone(),
        }
    }

    /// Where a fleet stands, in short.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn board(&self, fleet: &str) -> Result<Board, ClientError> {
        self.fleet(fleet, "board", None::<&()>).await
    }

    /// What a fleet is.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn head(&self, fleet: &str) -> Result<Head, ClientError> {
        self.fleet(fleet, "head", None::<&()>).await
    }

    /// What a fleet leaves behind, as it stands.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn outcome(&self, fleet: &str) -> Result<FleetOutcome, ClientError> {
        self.fleet(fleet, "outcome", None::<&()>).await
    }

    /// The fleets that were begun there, in that order; those whose time is over may be among them.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn fleets(&self, whose: &str) -> Result<Vec<Entry>, ClientError> {
        let path = format!("/{DIRECTORY}/{ALL}/list");
        self.post(&path, None::<&()>, whose, "").await
    }

    /// The id of the fleet that a person means: by its id, the beginning of it, or `last`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn meant(&self, asked: &str) -> Result<String, ClientError> {
        if Uuid::parse_str(asked).is_ok() {
            return Ok(asked.to_owned());
        }
        let all = self.fleets(&format!("fleet {asked}")).await?;
        let known = |one: &&Entry| one.fleet == asked;
        if let Some(known) = all.iter().find(known) {
            return Ok(known.fleet.clone());
        }
        let newest = all.len().saturating_sub(1);
        let named = all.into_iter().enumerate().filter(|(at, one)| {
            (asked == "last" && *at == newest)
                || (!asked.is_empty() && one.fleet.starts_with(asked))
        });
        let mut meant: Vec<String> = named.map(|(_, one)| one.fleet).collect();
        match (meant.pop(), meant.len()) {
            (Some(fleet), 0) => Ok(fleet),
            (Some(_), more) => Err(ClientError::Several {
                asked: asked.to_owned(),
                count: more + 1,
            }),
            (None, _) => Err(ClientError::NoFleet {
                fleet: asked.to_owned(),
                url: self.speaker.url.clone(),
            }),
        }
    }

    /// What the runs of a fleet go by.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn package(&self, fleet: &str) -> Result<Package, ClientError> {
        let going: Going = self.fleet(fleet, "package", None::<&()>).await?;
        Ok(going.package)
    }

    /// Tells a fleet something.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn tell(&self, fleet: &str, command: Command, by: &str) -> Result<(), ClientError> {
        // A fleet that is not there would take the word and keep it for one that comes.
        self.board(fleet).await?;
        let told = Told {
            id: Uuid::new_v4().to_string(),
            command,
            by: by.to_owned(),
            at: Timestamp::now(),
        };
        self.fleet(fleet, "tell", Some(&told)).await
    }

    /// What the run of a target waits for: that of this fleet, not of another one that has the target.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn waiting(
        &self,
        fleet: &str,
        head: &Head,
        target: &Target,
    ) -> Result<Vec<Waiting>, ClientError> {
        let run = run_id(fleet, &target.name);
        let mut waiting: Vec<Waiting> = self.target(head, target, "waiting", None::<&()>).await?;
        waiting.retain(|one| one.run == run);
        Ok(waiting)
    }

    /// The run that has a target, of whatever fleet.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn holder(
        &self,
        head: &Head,
        target: &Target,
    ) -> Result<Option<Holder>, ClientError> {
        self.target(head, target, "holder", None::<&()>).await
    }

    /// The report of a target's run; nothing where it has none yet.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn report(
        &self,
        fleet: &str,
        head: &Head,
        target: &Target,
    ) -> Result<Option<Json>, ClientError> {
        let report: Json = self.target(head, target, "report", Some(&fleet)).await?;
        Ok(Some(report).filter(|report| !report.is_null()))
    }

    /// Answers what a run waits for.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn answer(&self, waiting: &Waiting, vote: &Vote) -> Result<(), ClientError> {
        let path = format!(
            "/restate/awakeables/{}/resolve",
            encoded(&waiting.awakeable)
        );
        let whose = format!("step {}", waiting.step);
        self.post(&path, Some(vote), &whose, "").await
    }

    async fn fleet<T: DeserializeOwned>(
        &self,
        fleet: &str,
        handler: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let path = format!("/{FLEETS}/{}/{handler}", encoded(fleet));
        self.post(&path, body, &format!("fleet {fleet}"), fleet)
            .await
    }

    async fn target<T: DeserializeOwned>(
        &self,
        head: &Head,
        target: &Target,
        handler: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let path = format!("/{TARGETS}/{}/{handler}", encoded(&head.place(target)));
        let whose = format!("target {}", target.name);
        self.post(&path, body, &whose, "").await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&impl Serialize>,
        whose: &str,
        fleet: &str,
    ) -> Result<T, ClientError> {
        let refused = |status: StatusCode, message: String| ClientError::Refused {
            whose: whose.to_owned(),
            url: self.speaker.url.clone(),
            status: status.as_u16(),
            message,
        };
        let down = |why: String| ClientError::Down {
            whose: whose.to_owned(),
            url: self.speaker.url.clone(),
            why,
        };
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| down(error.to_string()))?;
        let asked = self.speaker.ask(Method::POST, path, body, PATIENCE).await;
        let (status, bytes) = asked.map_err(|silent| match silent {
            Silent::Down(why) => down(why),
            Silent::Late => ClientError::NoWorker {
                whose: whose.to_owned(),
                url: self.speaker.url.clone(),
                seconds: PATIENCE.as_secs(),
            },
        })?;
        if status.is_success() {
            let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(bytes).or_else(|error| {
                // Some handlers answer with plain text.
                let text = String::from_utf8_lossy(bytes).into_owned();
                serde_json::from_value(json!(text))
                    .map_err(|_| refused(status, format!("an answer that cannot be read: {error}")))
            });
        }
        let message = said(&bytes);
        Err(match status {
            StatusCode::CONFLICT if path.ends_with("/run/send") => self.exists(fleet),
            StatusCode::NOT_FOUND if message.contains("knows no fleet") => ClientError::NoFleet {
                fleet: fleet.to_owned(),
                url: self.speaker.url.clone(),
            },
            StatusCode::NOT_FOUND if message.contains("service") => ClientError::NoService {
                whose: whose.to_owned(),
                url: self.speaker.url.clone(),
            },
            status => refused(status, message),
        })
    }
}

/// A part of a path.
fn encoded(part: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientError, encoded};

    #[test]
    fn names_of_targets_are_parts_of_paths() {
        assert_eq!(encoded("acso/leak: a b"), "acso%2Fleak%3A%20a%20b");
    }

    #[tokio::test]
    async fn a_server_that_is_down_is_named_with_the_fleet() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let client = Client::new(&format!("http://{address}"), None).expect("an address");
        let error = client.board("f1").await.expect_err("nothing answers");
        assert!(
            matches!(&error, ClientError::Down { whose, .. } if whose == "fleet f1"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_address_is_said() {
        for wrong in ["localhost:8080", "", "ftp://x"] {
            assert!(Client::new(wrong, None).is_err(), "{wrong}");
        }
    }
}
