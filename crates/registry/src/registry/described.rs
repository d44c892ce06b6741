//! Which read describes what a write changes: by the names of operations and of the members that name the thing.

use super::Registry;
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Described, DescribedMember, Effect};
use runbook_playbook::types::{Structure, Type};

/// How the names of writes begin.
const WRITES: [&str; 4] = ["Update", "Modify", "Put", "Set"];

/// A pair of a write and a read, and the members that name the thing in both.
type Reviewed = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, bool)],
);

/// Pairs that the names do not tell, reviewed one by one: write, read, and each member of both with whether the read takes a
/// list of it.
const REVIEWED: &[Reviewed] = &[
    (
        "lambda:UpdateFunctionConfiguration",
        "lambda:GetFunctionConfiguration",
        &[("FunctionName", "FunctionName", false)],
    ),
    (
        "autoscaling:SetDesiredCapacity",
        "autoscaling:DescribeAutoScalingGroups",
        &[("AutoScalingGroupName", "AutoScalingGroupNames", true)],
    ),
    (
        "autoscaling:UpdateAutoScalingGroup",
        "autoscaling:DescribeAutoScalingGroups",
        &[("AutoScalingGroupName", "AutoScalingGroupNames", true)],
    ),
    (
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        &[("AlarmName", "AlarmNames", true)],
    ),
    (
        "rds:ModifyDBInstance",
        "rds:DescribeDBInstances",
        &[("DBInstanceIdentifier", "DBInstanceIdentifier", false)],
    ),
    (
        "rds:ModifyDBCluster",
        "rds:DescribeDBClusters",
        &[("DBClusterIdentifier", "DBClusterIdentifier", false)],
    ),
    (
        "elasticache:ModifyCacheCluster",
        "elasticache:DescribeCacheClusters",
        &[("CacheClusterId", "CacheClusterId", false)],
    ),
    (
        "elasticache:ModifyReplicationGroup",
        "elasticache:DescribeReplicationGroups",
        &[("ReplicationGroupId", "ReplicationGroupId", false)],
    ),
];

pub(super) fn described_by(registry: &Registry, action: &Action) -> Option<Described> {
    if action.kind != ActionKind::Operation || action.effects.contains(&Effect::Read) {
        return None;
    }
    let reviewed = REVIEWED.iter().find(|(write, ..)| *write == action.name);
    if let Some((_, read, members)) = reviewed {
        return Some(Described {
            action: (*read).to_owned(),
            members: members
                .iter()
                .map(|(write, read, in_list)| DescribedMember {
                    write: (*write).to_owned(),
                    read: (*read).to_owned(),
                    in_list: *in_list,
                    required: true,
                })
                .collect(),
        });
    }
    let (service, operation) = action.name.split_once(':')?;
    let thing = WRITES
        .iter()
        .find_map(|verb| operation.strip_prefix(verb))?;
    let names = [
        format!("Describe{thing}"),
        format!("Describe{thing}s"),
        format!("Get{thing}"),
    ];
    names.iter().find_map(|name| {
        let read = registry.action(&format!("{service}:{name}")).ok()?;
        let reads = read.effects.iter().all(|effect| *effect == Effect::Read);
        let members = shared(&action.input, &read.input)?;
        reads.then(|| Described {
            action: read.name.clone(),
            members,
        })
    })
}

fn structure(ty: &Type) -> Option<&dyn Structure> {
    match ty.present() {
        Type::Structure(structure) => Some(structure.as_ref()),
        _ => None,
    }
}

/// The members that name the thing in both: every one that the read must have, and at least one that names it.
fn shared(write: &Type, read: &Type) -> Option<Vec<DescribedMember>> {
    let (write, read) = (structure(write)?, structure(read)?);
    let mut members = Vec::new();
    let mut names_it = false;
    for name in read.member_names() {
        let member = read.member(&name)?;
        let (found, in_list) = match (write.member(&name), name.strip_suffix('s')) {
            (Some(found), _) if same(&found.ty, &member.ty) => (Some((name.clone(), found)), false),
            (None, Some(one)) => match (write.member(one), member.ty.present()) {
                (Some(found), Type::List(list)) if same(&found.ty, &list.element) => {
                    (Some((one.to_owned(), found)), true)
                }
                _ => (None, false),
            },
            _ => (None, false),
        };
        match found {
            // What the write must have names what it changes.
            Some((own, found)) => {
                let required = member.required || found.required;
                names_it |= found.required;
                members.push(DescribedMember {
                    write: own,
                    read: name,
                    in_list,
                    required,
                });
            }
            None if member.required => return None,
            None => {}
        }
    }
    names_it.then_some(members)
}

/// Both are texts: what names a thing is one.
fn same(one: &Type, other: &Type) -> bool {
    matches!(
        (one.present(), other.present()),
        (Type::Text(_), Type::Text(_))
    )
}
