//! What is found in the environment and in profiles: endpoints and credentials.
//!
//! Each case runs in a process of its own, since an environment belongs to a whole process.

use crate::JSON;
use crate::stub::{Stub, answer, answer_with};
use runbook_registry::aws::{AwsClient, Options, SecondFactor, SessionEnvironment};
use runbook_registry::call::{Call, Target};
use runbook_registry::local::{FixedEnvironment, TargetEnvironment as _};
use runbook_registry::policy::{Policy, SessionPolicies, SessionPolicy};
use runbook_registry::world::live::AwsSender;
use serde_json::{Value as Json, json};
use std::fs;
use std::pin::Pin;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::process::Command;

/// Credentials in the environment.
pub const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIDENV"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
];

/// The process of a case: makes a client by its own environment and calls one operation.
#[expect(clippy::print_stdout, reason = "the case is told what came out")]
#[tokio::test]
#[ignore = "started by the cases with an environment of their own"]
async fn in_a_process_of_its_own() {
    let Some(options) = std::env::var("CASE").ok() else {
        return;
    };
    let options: Json = serde_json::from_str(&options).expect("options");
    let text = |name: &str| options[name].as_str().map(ToOwned::to_owned);
    let client = AwsClient::new(Options {
        profile: text("profile"),
        endpoint_url: text("endpoint_url"),
        role: text("role"),
        external_id: text("external_id"),
        role_session_name: text("role_session_name"),
        mfa_serial: text("mfa_serial"),
        second_factor: text("types").map(|types| Arc::new(Typed(types)) as Arc<dyn SecondFactor>),
        session_policies: options.get("session_policy").map(|policy| SessionPolicies {
            own: SessionPolicy {
                needed: Policy::from_json(policy).expect("a policy").statements,
                ..SessionPolicy::default()
            },
            ..SessionPolicies::default()
        }),
        max_attempts: Some(1),
        ..Options::default()
    });
    let client = Arc::new(client);
    if options["program"] == true {
        let others = Arc::new(FixedEnvironment(vec![
            ("AWS_PROFILE".to_owned(), "default".to_owned()),
            ("AWS_REGION".to_owned(), "eu-west-3".to_owned()),
        ]));
        let session = SessionEnvironment::new(client, others);
        match session.variables(&Target::default()).await {
            Ok(variables) => println!("CASE {variables:?}"),
            Err(error) => println!("CASE {error}"),
        }
        return;
    }
    if options["place"] == true {
        AwsSender::ready(&*client, true).await;
        println!("CASE {:?}", client.place());
        return;
    }
    let action = text("action").unwrap_or_else(|| "ecs:ListClusters".to_owned());
    let call = Call::new(action, json!({}));
    // The second call finds what the first one got.
    for _ in 0..options["calls"].as_u64().unwrap_or(1) {
        if let Err(error) = client.call(&call).await {
            println!("CASE {error}");
            return;
        }
    }
    println!("CASE ok");
}

/// A person who always types the same.
#[derive(Debug)]
struct Typed(String);

impl SecondFactor for Typed {
    fn code<'a>(
        &'a self,
        _device: &'a str,
        _role: &'a str,
    ) -> Pin<Box<dyn Future<Output = Option<String>> + Send + 'a>> {
        Box::pin(async { Some(self.0.clone()) })
    }
}

/// A home with a configuration.
pub struct Home(TempDir);

impl Home {
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("config"), config).expect("a file");
        fs::write(folder.path().join("token"), "web-token").expect("a file");
        Self(folder)
    }

    /// A file in it.
    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// What the case says in the end.
    pub async fn run(&self, environment: &[(&str, &str)], options: Json) -> String {
        let program = std::env::current_exe().expect("this program");
        let output = Command::new(program)
            .args(["environment::in_a_process_of_its_own", "--exact"])
            .args(["--ignored", "--nocapture"])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.0.path())
            .env("AWS_CONFIG_FILE", self.path("config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.path("none"))
            .env("AWS_REGION", "eu-west-3")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("CASE", options.to_string())
            .envs(environment.iter().copied())
            .output()
            .await
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = said.lines().find_map(|line| line.split_once("CASE "));
        said.map(|(_, said)| said.to_owned()).unwrap_or_default()
    }
}

async fn clusters() -> Stub {
    Stub::start(vec![answer("200 OK", JSON, "{}")]).await
}

fn credentials_xml(action: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
    )
}

