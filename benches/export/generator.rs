//! Images as a cluster holds them, made up: every digest in an object fits the others, every signature is genuine.
//!
//! What is generated depends on the number of the image alone, so that every run and every machine has the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value, json};
use sha2::{Digest as _, Sha256};

use crate::signer::Signer;

/// Placeholders of what changes when an image is repeated. Nobody signs it, and nothing that decides depends on it.
pub(crate) const UID: &str = "00000000-0000-4000-8000-ffffffffffff";
pub(crate) const RESOURCE_VERSION: &str = "9999999999";

const REGISTRY: &str = "registry.example.com";
const WORDS: &[&str] = &[
    "access",
    "audit",
    "backend",
    "billing",
    "broker",
    "cache",
    "catalog",
    "console",
    "controller",
    "exporter",
    "frontend",
    "gateway",
    "identity",
    "index",
    "ingress",
    "ledger",
    "mailer",
    "metrics",
    "operator",
    "orders",
    "payments",
    "proxy",
    "queue",
    "registry",
    "reports",
    "router",
    "scheduler",
    "search",
    "sessions",
    "storage",
    "telemetry",
    "worker",
];
const LABELS: &[&str] = &[
    "architecture",
    "build-date",
    "com.example.build-host",
    "com.example.component",
    "com.example.license_terms",
    "com.example.openshift.versions",
    "cpe",
    "description",
    "distribution-scope",
    "io.buildah.version",
    "io.k8s.description",
    "io.k8s.display-name",
    "io.openshift.build.commit.author",
    "io.openshift.build.commit.id",
    "io.openshift.build.commit.url",
    "io.openshift.build.source-location",
    "io.openshift.expose-services",
    "io.openshift.maintainer.component",
    "io.openshift.maintainer.product",
    "io.openshift.s2i.scripts-url",
    "io.openshift.tags",
    "maintainer",
    "name",
    "org.opencontainers.image.created",
    "org.opencontainers.image.revision",
    "release",
    "summary",
    "upstream-vcs-ref",
    "upstream-vcs-type",
    "url",
    "usage",
    "vcs-ref",
    "vcs-type",
    "vendor",
    "version",
];
const VARIABLES: &[&str] = &[
    "APP_HOME",
    "APP_ROOT",
    "BUILD_RELEASE",
    "BUILD_VERSION",
    "CONTAINER",
    "GOMAXPROCS",
    "HOME",
    "JAVA_HOME",
    "LANG",
    "OS_GIT_COMMIT",
    "OS_GIT_VERSION",
    "SOURCE_GIT_COMMIT",
    "SOURCE_GIT_TREE_STATE",
    "SOURCE_GIT_URL",
    "SUMMARY",
];

/// The object of image `number`, as `oc get images -o json` prints it inside a list.
pub(crate) fn item(number: u64, signer: &Signer) -> String {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let manifest = Manifest::new(number, &mut random);
    let repository = format!("{REGISTRY}/{}-{}/{}-{number}", random.word(), random.below(100), random.word());
    let version = format!("{}.{}.{}", random.below(9), random.below(30), random.below(30));
    let signatures: Vec<_> = (0..signatures(&mut random))
        .map(|tag| {
            // Several tags of one build, each of them signed, as registries with floating tags have them.
            let reference = match tag {
                0 => format!("{repository}:{version}"),
                1 => format!("{repository}:{version}-{number}"),
                _ => format!("{repository}:latest-{}", random.below(30)),
            };
            record(&manifest.digest, &signer.message(&payload(&manifest.digest, &reference)))
        })
        .collect();
    let config = config(number, &mut random, &repository);
    let container = json!({ "Env": config["Env"], "Hostname": config["Hostname"] });
    let object = json!({
        "apiVersion": "image.openshift.io/v1",
        "dockerImageLayers": manifest.layers,
        "dockerImageManifest": manifest.text,
        "dockerImageManifestMediaType": manifest.media_type,
        "dockerImageMetadata": {
            "Architecture": "amd64",
            "Config": config,
            "ContainerConfig": container,
            "Created": "2024-02-29T09:30:00Z",
            "Id": manifest.config,
            "Size": random.below(900_000_000),
            "apiVersion": "image.openshift.io/1.0",
            "kind": "DockerImage",
        },
        "dockerImageMetadataVersion": "1.0",
        "dockerImageReference": format!("{repository}@{}", manifest.digest),
        "kind": "Image",
        "metadata": {
            "annotations": {
                "image.openshift.io/dockerLayersOrder": "ascending",
                "openshift.io/image.managed": "true",
            },
            "creationTimestamp": "2024-03-01T12:05:00Z",
            "generation": 1,
            "name": manifest.digest,
            "resourceVersion": RESOURCE_VERSION,
            "uid": UID,
        },
        "signatures": signatures,
    });
    printed(&object)
}

/// 1 to 3, 1.57 on average.
fn signatures(random: &mut Random) -> usize {
    match random.below(100) {
        0..55 => 1,
        55..88 => 2,
        _ => 3,
    }
}

