//! The server's controls: where workers make themselves known.

use super::http::{Silent, Speaker, said};
use hyper::{Method, StatusCode};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The member of a deployment's metadata that says which interpreter it is.
const VERSION: &str = "runbook";

/// The first server that this is made for.
const OLDEST: (u64, u64) = (1, 6);

/// Why a worker is not known to a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// It is no address.
    #[error("`{url}` is no address of a Restate server: {why}; it is like `http://localhost:9070`")]
    Address {
        /// What was given.
        url: String,
        /// Why.
        why: String,
    },
    /// Nothing answers.
    #[error(
        "no Restate server answers at {url}: {why}; see that it runs, and that this is its admin address (port 9070)"
    )]
    Down {
        /// Where.
        url: String,
        /// What the system said.
        why: String,
    },
    /// It is too old.
    #[error("the Restate server at {url} has version {version}, and runs need {needed} or newer")]
    Old {
        /// Where.
        url: String,
        /// Its version.
        version: String,
        /// The oldest that will do.
        needed: String,
    },
    /// It is something else.
    #[error(
        "{url} is no admin address of a Restate server: {why}; it is usually port 9070, and the ingress port 8080"
    )]
    Other {
        /// Where.
        url: String,
        /// What it said.
        why: String,
    },
    /// Another version is served there.
    #[error(
        "runbook {there} is registered at {address}, and this is {own}: runs that it has begun go on there until they have ended. Give the new version another address with --advertise, and stop the old one when it has none left"
    )]
    Taken {
        /// The address that workers are reached by.
        address: String,
        /// The version there.
        there: String,
        /// This one.
        own: String,
    },
    /// The server does not reach the worker, or does not take it.
    #[error("the Restate server at {url} does not take the worker at {address}: {why}")]
    Refused {
        /// Where.
        url: String,
        /// The address that workers are reached by.
        address: String,
        /// Its words.
        why: String,
    },
}

/// A server's controls.
#[derive(Debug, Clone)]
pub struct Admin {
    speaker: Speaker,
}

impl Admin {
    /// Speaks to the admin address of a server; a token is sent as that of a bearer.
    ///
    /// # Errors
    /// It is no address.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, AdminError> {
        let speaker = Speaker::new(url, token).map_err(|why| AdminError::Address {
            url: url.to_owned(),
            why,
        })?;
        Ok(Self { speaker })
    }

    /// Makes the workers behind an address known; the server's version. Nothing happens where they are known already.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn register(&self, address: &str, own: &str) -> Result<String, AdminError> {
        let version = self.server().await?;
        if let Some(there) = self.registered(address).await? {
            if there != own {
                return Err(AdminError::Taken {
                    address: address.to_owned(),
                    there,
                    own: own.to_owned(),
                });
            }
            return Ok(version);
        }
        let body = json!({"uri": address, "force": false, "metadata": {VERSION: own}});
        let (status, answer) = self.ask(Method::POST, "/deployments", Some(&body)).await?;
        // Another worker behind the same address may have been quicker.
        if status.is_success() || status == StatusCode::CONFLICT {
            return Ok(version);
        }
        Err(AdminError::Refused {
            url: self.speaker.url.clone(),
            address: address.to_owned(),
            why: answer
                .as_str()
                .map_or_else(|| answer.to_string(), str::to_owned),
        })
    }

    async fn server(&self) -> Result<String, AdminError> {
        let (status, answer) = self.ask(Method::GET, "/version", None).await?;
        let version = answer.get("version").and_then(Json::as_str);
        let Some(version) = version.filter(|_| status.is_success()) else {
            return Err(AdminError::Other {
                url: self.speaker.url.clone(),
                why: format!("{status} {answer}"),
            });
        };
        let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
        let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if found < OLDEST {
            return Err(AdminError::Old {
                url: self.speaker.url.clone(),
                version: version.to_owned(),
                needed: format!("{}.{}", OLDEST.0, OLDEST.1),
            });
        }
        Ok(version.to_owned())
    }

    /// The version that is registered at an address.
    async fn registered(&self, address: &str) -> Result<Option<String>, AdminError> {
        let (_, answer) = self.ask(Method::GET, "/deployments", None).await?;
        let same = |uri: &str| uri.trim_end_matches('/') == address.trim_end_matches('/');
        let deployments = answer.get("deployments").and_then(Json::as_array);
        let found = deployments.into_iter().flatten().find(|one| {
            let uri = one.get("uri").and_then(Json::as_str);
            uri.is_some_and(same)
        });
        Ok(found.map(|one| {
            let version = one
                .get("metadata")
                .and_then(|metadata| metadata.get(VERSION));
            let version = version.and_then(Json::as_str);
            version.unwrap_or("of another kind").to_owned()
        }))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> Result<(StatusCode, Json), AdminError> {
        let down = |why: String| AdminError::Down {
            url: self.speaker.url.clone(),
            why,
        };
        let body = body.map(|body| body.to_string().into_bytes());
        let asked = self.speaker.ask(method, path, body, PATIENCE).await;
        let (status, bytes) = asked.map_err(|silent| match silent {
            Silent::Down(why) => down(why),
            Silent::Late => down(format!("there is no answer after {} s", PATIENCE.as_secs())),
        })?;
        let read = serde_json::from_slice(&bytes);
        let answer = match read {
            Ok(answer) if status.is_success() => answer,
            _ => Json::String(said(&bytes)),
        };
        Ok((status, answer))
    }
}
