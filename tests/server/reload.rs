//! Files that change while requests come: what is good comes into force without a failed request, what is bad does not.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use hyper::StatusCode;

use crate::life::Load;
use crate::support::{Authority, Client, NAME, Server, allowed, folder, review};

/// Replaces a file as a whole.
pub(crate) fn replace(path: &Path, text: impl AsRef<[u8]>) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// Puts a folder behind a link to another, as Kubernetes mounts ConfigMaps and Secrets.
fn mounted(folder: &Path, version: &str, files: &[(&str, String)]) {
    let data = folder.join(version);
    fs::create_dir(&data).unwrap();
    for (name, text) in files {
        fs::write(data.join(name), text).unwrap();
        let link = folder.join(name);
        if !link.exists() {
            let _ = fs::remove_file(&link);
            symlink(Path::new("..data").join(name), link).unwrap();
        }
    }
    symlink(version, folder.join("..new")).unwrap();
    fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn policy_keys_images_and_certificate_are_replaced_under_load_without_a_failed_request() {
    let authority = Authority::new();
    let folder = folder(&authority);
    let (first, first_key) = authority.issue(NAME, &[NAME], 2100);
    fs::remove_file(folder.path().join("tls.crt")).unwrap();
    fs::remove_file(folder.path().join("tls.key")).unwrap();
    mounted(folder.path(), "..1", &[("tls.crt", first), ("tls.key", first_key)]);
    let server = Server::start_in(authority, folder, &[]);
    let client = server.client();
    let load =
        Load::start(&client, &[("pod.signed", true), ("pod.signed-by-attacker", false), ("bypass.volumes", false)]);
    load.wait(20).await;
    let before = served_certificate(&client).await;

    let policy = fs::read_to_string("testdata/admission/policy.yaml").unwrap();
    for round in 0..5 {
        replace(&server.path("admission/policy.yaml"), format!("{policy}\n# {round}\n"));
        server.logged(&["a change is in force", "\"what\":\"policy\"", &format!("\"generation\":{}", 2 + round)]);
        load.wait(20).await;
    }
    let key = [fs::read("testdata/keys/release.asc").unwrap(), b"\n".to_vec()].concat();
    replace(&server.path("keys/release.asc"), key);
    server.logged(&["a change is in force", "\"what\":\"policy\"", "\"generation\":7"]);
    let export = fs::read("testdata/admission/export.json").unwrap();
    replace(&server.path("admission/export.json"), [export, b"\n".to_vec()].concat());
    server.logged(&["a change is in force", "\"what\":\"images\""]);
    let (second, second_key) = server.authority.issue(NAME, &[NAME], 2099);
    mounted(server.folder.path(), "..2", &[("tls.crt", second), ("tls.key", second_key)]);
    server.logged(&["a change is in force", "\"what\":\"tls\""]);
    load.wait(200).await;
    assert_ne!(served_certificate(&client).await, before);
    assert!(load.end().await.unwrap() > 300);
}

async fn served_certificate(client: &Client) -> Vec<u8> {
    let stream = client.connect(b"http/1.1").await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_policy_changes_decisions() {
    let server = Server::start(&[]);
    let client = server.client();
    assert_eq!(allowed(&client.post("/validate", review("pod.accepted-unsigned")).await.unwrap()), Some(true));
    let policy = fs::read_to_string("testdata/admission/policy.yaml").unwrap();
    replace(&server.path("admission/policy.yaml"), policy.replace("docker.io/library/**", "docker.io/other/**"));
    server.logged(&["a change is in force", "\"what\":\"policy\""]);
    assert_eq!(allowed(&client.post("/validate", review("pod.accepted-unsigned")).await.unwrap()), Some(false));

    // Another key in the same file: what the old one signed is not accepted any more.
    replace(&server.path("keys/release.asc"), fs::read("testdata/keys/rsa2048.asc").unwrap());
    server.logged(&["a change is in force", "\"generation\":3"]);
    assert_eq!(allowed(&client.post("/validate", review("pod.signed")).await.unwrap()), Some(false));

    // Images that are gone are not known any more.
    replace(&server.path("admission/export.json"), r#"{"kind": "List", "items": []}"#);
    server.logged(&["a change is in force", "\"what\":\"images\""]);
    let answer = client.post("/validate", review("pod.signed")).await.unwrap();
    assert!(answer.1.contains("image-not-known"), "{}", answer.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_change_is_refused_and_the_last_good_state_kept_and_shown() {
    let server = Server::start(&[]);
    let client = server.client();
    let (_, other_key) = server.authority.issue(NAME, &[NAME], 2100);
    let policy = fs::read_to_string("testdata/admission/policy.yaml").unwrap();
    let key = fs::read("testdata/keys/release.asc").unwrap();
    for (what, file, bad) in [
        ("policy", "admission/policy.yaml", "kind: [".to_owned()),
        ("policy", "admission/policy.yaml", String::new()),
        ("policy", "admission/policy.yaml", policy.replace("require:", "requires:")),
        ("policy", "keys/release.asc", "not a key".to_owned()),
        ("images", "admission/export.json", r#"{"kind": "List", "items": [{"kind": "Image""#.to_owned()),
        ("tls", "tls.key", other_key),
        ("tls", "tls.crt", "no certificate".to_owned()),
    ] {
        let path = server.path(file);
        let good = fs::read(&path).unwrap();
        replace(&path, &bad);
        wait_for(&server, &format!("[!]{what}-reload"), true).await;
        assert_eq!(
            allowed(&client.post("/validate", review("pod.signed")).await.unwrap()),
            Some(true),
            "{file}: {bad}"
        );
        let denied = client.post("/validate", review("pod.signed-by-attacker")).await.unwrap();
        assert_eq!(allowed(&denied), Some(false), "{file}: {bad}");
        assert_eq!(server.plain("/readyz").await.0, StatusCode::OK, "{file}: {bad}");
        replace(&path, good);
        wait_for(&server, &format!("[!]{what}-reload"), false).await;
    }
    // A file that is gone is no leave either.
    fs::remove_file(server.path("keys/release.asc")).unwrap();
    wait_for(&server, "[!]policy-reload", true).await;
    assert_eq!(allowed(&client.post("/validate", review("pod.signed")).await.unwrap()), Some(true));
    replace(&server.path("keys/release.asc"), key);
    wait_for(&server, "[!]policy-reload", false).await;
    let (_, metrics) = server.plain("/metrics").await;
    for line in [
        r#"vidimus_reloads_total{result="refused",what="policy"}"#,
        r#"vidimus_reloads_total{result="refused",what="images"} 1"#,
        r#"vidimus_reloads_total{result="refused",what="tls"} 2"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

/// Waits until the checks say something, or do not say it any more.
pub(crate) async fn wait_for(server: &Server, text: &str, wanted: bool) {
    for _ in 0..500 {
        if server.plain("/readyz?verbose").await.1.contains(text) == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{text}: {}", server.plain("/readyz?verbose").await.1);
}
