//! What governs an image, and how that was found: for whoever asks about a policy before there is an image.

use crate::policy::context::Governing;
use crate::policy::{Exemption, Rule};
use crate::signature::Code;

/// What a policy has for an image, before anybody looks at its signatures.
#[derive(Clone, Debug)]
pub struct Lookup {
    pub(super) governing: Governing,
    pub(super) scopes: Vec<String>,
    pub(super) rules: Vec<String>,
}

/// What governs an image.
#[derive(Clone, Copy, Debug)]
pub enum Governs<'l> {
    /// Leave to run, without signatures.
    Exemption(&'l Exemption),
    /// Nothing: no rule is for the image, which is denied.
    Nothing,
    /// A rule.
    Rule(&'l Rule),
    /// It cannot be told.
    Unknown {
        /// The stable code.
        code: Code,
        /// What is missing, as a noun phrase.
        missing: &'static str,
    },
}

impl Lookup {
    /// What governs the image.
    pub fn governs(&self) -> Governs<'_> {
        match &self.governing {
            Governing::Exempt(exemption) => Governs::Exemption(exemption),
            Governing::Rule(rule) => Governs::Rule(rule),
            Governing::Nothing => Governs::Nothing,
            Governing::Unknown(code, missing) => Governs::Unknown { code: *code, missing },
        }
    }

    /// The scopes that were looked for, in this order, the one that governs included; the empty one is what governs
    /// where no other scope of the transport does. There is none where the policy has no scopes for the image at all.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// In a policy whose rules have names: those that are for the image, or may be, in the order in which they come.
    /// The first one governs, unless an exemption does or it cannot be told.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::scope::TransportScopes;
    use crate::policy::{Context, Demand, Mode, Namespace, Requirement};

    fn rule(scope: &str) -> Rule {
        Rule::new("p", scope.to_owned(), scope.to_owned(), Mode::Enforce, Requirement::new(scope, Demand::Reject))
    }

    #[test]
    fn tells_what_was_looked_for_until_it_was_found() {
        let mut scopes = TransportScopes::new(rule("default"));
        scopes.add("docker", "a.example/b", rule("a.example/b"));
        scopes.add_in_namespace("docker", "n", "a.example/b/c", rule("a.example/b/c"));
        let in_namespace = |name: &str| Context {
            namespace: Some(Namespace { name: name.to_owned(), labels: None }),
            ..Context::default()
        };
        let all = ["a.example/b/c:1", "a.example/b/c", "a.example/b"];
        for (reference, context, considered, scope) in [
            ("a.example/b/c:1", in_namespace("n"), &all[..2], Ok("a.example/b/c")),
            ("a.example/b/c:1", in_namespace("m"), &all[..], Ok("a.example/b")),
            // Whether the scope of the namespace governs cannot be told, and no other one may instead.
            ("a.example/b/c:1", Context::default(), &all[..2], Err(Code::UnknownNamespace)),
            ("a.example/b", Context::default(), &all[2..], Ok("a.example/b")),
            (
                "b",
                in_namespace("n"),
                &["docker.io/library/b", "docker.io/library", "docker.io", "*.io", ""],
                Ok("default"),
            ),
        ] {
            let mut found = Vec::new();
            let reference = reference.parse().unwrap();
            let governing = scopes.look_up(Some(&reference), &context, &mut |scope| found.push(scope.to_owned()));
            let lookup = Lookup { governing, scopes: found, rules: Vec::new() };
            let governs = match lookup.governs() {
                Governs::Rule(rule) => Ok(rule.scope()),
                Governs::Unknown { code, .. } => Err(code),
                Governs::Exemption(_) | Governs::Nothing => panic!("{reference}: {lookup:?}"),
            };
            let owned: Vec<_> = considered.iter().map(|scope| (*scope).to_owned()).collect();
            assert_eq!((lookup.scopes(), governs), (owned.as_slice(), scope), "{reference}");
        }
    }
}
