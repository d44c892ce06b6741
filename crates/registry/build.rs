//! Turns the reviewed table of how arguments tell resources (`catalogue/arns.toml`) into a table of the program, and tells the
//! program what identifies its catalogue.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::Path;
use toml::{Table, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    const FILE: &str = "catalogue/arns.toml";
    println!("cargo::rerun-if-changed={FILE}");
    println!("cargo::rerun-if-changed=build.rs");
    identify()?;
    let table: Table = std::fs::read_to_string(FILE)?.parse()?;
    let mut code = String::new();
    nested(
        &mut code,
        "/// Prefix, variable of an ARN, members that tell it.\npub(super) static VARIABLES",
        table.get("variables"),
    )?;
    nested(
        &mut code,
        "/// Prefix, kind of resource, endings that its ARN can also have.\npub(super) static ALSO",
        table.get("also"),
    )?;
    code.push_str("/// Prefix of a service, the principal that a role is passed to.\n");
    code.push_str("pub(super) static PASSED_TO: &[(&str, &str)] = &[\n");
    for (prefix, principal) in entries(table.get("passed_to"))? {
        writeln!(code, "    ({prefix:?}, {:?}),", text(principal)?)?;
    }
    code.push_str("];\n/// Condition key, operator, value.\n");
    code.push_str("pub(super) static CONDITIONS: &[(&str, &str, &str)] = &[\n");
    for (key, rule) in entries(table.get("conditions"))? {
        let operator = text(rule.get("operator").ok_or("a condition without operator")?)?;
        let value = text(rule.get("value").ok_or("a condition without value")?)?;
        writeln!(code, "    ({key:?}, {operator:?}, {value:?}),")?;
    }
    code.push_str("];\n");
    let folder = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&folder).join("arns.rs"), code)?;
    Ok(())
}

/// The SHA-256 of the catalogue, so that no run has to read all of it.
fn identify() -> Result<(), Failure> {
    const CATALOGUE: &str = "catalogue/catalogue.bin";
    println!("cargo::rerun-if-changed={CATALOGUE}");
    let hash = Sha256::digest(std::fs::read(CATALOGUE)?);
    let mut hex = String::new();
    for byte in hash {
        write!(hex, "{byte:02x}")?;
    }
    println!("cargo::rustc-env=CATALOGUE_DIGEST={hex}");
    Ok(())
}

type Failure = Box<dyn std::error::Error>;

fn nested(code: &mut String, head: &str, table: Option<&Value>) -> Result<(), Failure> {
    writeln!(code, "{head}: &[(&str, &str, &[&str])] = &[")?;
    for (prefix, inner) in entries(table)? {
        for (name, list) in entries(Some(inner))? {
            let list: Vec<&str> = list
                .as_array()
                .ok_or("a list is due")?
                .iter()
                .map(text)
                .collect::<Result<_, _>>()?;
            writeln!(code, "    ({prefix:?}, {name:?}, &{list:?}),")?;
        }
    }
    code.push_str("];\n");
    Ok(())
}

fn entries(table: Option<&Value>) -> Result<&Table, Failure> {
    Ok(table
        .and_then(Value::as_table)
        .ok_or("a table is missing")?)
}

fn text(value: &Value) -> Result<&str, Failure> {
    Ok(value.as_str().ok_or("text is due")?)
}