fn payload(digest: &str, reference: &str) -> String {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"atomic container signature"}},"optional":{{"creator":"atomic 2.0.2","timestamp":1709294400}}}}"#
    )
}

fn record(image: &str, message: &[u8]) -> Value {
    json!({
        "content": STANDARD.encode(message),
        "metadata": {
            "creationTimestamp": null,
            "name": format!("{image}@{}", sha256(message).get(7..39).unwrap_or_default()),
        },
        "type": "atomic",
    })
}

fn config(number: u64, random: &mut Random, repository: &str) -> Value {
    let labels: Map<_, _> = LABELS
        .iter()
        .map(|name| {
            let value = match *name {
                "name" => repository.to_owned(),
                "io.k8s.description" | "description" | "summary" | "usage" => random.sentence(60),
                name if name.ends_with("id") || name.ends_with("ref") || name.ends_with("revision") => {
                    sha256(format!("{number} {name}").as_bytes()).get(7..47).unwrap_or_default().to_owned()
                }
                name if name.ends_with("url") || name.ends_with("location") => {
                    format!(
                        "https://code.example.com/{}/{}/tree/{}",
                        random.word(),
                        random.word(),
                        random.below(99_999)
                    )
                }
                _ => random.sentence(6),
            };
            ((*name).to_owned(), value.into())
        })
        .collect();
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
    let variables: Vec<_> = VARIABLES.iter().map(|name| format!("{name}={}", random.sentence(8))).collect();
    json!({
        "Cmd": ["/usr/bin/run", "--listen", format!("0.0.0.0:{}", 8000 + random.below(1000))],
        "Entrypoint": ["/usr/bin/container-entrypoint"],
        "Env": std::iter::once(path).chain(variables).collect::<Vec<_>>(),
        "ExposedPorts": { "8080/tcp": {}, "8443/tcp": {} },
        "Hostname": sha256(repository.as_bytes()).get(7..19),
        "Labels": labels,
        "User": "1001",
        "WorkingDir": "/opt/app-root/src",
    })
}

/// A manifest, and what the object repeats of it.
struct Manifest {
    text: String,
    digest: String,
    media_type: &'static str,
    config: String,
    layers: Vec<Value>,
}

impl Manifest {
    /// Half of them as Docker writes them, spread over lines; half of them OCI's, on one line and with annotations.
    fn new(number: u64, random: &mut Random) -> Self {
        let is_docker = number.is_multiple_of(2);
        let count = if is_docker { 13 + random.below(8) } else { 5 + random.below(16) };
        let config = sha256(format!("{number} config").as_bytes());
        let (media_type, config_type, layer_type) = if is_docker {
            (
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            )
        } else {
            (
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
            )
        };
        let layers: Vec<_> = (0..count)
            .map(|layer| (sha256(format!("{number} layer {layer}").as_bytes()), 32 + random.below(90_000_000)))
            .collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": { "mediaType": config_type, "size": 4000 + random.below(9000), "digest": config },
            "layers": layers.iter().map(|(digest, size)| {
                let mut layer = json!({ "mediaType": layer_type, "size": size, "digest": digest });
                if !is_docker {
                    let created_by = format!("RUN /usr/bin/install {}", random.sentence(12));
                    layer["annotations"] = json!({ "org.example.layer.created-by": created_by });
                }
                layer
            }).collect::<Vec<_>>(),
        });
        if !is_docker {
            manifest["annotations"] = json!({
                "org.opencontainers.image.base.digest": sha256(b"base"),
                "org.opencontainers.image.base.name": format!("{REGISTRY}/base/minimal:9"),
                "org.opencontainers.image.created": "2024-02-29T09:30:00Z",
                "org.opencontainers.image.description": random.sentence(120),
                "org.opencontainers.image.source": format!("https://code.example.com/{}/{}", random.word(), random.word()),
            });
        }
        let text = if is_docker { indented(&manifest, "   ") } else { manifest.to_string() };
        let layers =
            layers.iter().map(|(digest, size)| json!({ "mediaType": layer_type, "name": digest, "size": size }));
        Self { digest: sha256(text.as_bytes()), text, media_type, config, layers: layers.collect() }
    }
}

/// An item of a list as Go's encoder prints it: four spaces, two levels deep, and nothing that HTML could trip over.
fn printed(value: &Value) -> String {
    let text = indented(value, "    ").replace('\n', "\n        ");
    format!("        {}", text.replace('&', r"\u0026").replace('<', r"\u003c").replace('>', r"\u003e"))
}

fn indented(value: &Value, indent: &str) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    serde::Serialize::serialize(value, &mut Serializer::with_formatter(&mut text, formatter)).unwrap();
    String::from_utf8(text).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn word(&mut self) -> &'static str {
        let number = usize::try_from(self.next() % 1024).unwrap();
        WORDS.iter().cycle().nth(number).unwrap()
    }

    fn sentence(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}
