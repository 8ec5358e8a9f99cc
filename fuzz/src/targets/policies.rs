//! Policies, in each grammar: read, put to use, and written in each other.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vidimus::image::Text;
use vidimus::policy::document::{ConvertError, Grammar, KeyFile, KeyLocation, PolicyFile, convert};
use vidimus::policy::{Context, Namespace, Transport};
use vidimus::{Image, Policy, Reference, Rules, Verifier};

use super::testdata::{self, at};

/// What is read decides, whatever it is asked about. What is written of it in a grammar can be read, is written the same
/// again, and allows the same.
pub(crate) fn policy(input: &[u8]) {
    let Some(verifier) = load(input) else { return };
    let decided = decisions(&verifier);
    for to in Grammar::ALL {
        let Ok(written) = write(input, *to) else { continue };
        let again = load(written.as_bytes()).unwrap_or_else(|| panic!("what is written cannot be read: {written}"));
        assert_eq!(decisions(&again), decided, "{to}: {written}");
        let twice = write(written.as_bytes(), *to);
        if *to == Grammar::SignaturePolicy {
            assert!(twice.is_err(), "what is of its grammar already is not written");
        } else {
            let twice = twice.unwrap_or_else(|error| panic!("{to}: {error:?}: {written}"));
            assert_eq!(written, twice, "{to}: written twice it is another policy");
        }
    }
}

fn load(text: &[u8]) -> Option<Verifier> {
    let file = PolicyFile { name: "policy", bytes: text };
    let policy = Policy::load(&[file], at(), &mut read_keys).ok()?;
    let _ = (policy.lints(), policy.rule_count());
    Some(Verifier::with_policy(policy, Rules::default()))
}

fn write(text: &[u8], to: Grammar) -> Result<String, ConvertError> {
    convert(&[PolicyFile { name: "policy", bytes: text }], to, at(), &mut read_keys)
}

/// The keys of the test data, whatever folder they are said to be in.
fn read_keys(location: KeyLocation<'_>) -> Result<Vec<KeyFile>, String> {
    static KEYS: LazyLock<BTreeMap<String, Vec<u8>>> =
        LazyLock::new(|| testdata::files("keys", "").into_iter().collect());
    let name = match location {
        KeyLocation::File(path) => path.rsplit('/').next().unwrap_or(path),
        KeyLocation::Directory(_) => "ed25519.asc",
    };
    let bytes = KEYS.get(name).ok_or_else(|| "there is no such file".to_owned())?;
    Ok(vec![KeyFile { name: name.to_owned(), bytes: bytes.clone() }])
}

/// Which of some images from a registry are allowed, as the name of the image says it.
fn decisions(verifier: &Verifier) -> Vec<(&'static str, bool)> {
    const NAMES: [&str; 10] = [
        "registry.example.com/shop/frontend:1.0.0",
        "registry.example.com/shop/frontend@sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
        "registry.example.com/shop/backend:2",
        "registry.example.com:5000/shop",
        "quay.io/a/b:1",
        "a.quay.io/a",
        "docker.io/library/busybox:1",
        "a.example/b:1",
        "localhost/a",
        "mirror.example.com/shop/frontend:1.0.0",
    ];
    static IMAGES: LazyLock<Vec<(&str, Image<'static>)>> = LazyLock::new(|| {
        let signed = ["good.ed25519.sig", "good.rsa4096.sig", "sigstore.good.p256.sig"];
        let signed = signed.map(|file| testdata::read(&format!("signatures/{file}")));
        let named = NAMES.map(|name| {
            let mut image = testdata::image(&signed);
            image.docker_image_reference = Text::from(name);
            (name, image)
        });
        named.into()
    });
    let here = Context { namespace: Some(Namespace { name: "shop".to_owned(), labels: None }), ..Context::default() };
    let elsewhere =
        Context { namespace: None, transport: Transport::Other { name: "oci".to_owned(), place: "/a/b".to_owned() } };
    let decide = |(name, image): &(&'static str, Image<'_>)| {
        let reference: Option<Reference> = name.parse().ok();
        let _ = verifier.look_up(reference.as_ref(), &elsewhere, at());
        let verdict = verifier.verify_in(image, &here, at());
        let _ = verdict.explanation().map(|explanation| explanation.remedies().len());
        (*name, verdict.is_allowed())
    };
    IMAGES.iter().map(decide).collect()
}

