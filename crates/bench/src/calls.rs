//! Calls one after the other: the client beside the bare loop.

use crate::Failure;
use crate::bare;
use crate::spent::{Since, Spent};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::region::Region;
use runbook_registry::aws::{AwsClient, Options};
use runbook_registry::call::Call;
use serde_json::json;

/// Rounds that take turns, so that the machine's moods hit both.
const ROUNDS: u32 = 50;
const WARM_UP: u32 = 500;

/// What so many calls take by the client, and by the bare loop.
///
/// # Errors
/// A call did not succeed.
pub async fn compare(url: &str, count: u32) -> Result<(Spent, Spent), Failure> {
    let configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-3"))
        .credentials_provider(SharedCredentialsProvider::new(bare::credentials()))
        .build();
    let options = Options {
        endpoint_url: Some(url.to_owned()),
        ..Options::default()
    };
    let client = AwsClient::with_config(options, configuration);
    let call = Call::new("ecs:DescribeClusters", json!({"clusters": ["shop"]}));
    let connector = bare::connector()?;
    for _ in 0..WARM_UP {
        client.call(&call).await?;
        bare::call(&connector, url).await?;
    }
    let (mut ours, mut theirs) = (Spent::default(), Spent::default());
    for _ in 0..ROUNDS {
        let since = Since::now();
        for _ in 0..count / ROUNDS {
            client.call(&call).await?;
        }
        ours.add(since.spent());
        let since = Since::now();
        for _ in 0..count / ROUNDS {
            bare::call(&connector, url).await?;
        }
        theirs.add(since.spent());
    }
    Ok((ours, theirs))
}
