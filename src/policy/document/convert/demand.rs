//! A demand of containers-policy.json(5), as OpenShift's policies say it: told where they cannot.

use crate::policy::document::containers_policy::base64;
use crate::policy::document::field::Field;
use crate::policy::document::finding::FindingCode;
use crate::policy::document::image_policy::{
    CERTIFICATES, EMAIL, HOST, ISSUER, PUBLIC_KEY, Pem, RootOfTrust, Rule, prefix_problem,
};
use crate::policy::document::keys::Keys;
use crate::signature::{IdentityRule, SigstoreKey};

/// Tells that something cannot be said.
pub(super) fn refuse(field: &Field<'_>, reason: &str) {
    field.tell(FindingCode::Inexpressible, reason);
}

/// Whom a valid `sigstoreSigned` trusts.
pub(super) fn root_of_trust(demand: &Field<'_>, keys: &mut Keys<'_>) -> Option<RootOfTrust> {
    let rekor = ["rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas"];
    let rekor = material(demand, &rekor, &PUBLIC_KEY, keys);
    if let Some(fulcio) = demand.peek("fulcio") {
        let ca = material(&fulcio, &["caPath", "caData"], &CERTIFICATES, keys);
        let (issuer, email) = (text(&fulcio, "oidcIssuer", &ISSUER), text(&fulcio, "subjectEmail", &EMAIL));
        return Some(RootOfTrust::FulcioWithRekor { ca: ca??, rekor: rekor??, issuer: issuer??, email: email?? });
    }
    if let Some(pki) = demand.peek("pki") {
        let roots = material(&pki, &["caRootsPath", "caRootsData"], &CERTIFICATES, keys);
        let intermediates = material(&pki, &["caIntermediatesPath", "caIntermediatesData"], &CERTIFICATES, keys);
        let (email, hostname) = (text(&pki, "subjectEmail", &EMAIL), text(&pki, "subjectHostname", &HOST));
        return Some(RootOfTrust::Pki {
            roots: roots??,
            intermediates: intermediates?,
            email: email?,
            hostname: hostname?,
        });
    }
    let pem = material(demand, &["keyPath", "keyPaths", "keyData", "keyDatas"], &PUBLIC_KEY, keys)??;
    let key = SigstoreKey::from_pem(&pem).map_err(|error| refuse(demand, &error.to_string())).ok()?;
    Some(RootOfTrust::PublicKey { pem, key, rekor: rekor? })
}

/// The key or the certificates under one of `names`, if there is one of them. Nothing where it cannot be said.
fn material(of: &Field<'_>, names: &[&str], pem: &Pem, keys: &mut Keys<'_>) -> Option<Option<Vec<u8>>> {
    let found = names.iter().find_map(|name| Some((*name, of.peek(name)?)));
    let Some((name, field)) = found else { return Some(None) };
    let elements = if name.ends_with('s') { field.array()? } else { vec![field.clone()] };
    let [element] = elements.as_slice() else {
        refuse(
            &field,
            "a policy of OpenShift has one key; that a signature by any of several is enough cannot be said",
        );
        return None;
    };
    let data = if name.contains("Path") {
        keys.contents(element, element.text()?)?.into_iter().flat_map(|file| file.bytes).collect()
    } else {
        base64(element)?
    };
    // Line breaks around it are common in files, and mean nothing.
    let data = if pem.problem(&data).is_some() { data.trim_ascii().to_vec() } else { data };
    match pem.problem(&data) {
        None => Some(Some(data)),
        Some(problem) => {
            refuse(element, &problem);
            None
        }
    }
}

fn text(of: &Field<'_>, name: &str, rule: &Rule) -> Option<Option<String>> {
    let Some(field) = of.peek(name) else { return Some(None) };
    let text = field.text()?;
    match rule.problem(text) {
        None => Some(Some(text.to_owned())),
        Some(problem) => {
            refuse(&field, &problem);
            None
        }
    }
}

/// `signedIdentity` of a policy of OpenShift.
pub(super) fn signed_identity(demand: &Field<'_>, rule: &IdentityRule) -> Option<serde_json::Value> {
    let field = demand.peek("signedIdentity").unwrap_or_else(|| demand.clone());
    let is_right = |text: &str| match prefix_problem(text) {
        None => Some(text.to_owned()),
        Some(problem) => {
            refuse(&field, problem);
            None
        }
    };
    match rule {
        IdentityRule::MatchExact | IdentityRule::ExactReference(_) => {
            refuse(
                &field,
                &format!("`{}` cannot be said: of an image by digest, the repository is enough", rule.name()),
            );
            None
        }
        IdentityRule::MatchRepoDigestOrExact => Some(serde_json::json!({ "matchPolicy": "MatchRepoDigestOrExact" })),
        IdentityRule::MatchRepository => Some(serde_json::json!({ "matchPolicy": "MatchRepository" })),
        IdentityRule::ExactRepository(name) => {
            let repository = is_right(&name.to_string())?;
            let repository = serde_json::json!({ "repository": repository });
            Some(serde_json::json!({ "matchPolicy": "ExactRepository", "exactRepository": repository }))
        }
        IdentityRule::RemapIdentity(remap) => {
            let (prefix, signed_prefix) = (is_right(remap.prefix()), is_right(remap.signed_prefix()));
            if remap.matches_repository() {
                refuse(&field, "that the repository is enough after remapping cannot be said");
                return None;
            }
            let remap = serde_json::json!({ "prefix": prefix?, "signedPrefix": signed_prefix? });
            Some(serde_json::json!({ "matchPolicy": "RemapIdentity", "remapIdentity": remap }))
        }
    }
}
