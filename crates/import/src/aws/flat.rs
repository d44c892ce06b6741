//! Options that the AWS CLI has for members deep inside of an argument, and options of its own.

use super::Aws;
use super::options::Option_;
use crate::text::Dynamic;
use runbook_playbook::catalog::Action;
use runbook_playbook::types::Type;
use serde_json::{Map, Value as Json, json};

/// An option of the CLI's own; whether it is one.
#[expect(clippy::too_many_lines, reason = "one list of options")]
pub(super) fn argument(
    aws: &mut Aws<'_>,
    action: &Action,
    option: &Option_,
    with: &mut Map<String, Json>,
) -> bool {
    let first = || {
        option
            .words
            .first()
            .map(|word| word.marked.clone())
            .unwrap_or_default()
    };
    match (action.name.as_str(), option.name.as_str()) {
        (
            "ec2:AuthorizeSecurityGroupIngress"
            | "ec2:AuthorizeSecurityGroupEgress"
            | "ec2:RevokeSecurityGroupIngress"
            | "ec2:RevokeSecurityGroupEgress",
            "protocol" | "port" | "cidr" | "source-group" | "group-owner",
        ) => {
            security_rule(aws, option, &first(), with);
            true
        }
        ("ec2:RunInstances", "count") => {
            let count = first();
            let (least, most) = count.split_once(':').unwrap_or((&count, &count));
            with.insert("MinCount".to_owned(), number(least));
            with.insert("MaxCount".to_owned(), number(most));
            true
        }
        (
            "cloudwatch:PutMetricData",
            name @ ("metric-name" | "value" | "unit" | "timestamp" | "dimensions"
            | "statistic-values" | "storage-resolution"),
        ) => {
            metric_datum(name, &first(), with);
            true
        }
        ("config:PutConfigurationRecorder", "recording-group") => {
            nested(
                aws,
                action,
                "ConfigurationRecorder",
                "recordingGroup",
                option,
                with,
            );
            true
        }
        ("codedeploy:CreateDeployment", "s3-location" | "github-location") => {
            let (member, kind) = if option.name == "s3-location" {
                ("s3Location", "S3")
            } else {
                ("gitHubLocation", "GitHub")
            };
            nested(aws, action, "revision", member, option, with);
            if let Some(Json::Object(revision)) = with.get_mut("revision") {
                revision.insert("revisionType".to_owned(), json!(kind));
            }
            true
        }
        ("cloudfront:CreateInvalidation", "paths") => {
            let paths: Vec<&str> = option
                .words
                .iter()
                .map(|word| word.marked.as_str())
                .collect();
            let reference = aws.marks.add(Dynamic::Run);
            let paths = json!({"Quantity": paths.len(), "Items": paths});
            let batch = json!({"Paths": paths, "CallerReference": reference});
            with.insert("InvalidationBatch".to_owned(), batch);
            true
        }
        ("ses:SendEmail", name @ ("to" | "cc" | "bcc" | "subject" | "text" | "html")) => {
            mail(name, option, with);
            true
        }
        ("emr:AddTags", "tags") => {
            let tags = option.words.iter().map(|word| {
                let (key, value) = word.marked.split_once('=').unwrap_or((&word.marked, ""));
                json!({"Key": key, "Value": value})
            });
            with.insert("Tags".to_owned(), tags.collect());
            true
        }
        ("emr:ListClusters", "active" | "terminated" | "failed") => {
            let states: &[&str] = match option.name.as_str() {
                "active" => &[
                    "STARTING",
                    "BOOTSTRAPPING",
                    "RUNNING",
                    "WAITING",
                    "TERMINATING",
                ],
                "terminated" => &["TERMINATED"],
                _ => &["TERMINATED_WITH_ERRORS"],
            };
            with.insert("ClusterStates".to_owned(), json!(states));
            true
        }
        (
            "ec2:RunInstances",
            name @ ("associate-public-ip-address"
            | "no-associate-public-ip-address"
            | "secondary-private-ip-addresses"
            | "secondary-private-ip-address-count"),
        ) => {
            interface(name, option, with);
            true
        }
        (name, option_name) => match inner(name, option_name) {
            Some((outer, member)) => {
                nested(aws, action, outer, member, option, with);
                true
            }
            None => is_for_files(name, option_name),
        },
    }
}

