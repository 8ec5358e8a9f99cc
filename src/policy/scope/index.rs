//! Finds the rule that governs an image, without looking at all rules.

use crate::image::Reference;
use crate::policy::scope::conflict::{self, Conflict};
use crate::policy::scope::glob_map::GlobMap;
use crate::policy::scope::namespaces::{NamespaceScope, Place, Within};
use crate::policy::scope::pattern::{ImagePattern, Name};
use crate::policy::scope::precedence::before;
use crate::policy::scope::trie::Trie;
use crate::policy::{Namespace, NonEmpty};

/// Where a rule governs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Scope {
    /// The images, one of whose patterns must match. None is every image, also one without a valid reference.
    pub(crate) images: Option<NonEmpty<ImagePattern>>,
    /// The namespaces. None is all of them.
    pub(crate) namespaces: Option<NamespaceScope>,
}

/// The scopes of a policy's rules, ready to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    pub(super) claims: Vec<Claim>,
    pub(super) groups: Vec<Group>,
    pub(super) trie: Trie,
}

/// Which rule governs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Governs<'s> {
    /// None: no scope applies.
    Nothing,
    /// The rule at this position, and the pattern of its images that decided it; no pattern for a rule of every image.
    Rule(usize, Option<&'s ImagePattern>),
    /// It cannot be told, for want of what is named.
    Unknown(&'static str),
}

/// One way to be in a rule's scope: by one of its patterns and one of its places.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// Its position among all claims, in the order of the rules.
    pub(super) number: usize,
    pub(super) rule: usize,
    pub(super) group: usize,
    /// None for every image.
    pub(super) image: Option<ImagePattern>,
    pub(super) place: Place,
}

/// The claims with the same pattern of images.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) number: usize,
    pub(super) pattern: ImagePattern,
    /// The only rule that has claims here, if it is only one.
    pub(super) only_rule: Option<usize>,
    pub(super) claims: Vec<usize>,
    /// Those that name their namespaces.
    pub(super) named: GlobMap<Vec<usize>>,
    /// Those that do not.
    pub(super) unnamed: Vec<usize>,
}

impl Scope {
    /// Whether an image asked for by `reference` and to run in `namespace` is in the scope. None is for what is not
    /// known, and for an image without a valid reference.
    pub(crate) fn matches(&self, reference: Option<&Reference>, namespace: Option<&Namespace>) -> Within {
        let is_image = self.images.as_ref().is_none_or(|images| {
            reference.is_some_and(|reference| images.as_slice().iter().any(|image| image.matches(reference)))
        });
        match &self.namespaces {
            _ if !is_image => Within::No,
            Some(namespaces) => namespaces.matches(namespace),
            None => Within::Yes,
        }
    }
}

impl Scopes {
    /// The scopes, whose positions stand for the rules, and what is wrong with them. While anything is, an answer may be
    /// [`Governs::Unknown`] where two rules apply of which neither comes first.
    pub(crate) fn build(scopes: Vec<Scope>) -> (Self, Vec<Conflict>) {
        let mut built = Self { claims: Vec::new(), groups: Vec::new(), trie: Trie::new() };
        // The images of the first group are all of them, with and without a reference.
        built.group(&ImagePattern::everything());
        for (rule, scope) in scopes.into_iter().enumerate() {
            let places = scope.namespaces.map_or_else(|| vec![Place::all()], |namespaces| namespaces.places());
            let images = scope.images.map(NonEmpty::into_vec);
            let images = images.map_or_else(|| vec![None], |images| images.into_iter().map(Some).collect());
            for image in images {
                let group = image.as_ref().map_or(EVERY_IMAGE, |image| built.group(image));
                for place in &places {
                    let (number, image, place) = (built.claims.len(), image.clone(), place.clone());
                    built.claim(Claim { number, rule, group, image, place });
                }
            }
        }
        let conflicts = conflict::find(&built);
        (built, conflicts)
    }

