//! What the terms of a rule need to be found out about signatures, so that each is looked at once.

use std::collections::BTreeSet;

use crate::signature::{KeyValidity, PayloadProfile, Rules, SigstoreKey, SigstoreTerms, Terms};

/// What must be found out about signatures, so that they can be judged under given terms.
///
/// They are worked out when a policy is loaded, and only looked at by verifications.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Needs {
    /// Any terms for OpenPGP signatures.
    openpgp: bool,
    /// Terms that ask for keys that were valid when they signed.
    when_signed: bool,
    /// Terms that leave open when keys must be valid.
    default_validity: bool,
    containers: bool,
    release: bool,
    default_profile: bool,
    /// The keys that sigstore terms ask for, each once however many terms name it.
    sigstore: BTreeSet<SigstoreKey>,
}

impl Needs {
    /// What `terms` need as well.
    pub(crate) fn with(mut self, terms: &Terms) -> Self {
        self.openpgp = true;
        match terms.key_validity {
            None => self.default_validity = true,
            Some(KeyValidity::WhenSigned) => self.when_signed = true,
            Some(KeyValidity::Now) => {}
        }
        match terms.payload_profile {
            None => self.default_profile = true,
            Some(PayloadProfile::Containers) => self.containers = true,
            Some(PayloadProfile::Release) => self.release = true,
        }
        self
    }

    /// What `terms` need as well.
    pub(crate) fn with_sigstore(mut self, terms: &SigstoreTerms) -> Self {
        self.sigstore.extend(terms.keys.iter().cloned());
        self
    }

    /// Whether any terms are asked for.
    pub(crate) fn are_any(&self) -> bool {
        self.openpgp || !self.sigstore.is_empty()
    }

    /// Whether any terms for OpenPGP signatures are asked for.
    pub(super) fn openpgp(&self) -> bool {
        self.openpgp
    }

    /// The sigstore keys that are asked for.
    pub(crate) fn sigstore_keys(&self) -> &BTreeSet<SigstoreKey> {
        &self.sigstore
    }

    pub(super) fn validity(&self, rules: &Rules) -> KeyValidity {
        if self.when_signed || self.default_validity && rules.key_validity == KeyValidity::WhenSigned {
            KeyValidity::WhenSigned
        } else {
            KeyValidity::Now
        }
    }

    pub(super) fn profile(&self, profile: PayloadProfile, rules: &Rules) -> bool {
        let asked = match profile {
            PayloadProfile::Containers => self.containers,
            PayloadProfile::Release => self.release,
        };
        asked || self.default_profile && rules.payload_profile == profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::SigstoreKeys;

    fn terms(key_validity: Option<KeyValidity>, payload_profile: Option<PayloadProfile>) -> Terms {
        Terms { key_validity, payload_profile, ..Terms::default() }
    }

    #[test]
    fn keys_of_the_past_are_read_where_some_terms_ask_for_them() {
        use KeyValidity::{Now, WhenSigned};
        for (asked, default, expected) in [
            (&[][..], WhenSigned, Now),
            (&[None], WhenSigned, WhenSigned),
            (&[None], Now, Now),
            (&[Some(Now)], WhenSigned, Now),
            (&[Some(Now), Some(WhenSigned)], Now, WhenSigned),
            (&[Some(Now), None], Now, Now),
        ] {
            let needs = asked.iter().fold(Needs::default(), |needs, validity| needs.with(&terms(*validity, None)));
            let rules = Rules { key_validity: default, ..Rules::default() };
            assert_eq!(needs.validity(&rules), expected, "{asked:?} {default:?}");
        }
    }

    #[test]
    fn payloads_are_read_by_the_grammars_that_terms_ask_for() {
        use PayloadProfile::{Containers, Release};
        for (asked, default, expected) in [
            (&[][..], Containers, [false, false]),
            (&[None], Containers, [true, false]),
            (&[None], Release, [false, true]),
            (&[Some(Release)], Containers, [false, true]),
            (&[Some(Containers)], Release, [true, false]),
            (&[Some(Release), None], Containers, [true, true]),
        ] {
            let needs = asked.iter().fold(Needs::default(), |needs, profile| needs.with(&terms(None, *profile)));
            let rules = Rules { payload_profile: default, ..Rules::default() };
            let read = [Containers, Release].map(|profile| needs.profile(profile, &rules));
            assert_eq!(read, expected, "{asked:?} {default:?}");
        }
    }

    #[test]
    fn only_the_kinds_that_are_asked_for_are_looked_at() {
        let key = SigstoreKey::from_pem(&std::fs::read("testdata/keys/cosign-p256.pub").unwrap()).unwrap();
        let keys = SigstoreKeys::new([key]).unwrap();
        let sigstore = Needs::default().with_sigstore(&SigstoreTerms { keys, identity: None });
        assert_eq!((sigstore.are_any(), sigstore.openpgp(), sigstore.sigstore_keys().len()), (true, false, 1));
        let openpgp = Needs::default().with(&Terms::default());
        assert_eq!((openpgp.are_any(), openpgp.openpgp(), openpgp.sigstore_keys().len()), (true, true, 0));
        assert!(!Needs::default().are_any());
    }
}
