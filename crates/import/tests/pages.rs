//! Pages of other shapes than the guides, and any text at all.

use proptest::prelude::*;
use runbook_import::{Form, Imported, import};
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

fn page(text: &str) -> Imported {
    import(&Source::new("page.md", text), Form::Markdown, &REGISTRY)
}

fn script(text: &str) -> Imported {
    import(&Source::new("page.sh", text), Form::Shell, &REGISTRY)
}

fn said(imported: &Imported) -> Vec<String> {
    let each = imported.diagnostics.iter();
    each.map(|found| format!("{}: {}", found.code.slug(), found.message))
        .collect()
}

/// A page with one block of commands.
fn block(commands: &str) -> Imported {
    page(&format!("# Page\n\n## One\n\n```bash\n{commands}\n```\n"))
}

#[test]
fn text_that_is_fenced_without_a_language_is_read_where_it_has_commands() {
    let imported = page(
        "## Errors\n\n```\nfields @timestamp | filter @level = \"ERROR\"\n    at Object.<anonymous> (/app/db.js:15:11)\n```\n\n```\naws ecs list-clusters\n```\n\n```\n┌──┐ (service api) failed: x\n```\n",
    );
    assert_eq!(said(&imported), Vec::<String>::new());
    assert_eq!(imported.commands.len(), 1);
}

#[test]
fn placeholders_have_the_types_of_their_places_and_may_name_choices() {
    let imported = block(
        "aws eks update-nodegroup-config --cluster-name main --nodegroup-name blue --scaling-config minSize=<MIN>,maxSize=<MAX>,desiredSize=2\naws dynamodb create-table --table-name t --attribute-definitions AttributeName=<KEY>,AttributeType=<S|N|B> --key-schema AttributeName=<KEY>,KeyType=HASH --billing-mode PAY_PER_REQUEST",
    );
    let draft = &imported.drafts[0].text;
    for part in [
        "min: {type: integer}",
        "max: {type: integer}",
        "scalingConfig: {minSize: \"${{ inputs.min }}\", maxSize: \"${{ inputs.max }}\", desiredSize: 2}",
        "AttributeType: \"${{ inputs.s_n_b }}\"",
    ] {
        assert!(draft.contains(part), "{part}\n{draft}");
    }
    let placeholders = said(&imported);
    let placeholders = placeholders
        .iter()
        .all(|one| one.starts_with("placeholder"));
    assert!(placeholders, "{:?}", said(&imported));
}

#[test]
fn a_version_is_not_asked_of_the_cli_itself() {
    let imported = block("aws eks update-cluster-version --name main --version 1.31");
    assert_eq!(
        said(&imported),
        ["unknown-argument: `--version` shows the version of the AWS CLI, and nothing is called"]
    );
    let help = imported.diagnostics[0].help.as_deref();
    assert_eq!(help, Some("did you mean `--kubernetes-version`?"));
    let draft = &imported.drafts[0].text;
    assert!(draft.contains("version: \"1.31\""), "{draft}");
}

#[test]
fn the_one_of_a_name_is_one_value_and_a_loop_goes_over_all() {
    let imported = block(
        "HOST=$(aws cloudformation describe-stacks --stack-name net --query \"Stacks[0].Outputs[?OutputKey=='Host'].OutputValue\" --output text)\ncurl http://$HOST/ready\nfor addon in $(aws eks list-addons --cluster-name main --query 'addons[]' --output text); do\n  aws eks delete-addon --cluster-name main --addon-name $addon\ndone\naws configure",
    );
    assert_eq!(said(&imported), Vec::<String>::new());
    let draft = &imported.drafts[0].text;
    for part in [
        "== 'Host'].OutputValue\", take: first}",
        "addon in ",
        "list_addons.addons",
        "action: sts:GetCallerIdentity",
    ] {
        assert!(draft.contains(part), "{part}\n{draft}");
    }
}

#[test]
fn parts_under_headings_of_their_own_belong_to_the_section_above() {
    let imported = page(
        "# Runbooks\n\n## Queue is full\n\n### Symptoms\n\n- Depth grows\n\n### Diagnosis\n\n```console\n$ aws sqs get-queue-attributes \\\n    --queue-url $URL\n{\"Attributes\": {}}\n```\n\n### Resolution\n\n1. **Purge it:**\n\n   ```bash\n   aws sqs purge-queue --queue-url $URL\n   ```\n",
    );
    let [draft] = imported.drafts.as_slice() else {
        panic!("{:?}", imported.drafts);
    };
    for part in [
        "title: Queue is full",
        "- Depth grows",
        "action: sqs:GetQueueAttributes",
        "purge_it:\n    title: Purge it\n    for: [purge_it]",
        "action: sqs:PurgeQueue",
    ] {
        assert!(draft.text.contains(part), "{part}\n{}", draft.text);
    }
}

#[test]
fn what_a_command_prints_is_captured_where_it_is_used() {
    let imported = script(
        "CLUSTER=main\nTASK=$(aws ecs list-tasks --cluster \"$CLUSTER\" | jq -r '.taskArns[0]')\naws ecs describe-tasks --cluster ${CLUSTER} --tasks $TASK\n",
    );
    let text = &imported.drafts[0].text;
    for part in [
        "cluster: {type: string, default: main}",
        "task: $.taskArns[0]",
        "tasks: [\"${{ list_tasks.task }}\"]",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(said(&imported), [""; 0]);
}

#[test]
fn loops_and_conditions_keep_what_they_do() {
    let imported = script(
        "for s in api worker; do\n  aws ecs describe-services --cluster main --services \"$s\"\ndone\nif true; then aws ecs list-clusters; fi\n",
    );
    let text = &imported.drafts[0].text;
    assert!(text.contains("each: \"s in ['api', 'worker']\""), "{text}");
    assert!(text.contains("services: [\"${{ s }}\"]"), "{text}");
    assert!(text.contains("write it as `when`"), "{text}");
}

#[test]
fn instants_keep_the_unit_of_their_member() {
    let imported = script(
        "aws logs filter-log-events --log-group-name x --start-time $(( $(date +%s) * 1000 - 3600000 ))\naws logs filter-log-events --log-group-name x --start-time $(date -d '2 hours ago' +%s)000\naws logs start-query --log-group-name x --start-time $(date -d '2 hours ago' +%s) --end-time $(date +%s) --query-string 'fields @message'\naws logs filter-log-events --log-group-name x --start-time $(date +%s)\n",
    );
    let text = &imported.drafts[0].text;
    assert!(text.contains("now - duration('2h')"), "{text}");
    assert_eq!(
        said(&imported),
        ["argument-type: `--start-time` counts milliseconds, and this counts seconds"]
    );
}

#[test]
fn one_thing_that_cannot_be_read_does_not_hide_the_others() {
    let imported = page(
        "# P\n## S\n```bash\naws ecs list-clusters\necho \"open\nfor a in b; do\n  aws sts get-caller-identity\ndone\n```\n",
    );
    let actions: Vec<&str> = imported
        .commands
        .iter()
        .filter_map(|seen| seen.action.as_deref())
        .collect();
    assert_eq!(actions, ["ecs:ListClusters", "sts:GetCallerIdentity"]);
    assert_eq!(said(&imported), ["shell-syntax: a shell cannot read this"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn any_text_is_read(text in "(aws |[a-z<>|&$(){}\\[\\]`'\"\\\\=;#* \n-]|--query |\\$\\(date |```bash\n){0,60}") {
        for imported in [page(&text), script(&text)] {
            for found in &imported.diagnostics {
                prop_assert!(found.primary.span.end <= text.len());
            }
        }
    }
}
