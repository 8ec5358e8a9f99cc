//! Generated policies, decided by vidimus and by the real `skopeo copy --policy`, where it is installed and the
//! environment asks for it.
//!
//! The images are `dir:` layouts: their scopes are paths, and as they have no reference, only the identity rules that
//! do without one accept anything; the others are compared as tables (`reference-match.jsonl`).
#![expect(clippy::arithmetic_side_effects, reason = "rolls dice")]

use std::fs;
use std::path::Path;
use std::process::Command;

use vidimus::policy::Transport;
use vidimus::policy::document::PolicyFile;
use vidimus::{Context, Policy, Rules, Verifier};

use crate::peers::{manifest, peers};
use crate::support::raw_signature;

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

/// How many triples of policy, image and signatures.
const TRIPLES: u64 = 300;

/// Signatures that both can read: the peer takes no image with one that it cannot.
const SIGNATURES: [&str; 7] = [
    "good.rsa4096.sig",
    "good.rsa2048.sig",
    "good.ed25519.sig",
    "attacker.sig",
    "claims.other-repository.sig",
    "claims.digest-of-other-image.sig",
    "claims.unknown-member.sig",
];

const KEYS: [&str; 3] = ["release.gpg", "rsa2048.asc", "ed25519.asc"];

/// Small numbers from a fixed seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

fn requirement(dice: &mut Dice, keys: &Path) -> String {
    let identity = |dice: &mut Dice| {
        let rules = [
            r#"{"type":"exactRepository","dockerRepository":"registry.example.com/shop/frontend"}"#,
            r#"{"type":"exactReference","dockerReference":"registry.example.com/shop/frontend:1.0.0"}"#,
            r#"{"type":"exactReference","dockerReference":"registry.example.com/shop/frontend:2.0.0"}"#,
            r#"{"type":"exactRepository","dockerRepository":"registry.example.com/shop/backend"}"#,
            r#"{"type":"matchRepository"}"#,
            r#"{"type":"matchExact"}"#,
            r#"{"type":"remapIdentity","prefix":"registry.example.com","signedPrefix":"example.org"}"#,
        ];
        // Half of the time one that accepts the image, as most signatures do not.
        if dice.roll(2) == 0 { rules[dice.roll(2)] } else { dice.pick(&rules) }
    };
    match dice.roll(8) {
        0 => r#"{"type":"insecureAcceptAnything"}"#.to_owned(),
        1 => r#"{"type":"reject"}"#.to_owned(),
        _ => {
            let (key, identity) = (keys.join(dice.pick(&KEYS)), identity(dice));
            // One in ten leaves the identity to the default.
            let identity = if dice.roll(10) == 0 { String::new() } else { format!(r#","signedIdentity":{identity}"#) };
            format!(r#"{{"type":"signedBy","keyType":"GPGKeys","keyPath":"{}"{identity}}}"#, key.display())
        }
    }
}

fn requirements(dice: &mut Dice, keys: &Path) -> String {
    let count = dice.pick(&[1, 1, 1, 1, 2, 3]);
    format!("[{}]", (0..count).map(|_| requirement(dice, keys)).collect::<Vec<_>>().join(","))
}

fn policy(dice: &mut Dice, keys: &Path, scopes: &[String]) -> String {
    let mut entries = Vec::new();
    for scope in scopes {
        if dice.roll(3) == 0 {
            entries.push(format!(r#""{scope}":{}"#, requirements(dice, keys)));
        }
    }
    let default = requirements(dice, keys);
    format!(r#"{{"default":{default},"transports":{{"dir":{{{}}}}}}}"#, entries.join(","))
}

fn ours(policy: &str, place: &str, signatures: &[&str]) -> bool {
    let file = PolicyFile { name: "policy.json", bytes: policy.as_bytes() };
    let now = std::time::SystemTime::now().into();
    let policy = Policy::load(&[file], now, &mut |location| vidimus::source::policy::read_keys(location)).unwrap();
    let mut image = raw_signature(b"", DIGEST, "");
    image.signatures = signatures
        .iter()
        .map(|file| {
            let content = fs::read(format!("testdata/signatures/{file}")).unwrap();
            raw_signature(&content, DIGEST, "").signatures.remove(0)
        })
        .collect();
    let transport = Transport::Other { name: "dir".to_owned(), place: place.to_owned() };
    let context = Context { transport, ..Context::default() };
    Verifier::with_policy(policy, Rules::default()).verify_in(&image, &context, now).is_allowed()
}

/// Whether the peer's policy lets the image pass. Its layers are not there, so that the copy fails all the same, later.
fn theirs(policy: &Path, image: &Path, folder: &Path) -> bool {
    let mut command = Command::new("skopeo");
    command.env("LC_ALL", "C").arg("--policy").arg(policy).arg("copy");
    command.arg(format!("dir:{}", image.display())).arg(format!("dir:{}", folder.join("copy").display()));
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let rejected = message.contains("Source image rejected");
    assert!(rejected || message.contains("no such file") || output.status.success(), "{message}");
    !rejected
}

#[test]
fn generated_policies_are_decided_as_skopeo_decides_them() {
    if !peers() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let keys = fs::canonicalize("testdata/keys").unwrap();
    let image = root.join("images/shop/app");
    fs::create_dir_all(&image).unwrap();
    fs::write(image.join("version"), "Directory Transport Version: 1.1\n").unwrap();
    fs::write(image.join("manifest.json"), manifest()).unwrap();
    let path = |path: &Path| path.display().to_string();
    let scopes = [
        path(&image),
        path(&root.join("images/shop")),
        path(&root.join("images")),
        path(&root.join("images/sho")),
        String::new(),
    ];

    let mut dice = Dice(20_261_125);
    let (mut allowed, mut different) = (0, Vec::new());
    for number in 0..TRIPLES {
        let policy = policy(&mut dice, &keys, &scopes);
        let signatures: Vec<_> = (0..dice.pick(&[0, 1, 2, 3, 4, 5])).map(|_| dice.pick(&SIGNATURES)).collect();
        for number in 1..=SIGNATURES.len() {
            let stored = image.join(format!("signature-{number}"));
            match signatures.get(number - 1) {
                Some(file) => drop(fs::copy(format!("testdata/signatures/{file}"), stored).unwrap()),
                None if stored.exists() => fs::remove_file(stored).unwrap(),
                None => {}
            }
        }
        let policy_file = root.join("policy.json");
        fs::write(&policy_file, &policy).unwrap();
        let (ours, theirs) = (ours(&policy, &path(&image), &signatures), theirs(&policy_file, &image, &root));
        allowed += u64::from(ours);
        if ours != theirs {
            different.push(format!("{number}: ours {ours}, theirs {theirs}: {signatures:?} {policy}"));
        }
    }
    println!("{TRIPLES} triples, {allowed} allowed, {} decided differently", different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(allowed > TRIPLES / 10 && allowed < TRIPLES * 9 / 10, "the triples say little: {allowed} allowed");
}
