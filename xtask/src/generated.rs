//! `cargo xtask schemas|references --write|--check`: files made from the code.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A generated file: where it stands below the project, and what is in it.
struct File {
    path: &'static str,
    content: String,
}

/// Writes the JSON Schemas of the language and of documents, or says which are out of step.
///
/// # Errors
/// Names the files that differ, or that cannot be written.
pub fn schemas(root: &Path, arguments: &[String]) -> Result<(), String> {
    let schema = |path, schema: &serde_json::Value| File {
        path,
        content: format!("{schema:#}\n"),
    };
    let files = [
        schema(
            "schemas/playbook.schema.json",
            &runbook_playbook::schema::playbook_schema(),
        ),
        schema(
            "schemas/escalation.schema.json",
            &runbook_playbook::schema::escalation_schema(),
        ),
        schema(
            "schemas/targets.schema.json",
            &runbook_playbook::schema::targets_schema(),
        ),
        schema(
            "schemas/scenarios.schema.json",
            &runbook_playbook::schema::scenarios_schema(),
        ),
        schema(
            "schemas/plan.schema.json",
            &runbook_report::plan_schema::schema(),
        ),
        schema(
            "schemas/saved-plan.schema.json",
            &runbook_report::saved_schema::schema(),
        ),
        schema(
            "schemas/policy.schema.json",
            &runbook_report::policy_schema::schema(),
        ),
        schema(
            "schemas/diff.schema.json",
            &runbook_report::diff_schema::schema(),
        ),
        schema(
            "schemas/report.schema.json",
            &runbook_report::run_report::model::schema(),
        ),
        schema(
            "schemas/fleet-report.schema.json",
            &runbook_report::fleet_report::model::schema(),
        ),
        schema(
            "schemas/fleet.schema.json",
            &runbook_fleet::outcome::schema(),
        ),
    ];
    write_or_check(root, "schemas", &files, arguments)
}

/// Writes the reference pages, or says which are out of step.
///
/// # Errors
/// Names the files that differ, or that cannot be written.
pub fn references(root: &Path, arguments: &[String]) -> Result<(), String> {
    let table = |name: &str| {
        let path = root.join("crates/registry/catalogue").join(name);
        fs::read_to_string(&path).map_err(|why| format!("cannot read {}: {why}", path.display()))
    };
    let effects = crate::effects_page::page(&table("effects.toml")?, &table("permissions.toml")?)
        .map_err(|why| why.to_string())?;
    let files = [
        File {
            path: "docs/functions.md",
            content: runbook_playbook::expression::builtins_reference(),
        },
        File {
            path: "docs/effects.md",
            content: effects,
        },
    ];
    write_or_check(root, "references", &files, arguments)?;
    man_pages(root, arguments)
}

/// Lets the command line's own test write the man pages, or compare them.
fn man_pages(root: &Path, arguments: &[String]) -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([
            "test", "-q", "-p", "runbook", "--bin", "runbook", "manual::",
        ])
        .current_dir(root);
    if arguments.iter().any(|flag| flag == "--write") {
        cargo.env("RUNBOOK_WRITE_MAN_PAGES", "1");
    }
    let ended = cargo.status();
    let ended = ended.map_err(|why| format!("cannot start cargo: {why}"))?;
    if ended.success() {
        Ok(())
    } else {
        Err("out of step: docs/man; run `cargo xtask references --write`".to_owned())
    }
}

fn write_or_check(
    root: &Path,
    task: &str,
    files: &[File],
    arguments: &[String],
) -> Result<(), String> {
    match arguments {
        [flag] if flag == "--write" => {
            for file in files {
                fs::write(root.join(file.path), &file.content)
                    .map_err(|why| format!("cannot write {}: {why}", file.path))?;
            }
            Ok(())
        }
        [flag] if flag == "--check" => {
            let stale: Vec<_> = files
                .iter()
                .filter(|file| {
                    fs::read_to_string(root.join(file.path)).ok().as_deref() != Some(&file.content)
                })
                .map(|file| file.path)
                .collect();
            if stale.is_empty() {
                println!(
                    "{task}: {} files are as they would be generated",
                    files.len()
                );
                return Ok(());
            }
            Err(format!(
                "out of step: {}; run `cargo xtask {task} --write`",
                stale.join(", ")
            ))
        }
        _ => Err(format!("usage: cargo xtask {task} --write|--check")),
    }
}
