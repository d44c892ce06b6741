//! How fast calls follow each other: the client beside a bare loop that signs the same requests and sends them through the
//! same HTTP client. `cargo xtask rate` runs it and says whether the goal is met.
#![expect(clippy::print_stdout, reason = "a measurement says what it found")]

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{HttpClient, HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::Call;
use serde_json::{Value as Json, json};
use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};
use tokio::net::TcpListener;
use tokio::runtime;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Calls of each kind, in rounds that take turns so that the machine's moods hit both.
const CALLS: u32 = 5_000;
const ROUNDS: u32 = 50;
const WARM_UP: u32 = 500;

const ANSWER: &str = r#"{"clusters":[{"clusterArn":"arn:aws:ecs:eu-west-3:123456789012:cluster/shop","clusterName":"shop","status":"ACTIVE","registeredContainerInstancesCount":0,"runningTasksCount":12,"pendingTasksCount":0,"activeServicesCount":4,"statistics":[],"tags":[],"settings":[],"capacityProviders":["FARGATE"],"defaultCapacityProviderStrategy":[]}],"failures":[]}"#;

fn main() -> Result<(), Failure> {
    let url = stub()?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (ours, bare) = runtime.block_on(compare(&url))?;
    let rate = |time: Duration| f64::from(CALLS) / time.as_secs_f64();
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(CALLS);
    for (name, spent) in [("client", &ours), ("bare", &bare)] {
        println!(
            "{name} {:.0} calls/s, {:.1} µs of processor time each",
            rate(spent.wall),
            each(spent.processor)
        );
    }
    println!("ratio {:.3}", rate(ours.wall) / rate(bare.wall));
    if !ours.processor.is_zero() {
        println!(
            "ratio of processor time {:.3}",
            bare.processor.as_secs_f64() / ours.processor.as_secs_f64()
        );
    }
    Ok(())
}

/// What a loop took.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    /// User and system time of the thread that calls, not of the server's.
    processor: Duration,
}

impl Spent {
    fn since(start: (Instant, Duration)) -> Self {
        Self {
            wall: start.0.elapsed(),
            processor: processor_time().saturating_sub(start.1),
        }
    }

    fn add(&mut self, more: Self) {
        self.wall += more.wall;
        self.processor += more.processor;
    }
}

/// Processor time of this thread, to the nanosecond; zero where the system does not tell.
fn processor_time() -> Duration {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .map_or(Duration::ZERO, Duration::from_nanos)
}

/// A server of its own thread that keeps connections open and always answers the same.
fn stub() -> std::io::Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(serve(listener));
    });
    Ok(url)
}

async fn serve(listener: std::net::TcpListener) {
    let listener = TcpListener::from_std(listener).expect("a listener");
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let answer = service_fn(async |request: Request<Incoming>| {
                let _ = request.into_body().collect().await;
                let response = Response::builder()
                    .header("content-type", "application/x-amz-json-1.1")
                    .header("x-amzn-requestid", "11111111-2222-3333-4444-555555555555")
                    .body(Full::new(Bytes::from_static(ANSWER.as_bytes())));
                Ok::<_, Infallible>(response.expect("a response"))
            });
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}

fn credentials() -> Credentials {
    Credentials::builder()
        .access_key_id("AKIDEXAMPLE")
        .secret_access_key("secret")
        .provider_name("bench")
        .build()
}

async fn compare(url: &str) -> Result<(Spent, Spent), Failure> {
    let configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(credentials()))
        .build();
    let time = configuration.time_source().unwrap_or_default();
    let options = Options {
        endpoint_url: Some(url.to_owned()),
        ..Options::default()
    };
    let client = AwsClient::with_config(options, configuration);
    let call = Call::new("ecs:DescribeClusters", json!({"clusters": ["shop"]}));
    let http = Builder::new().build_http();
    let components = RuntimeComponentsBuilder::for_tests()
        .with_time_source(Some(time))
        .build()?;
    let settings = HttpConnectorSettings::builder().build();
    let connector = http.http_connector(&settings, &components);
    for _ in 0..WARM_UP {
        client.call(&call).await?;
        bare(&connector, url).await?;
    }
    let (mut ours, mut theirs) = (Spent::default(), Spent::default());
    for _ in 0..ROUNDS {
        let start = (Instant::now(), processor_time());
        for _ in 0..CALLS / ROUNDS {
            client.call(&call).await?;
        }
        ours.add(Spent::since(start));
        let start = (Instant::now(), processor_time());
        for _ in 0..CALLS / ROUNDS {
            bare(&connector, url).await?;
        }
        theirs.add(Spent::since(start));
    }
    Ok((ours, theirs))
}

/// The least that has to be done: write, sign, send, read.
async fn bare(connector: &impl HttpConnector, url: &str) -> Result<Json, Failure> {
    let body = json!({"clusters": ["shop"]}).to_string();
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        (
            "x-amz-target",
            "AmazonEC2ContainerServiceV20141113.DescribeClusters",
        ),
        ("user-agent", "bare"),
    ];
    let identity = credentials().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-3")
        .name("ecs")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let address = format!("{url}/");
    let signable = SignableRequest::new(
        "POST",
        address.as_str(),
        headers.into_iter(),
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = sign(signable, &parameters)?.into_parts();
    let mut request = http::Request::builder().method("POST").uri(&address);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut request = request.body(SdkBody::from(body))?;
    instructions.apply_to_request_http1x(&mut request);
    let response = connector.call(HttpRequest::try_from(request)?).await?;
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&bytes)?)
}
