//! The least that a durable step of Restate takes: a handler of steps that do nothing, served as `runbook worker` serves.

use crate::Failure;
use crate::ending;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use restate_sdk::context::{Context, ContextSideEffects as _, RunFuture as _};
use restate_sdk::endpoint::Endpoint;
use restate_sdk::errors::HandlerError;
use restate_sdk::hyper::HyperEndpoint;
use tokio::net::TcpListener;

/// Steps that do nothing.
struct Steps;

#[restate_sdk::service(name = "Steps")]
impl Steps {
    /// So many of them, one after the other.
    #[handler]
    async fn empty(&self, context: Context<'_>, count: u32) -> Result<(), HandlerError> {
        for _ in 0..count {
            context.run(|| async { Ok(()) }).name("empty").await?;
        }
        Ok(())
    }
}

/// Serves until standard input ends; the first line of standard output is the URL.
///
/// # Errors
/// There is no free port.
#[expect(clippy::print_stdout, reason = "who started it reads where it is")]
pub async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let endpoint = HyperEndpoint::new(Endpoint::builder().bind(Steps).build());
    let accepting = async {
        while let Ok((stream, _)) = listener.accept().await {
            // The answer is worth more at once than together with others.
            let _ = stream.set_nodelay(true);
            let connection = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), endpoint.clone());
            // A server that goes away ends its connection only.
            tokio::spawn(async move { connection.await.is_ok() });
        }
    };
    tokio::select! {
        () = accepting => {},
        () = ending::of_input() => {},
    }
    Ok(())
}
