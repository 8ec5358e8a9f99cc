//! `vidimus policy schema`: the JSON Schemas of the documents that vidimus reads and writes.

use std::fmt::Write as _;

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::Status;
use crate::cli::error::Error;
use crate::cli::output::print;

/// Print the JSON Schema of a document that vidimus reads or writes; without a name, the list of them
///
/// An editor that is given a schema completes and explains members while a document is written. `vidimus policy check`
/// says more: what a schema cannot say is not in it.
#[derive(Args, Debug)]
pub(super) struct Schema {
    /// The document
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(SCHEMAS.map(|schema| schema.name)))]
    name: Option<String>,
}

struct Embedded {
    name: &'static str,
    /// What the document is for.
    title: &'static str,
    text: &'static str,
}

const SCHEMAS: [Embedded; 4] = [
    Embedded {
        name: "containers-policy",
        title: "containers-policy.json(5): the policy.json of a node",
        text: include_str!("../../../policy/schemas/containers-policy.schema.json"),
    },
    Embedded {
        name: "policy-test",
        title: "PolicyTest: cases for `vidimus policy test`",
        text: include_str!("../../../policy/schemas/policy-test.schema.json"),
    },
    Embedded {
        name: "report",
        title: "what vidimus writes with `--output json` and `--output ndjson`",
        text: include_str!("../../../docs/report.schema.json"),
    },
    Embedded {
        name: "signature-policy",
        title: "SignaturePolicy: policies in the grammar of vidimus",
        text: include_str!("../../../policy/schemas/signature-policy.schema.json"),
    },
];

impl Schema {
    pub(super) fn run(self) -> Result<Status, Error> {
        let mut out = String::new();
        for schema in &SCHEMAS {
            if self.name.as_deref() == Some(schema.name) {
                out.push_str(schema.text);
            } else if self.name.is_none() {
                // Writing to a string cannot fail.
                let _ = writeln!(out, "{:<18} {}", schema.name, schema.title);
            }
        }
        print(&out)?;
        Ok(Status::Allowed)
    }
}
