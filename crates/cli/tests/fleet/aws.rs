//! A stub of AWS with accounts, roles and regions of which some are not to be had.

use crate::stub::{self, Answered};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A role that nobody may assume.
pub const DENIED: &str = "arn:aws:iam::111111111111:role/denied";

/// A region that is switched off.
pub const OFF: &str = "me-south-1";

/// A service that is not there.
pub const GONE: &str = "gone";

/// How long a write takes.
const SLOW: Duration = Duration::from_secs(4);

pub struct Aws {
    pub url: String,
    writes: Arc<AtomicUsize>,
}

impl Aws {
    pub fn start() -> Self {
        let writes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&writes);
        let url = stub::start(move |head, body| {
            if head.contains(".UpdateService") && counted.fetch_add(1, Ordering::SeqCst) == 0 {
                std::thread::sleep(SLOW);
            }
            answer(head, body)
        });
        Self { url, writes }
    }

    pub fn until_it_is_asked_to_write(&self) {
        let begun = Instant::now();
        while self.writes.load(Ordering::SeqCst) == 0 {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "nothing is written"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The program with credentials of its own.
pub fn known(mut command: Command) -> Command {
    command
        .env("AWS_ACCESS_KEY_ID", "OWN")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
}

fn answer(head: &str, body: &str) -> Answered {
    const XML: &str = "text/xml";
    const JSON: &str = "application/x-amz-json-1.1";
    let refused = |code: &str, why: &str| {
        let error = format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{why}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
        );
        (403, XML, error)
    };
    // Credentials are written as KEY/DAY/REGION/SERVICE.
    let scope = head.split("Credential=").nth(1).unwrap_or_default();
    let mut scope = scope.split('/');
    let (key, region) = (scope.next().unwrap_or_default(), scope.nth(1));
    if region == Some(OFF) {
        return refused(
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
        );
    }
    if body.contains("Action=AssumeRole") {
        if body.contains("role%2Fdenied") {
            return refused("AccessDenied", "you may not assume it");
        }
        return (200, XML, "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>OTHER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>".to_owned());
    }
    if body.contains("Action=GetCallerIdentity") {
        let account = match key {
            "OTHER" => "999999999999",
            _ => "111111111111",
        };
        return (
            200,
            XML,
            format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:sts::{account}:assumed-role/ops/x</Arn><UserId>U</UserId><Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            ),
        );
    }
    let answer = if body.contains(GONE) {
        r#"{"services": [], "failures": [{"arn": "gone", "reason": "MISSING"}]}"#
    } else {
        r#"{"services": [{"serviceName": "web", "runningCount": 2}], "failures": []}"#
    };
    (200, JSON, answer.to_owned())
}
