//! Where a request goes and how it is signed there: a service's endpoint rules with every parameter bound.

mod functions;
pub mod partitions;
pub mod rules;

use crate::model::catalogue::catalogue;
use crate::model::service::{Operation, Service, StaticValue};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint,
};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_types::Document;
use aws_smithy_types::endpoint::Endpoint;
use partitions::Partitions;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The way to sign with the credentials of a session with a bucket.
const SESSION: &str = "sigv4-s3express";

/// What of a client's configuration decides about endpoints.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The region.
    pub region: Option<String>,
    /// Use FIPS endpoints.
    pub fips: bool,
    /// Use dual-stack endpoints.
    pub dual_stack: bool,
    /// An endpoint given by the user, before any rule.
    pub url: Option<String>,
    /// Call directory buckets without sessions.
    pub without_sessions: bool,
}

/// No endpoint could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no endpoint for `{service}`: {reason}")]
pub struct NoEndpoint {
    /// The service.
    pub service: &'static str,
    /// Why.
    pub reason: String,
}

/// Finds the endpoint of one call.
#[derive(Debug)]
pub(super) struct Resolver {
    pub(super) service: &'static Service,
    pub(super) operation: &'static Operation,
    pub(super) arguments: Arc<Json>,
    pub(super) settings: Arc<Settings>,
}

impl ResolveEndpoint for Resolver {
    fn resolve_endpoint<'a>(&'a self, params: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        let account = params.get_property::<Identity>().and_then(account_of);
        let found = resolve(
            self.service,
            self.operation,
            &self.arguments,
            &self.settings,
            account,
        );
        EndpointFuture::ready(found.map_err(Into::into))
    }
}

/// Stands where a resolver must be and none is asked.
#[derive(Debug)]
pub(super) struct Unused;

impl ResolveEndpoint for Unused {
    fn resolve_endpoint<'a>(&'a self, _params: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::ready(Err("no endpoint is looked for here".into()))
    }
}

/// The account of credentials that name one.
pub(super) fn account_of(identity: &Identity) -> Option<&str> {
    let credentials = identity.data::<Credentials>()?;
    Some(credentials.account_id()?.as_str())
}

/// Whether the arguments of an operation have a say in where its calls go.
pub(super) fn depends_on_arguments(service: &Service, operation: &Operation) -> bool {
    let members = service.structure(operation.input);
    let mut members = members.into_iter().flat_map(|input| &input.members);
    !operation.operation_context_params.is_empty()
        || members.any(|member| {
            let rare = member.rare.as_ref();
            rare.is_some_and(|rare| rare.context_param.is_some())
        })
}

/// The partitions of the embedded catalogue.
#[must_use]
pub fn partitions() -> &'static Partitions {
    static PARTITIONS: OnceLock<Partitions> = OnceLock::new();
    PARTITIONS.get_or_init(|| {
        let text = catalogue().partitions().unwrap_or_default();
        Partitions::from_json(&serde_json::from_str(&text).unwrap_or(Json::Null))
    })
}