/// The structure and its member that an option is for, where the CLI gives the member an option of its own.
fn inner(action: &str, option: &str) -> Option<(&'static str, &'static str)> {
    Some(match (action, option) {
        ("lambda:CreateFunction", "zip-file") => ("Code", "ZipFile"),
        ("lambda:PublishLayerVersion", "zip-file") => ("Content", "ZipFile"),
        ("translate:ImportTerminology", "data-file") => ("TerminologyData", "File"),
        ("rekognition:CompareFaces", "source-image-bytes") => ("SourceImage", "Bytes"),
        ("rekognition:CompareFaces", "target-image-bytes") => ("TargetImage", "Bytes"),
        (action, "image-bytes") if action.starts_with("rekognition:") => ("Image", "Bytes"),
        _ => return None,
    })
}

/// Options that say where the CLI writes what comes back; a playbook captures it.
fn is_for_files(action: &str, option: &str) -> bool {
    match option {
        "cli-input-yaml" => true,
        "outfile" | "bootstrap-method" => action == "iam:CreateVirtualMFADevice",
        "certificate-pem-outfile" | "public-key-outfile" | "private-key-outfile" => {
            action.starts_with("iot:")
        }
        "priv-launch-key" => action == "ec2:GetPasswordData",
        _ => false,
    }
}

/// A part of the mail that `--to`, `--subject` and their like speak of.
fn mail(name: &str, option: &Option_, with: &mut Map<String, Json>) {
    let words: Vec<&str> = option
        .words
        .iter()
        .map(|word| word.marked.as_str())
        .collect();
    let data = json!({"Data": words.first().copied().unwrap_or_default()});
    let (outer, route, value) = match name {
        "to" => ("Destination", vec!["ToAddresses"], json!(words)),
        "cc" => ("Destination", vec!["CcAddresses"], json!(words)),
        "bcc" => ("Destination", vec!["BccAddresses"], json!(words)),
        "subject" => ("Message", vec!["Subject"], data),
        "text" => ("Message", vec!["Body", "Text"], data),
        _ => ("Message", vec!["Body", "Html"], data),
    };
    let mut place = with.entry(outer).or_insert_with(|| json!({}));
    for member in route {
        let Json::Object(members) = place else {
            return;
        };
        place = members.entry(member).or_insert_with(|| json!({}));
    }
    *place = value;
}

/// The one network interface that options of `ec2 run-instances` speak of.
fn interface(name: &str, option: &Option_, with: &mut Map<String, Json>) {
    let words = option.words.iter().map(|word| word.marked.as_str());
    let (member, value) = match name {
        "secondary-private-ip-addresses" => {
            let addresses = words.map(|word| json!({"PrivateIpAddress": word, "Primary": false}));
            ("PrivateIpAddresses", addresses.collect())
        }
        "secondary-private-ip-address-count" => {
            let count = words.last().unwrap_or_default();
            ("SecondaryPrivateIpAddressCount", number(count))
        }
        yes => ("AssociatePublicIpAddress", json!(!yes.starts_with("no-"))),
    };
    let interfaces = with
        .entry("NetworkInterfaces")
        .or_insert_with(|| json!([{"DeviceIndex": 0}]));
    if let Some(Json::Object(one)) = interfaces.get_mut(0) {
        one.insert(member.to_owned(), value);
    }
}

/// What belongs to the one network interface, where options have made one: the API takes it nowhere else then.
pub(super) fn into_interface(with: &mut Map<String, Json>) {
    if !matches!(with.get("NetworkInterfaces"), Some(Json::Array(all)) if all.len() == 1) {
        return;
    }
    for (member, inside) in [("SubnetId", "SubnetId"), ("SecurityGroupIds", "Groups")] {
        if let Some(value) = with.remove(member)
            && let Some(Json::Object(one)) = with
                .get_mut("NetworkInterfaces")
                .and_then(|all| all.get_mut(0))
        {
            one.insert(inside.to_owned(), value);
        }
    }
    if let Some(address) = with.remove("PrivateIpAddress")
        && let Some(Json::Object(one)) = with
            .get_mut("NetworkInterfaces")
            .and_then(|all| all.get_mut(0))
        && let Json::Array(all) = one.entry("PrivateIpAddresses").or_insert_with(|| json!([]))
    {
        all.push(json!({"PrivateIpAddress": address, "Primary": true}));
    }
}

