//! botocore's protocol suites, in both directions, where they are at hand.

mod cbor;
#[path = "../../../../xtask/src/catalogue/model.rs"]
mod model;
#[path = "../../../../xtask/src/catalogue/operation.rs"]
mod operation;
mod suites;
#[path = "../../../../xtask/src/catalogue/waiters.rs"]
#[expect(dead_code, reason = "the suites have no waiters")]
mod waiters;

/// What the reader of models is given.
mod packages {
    use serde_json::Value as Json;

    /// The files of one service.
    #[expect(dead_code, reason = "the suites have neither waiters nor rules")]
    pub struct Source {
        /// The folder's name.
        pub name: String,
        /// `service-2.json`.
        pub model: Json,
        /// `paginators-1.json`.
        pub paginators: Option<Json>,
        /// `waiters-2.json`.
        pub waiters: Option<Json>,
        /// `endpoint-rule-set-1.json`.
        pub endpoint_rules: Option<Json>,
    }
}

use runbook_registry::model::service::Service;
use serde_json::Value as Json;
use std::path::Path;

/// The model of one suite.
fn service(name: &str, model: Json) -> Result<Service, String> {
    model::read(&packages::Source {
        name: name.to_owned(),
        model,
        paginators: None,
        waiters: None,
        endpoint_rules: None,
    })
}

#[test]
#[expect(clippy::print_stdout, reason = "the counts are what the test is for")]
fn requests_and_responses_agree_with_botocores_suites() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/protocols");
    let beside =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/conformance/protocols");
    let Some(folder) = [folder, beside].into_iter().find(|folder| folder.is_dir()) else {
        println!("no suites beside the workspace; nothing to compare with");
        return;
    };
    let report = suites::run(&folder, &service).expect("the suites can be read");
    for (protocol, counts) in &report.counts {
        println!("{protocol}: {} of {}", counts.passed, counts.run);
    }
    println!("{} of {}", report.passed(), report.run());
    assert!(
        report.failures.is_empty(),
        "{} cases differ:\n{}",
        report.failures.len(),
        report.failures.join("\n")
    );
}
