use super::Targets;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use serde_json::json;

fn read(text: &str) -> (Option<Targets>, Vec<String>) {
    let (targets, found) = Targets::read(&Source::new("test.yaml", text), &Registry::new());
    let found = found
        .iter()
        .map(|one| format!("{}: {}", one.code.slug(), one.message))
        .collect();
    (targets, found)
}

fn names(text: &str) -> Vec<String> {
    let (targets, found) = read(text);
    assert_eq!(found, Vec::<String>::new());
    let targets = targets.expect("targets");
    targets.listed().map(|target| target.name.clone()).collect()
}

#[test]
fn a_matrix_is_all_combinations_without_those_that_are_excluded() {
    let text = "targets: v1
accounts: {\"111111111111\": {name: shop}, \"222222222222\": {name: search, role: \"arn:aws:iam::222222222222:role/own\"}}
role: arn:aws:iam::${{ account }}:role/runbook
inputs: {tier: front}
matrix: {account: [shop, search], region: [eu-west-1, us-east-1], service: [a, b]}
exclude:
  - {account: search, region: us-east-1}
  - {service: [b], region: us-east-1}
";
    assert_eq!(
        names(text),
        [
            "shop/eu-west-1/a",
            "shop/eu-west-1/b",
            "shop/us-east-1/a",
            "search/eu-west-1/a",
            "search/eu-west-1/b"
        ]
    );
    let (targets, _) = read(text);
    let targets = targets.expect("targets");
    let all: Vec<_> = targets.listed().collect();
    assert_eq!(
        all[0].role.as_deref(),
        Some("arn:aws:iam::111111111111:role/runbook")
    );
    assert_eq!(
        all[4].role.as_deref(),
        Some("arn:aws:iam::222222222222:role/own")
    );
    assert_eq!(all[4].account.as_deref(), Some("222222222222"));
    assert_eq!(
        json!(all[0].inputs),
        json!({"tier": "front", "service": "a"})
    );
}

#[test]
fn names_are_written_or_made_of_the_place() {
    assert_eq!(
        names(
            "targets: v1\nname: \"${{ region }}!\"\nlist: [{region: eu-west-1}, {region: us-east-1, name: own}]"
        ),
        ["eu-west-1!", "own"]
    );
    assert_eq!(names("targets: v1\nmatrix: {service: [a, 7]}"), ["a", "7"]);
}

#[test]
fn all_problems_are_said_at_once() {
    let (targets, found) = read(
        "targets: v1
lst: []
accounts: {shop: {}, \"111111111111\": {name: search}}
list:
  - {account: serch, region: eu_west}
  - {inputs: {a: \"${{ nothing }}\"}}
  - {account: search}
  - {account: \"111111111111\"}
discover:
  action: ecs:DeleteService
  path: $.service.nme
  with: {servce: a}
rollout: {concurrency: 0, max_errors: 101%}
",
    );
    assert!(targets.is_none());
    assert_eq!(
        found,
        [
            "unknown-key: a file of targets has no key `lst`",
            "invalid-value: `concurrency` cannot be `0`",
            "invalid-value: `max_errors` cannot be `101%`",
        ]
    );
    let (targets, found) = read(
        "targets: v1
accounts: {shop: {}, \"111111111111\": {name: search}}
list:
  - {account: serch, region: eu_west}
  - {inputs: {a: \"${{ nothing }}\"}}
discover:
  action: ecs:DeleteService
  path: $.service.nme
  with: {servce: a}
",
    );
    assert!(targets.is_none());
    let codes: Vec<&str> = found
        .iter()
        .filter_map(|one| Some(one.split_once(':')?.0))
        .collect();
    for due in [
        "unknown-account",
        "invalid-value",
        "missing-key",
        "unknown-name",
        "write-in-reading-graph",
        "missing-argument",
        "unknown-member",
    ] {
        assert!(codes.contains(&due), "{due} in {found:#?}");
    }
}

#[test]
fn what_a_read_finds_becomes_targets() {
    let (targets, found) = read(
        "targets: v1
accounts: {\"111111111111\": {name: shop, role: \"arn:aws:iam::111111111111:role/runbook\"}}
discover:
  action: ecs:ListServices
  with: {cluster: \"main-${{ region }}\"}
  path: $.serviceArns[*]
  accounts: shop
  regions: [eu-west-1, us-east-1]
  inputs: {service: \"${{ item }}\"}
exclude: [{name: shop/us-east-1/service/main/b}]
",
    );
    assert_eq!(found, Vec::<String>::new());
    let targets = targets.expect("targets");
    let reads = targets.reads(&Registry::new()).expect("reads");
    assert_eq!(reads.len(), 2);
    assert_eq!(reads[1].arguments, json!({"cluster": "main-us-east-1"}));
    assert_eq!(
        reads[1].place.role.as_deref(),
        Some("arn:aws:iam::111111111111:role/runbook")
    );
    let arn = |name: &str| format!("arn:aws:ecs:us-east-1:111111111111:service/main/{name}");
    let result = json!({"serviceArns": [arn("a"), arn("b")]});
    let found = targets.found(&reads[1], &result).expect("targets");
    assert_eq!(found[0].name, "shop/us-east-1/service/main/a");
    assert_eq!(found[0].inputs["service"], json!(arn("a")));
    assert_eq!(found[0].region.as_deref(), Some("us-east-1"));
    let all = targets.all(found.clone()).expect("targets");
    assert_eq!(all.len(), 1, "the other one is excluded");
    let twice = [found[0].clone(), found[0].clone()].to_vec();
    let error = targets.all(twice).expect_err("two of one name");
    assert!(
        error.contains("there are two targets `shop/us-east-1/service/main/a`"),
        "{error}"
    );
}

#[test]
fn a_matrix_of_too_many_is_refused_before_it_is_made() {
    let axis = |name: &str| {
        let values: Vec<String> = (0..400).map(|value| value.to_string()).collect();
        format!("  {name}: [{}]\n", values.join(", "))
    };
    let (targets, found) = read(&format!("targets: v1\nmatrix:\n{}{}", axis("a"), axis("b")));
    assert!(targets.is_none());
    assert_eq!(found, ["yaml-limit: the matrix has 160000 targets"]);
}
