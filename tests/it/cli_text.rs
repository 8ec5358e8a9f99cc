//! What a person reads: the texts of the command, as snapshots.

use insta::assert_snapshot;

use crate::support::{AT, all_shown, run, run_with_input, shown};

#[test]
fn help_says_the_exit_statuses() {
    for arguments in [&["--help"][..], &["verify", "--help"]] {
        let ran = run(arguments);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("Exit status:\n  0  every image is allowed\n  1  "), "{}", ran.stdout);
    }
    assert_snapshot!(shown(&["--help"]));
    assert_eq!(run(&["--version"]).stdout, format!("vidimus {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn quick_start() {
    let keys = "testdata/quickstart/keyring.asc";
    assert_snapshot!(shown(&["verify", "--keys", keys, "--at", AT, "testdata/quickstart/export.json"]));
}

#[test]
fn reports_of_carriers_errors_and_notes() {
    let verify = ["verify", "--keys", "testdata/keys/release.asc", "--at", AT];
    let shown = all_shown(&[
        &[&verify[..], &["testdata/images/list.mixed.json", "testdata/images/imagestreamimage.json"]].concat(),
        &[&verify[..], &["testdata/images/list.broken-item.json", "missing.json"]].concat(),
        &[&verify[..], &["testdata/images/hostile-names.json"]].concat(),
        &[
            "verify",
            "--keys",
            "testdata/keys/sha1-self-signature.asc",
            "--at",
            AT,
            "--digest",
            "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
            "--reference",
            "registry.example.com/shop/frontend:1.0.0",
            "testdata/signatures/signer.sha1-self-signature.sig",
        ],
    ]);
    assert_snapshot!(shown);
}

#[test]
fn errors_say_what_would_be_right() {
    let key = "testdata/keys/release.asc";
    let image = "testdata/images/image.json";
    let signature = "testdata/signatures/good.rsa4096.sig";
    let verify = |arguments: &[&'static str]| [&["verify", "--at", AT], arguments].concat();
    let runs = [
        verify(&["--keys", "missing.asc", image]),
        verify(&["--keys", "testdata/keys/corrupt.asc", image]),
        verify(&["--keys", "testdata/keys/empty.asc", image]),
        verify(&["--keys", "testdata/keys/keybox.kbx", image]),
        verify(&["--keys", "testdata/keys/message.asc", image]),
        verify(&["--keys", "testdata/keys/not-a-key.asc", image]),
        verify(&["--keys", "testdata/keys/secret.asc", image]),
        verify(&["--keys", "testdata/keys/truncated.asc", image]),
        verify(&["--keys", key, "testdata/images/list.empty.json"]),
        verify(&["--keys", key, signature]),
        verify(&["--keys", key, "--digest", "sha256:12", "--reference", "a", signature]),
        verify(&["--keys", key, "--digest", DIGEST, "--reference", "A B", signature]),
        verify(&["--keys", key, "--output", "json", "--output", "text", image]),
        verify(&["--keys", key, "--output", "xml", image]),
        vec!["verify", "--keys", key, "--at", "tomorrow", image],
        verify(&["--keys", key, "--identity", "any", image]),
        verify(&["--keys", key, "--write-images", "testdata", image]),
        verify(&[image]),
    ];
    let runs: Vec<&[&str]> = runs.iter().map(Vec::as_slice).collect();
    assert_snapshot!(all_shown(&runs));
}

const DIGEST: &str = "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0";

#[test]
fn keys_say_what_each_can_vouch_for() {
    let files = [
        "encrypt-only",
        "expired",
        "expired-subkey",
        "future",
        "hard-revoked",
        "hostile-user-id",
        "md5-self-signature",
        "no-back-signature",
        "p384",
        "release",
        "rsa1024",
        "sha1-self-signature",
        "soft-revoked",
        "soft-revoked-subkey",
        "subkey",
        "two-certs",
        "unexplained-revoked",
        "v6",
    ];
    let runs: Vec<_> =
        files.iter().map(|file| shown(&["keys", "--at", AT, &format!("testdata/keys/{file}.asc")])).collect();
    assert_snapshot!(runs.concat());
    let early = "2023-06-01";
    let shown = all_shown(&[
        &["keys", "--at", early, "testdata/keys/expired.asc", "testdata/keys/soft-revoked.asc"],
        &["keys", "--at", early, "testdata/keys/hard-revoked.asc"],
        &["keys", "--at", AT, "--key-validity", "when-signed", "testdata/keys/expired.asc"],
        &["keys", "--at", AT, "--sha1-self-signatures", "reject", "testdata/keys/sha1-self-signature.asc"],
    ]);
    assert_snapshot!("keys_when_they_were_good", shown);
}

#[test]
fn keys_as_json() {
    let files = ["expired", "release", "rsa1024", "sha1-self-signature", "soft-revoked", "subkey"];
    let files = files.map(|file| format!("testdata/keys/{file}.asc"));
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_snapshot!(shown(&[&["keys", "--output", "json", "--at", AT][..], &files].concat()));
}

#[test]
fn inspect_marks_everything_unverified() {
    let image = "testdata/images/informative.agree.json";
    let signature = "testdata/signatures/good.ed25519.sig";
    let shown = all_shown(&[
        &["inspect", image],
        &["inspect", "testdata/images/conditions.forged.json"],
        &["inspect", "testdata/images/imagestreamimage.json"],
        &["inspect", "testdata/images/record.content-not-base64.json", "testdata/images/list.broken-item.json"],
        &["inspect", signature, "testdata/signatures/claims.not-json.sig"],
        &["inspect", "testdata/signatures/encrypted.sig"],
        &["inspect", "missing.json", signature],
    ]);
    assert_snapshot!(shown);

    let image: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(image).unwrap()).unwrap();
    let mut record = image["signatures"][0].clone();
    record["kind"] = "ImageSignature".into();
    record["apiVersion"] = "image.openshift.io/v1".into();
    let ran = run_with_input(&["inspect", "-"], record.to_string().as_bytes());
    assert_eq!(ran.status, 0);
    assert_snapshot!("inspect_of_a_lone_record", ran.stdout);
    assert!(!shown.contains("\n  critical."), "each thing is marked");
}
