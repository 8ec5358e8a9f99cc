//! Patterns of images by the parts they are made of, so that those which match a name are found by following the name.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::scope::glob_map::GlobMap;
use crate::policy::scope::pattern::{ImagePattern, Name, PortPattern};
use crate::policy::scope::sequence::Part;

/// The patterns, each with a number: labels of the host from the last to the first, then the port, then the path.
#[derive(Clone, Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    names: GlobMap<Option<usize>>,
    /// Behind a `**`.
    rest: Option<usize>,
    /// Whether this is behind a `**`, which takes any number of names.
    is_rest: bool,
    /// Behind the host, by port.
    ports: BTreeMap<PortPattern, usize>,
    /// The pattern that ends here.
    pattern: Option<usize>,
}

impl Trie {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()] }
    }

    /// The number of `pattern`: `new`, unless there is one of the same form.
    pub(super) fn insert(&mut self, pattern: &ImagePattern, new: usize) -> usize {
        let mut at = ROOT;
        for part in pattern.host().parts().iter().rev() {
            at = self.follow(at, part);
        }
        let count = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return new };
        at = *node.ports.entry(pattern.port()).or_insert(count);
        if at == count {
            self.nodes.push(Node::default());
        }
        for part in pattern.path().parts() {
            at = self.follow(at, part);
        }
        self.nodes.get_mut(at).map_or(new, |node| *node.pattern.get_or_insert(new))
    }

    fn follow(&mut self, at: usize, part: &Part) -> usize {
        let count = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        let next = match part {
            Part::One(glob) => node.names.entry(glob),
            Part::Rest => &mut node.rest,
        };
        let next = *next.get_or_insert(count);
        if next == count {
            self.nodes.push(Node { is_rest: part.is_rest(), ..Node::default() });
        }
        next
    }

    /// The numbers of the patterns that match `name`.
    pub(super) fn matching(&self, name: &Name<'_>) -> Vec<usize> {
        let mut labels = name.labels();
        labels.reverse();
        let hosts = self.walk(vec![ROOT], &labels);
        let ports = [Some(PortPattern::Any), name.port()];
        let roots = hosts.into_iter().flat_map(|node| {
            ports.iter().flatten().filter_map(|port| node.ports.get(port).copied()).collect::<Vec<_>>()
        });
        self.walk(roots.collect(), &name.components()).into_iter().filter_map(|node| node.pattern).collect()
    }

    /// The nodes to which the names lead from those at `starts`.
    fn walk(&self, starts: Vec<usize>, names: &[&str]) -> Vec<&Node> {
        let mut reached = self.with_gaps(starts);
        for name in names {
            let mut next = Vec::new();
            for at in reached {
                let Some(node) = self.nodes.get(at) else { continue };
                next.extend(node.is_rest.then_some(at));
                next.extend(node.names.matching(name).flatten());
            }
            reached = self.with_gaps(next);
        }
        reached.into_iter().filter_map(|at| self.nodes.get(at)).collect()
    }

    /// The places, and those behind a `**` that takes nothing.
    fn with_gaps(&self, mut places: Vec<usize>) -> Vec<usize> {
        let gaps: Vec<_> = places.iter().filter_map(|at| self.nodes.get(*at)?.rest).collect();
        places.extend(gaps);
        places.sort_unstable();
        places.dedup();
        places
    }

    /// The numbers of the patterns that match some name which `pattern` matches too; its own is among them.
    pub(super) fn overlapping(&self, pattern: &ImagePattern) -> Vec<usize> {
        let labels: Vec<_> = pattern.host().parts().iter().rev().collect();
        let components: Vec<_> = pattern.path().parts().iter().collect();
        let mut roots = Vec::new();
        for host in self.meet(&[ROOT], &labels) {
            let ports = host.ports.iter().filter(|(port, _)| port.overlaps(pattern.port()));
            roots.extend(ports.map(|(_, root)| *root));
        }
        self.meet(&roots, &components).into_iter().filter_map(|node| node.pattern).collect()
    }

    /// The nodes from those at `starts` to which some names lead that fit `parts` as well.
    fn meet(&self, starts: &[usize], parts: &[&Part]) -> Vec<&Node> {
        let mut seen = BTreeSet::new();
        let mut ends = BTreeSet::new();
        let mut open: Vec<(usize, &[&Part])> = starts.iter().map(|start| (*start, parts)).collect();
        while let Some((at, parts)) = open.pop() {
            if !seen.insert((at, parts.len())) {
                continue;
            }
            let Some(node) = self.nodes.get(at) else { continue };
            open.extend(node.rest.map(|rest| (rest, parts)));
            match parts.split_first() {
                None => {
                    ends.insert(at);
                }
                Some((Part::One(glob), after)) => {
                    open.extend(node.is_rest.then_some((at, after)));
                    open.extend(node.names.overlapping(glob).flatten().map(|next| (*next, after)));
                }
                Some((Part::Rest, after)) => {
                    open.push((at, after));
                    open.extend(node.names.values().flatten().map(|next| (*next, parts)));
                }
            }
        }
        ends.into_iter().filter_map(|at| self.nodes.get(at)).collect()
    }
}

const ROOT: usize = 0;
