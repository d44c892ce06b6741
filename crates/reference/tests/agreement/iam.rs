//! AWS Identity and Access Management: awsQuery, and one endpoint for all regions.

use crate::Report;
use aws_sdk_iam::types::{PolicyScopeType, Tag};

const ROLE: &str = "role_with+odd=name,.@-";
const POLICY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Sid": "é & ü", "Action": "s3:*"}]}"#;
const POLICY_ARN: &str = "arn:aws:iam::123456789012:policy/p";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().expect("a tag")
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table: one row an operation")]
async fn iam() {
    let mut report = Report::default();
    macro_rules! same {
        ($($line:tt)*) => { agree!(report, aws_sdk_iam, "iam", "xml", $($line)*) };
    }
    same!("GetRole", {"RoleName": "a b+c"}, |client| client.get_role().role_name("a b+c"));
    same!("ListRoles", {"PathPrefix": "/x/", "MaxItems": 5}, |client| client
        .list_roles()
        .path_prefix("/x/")
        .max_items(5));
    same!(
        "CreateRole",
        {"RoleName": ROLE, "AssumeRolePolicyDocument": POLICY, "MaxSessionDuration": 3600,
         "Tags": [{"Key": "k", "Value": "v~é*"}, {"Key": "l", "Value": ""}]},
        |client| client
            .create_role()
            .role_name(ROLE)
            .assume_role_policy_document(POLICY)
            .max_session_duration(3600)
            .tags(tag("k", "v~é*"))
            .tags(tag("l", ""))
    );
    same!("DeleteRole", {"RoleName": ROLE}, |client| client.delete_role().role_name(ROLE));
    same!(
        "UpdateRole",
        {"RoleName": ROLE, "Description": "one\ntwo", "MaxSessionDuration": 7200},
        |client| client
            .update_role()
            .role_name(ROLE)
            .description("one\ntwo")
            .max_session_duration(7200)
    );
    same!(
        "UpdateAssumeRolePolicy",
        {"RoleName": ROLE, "PolicyDocument": POLICY},
        |client| client
            .update_assume_role_policy()
            .role_name(ROLE)
            .policy_document(POLICY)
    );
    same!(
        "PutRolePolicy",
        {"RoleName": ROLE, "PolicyName": "p", "PolicyDocument": POLICY},
        |client| client
            .put_role_policy()
            .role_name(ROLE)
            .policy_name("p")
            .policy_document(POLICY)
    );
    same!("GetRolePolicy", {"RoleName": ROLE, "PolicyName": "p"}, |client| client
        .get_role_policy()
        .role_name(ROLE)
        .policy_name("p"));
    same!("DeleteRolePolicy", {"RoleName": ROLE, "PolicyName": "p"}, |client| client
        .delete_role_policy()
        .role_name(ROLE)
        .policy_name("p"));
    same!("ListRolePolicies", {"RoleName": ROLE}, |client| client
        .list_role_policies()
        .role_name(ROLE));
    same!("AttachRolePolicy", {"RoleName": ROLE, "PolicyArn": POLICY_ARN}, |client| client
        .attach_role_policy()
        .role_name(ROLE)
        .policy_arn(POLICY_ARN));
    same!("DetachRolePolicy", {"RoleName": ROLE, "PolicyArn": POLICY_ARN}, |client| client
        .detach_role_policy()
        .role_name(ROLE)
        .policy_arn(POLICY_ARN));
    same!("ListAttachedRolePolicies", {"RoleName": ROLE}, |client| client
        .list_attached_role_policies()
        .role_name(ROLE));
    same!(
        "CreatePolicy",
        {"PolicyName": "p", "PolicyDocument": POLICY, "Tags": [{"Key": "k", "Value": "v"}]},
        |client| client
            .create_policy()
            .policy_name("p")
            .policy_document(POLICY)
            .tags(tag("k", "v"))
    );
    same!("GetPolicy", {"PolicyArn": POLICY_ARN}, |client| client
        .get_policy()
        .policy_arn(POLICY_ARN));
    same!("GetPolicyVersion", {"PolicyArn": POLICY_ARN, "VersionId": "v1"}, |client| client
        .get_policy_version()
        .policy_arn(POLICY_ARN)
        .version_id("v1"));
    same!("ListPolicyVersions", {"PolicyArn": POLICY_ARN}, |client| client
        .list_policy_versions()
        .policy_arn(POLICY_ARN));
    same!("ListPolicies", {"Scope": "Local", "OnlyAttached": false}, |client| client
        .list_policies()
        .scope(PolicyScopeType::Local)
        .only_attached(false));
    same!("TagRole", {"RoleName": ROLE, "Tags": [{"Key": "k", "Value": "v"}]}, |client| client
        .tag_role()
        .role_name(ROLE)
        .tags(tag("k", "v")));
    same!("ListRoleTags", {"RoleName": ROLE}, |client| client.list_role_tags().role_name(ROLE));
    same!("CreateUser", {"UserName": "u", "Path": "/x/"}, |client| client
        .create_user()
        .user_name("u")
        .path("/x/"));
    same!("GetUser", {}, |client| client.get_user());
    same!("ListUsers", {}, |client| client.list_users());
    same!("CreateInstanceProfile", {"InstanceProfileName": "i"}, |client| client
        .create_instance_profile()
        .instance_profile_name("i"));
    same!("GetInstanceProfile", {"InstanceProfileName": "i"}, |client| client
        .get_instance_profile()
        .instance_profile_name("i"));
    same!(
        "AddRoleToInstanceProfile",
        {"InstanceProfileName": "i", "RoleName": ROLE},
        |client| client
            .add_role_to_instance_profile()
            .instance_profile_name("i")
            .role_name(ROLE)
    );
    same!("GetAccountSummary", {}, |client| client
        .get_account_summary());
    same!(
        "SimulatePrincipalPolicy",
        {"PolicySourceArn": "arn:aws:iam::123456789012:role/r", "ActionNames": ["s3:GetObject", "s3:PutObject"]},
        |client| client
            .simulate_principal_policy()
            .policy_source_arn("arn:aws:iam::123456789012:role/r")
            .action_names("s3:GetObject")
            .action_names("s3:PutObject")
    );
    report.holds(28);
}