async fn tokens(action: &str) -> Stub {
    Stub::start(vec![answer("200 OK", "text/xml", &credentials_xml(action))]).await
}

fn signed_by(stub: &Stub, key: &str) {
    let asked = stub.asked();
    let head = &asked.first().expect("a request").head;
    assert!(head.contains(&format!("Credential={key}/")), "{head}");
}

#[tokio::test]
async fn the_account_is_that_of_the_credentials_where_it_can_be_told() {
    let told = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    for (status, account) in [
        ("200 OK", r#"Some("123456789012")"#),
        ("403 Forbidden", "None"),
    ] {
        let stub = Stub::start(vec![answer(status, "text/xml", told)]).await;
        let options = json!({"endpoint_url": stub.url, "place": true});
        let place = Home::new("").run(&KEYS, options).await;
        assert!(place.contains(&format!("account: {account}")), "{place}");
        assert!(
            place.contains(r#"region: Some("eu-west-3"), partition: Some("aws")"#),
            "{place}"
        );
    }
}

#[tokio::test]
async fn the_nearest_endpoint_setting_counts() {
    let (option, service, global) = (clusters().await, clusters().await, clusters().await);
    let (section, profile) = (clusters().await, clusters().await);
    let home = Home::new(&format!(
        "[default]\nendpoint_url = {}\nservices = own\n[services own]\necs =\n  endpoint_url = {}\n[profile plain]\naws_access_key_id = AKIDPLAIN\naws_secret_access_key = s\nendpoint_url = {}\n",
        profile.url, section.url, profile.url
    ));
    let of_service = ("AWS_ENDPOINT_URL_ECS", service.url.as_str());
    let of_all = ("AWS_ENDPOINT_URL", global.url.as_str());
    let given = json!({"endpoint_url": option.url});
    for (environment, options, wanted) in [
        (vec![of_service, of_all], given, &option),
        (vec![of_service, of_all], json!({}), &service),
        (vec![of_all], json!({}), &global),
        (vec![], json!({}), &section),
        (vec![], json!({"profile": "plain"}), &profile),
    ] {
        let before = wanted.asked().len();
        let environment = [environment, KEYS.to_vec()].concat();
        assert_eq!(home.run(&environment, options).await, "ok");
        assert_eq!(wanted.asked().len(), before + 1, "{environment:?}");
    }
}

#[tokio::test]
async fn a_role_is_assumed_from_the_credentials_of_a_program() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let home = Home::new(&format!(
        "[profile base]\ncredential_process = printf '{{\"Version\":1,\"AccessKeyId\":\"AKIDPROGRAM\",\"SecretAccessKey\":\"s\"}}'\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nexternal_id = mine\nservices = own\n[services own]\nsts =\n  endpoint_url = {}\necs =\n  endpoint_url = {}\n",
        sts.url, ecs.url
    ));
    let said = home.run(&[], json!({"profile": "role"})).await;
    assert_eq!(said, "ok");
    signed_by(&sts, "AKIDPROGRAM");
    assert!(sts.asked()[0].body.contains("ExternalId=mine"));
    signed_by(&ecs, "ASIAROLE");
}

#[tokio::test]
async fn a_session_policy_limits_the_assumed_role() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let environment = [
        &[
            ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
            ("AWS_ENDPOINT_URL_STS", sts.url.as_str()),
        ][..],
        &KEYS,
    ]
    .concat();
    let home = Home::new("");
    let mut options = json!({
        "role": "arn:aws:iam::123456789012:role/r",
        "session_policy": {"Statement": {"Effect": "Allow", "Action": "ecs:ListClusters", "Resource": "*"}},
    });
    assert_eq!(home.run(&environment, options.clone()).await, "ok");
    let body = &sts.asked()[0].body;
    assert!(
        body.contains("Policy=%7B") && body.contains("ecs%3AListClusters"),
        "{body}"
    );
    signed_by(&ecs, "ASIAROLE");

    options["role"] = Json::Null;
    let said = home.run(&environment, options).await;
    assert!(said.starts_with("credentials: a session policy"), "{said}");
    assert_eq!(ecs.asked().len(), 1);
}

#[tokio::test]
async fn a_web_identity_is_exchanged() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRoleWithWebIdentity").await);
    let home = Home::new("");
    let token = home.path("token");
    let environment = [
        ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
        ("AWS_ENDPOINT_URL_STS", sts.url.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
    ];
    assert_eq!(home.run(&environment, json!({})).await, "ok");
    assert!(sts.asked()[0].body.contains("WebIdentityToken=web-token"));
    signed_by(&ecs, "ASIAROLE");
}

