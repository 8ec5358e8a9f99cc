//! Thousands of signatures, as they are and changed, put to vidimus and to the peers; each disagreement has its row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use super::mutants::{Input, inputs};
use super::oracles::{Bench, Compared, PEERS};
use super::table::{Row, rows};
use crate::peers::peers;
use crate::support::long;

/// How many inputs each peer is asked about in the fast part.
const FEW: usize = 60;
/// Every how many inputs skopeo is asked about in the long part: it takes a tenth of a second.
const STRIDE: usize = 3;
/// The same for inputs with changed keys, each of which wants a GnuPG home of its own.
const HOMES: usize = 12;

#[test]
fn every_disagreement_with_a_peer_is_explained() {
    if !peers() {
        return;
    }
    let (all, rows) = (inputs(), rows());
    assert!(all.len() > 5000, "{} inputs", all.len());
    let mut unexplained = Vec::new();
    let mut met = BTreeSet::new();
    for peer in PEERS {
        let few = all.len() / FEW;
        let wanted = |(number, input): &(usize, &Input)| match peer {
            _ if !long() => number % few == 0 && (peer != "skopeo" || !input.name.contains(" / keys: ")),
            "skopeo" => number % if input.name.contains(" / keys: ") { HOMES } else { STRIDE } == 0,
            _ => true,
        };
        let asked: Vec<_> = all.iter().enumerate().filter(wanted).map(|(_, input)| input).collect();
        let began = Instant::now();
        let told = ask(peer, &asked, &rows);
        met.extend(told.by_row.keys().cloned());
        println!(
            "assurance | differential | {peer} | {} inputs, {} compared | {} accepted by both, {} refused by both, {} \
             disagreements in {} rows, {} unexplained, in {} s",
            asked.len(),
            told.compared,
            told.accepted,
            told.refused,
            told.by_row.values().sum::<usize>(),
            told.by_row.len(),
            told.unexplained.len(),
            began.elapsed().as_secs()
        );
        for (row, count) in &told.by_row {
            println!("assurance | differential | {peer}, row {row} | {count} | explained");
        }
        for told in &told.unexplained {
            println!("without a row: {told}");
        }
        unexplained.extend(told.unexplained);
    }
    unexplained.sort();
    assert!(unexplained.is_empty(), "{} without a row:\n{}", unexplained.len(), unexplained.join("\n"));
    if long() {
        let unused: Vec<_> = rows.iter().map(|row| &row.name).filter(|name| !met.contains(*name)).collect();
        assert!(unused.is_empty(), "rows that nothing falls under: {unused:?}");
    }
}

/// What came of asking a peer.
#[derive(Default)]
struct Told {
    compared: usize,
    accepted: usize,
    refused: usize,
    by_row: BTreeMap<String, usize>,
    unexplained: Vec<String>,
}

fn ask(peer: &str, inputs: &[&Input], rows: &[Row]) -> Told {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Told::default()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut bench = Bench::new();
                while let Some(input) = inputs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(compared) = bench.ask(peer, input) {
                        told.lock().unwrap().add(peer, input, &compared, rows);
                    }
                }
            });
        }
    });
    told.into_inner().unwrap()
}

impl Told {
    fn add(&mut self, peer: &str, input: &Input, compared: &Compared, rows: &[Row]) {
        count(&mut self.compared);
        if compared.agree() {
            count(if compared.peer.accepts { &mut self.accepted } else { &mut self.refused });
        } else if let Some(row) = rows.iter().find(|row| row.has(peer, input, compared)) {
            count(self.by_row.entry(row.name.clone()).or_default());
        } else {
            let (ours, theirs) = (&compared.vidimus.word, &compared.peer.word);
            self.unexplained.push(format!("{peer} | {ours} | {theirs} | {}", input.name));
        }
    }
}

fn count(number: &mut usize) {
    *number = number.saturating_add(1);
}
