//! A run of 1,000 reads, one after the other and 64 at once, against a bare loop.

use super::Bench;
use super::calls::said;
use super::process::{Program, Spent, median, milliseconds};
use super::stub::Stub;
use super::table::Table;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The least part of the bare loop's rate.
const LEAST: f64 = 0.85;
const READS: u32 = 1_000;

/// Measures both.
///
/// # Errors
/// A run does not do its work.
pub fn measure(bench: &Bench) -> Result<Table, String> {
    let folder = bench.folder("reads")?;
    let stub = Stub::start(bench, None)?;
    let mut table = Table::default();
    for concurrency in [1, 64] {
        let (one, many) = (
            program(bench, &folder, &stub.url, 1, concurrency)?,
            program(bench, &folder, &stub.url, READS, concurrency)?,
        );
        let words = [READS.to_string(), concurrency.to_string()];
        let mut bare = Vec::new();
        let (mut ones, mut manys) = (Vec::new(), Vec::new());
        many.once()?;
        for _ in 0..bench.runs {
            ones.push(one.once()?);
            manys.push(many.once()?);
            let lines = said(bench, &["bare", &stub.url, &words[0], &words[1]])?;
            let &(wall, processor) = lines.first().ok_or("the bare loop says nothing")?;
            bare.push(Spent {
                wall,
                processor,
                memory: 0,
            });
        }
        let (one, many, bare) = (median(&ones), median(&manys), median(&bare));
        let ours = many.wall.saturating_sub(one.wall) * READS / (READS - 1);
        let part = bare.wall.as_secs_f64() / ours.as_secs_f64();
        let busy = many.processor.saturating_sub(one.processor) * READS / (READS - 1);
        let how = if concurrency == 1 {
            "one after the other".to_owned()
        } else {
            format!("with `each`, concurrency {concurrency}")
        };
        table.goal(
            format!("{READS} reads {how}, part of the bare loop's rate"),
            format!("at least {LEAST}"),
            format!(
                "{part:.2}; {:.1} µs a read, of the processor {:.1} µs; the bare loop {:.1} and {:.1} µs; whole process {:.1} ms",
                each(ours),
                each(busy),
                each(bare.wall),
                each(bare.processor),
                milliseconds(many.wall)
            ),
            part >= LEAST,
        );
    }
    table.note(
        "A read of a run is judged, written to the journal and shown; what the process takes for one read alone is taken off.",
    );
    Ok(table)
}

fn each(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(READS)
}

fn program(
    bench: &Bench,
    folder: &Path,
    url: &str,
    count: u32,
    concurrency: u32,
) -> Result<Program, String> {
    let name = format!("reads-{count}-{concurrency}");
    let playbook = format!(
        "playbook: v1\ntitle: Many reads\ninputs:\n  items: {{type: list, items: integer}}\ncheck:\n  all:\n    \
         action: ecs:DescribeClusters\n    with: {{clusters: [shop]}}\n    \
         each: {{in: inputs.items, as: item, max: {READS}, concurrency: {concurrency}}}\n    capture: {{clusters: \"$.clusters[*]\"}}\n    \
         assert: [{{that: clusters | length == 1, message: one cluster}}]\n"
    );
    let failed = |why: std::io::Error| why.to_string();
    fs::write(folder.join(format!("{name}.yaml")), playbook).map_err(failed)?;
    let items: Vec<String> = (1..=count).map(|item| item.to_string()).collect();
    let inputs = format!("{{\"items\": [{}]}}", items.join(","));
    fs::write(folder.join(format!("{name}.json")), inputs).map_err(failed)?;
    Ok(Program::new(bench.binary(), folder)
        .args(["run", &name, "--inputs", &format!("{name}.json"), "-q"])
        .state(folder)
        .against(url))
}