/// The rule that `--protocol`, `--port`, `--cidr` and `--source-group` speak of.
fn security_rule(aws: &mut Aws<'_>, option: &Option_, given: &str, with: &mut Map<String, Json>) {
    match option.name.as_str() {
        "protocol" => {
            let protocol = match given {
                "all" => "-1".to_owned(),
                other => other.to_owned(),
            };
            set_rule(with, "IpProtocol", json!(protocol));
        }
        "port" => {
            let ports = given;
            let (from, to) = match ports.split_once('-') {
                Some((from, to)) if !from.is_empty() => (from, to),
                _ => (ports, ports),
            };
            set_rule(with, "FromPort", number(from));
            set_rule(with, "ToPort", number(to));
        }
        "cidr" => {
            set_rule(with, "IpRanges", json!([{"CidrIp": given}]));
        }
        "group-owner" => {}
        _ => {
            let group = given;
            let value = aws.scalar_of(group, option);
            let group = value.as_str().unwrap_or(group);
            set_rule(with, "UserIdGroupPairs", json!([{"GroupId": group}]));
        }
    }
}

/// The one datum that `--metric-name` and its like speak of.
fn metric_datum(name: &str, given: &str, with: &mut Map<String, Json>) {
    let data = with
        .entry("MetricData")
        .or_insert_with(|| json!([{}]))
        .as_array_mut()
        .and_then(|data| data.first_mut())
        .and_then(Json::as_object_mut);
    if let Some(data) = data {
        let value = match name {
            "metric-name" => ("MetricName", json!(given)),
            "value" => (
                "Value",
                given
                    .parse::<f64>()
                    .map_or(json!(given), |value| json!(value)),
            ),
            "unit" => ("Unit", json!(given)),
            "timestamp" => ("Timestamp", json!(given)),
            "storage-resolution" => ("StorageResolution", number(given)),
            "dimensions" => (
                "Dimensions",
                Json::Array(
                    given
                        .split(',')
                        .filter_map(|pair| pair.split_once('='))
                        .map(|(name, value)| json!({"Name": name, "Value": value}))
                        .collect(),
                ),
            ),
            _ => return,
        };
        data.insert(value.0.to_owned(), value.1);
    }
}

fn number(text: &str) -> Json {
    text.parse::<i64>().map_or_else(|_| json!(text), Json::from)
}

/// Sets a member of a structure that has an option of its own.
fn nested(
    aws: &mut Aws<'_>,
    action: &Action,
    outer: &str,
    inner: &str,
    option: &Option_,
    with: &mut Map<String, Json>,
) {
    let member = |ty: &Type, name: &str| match ty.present() {
        Type::Structure(structure) => structure.member(name).map(|found| found.ty),
        _ => None,
    };
    let ty = member(&action.input, outer).and_then(|ty| member(&ty, inner));
    let Some(value) = ty.and_then(|ty| aws.value(&ty, option, false)) else {
        return;
    };
    let place = with.entry(outer).or_insert_with(|| json!({}));
    if let Json::Object(members) = place {
        members.insert(inner.to_owned(), value);
    }
}

/// Sets a member of the one rule that `--protocol` and its like speak of.
fn set_rule(with: &mut Map<String, Json>, member: &str, value: Json) {
    let rules = with.entry("IpPermissions").or_insert_with(|| json!([{}]));
    if !matches!(rules.get(0), Some(Json::Object(_))) {
        *rules = json!([{}]);
    }
    if let Some(Json::Object(rule)) = rules.get_mut(0) {
        rule.insert(member.to_owned(), value);
    }
}