/// The documents of this grammar that the tests of fields are made of, and the policies of the test data.
fn seeds(grammar: &str, is_wanted: fn(&str) -> bool) -> Vec<Vec<u8>> {
    let fields: Value = serde_json::from_slice(&testdata::read("policies/fields.json")).expect("the table of fields");
    let mut found = Vec::new();
    texts(&fields["grammars"][grammar], &mut found);
    let files = [testdata::contents("policies", ".json"), testdata::contents("../policy", "")].concat();
    found.extend(files.into_iter().filter_map(|file| String::from_utf8(file).ok()).filter(|file| is_wanted(file)));
    found.sort();
    found.dedup();
    assert!(found.len() > 3, "{grammar}: few seeds");
    found.into_iter().map(String::into_bytes).collect()
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with('{') || text.starts_with("apiVersion") => {
            // The member that nobody knows is what those tests are about; without it there is more to see.
            found.extend([text.replace(",\"x\":1", ""), text.replace(", x: 1", ""), text.clone()]);
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

pub(crate) fn containers_seeds() -> Vec<Vec<u8>> {
    seeds("policy.json", |file| file.starts_with('{') && file.contains("\"default\""))
}

/// With each root of trust and identity, for the cluster and for a namespace.
pub(crate) fn images_seeds() -> Vec<Vec<u8>> {
    let key = STANDARD.encode(testdata::read("keys/cosign-p256.pub"));
    let certificate = STANDARD.encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let roots = [
        json!({ "policyType": "PublicKey", "publicKey": { "keyData": key } }),
        json!({ "policyType": "PublicKey", "publicKey": { "keyData": key, "rekorKeyData": key } }),
        json!({ "policyType": "FulcioCAWithRekor", "fulcioCAWithRekor": {
            "fulcioCAData": certificate,
            "rekorKeyData": key,
            "fulcioSubject": { "oidcIssuer": "https://issuer.example.com", "signedEmail": "signer@example.com" },
        } }),
        json!({ "policyType": "PKI", "pki": {
            "caRootsData": certificate,
            "pkiCertificateSubject": { "email": "signer@example.com", "hostname": "*.example.com" },
        } }),
    ];
    let identities = [
        Value::Null,
        json!({ "matchPolicy": "MatchRepository" }),
        json!({ "matchPolicy": "ExactRepository", "exactRepository": { "repository": "registry.example.com/shop" } }),
        json!({ "matchPolicy": "RemapIdentity", "remapIdentity": {
            "prefix": "mirror.example.com", "signedPrefix": "registry.example.com",
        } }),
    ];
    let policies: Vec<_> = roots
        .iter()
        .flat_map(|root| identities.iter().map(move |identity| (root, identity)))
        .map(|(root, identity)| {
            let mut policy = json!({ "rootOfTrust": root });
            if !identity.is_null() {
                policy["signedIdentity"] = identity.clone();
            }
            json!({
                "apiVersion": "config.openshift.io/v1", "kind": "ClusterImagePolicy", "metadata": { "name": "a" },
                "spec": { "scopes": ["registry.example.com/shop", "*.example.com"], "policy": policy },
            })
        })
        .collect();
    let in_namespace = policies.iter().cloned().map(|mut policy| {
        policy["kind"] = "ImagePolicy".into();
        policy["metadata"]["namespace"] = "shop".into();
        policy
    });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": policies[..2] });
    in_namespace.chain(policies.iter().cloned()).chain([list]).map(|policy| policy.to_string().into_bytes()).collect()
}

pub(crate) fn vidimus_seeds() -> Vec<Vec<u8>> {
    seeds("SignaturePolicy", |file| file.contains("SignaturePolicy"))
}
