//! Kubernetes' own clients read what is served. `.ci/run` gets the Python one; `VIDIMUS_KUBERNETES_CLIENT` names where.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::{NAME, Server};

/// Asks for an image by the client that is made from Kubernetes' API, and prints what it made of the answer.
const PYTHON: &str = r#"
import json, sys
from kubernetes import client

address, authority, server, token, namespace, name = sys.argv[1:]
configuration = client.Configuration(host=address)
configuration.ssl_ca_cert, configuration.tls_server_name = authority, server
configuration.api_key = {"authorization": token}
configuration.api_key_prefix = {"authorization": "Bearer"}
api = client.CustomObjectsApi(client.ApiClient(configuration))
try:
    image = api.get_namespaced_custom_object("image.openshift.io", "v1", namespace, "imagestreamimages", name)
    print(json.dumps({"image": image}))
except client.ApiException as error:
    status = api.api_client.deserialize(error.body, "V1Status", "application/json")
    print(json.dumps({"code": error.status, "status": api.api_client.sanitize_for_serialization(status)}))
"#;

fn digest() -> String {
    let export: Value = serde_json::from_slice(&fs::read("testdata/admission/export.json").unwrap()).unwrap();
    export["items"][0]["metadata"]["name"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_python_client_reads_images_and_errors() {
    let Some(packages) = std::env::var_os("VIDIMUS_KUBERNETES_CLIENT").map(PathBuf::from) else {
        println!("skipped: VIDIMUS_KUBERNETES_CLIENT names no folder with the client");
        return;
    };
    let server = Server::start(&["--read-token=FOLDER/token"]);
    fs::write(server.path("authority.pem"), &server.authority.pem).unwrap();
    let ask = |token: &str, name: &str| -> Value {
        let Output { status, stdout, stderr } = Command::new("python3")
            .env("PYTHONPATH", &packages)
            .args(["-c", PYTHON, &format!("https://{}", server.address)])
            .arg(server.path("authority.pem"))
            .args([NAME, token, "shop", name])
            .output()
            .unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).unwrap()
    };
    let name = format!("frontend@{}", digest());
    let image = &ask("s3cret", &name)["image"];
    assert_eq!((&image["kind"], &image["metadata"]["name"]), (&json!("ImageStreamImage"), &json!(name)));
    assert_eq!(image["image"]["signatures"][0]["conditions"][0]["status"], "True");
    let filled = &image["image"]["signatures"][0]["issuedTo"];
    assert!(filled["publicKeyID"].as_str().unwrap().len() >= 16, "{filled}");

    let missing = ask("s3cret", "frontend@sha256:0");
    assert_eq!(missing["code"], 404);
    assert_eq!(missing["status"]["kind"], "Status");
    assert_eq!((&missing["status"]["reason"], &missing["status"]["code"]), (&json!("NotFound"), &json!(404)));
    assert_eq!(missing["status"]["details"]["name"], "frontend@sha256:0");
    let stranger = ask("other", &name);
    assert_eq!((&stranger["code"], &stranger["status"]["reason"]), (&json!(401), &json!("Unauthorized")));
}

#[tokio::test]
async fn kubectl_reads_images_and_errors() {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        println!("skipped: kubectl is not there");
        return;
    }
    let server = Server::start(&["--read-token=FOLDER/token"]);
    fs::write(server.path("authority.pem"), &server.authority.pem).unwrap();
    let ask = |token: &str, name: &str| -> Output {
        Command::new("kubectl")
            .env("KUBECONFIG", server.path("none"))
            .args(["get", "--raw", &format!("/apis/image.openshift.io/v1/namespaces/shop/imagestreamimages/{name}")])
            .args(["--server", &format!("https://{}", server.address), "--tls-server-name", NAME, "--token", token])
            .arg(format!("--certificate-authority={}", server.path("authority.pem").display()))
            .output()
            .unwrap()
    };
    let name = format!("frontend@{}", digest());
    let found = ask("s3cret", &name);
    let image: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert!(found.status.success());
    assert_eq!(image["metadata"]["name"], json!(name));
    for (token, name, said) in [
        ("s3cret", "frontend@sha256:0", "Error from server (NotFound): "),
        // kubectl has words of its own for this one.
        ("other", &name, "error: You must be logged in to the server (Unauthorized)"),
    ] {
        let refused = ask(token, name);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && told.starts_with(said), "{told}");
    }
}
