use std::fs;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::*;

/// A layer of these files.
fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len().try_into().unwrap());
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A `dir:` layout with these layers, and its manifest.
fn release(layers: &[Vec<u8>]) -> (TempDir, SourceSpec, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut entries = Vec::new();
    for layer in layers {
        let digest = Digest::sha256(layer).to_string();
        fs::write(folder.path().join(digest.strip_prefix("sha256:").unwrap()), layer).unwrap();
        entries.push(format!(r#"{{"digest":"{digest}","size":{}}}"#, layer.len()));
    }
    let config = Digest::sha256(b"{}");
    let manifest =
        format!(r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":2}},"layers":[{}]}}"#, entries.join(","));
    let spec = format!("dir:{}", folder.path().display()).parse().unwrap();
    (folder, spec, manifest)
}

fn found(layers: &[Vec<u8>]) -> Result<BTreeSet<Digest>, PayloadError> {
    let (_folder, spec, manifest) = release(layers);
    components(&spec, &manifest)
}

fn stream(names: &[String]) -> String {
    let tags = names.iter().map(|name| format!(r#"{{"name":"x","from":{{"kind":"DockerImage","name":"{name}"}}}}"#));
    format!(r#"{{"kind":"ImageStream","spec":{{"tags":[{}]}}}}"#, tags.collect::<Vec<_>>().join(","))
}

fn named(text: &str) -> (String, Digest) {
    let digest = Digest::sha256(text.as_bytes());
    (format!("r.example.com/{text}@{digest}"), digest)
}

#[test]
fn the_last_layer_that_says_so_counts() {
    let ((old, _), (new, digest)) = (named("old"), named("new"));
    let [old, new] = [old, new].map(|name| layer(&[("release-manifests/image-references", &stream(&[name]))]));
    let other = layer(&[("etc/x", "x"), ("release-manifests/.wh.other", "")]);
    for layers in [
        vec![new.clone()],
        vec![gzip(&new)],
        vec![old.clone(), new.clone()],
        vec![old, gzip(&new), gzip(&other), other],
    ] {
        assert_eq!(found(&layers).unwrap(), BTreeSet::from([digest]));
    }
}

#[test]
fn a_layer_that_is_not_the_manifest_s_is_refused() {
    type E = PayloadError;
    let (name, _) = named("a");
    let good = layer(&[("release-manifests/image-references", &stream(&[name]))]);
    for bytes in [good.clone(), gzip(&good)] {
        let (folder, spec, manifest) = release(std::slice::from_ref(&bytes));
        let path = folder.path().join(Digest::sha256(&bytes).to_string().strip_prefix("sha256:").unwrap());
        let mut longer = bytes.clone();
        longer.push(0);
        fs::write(&path, longer).unwrap();
        assert!(matches!(components(&spec, &manifest), Err(E::OtherLayer { .. } | E::Layer { .. })));
        fs::write(&path, layer(&[("release-manifests/image-references", &stream(&[named("b").0]))])).unwrap();
        assert!(matches!(components(&spec, &manifest), Err(E::OtherLayer { .. })));
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(components(&spec, &manifest).is_err());
        fs::remove_file(&path).unwrap();
        assert!(matches!(components(&spec, &manifest), Err(E::NoLayer { .. })));
    }
    let spec: SourceSpec = "docker-archive:x".parse().unwrap();
    let (_folder, _, manifest) = release(&[good]);
    assert!(matches!(components(&spec, &manifest), Err(E::NoBlobs)));
    assert!(components(&"x.json".parse().unwrap(), &manifest).is_err());
    assert!(matches!(components(&spec, "{}"), Err(E::Manifest(_))));
}

#[test]
fn what_takes_the_file_away_is_refused() {
    let (name, _) = named("a");
    let good = layer(&[("release-manifests/image-references", &stream(&[name]))]);
    for gone in [
        "release-manifests/.wh.image-references",
        "release-manifests/.wh..wh..opq",
        ".wh.release-manifests",
        ".wh..wh..opq",
        "release-manifests",
    ] {
        let found = found(&[good.clone(), layer(&[(gone, "")])]);
        assert!(matches!(found, Err(PayloadError::TakenAway { .. })), "{gone}: {found:?}");
    }
    assert!(matches!(found(&[layer(&[("a", "b")])]), Err(PayloadError::NoFile)));
    assert!(matches!(found(&[]), Err(PayloadError::NoFile)));
}

#[test]
fn bombs_are_refused() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![0; 1 << 20];
    for _ in 0..=LAYER_LIMIT >> 20 {
        encoder.write_all(&block).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    assert!(matches!(found(&[bomb]), Err(PayloadError::LayerTooLarge { .. })));
}

#[test]
fn what_names_the_components_is_read_strictly() {
    type E = PayloadError;
    let (name, digest) = named("a");
    let good = stream(std::slice::from_ref(&name));
    assert_eq!(references(good.as_bytes()).unwrap(), BTreeSet::from([digest]));
    assert!(matches!(references(stream(&[]).as_bytes()), Err(E::Empty)));
    for bad in ["r.example.com/a:1", "", "sha256:x", "A"] {
        assert!(matches!(references(stream(&[bad.to_owned()]).as_bytes()), Err(E::Component { .. })), "{bad}");
    }
    let image = good.replace("DockerImage", "ImageStreamTag");
    assert!(matches!(references(image.as_bytes()), Err(E::Component { .. })));
    assert!(matches!(references(good.replace("ImageStream", "Pod").as_bytes()), Err(E::Kind { .. })));
    for bad in [
        "[]".to_owned(),
        "{}".to_owned(),
        good.replace(r#""spec""#, r#""spec":{"tags":[]},"spec""#),
        good.replace(r#""from""#, r#""from":{},"from""#),
        good.replace(r#""tags":["#, r#""tags":{"x":["#).replace("]}}", "]}}}"),
        format!("{good}{good}"),
    ] {
        assert!(matches!(references(bad.as_bytes()), Err(E::Json(_))), "{bad}");
    }
}