#[tokio::test]
async fn who_is_logged_in_by_sso_has_the_credentials_of_a_role() {
    let document = r#"{"roleCredentials": {"accessKeyId": "ASIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}}"#;
    let (ecs, sso) = (
        clusters().await,
        Stub::start(vec![answer("200 OK", "application/json", document)]).await,
    );
    let home = Home::new(
        "[default]\nsso_session = team\nsso_account_id = 123456789012\nsso_role_name = Reader\n[sso-session team]\nsso_region = eu-west-1\nsso_start_url = https://example.test/start\n",
    );
    // `aws sso login` leaves the token here, under the SHA-1 of the session's name.
    let cache = home.path(".aws/sso/cache");
    fs::create_dir_all(&cache).expect("a folder");
    fs::write(
        format!("{cache}/d25187dc137f35c88bc80ec8c3ffbdb17b5eb873.json"),
        r#"{"accessToken": "logged-in", "expiresAt": "2099-01-01T00:00:00Z"}"#,
    )
    .expect("a file");
    let environment = [
        ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
        ("AWS_ENDPOINT_URL_SSO", sso.url.as_str()),
    ];
    assert_eq!(home.run(&environment, json!({})).await, "ok");
    let head = &sso.asked()[0].head;
    assert!(head.contains("role_name=Reader"), "{head}");
    assert!(head.contains("x-amz-sso_bearer_token: logged-in"), "{head}");
    signed_by(&ecs, "ASIASSO");
}

#[tokio::test]
async fn a_container_and_an_instance_have_credentials() {
    let document = r#"{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-01T00:00:00Z","AccessKeyId":"ASIAHOST","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
    let home = Home::new("");
    let (ecs, container) = (
        clusters().await,
        Stub::start(vec![answer("200 OK", "application/json", document)]).await,
    );
    let environment = [
        ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.url.as_str()),
    ];
    assert_eq!(home.run(&environment, json!({})).await, "ok");
    signed_by(&ecs, "ASIAHOST");

    let ecs = clusters().await;
    let metadata = Stub::start(vec![
        answer_with(
            "200 OK",
            "x-aws-ec2-metadata-token-ttl-seconds: 21600\n",
            "token",
        ),
        answer("200 OK", "text/plain", "role"),
        answer("200 OK", "application/json", document),
    ])
    .await;
    let environment = [
        ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url.as_str()),
    ];
    assert_eq!(home.run(&environment, json!({})).await, "ok");
    signed_by(&ecs, "ASIAHOST");
}

/// A profile that assumes a role with a second factor, and one that assumes another with that.
fn with_second_factor(sts: &Stub, ecs: &Stub) -> Home {
    let services = "services = own";
    Home::new(&format!(
        "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n\
         [profile first]\nrole_arn = arn:aws:iam::123456789012:role/first\nsource_profile = base\n\
         mfa_serial = arn:aws:iam::123456789012:mfa/me\nexternal_id = mine\nduration_seconds = 1800\n{services}\n\
         [profile second]\nrole_arn = arn:aws:iam::123456789012:role/second\nsource_profile = first\n{services}\n\
         [services own]\nsts =\n  endpoint_url = {}\necs =\n  endpoint_url = {}\n",
        sts.url, ecs.url
    ))
}

#[tokio::test]
async fn a_person_types_the_code_of_a_second_factor_once() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let home = with_second_factor(&sts, &ecs);
    let said = home
        .run(
            &[],
            json!({"profile": "first", "types": "123 456", "calls": 2}),
        )
        .await;
    assert_eq!(said, "ok");
    signed_by(&sts, "AKIDBASE");
    let body = &sts.asked()[0].body;
    for part in [
        "SerialNumber=arn%3Aaws%3Aiam%3A%3A123456789012%3Amfa%2Fme",
        "TokenCode=123456",
        "ExternalId=mine",
        "DurationSeconds=1800",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    signed_by(&ecs, "ASIAROLE");
    assert_eq!((sts.asked().len(), ecs.asked().len()), (1, 2));
}

