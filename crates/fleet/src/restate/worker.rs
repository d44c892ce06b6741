//! A worker: serves runs to a Restate server.

use super::directory::Directory;
use super::fleet::Fleets;
use super::session::{Runs, Session, Threads};
use super::target::Targets;
use crate::engine::TargetRun;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::graceful::GracefulShutdown;
use restate_sdk::endpoint::{Endpoint, HandlerOptions, ServiceOptions};
use restate_sdk::errors::HandlerError;
use restate_sdk::hyper::HyperEndpoint;
use restate_sdk::service::IntoServiceDefinition as _;
use serde_json::Value as Json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long the server keeps what a fleet left behind.
pub(super) const RETENTION: Duration = Duration::from_hours(30 * 24);

/// What keeps a worker from serving.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key is none.
    #[error("`{key}` is no identity key of a Restate server: {why}; it begins with `publickeyv1_`")]
    Key {
        /// The key.
        key: String,
        /// Why.
        why: String,
    },
    /// No thread can be started.
    #[error("no thread for runs can be started: {0}")]
    Threads(std::io::Error),
}

/// What a worker is made of.
pub struct WorkerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The interpreter: runs of another one are refused.
    pub version: String,
    /// On how many threads runs are carried out.
    pub threads: usize,
    /// How many runs go on at a time; those that wait for people or a time do not count. Nothing: any number.
    pub at_a_time: Option<usize>,
    /// The public keys of servers; requests that none of them has signed are refused. Empty: all are served.
    pub identity_keys: Vec<String>,
    /// How long runs under way may go on when it is asked to end.
    pub drain: Duration,
}

/// A worker that listens.
pub struct Worker {
    listener: TcpListener,
    endpoint: Endpoint,
    drain: Duration,
}

/// What handlers need.
pub(super) struct Hosting {
    version: String,
    threads: Threads,
    turns: Arc<Semaphore>,
    pub runs: Arc<dyn Runs>,
}

/// Leave to go on, until it is dropped.
pub(super) type Turn = OwnedSemaphorePermit;

impl Hosting {
    /// Whether a run is one of this interpreter.
    ///
    /// # Errors
    /// It is another's: the server offers it again, until a worker of that version takes it.
    pub fn is_own(&self, version: &str, whose: &str) -> Result<(), HandlerError> {
        if version == self.version {
            return Ok(());
        }
        let why = format!(
            "{whose} was begun by runbook {version}, and this worker is runbook {}: what is on record cannot be gone through by another version. Start a worker of {version} at this address and a new one at another, until its runs have ended",
            self.version
        );
        tracing::warn!("{why}");
        Err(why.into())
    }

    pub fn session(&self, package: Arc<Json>, run: TargetRun) -> Session {
        let runs = Arc::clone(&self.runs);
        Session::start(&self.threads, runs, package, run, self.version.clone())
    }

    /// Waits until a run may go on, unless it may already; says whether it may.
    pub async fn turn(&self, held: &mut Option<Turn>, at_most: Duration) -> bool {
        if held.is_none() {
            let turn = Arc::clone(&self.turns).acquire_owned();
            let turn = tokio::time::timeout(at_most, turn).await;
            *held = turn.ok().and_then(Result::ok);
        }
        held.is_some()
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn threads(&self) -> &Threads {
        &self.threads
    }
}

impl Worker {
    /// Listens.
    ///
    /// # Errors
    /// The address, a key, or the system's threads.
    pub async fn bind(settings: WorkerSettings, runs: Arc<dyn Runs>) -> Result<Self, WorkerError> {
        let threads = Threads::start(settings.threads).map_err(WorkerError::Threads)?;
        let hosting = Arc::new(Hosting {
            version: settings.version,
            threads,
            turns: Arc::new(Semaphore::new(
                settings.at_a_time.unwrap_or(Semaphore::MAX_PERMITS),
            )),
            runs,
        });
        // A fleet's state grows with its targets: handlers that need a little of it are not sent all of it.
        // What is only asked leaves nothing behind, and what came of a run is with its fleet.
        let asked = || HandlerOptions::new().journal_retention(Duration::ZERO);
        let lazy = || asked().enable_lazy_state(true);
        let lasting = lazy()
            .workflow_retention(RETENTION)
            .journal_retention(RETENTION);
        let options = || {
            ServiceOptions::new()
                .inactivity_timeout(Duration::from_mins(2))
                .abort_timeout(Duration::from_mins(10))
                .retry_policy_initial_interval(Duration::from_millis(100))
                .retry_policy_exponentiation_factor(2.0)
                .retry_policy_max_interval(Duration::from_secs(5))
        };
        let targets = Targets(Arc::clone(&hosting)).into_service_definition();
        let fleets = Fleets(hosting).into_service_definition();
        let whole = options()
            .handler("run", lasting)
            .handler("outcome", asked());
        let of_fleets = ["package", "board", "head", "tell", "version", "forget"]
            .into_iter()
            .fold(whole, |options, name| options.handler(name, lazy()));
        let mut endpoint = Endpoint::builder()
            .bind(
                targets.options(
                    options()
                        .enable_lazy_state(true)
                        .journal_retention(Duration::ZERO),
                ),
            )
            .bind(fleets.options(of_fleets))
            .bind(
                Directory
                    .into_service_definition()
                    .options(ServiceOptions::new().journal_retention(Duration::ZERO)),
            );
        for key in &settings.identity_keys {
            endpoint = endpoint.identity_key(key).map_err(|why| WorkerError::Key {
                key: key.clone(),
                why: why.to_string(),
            })?;
        }
        let listener =
            TcpListener::bind(settings.listen)
                .await
                .map_err(|source| WorkerError::Listen {
                    address: settings.listen,
                    source,
                })?;
        Ok(Self {
            listener,
            endpoint: endpoint.build(),
            drain: settings.drain,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is asked to end; then what is under way may go on for a while. What does not end in time is gone on
    /// with by another worker.
    pub async fn serve(self, end: impl Future<Output = ()>) {
        let endpoint = HyperEndpoint::new(self.endpoint);
        let graceful = GracefulShutdown::new();
        let mut end = std::pin::pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => break,
                accepted = self.listener.accept() => {
                    let Ok((stream, remote)) = accepted else {
                        // Too many open files, and the like: it passes.
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    };
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%remote, %error, "the socket stays slow");
                    }
                    let connection = http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), endpoint.clone());
                    let watched = graceful.watch(connection);
                    tokio::spawn(async move {
                        if let Err(error) = watched.await {
                            tracing::debug!(%remote, %error, "a connection ended");
                        }
                    });
                }
            }
        }
        drop(self.listener);
        let over = tokio::time::timeout(self.drain, graceful.shutdown());
        if over.await.is_err() {
            tracing::warn!(
                "runs were under way when the time to end was over; they go on elsewhere"
            );
        }
    }
}