/// A service's rules, read once.
fn rule_set(service: &'static Service) -> Option<&'static Json> {
    static READ: OnceLock<Mutex<HashMap<&'static str, Option<&'static Json>>>> = OnceLock::new();
    let mut read = READ
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *read.entry(service.name).or_insert_with(|| {
        let text = catalogue().endpoint_rules(service.name).ok().flatten()?;
        let rules: Json = serde_json::from_str(&text).ok()?;
        Some(Box::leak(Box::new(rules)))
    })
}

/// Whether the service's rules say more about an endpoint of the user's own than its address: S3 puts buckets into
/// hosts and paths.
fn rules_shape_own_endpoints(service: &Service) -> bool {
    matches!(service.name, "s3" | "s3control")
}

/// The endpoint of a call.
///
/// # Errors
/// [`NoEndpoint`] when the service's rules refuse the parameters, or want a way of signing that is not supported.
pub fn resolve(
    service: &'static Service,
    operation: &Operation,
    arguments: &Json,
    settings: &Settings,
    account: Option<&str>,
) -> Result<Endpoint, NoEndpoint> {
    let failed = |reason: String| NoEndpoint {
        service: service.name,
        reason,
    };
    if let Some(url) = &settings.url
        && !rules_shape_own_endpoints(service)
    {
        return Ok(Endpoint::builder().url(url.clone()).build());
    }
    let Some(chosen) = chosen(service, operation, arguments, settings, account) else {
        let region = settings.region.as_deref().unwrap_or("us-east-1");
        let suffix = partitions()
            .of(region)
            .and_then(|outputs| outputs["dnsSuffix"].as_str())
            .unwrap_or("amazonaws.com");
        let url = format!(
            "https://{}.{region}.{suffix}",
            service.metadata.endpoint_prefix
        );
        return Ok(Endpoint::builder().url(url).build());
    };
    let chosen = chosen.map_err(|error| failed(error.to_string()))?;
    let mut endpoint = Endpoint::builder().url(chosen.url);
    for (name, values) in chosen.headers {
        for value in values {
            endpoint = endpoint.header(name.clone(), value);
        }
    }
    let schemes = chosen
        .properties
        .get("authSchemes")
        .and_then(Json::as_array);
    if let Some(schemes) = schemes {
        let usable: Vec<Document> = schemes
            .iter()
            .filter(|scheme| {
                ["sigv4", "sigv4a", SESSION]
                    .iter()
                    .any(|name| scheme["name"] == *name)
            })
            .map(|scheme| {
                let mut scheme = scheme.clone();
                if scheme["name"] == SESSION {
                    // It differs in the credentials only.
                    scheme["name"] = "sigv4".into();
                }
                document(&scheme)
            })
            .collect();
        if usable.is_empty() && !schemes.is_empty() {
            let wanted = schemes
                .iter()
                .filter_map(|scheme| scheme["name"].as_str())
                .collect::<Vec<_>>();
            return Err(failed(format!(
                "it must be signed with {}, which this version cannot do",
                wanted.join(" or ")
            )));
        }
        endpoint = endpoint.property("authSchemes", Document::Array(usable));
    }
    Ok(endpoint.build())
}

/// What a service's rules say of a call; nothing where it has none.
fn chosen(
    service: &'static Service,
    operation: &Operation,
    arguments: &Json,
    settings: &Settings,
    account: Option<&str>,
) -> Option<Result<rules::Chosen, rules::RuleError>> {
    let rules = rule_set(service)?;
    Some(rules::evaluate(
        rules,
        partitions(),
        &|name, specification| {
            parameter(
                service,
                operation,
                arguments,
                settings,
                account,
                name,
                specification,
            )
        },
    ))
}

/// Whether a call is signed with the credentials of a session with its bucket.
pub(super) fn wants_session(
    service: &'static Service,
    operation: &Operation,
    arguments: &Json,
    settings: &Settings,
) -> bool {
    let Some(Ok(chosen)) = chosen(service, operation, arguments, settings, None) else {
        return false;
    };
    let schemes = chosen
        .properties
        .get("authSchemes")
        .and_then(Json::as_array);
    schemes
        .into_iter()
        .flatten()
        .any(|scheme| scheme["name"] == SESSION)
}

/// The name of the first way to sign that an endpoint names.
pub(super) fn first_scheme(endpoint: &Endpoint) -> Option<&str> {
    endpoint
        .properties()
        .get("authSchemes")?
        .as_array()?
        .first()?
        .as_object()?
        .get("name")?
        .as_string()
}

fn parameter(
    service: &Service,
    operation: &Operation,
    arguments: &Json,
    settings: &Settings,
    account: Option<&str>,
    name: &str,
    specification: &Json,
) -> Json {
    let text = |text: Option<&str>| text.map_or(Json::Null, Json::from);
    match specification["builtIn"].as_str() {
        _ if settings.without_sessions && name == "DisableS3ExpressSessionAuth" => true.into(),
        Some("AWS::Region") => text(settings.region.as_deref()),
        Some("AWS::UseFIPS") => settings.fips.into(),
        Some("AWS::UseDualStack") => settings.dual_stack.into(),
        Some("SDK::Endpoint") => text(settings.url.as_deref()),
        Some("AWS::Auth::AccountId") => text(account),
        Some("AWS::Auth::AccountIdEndpointMode") => "preferred".into(),
        // A bucket cannot stand before `127.0.0.1`.
        Some("AWS::S3::ForcePathStyle") => settings.url.is_some().into(),
        Some(_) => Json::Null,
        None => context(service, operation, arguments, name),
    }
}

/// A parameter that the operation fixes or takes from its arguments.
fn context(service: &Service, operation: &Operation, arguments: &Json, name: &str) -> Json {
    let fixed = operation
        .static_context_params
        .iter()
        .find(|parameter| parameter.name == name);
    if let Some(fixed) = fixed {
        return match &fixed.value {
            StaticValue::Boolean(flag) => (*flag).into(),
            StaticValue::Text(text) => (*text).into(),
            StaticValue::List(texts) => texts.iter().copied().collect(),
        };
    }
    let computed = operation
        .operation_context_params
        .iter()
        .find(|parameter| parameter.name == name);
    if let Some(computed) = computed {
        return super::expression::search(computed.path, arguments);
    }
    service
        .structure(operation.input)
        .into_iter()
        .flat_map(|structure| &structure.members)
        .find(|member| {
            member
                .rare
                .as_ref()
                .is_some_and(|rare| rare.context_param == Some(name))
        })
        .and_then(|member| arguments.get(member.name))
        .cloned()
        .unwrap_or(Json::Null)
}

fn document(value: &Json) -> Document {
    match value {
        Json::Bool(flag) => Document::Bool(*flag),
        Json::String(text) => Document::String(text.clone()),
        Json::Array(items) => Document::Array(items.iter().map(document).collect()),
        Json::Object(members) => Document::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), document(value)))
                .collect(),
        ),
        _ => Document::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn url_of(action: &str, arguments: &Json, settings: &Settings) -> String {
        let (service, operation) = action.split_once(':').expect("an action");
        let service = catalogue().service(service).expect("a service");
        let operation = service.operation(operation).expect("an operation");
        resolve(service, operation, arguments, settings, None)
            .expect("an endpoint")
            .url()
            .to_owned()
    }

    fn in_region(region: &str) -> Settings {
        Settings {
            region: Some(region.to_owned()),
            ..Settings::default()
        }
    }

    #[test]
    fn buckets_stand_in_hosts_where_they_can() {
        let custom = Settings {
            url: Some("http://127.0.0.1:9000".to_owned()),
            ..in_region("eu-west-3")
        };
        let aws = in_region("eu-west-3");
        for (bucket, settings, url) in [
            (
                "some-bucket",
                &aws,
                "https://some-bucket.s3.eu-west-3.amazonaws.com",
            ),
            // No certificate covers two labels.
            (
                "some.bucket",
                &aws,
                "https://s3.eu-west-3.amazonaws.com/some.bucket",
            ),
            (
                "mine--euw3-az1--x-s3",
                &aws,
                "https://mine--euw3-az1--x-s3.s3express-euw3-az1.eu-west-3.amazonaws.com",
            ),
            ("some-bucket", &custom, "http://127.0.0.1:9000/some-bucket"),
        ] {
            let arguments = json!({"Bucket": bucket, "Key": "k"});
            assert_eq!(url_of("s3:GetObject", &arguments, settings), url);
        }
    }

    #[test]
    fn partitions_have_their_own_domains() {
        for (region, url) in [
            ("eu-west-3", "https://ecs.eu-west-3.amazonaws.com"),
            ("cn-north-1", "https://ecs.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "https://ecs.us-gov-west-1.amazonaws.com"),
            ("us-iso-east-1", "https://ecs.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "https://ecs.us-isob-east-1.sc2s.sgov.gov"),
        ] {
            let found = url_of("ecs:ListClusters", &json!({}), &in_region(region));
            assert_eq!(found, url);
        }
        for (region, url) in [
            ("eu-west-3", "https://iam.amazonaws.com"),
            ("cn-north-1", "https://iam.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "https://iam.us-gov.amazonaws.com"),
        ] {
            let found = url_of("iam:ListRoles", &json!({}), &in_region(region));
            assert_eq!(found, url);
        }
    }

    #[test]
    fn an_account_stands_in_hosts_that_take_it() {
        let service = catalogue().service("dynamodb").expect("a service");
        let operation = service.operation("ListTables").expect("an operation");
        let url = |account| {
            resolve(
                service,
                operation,
                &json!({}),
                &in_region("eu-west-3"),
                account,
            )
            .expect("an endpoint")
            .url()
            .to_owned()
        };
        assert_eq!(
            url(Some("123456789012")),
            "https://123456789012.ddb.eu-west-3.amazonaws.com"
        );
        assert_eq!(url(None), "https://dynamodb.eu-west-3.amazonaws.com");
    }

    #[test]
    fn a_directory_bucket_wants_a_session_unless_they_are_off() {
        let service = catalogue().service("s3").expect("a service");
        let arguments = json!({"Bucket": "mine--euw3-az1--x-s3", "Key": "k"});
        let off = Settings {
            without_sessions: true,
            ..in_region("eu-west-3")
        };
        let on = in_region("eu-west-3");
        for (operation, settings, wanted) in [
            ("GetObject", &on, true),
            ("GetObject", &off, false),
            ("CreateSession", &on, false),
            ("DeleteBucket", &on, false),
        ] {
            let found = service.operation(operation).expect("an operation");
            let wants = wants_session(service, found, &arguments, settings);
            assert_eq!(wants, wanted, "{operation}");
        }
    }

    #[test]
    fn fips_and_dual_stack_change_hosts() {
        let fips = Settings {
            fips: true,
            ..in_region("us-east-1")
        };
        let dual_stack = Settings {
            dual_stack: true,
            ..in_region("us-east-1")
        };
        let bucket = json!({"Bucket": "some-bucket"});
        for (action, arguments, settings, url) in [
            (
                "ecs:ListClusters",
                &json!({}),
                &fips,
                "https://ecs-fips.us-east-1.amazonaws.com",
            ),
            (
                "s3:ListObjectsV2",
                &bucket,
                &fips,
                "https://some-bucket.s3-fips.us-east-1.amazonaws.com",
            ),
            (
                "s3:ListObjectsV2",
                &bucket,
                &dual_stack,
                "https://some-bucket.s3.dualstack.us-east-1.amazonaws.com",
            ),
        ] {
            assert_eq!(url_of(action, arguments, settings), url);
        }
    }

    #[test]
    fn access_points_of_several_regions_are_signed_asymmetrically() {
        let arguments = json!({
            "Bucket": "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap", "Key": "k",
        });
        let service = catalogue().service("s3").expect("a service");
        let operation = service.operation("GetObject").expect("an operation");
        let endpoint = resolve(
            service,
            operation,
            &arguments,
            &in_region("eu-west-3"),
            None,
        )
        .expect("an endpoint");
        assert_eq!(first_scheme(&endpoint), Some("sigv4a"));
    }
}