    fn group(&mut self, pattern: &ImagePattern) -> usize {
        let new = self.groups.len();
        let number = self.trie.insert(pattern, new);
        if number == new {
            let pattern = pattern.clone();
            let (named, unnamed) = (GlobMap::default(), Vec::new());
            self.groups.push(Group { number, pattern, only_rule: None, claims: Vec::new(), named, unnamed });
        }
        number
    }

    fn claim(&mut self, claim: Claim) {
        let number = claim.number;
        if let Some(group) = self.groups.get_mut(claim.group) {
            group.only_rule = (group.claims.is_empty() || group.only_rule == Some(claim.rule)).then_some(claim.rule);
            group.claims.push(number);
            match claim.place.name() {
                Some(name) => group.named.entry(name.glob()).push(number),
                None => group.unnamed.push(number),
            }
        }
        self.claims.push(claim);
    }

    /// The rule that governs an image asked for by `reference`, to run in `namespace`. Without a valid reference only
    /// a rule of every image can. If the rule that would come first cannot be judged for want of the namespace or its
    /// labels, that is the answer, and not the next rule.
    pub(crate) fn governing(&self, reference: Option<&Reference>, namespace: Option<&Namespace>) -> Governs<'_> {
        let candidates = self.candidates(reference, namespace);
        let first = candidates.iter().reduce(|first, next| if next.before(first) { next } else { first });
        let Some(first) = first else { return Governs::Nothing };
        let rule = first.claim.rule;
        if let Within::Unknown(what) = first.within {
            return Governs::Unknown(what);
        }
        if candidates.iter().any(|other| other.claim.rule != rule && !first.before(other)) {
            return Governs::Unknown(AN_ORDER);
        }
        // Of several patterns of the rule of which none is inside another, the one that is written first.
        let foremost = |one: &&Candidate<'_>| !candidates.iter().any(|other| other.before(one));
        let of_rule = candidates.iter().filter(|candidate| candidate.claim.rule == rule);
        let shown = of_rule.filter(foremost).min_by_key(|candidate| candidate.claim.number).unwrap_or(first);
        Governs::Rule(rule, shown.claim.image.as_ref())
    }

    /// The rules whose scopes apply or may apply, in the order in which they come.
    pub(crate) fn applying(&self, reference: Option<&Reference>, namespace: Option<&Namespace>) -> Vec<usize> {
        let mut candidates = self.candidates(reference, namespace);
        let mut rules = Vec::new();
        while let Some(first) = candidates.iter().position(|one| !candidates.iter().any(|other| other.before(one))) {
            let rule = candidates.remove(first).claim.rule;
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        rules
    }

    /// The claims that apply or may apply.
    fn candidates(&self, reference: Option<&Reference>, namespace: Option<&Namespace>) -> Vec<Candidate<'_>> {
        let groups = reference.map_or_else(|| vec![EVERY_IMAGE], |reference| self.trie.matching(&Name::of(reference)));
        let mut candidates = Vec::new();
        for group in groups.into_iter().filter_map(|group| self.groups.get(group)) {
            let candidate = |number: &usize| {
                let claim = self.claims.get(*number)?;
                let within = claim.place.matches(namespace);
                let applies = within != Within::No && (reference.is_some() || claim.image.is_none());
                applies.then_some(Candidate { claim, group, within })
            };
            match namespace {
                Some(namespace) => {
                    candidates.extend(group.named.matching(&namespace.name).flatten().filter_map(candidate));
                }
                // Each of them leads to the same answer, for want of the same; one is enough.
                None => candidates.extend(group.named.values().flatten().find_map(candidate)),
            }
            candidates.extend(group.unnamed.iter().filter_map(candidate));
        }
        candidates
    }
}

/// A claim that applies to what is asked about, or may apply.
struct Candidate<'s> {
    claim: &'s Claim,
    group: &'s Group,
    within: Within,
}

impl Candidate<'_> {
    fn before(&self, other: &Self) -> bool {
        before((self.claim, self.group), (other.claim, other.group))
    }
}

/// The group of the claims on every image.
pub(super) const EVERY_IMAGE: usize = 0;

const AN_ORDER: &str = "an order between two rules";