#[tokio::test]
async fn a_role_behind_a_second_factor_is_assumed_with_its_session() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let home = with_second_factor(&sts, &ecs);
    let said = home
        .run(&[], json!({"profile": "second", "types": "123456"}))
        .await;
    assert_eq!(said, "ok");
    let asked = sts.asked();
    assert!(asked[0].body.contains("TokenCode=123456"));
    assert!(asked[1].body.contains("role%2Fsecond") && !asked[1].body.contains("TokenCode"));
    assert!(asked[1].head.contains("Credential=ASIAROLE/"));
}

#[tokio::test]
async fn without_a_code_nothing_is_sent() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let home = with_second_factor(&sts, &ecs);
    let device = "arn:aws:iam::123456789012:mfa/me";
    let nobody = home.run(&[], json!({"profile": "first"})).await;
    assert!(nobody.starts_with("credentials: "), "{nobody}");
    for part in [device, "nobody can be asked", "--token-code CODE"] {
        assert!(nobody.contains(part), "{part} in {nobody}");
    }
    let mistyped = home
        .run(&[], json!({"profile": "first", "types": "12345"}))
        .await;
    assert!(mistyped.contains("none was given"), "{mistyped}");
    assert!(sts.asked().is_empty() && ecs.asked().is_empty());
}

#[tokio::test]
async fn a_wrong_code_is_the_roles_error() {
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>MultiFactorAuthentication failed</Message></Error></ErrorResponse>";
    let sts = Stub::start(vec![answer("403 Forbidden", "text/xml", denied)]).await;
    let ecs = clusters().await;
    let said = with_second_factor(&sts, &ecs)
        .run(&[], json!({"profile": "first", "types": "000000"}))
        .await;
    let start = "credentials: the role arn:aws:iam::123456789012:role/first cannot be assumed: AccessDenied: MultiFactorAuthentication failed";
    assert!(said.starts_with(start), "{said}");
    assert!(ecs.asked().is_empty());
}

#[tokio::test]
async fn a_role_is_assumed_with_the_credentials_of_a_profile() {
    let (ecs, sts) = (clusters().await, tokens("AssumeRole").await);
    let home =
        Home::new("[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n");
    let environment = [
        &[
            ("AWS_ENDPOINT_URL_ECS", ecs.url.as_str()),
            ("AWS_ENDPOINT_URL_STS", sts.url.as_str()),
        ][..],
        // A profile that is named stands before these.
        &KEYS,
    ]
    .concat();
    let mut options = json!({
        "profile": "base",
        "role": "arn:aws:iam::123456789012:role/r",
        "external_id": "theirs",
        "role_session_name": "on-call",
        "mfa_serial": "arn:aws:iam::123456789012:mfa/me",
        "types": "654321",
    });
    assert_eq!(home.run(&environment, options.clone()).await, "ok");
    signed_by(&sts, "AKIDBASE");
    let body = &sts.asked()[0].body;
    for part in [
        "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr",
        "ExternalId=theirs",
        "RoleSessionName=on-call",
        "TokenCode=654321",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    signed_by(&ecs, "ASIAROLE");

    options["program"] = true.into();
    let variables = home.run(&environment, options).await;
    for part in [
        r#"("AWS_ACCESS_KEY_ID", "ASIAROLE")"#,
        r#"("AWS_SESSION_TOKEN", "t")"#,
        r#"("AWS_CREDENTIAL_EXPIRATION", "2099-01-01T00:00:00Z")"#,
        r#"("AWS_REGION", "eu-west-3")"#,
    ] {
        assert!(variables.contains(part), "{part} in {variables}");
    }
    assert!(!variables.contains("AWS_PROFILE"), "{variables}");
}

#[tokio::test]
async fn a_profile_that_is_named_stands_before_keys_in_the_environment() {
    let ecs = clusters().await;
    let home =
        Home::new("[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n");
    let environment = [&[("AWS_ENDPOINT_URL_ECS", ecs.url.as_str())][..], &KEYS].concat();
    assert_eq!(
        home.run(&environment, json!({"profile": "base"})).await,
        "ok"
    );
    signed_by(&ecs, "AKIDBASE");
}

#[tokio::test]
async fn bedrock_takes_its_key_as_a_bearer_token() {
    let stub = clusters().await;
    let home = Home::new("");
    let environment = [
        ("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key"),
        ("AWS_ENDPOINT_URL", stub.url.as_str()),
    ];
    let said = home
        .run(&environment, json!({"action": "bedrock:ListGuardrails"}))
        .await;
    assert_eq!(said, "ok");
    let head = stub.asked()[0].head.to_ascii_lowercase();
    assert!(head.contains("authorization: bearer bedrock-key"), "{head}");
}
