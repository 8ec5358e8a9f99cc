//! The table of disagreements, read from the page that explains them.

use std::collections::BTreeSet;
use std::fs;

use super::mutants::Input;
use super::oracles::{Answer, Compared};

const PAGE: &str = "docs/assurance/differential.md";
const HEAD: &str = "| row | peer | vidimus says | peer says | inputs | right | by |";

/// A class of inputs that vidimus and a peer judge otherwise.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    peers: BTreeSet<String>,
    codes: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Parts of the name of an input, of which one must be there; none for every input.
    inputs: Vec<String>,
}

/// The rows, in their order.
pub(super) fn rows() -> Vec<Row> {
    let page = fs::read_to_string(PAGE).unwrap();
    let lines = page.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = lines.map(row).collect();
    assert!(!rows.is_empty(), "{PAGE} has no table that begins with `{HEAD}`");
    let names: BTreeSet<_> = rows.iter().map(|row| &row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows of one name");
    rows
}

fn row(line: &str) -> Row {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [name, peer, codes, words, inputs, right, by] = cells.as_slice() else { panic!("seven cells: {line}") };
    assert!(["vidimus", "peer", "both"].contains(right), "who is right: {line}");
    assert!(by.len() > 20, "by which specification, and why: {line}");
    let codes = quoted(codes);
    // Where a peer refuses what vidimus accepts, the inputs are to be named.
    let accepts = codes.iter().any(|code| AUTHENTIC.contains(&code.as_str()));
    assert!(*inputs != "any" || !accepts || quoted(words) == ["good"], "inputs are not named: {line}");
    Row {
        name: quoted(name).concat(),
        peers: peer.split(", ").map(str::to_owned).collect(),
        codes: codes.into_iter().collect(),
        words: quoted(words).into_iter().collect(),
        inputs: if *inputs == "any" { Vec::new() } else { quoted(inputs) },
    }
}

const AUTHENTIC: [&str; 2] = ["verified", "invalid-claims"];

/// Whether it is the code, or the code and a part of the message: `code: part`.
fn says(answer: &Answer, cell: &str) -> bool {
    let (code, part) = cell.split_once(": ").unwrap_or((cell, ""));
    answer.word == code && answer.message.contains(part)
}

/// The texts between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

impl Row {
    pub(super) fn has(&self, peer: &str, input: &Input, compared: &Compared) -> bool {
        self.peers.contains(peer)
            && self.codes.iter().any(|code| says(&compared.vidimus, code))
            && self.words.contains(&compared.peer.word)
            && (self.inputs.is_empty() || self.inputs.iter().any(|part| input.name.contains(part.as_str())))
    }
}
