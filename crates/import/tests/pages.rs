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
