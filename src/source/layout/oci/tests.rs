use std::fs;

use tempfile::TempDir;

use super::*;
use crate::image::{Anchor, Carrier};

/// A layout that grows.
struct Layout {
    folder: TempDir,
    entries: Vec<String>,
}

impl Layout {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("blobs/sha256")).unwrap();
        fs::write(folder.path().join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self { folder, entries: Vec::new() }
    }

    fn blob(&self, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        fs::write(self.folder.path().join(blob(&digest)), content).unwrap();
        digest
    }

    /// A manifest of an image of its own.
    fn image(&self, number: usize) -> Digest {
        let config = self.blob(format!("{{\"n\":{number}}}").as_bytes());
        self.blob(format!(r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":7}},"layers":[]}}"#).as_bytes())
    }

    fn list(&self, instances: &[(Digest, &str)]) -> Digest {
        let entries: Vec<_> = instances.iter().map(|(digest, platform)| entry(digest, "", platform)).collect();
        self.blob(format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(",")).as_bytes())
    }

    fn index(&mut self, digest: &Digest, name: &str, platform: &str) {
        self.entries.push(entry(digest, name, platform));
        let text = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, self.entries.join(","));
        fs::write(self.folder.path().join("index.json"), text).unwrap();
    }

    /// A line an item: the digest and the reference of an image, or the problem.
    fn told(&self, selection: Selection, naming: &Naming) -> Vec<String> {
        let mut told = Vec::new();
        Oci::new(self.folder.path(), selection, naming.clone()).read(&mut |item| {
            told.push(match item.json {
                Err(error) => format!("{}: {}", item.location.path(), error.problem),
                Ok(json) => {
                    let Carrier::Image(carried) = Carrier::read(json).unwrap() else { panic!("{json}") };
                    match Anchor::of(&carried.image, Schema1::Refused) {
                        Ok(anchor) => format!("{} {}", anchor.digest(), carried.image.docker_image_reference.as_str()),
                        Err(error) => error.to_string(),
                    }
                }
            });
            ControlFlow::Continue(())
        });
        told
    }

    fn all(&self) -> Vec<String> {
        self.told(Selection::All, &Naming::default())
    }
}

fn entry(digest: &Digest, name: &str, platform: &str) -> String {
    let annotations = if name.is_empty() {
        String::new()
    } else {
        format!(r#","annotations":{{"org.opencontainers.image.ref.name":"{name}"}}"#)
    };
    let platform = platform.split_once('/').map_or(String::new(), |(os, architecture)| {
        format!(r#","platform":{{"os":"{os}","architecture":"{architecture}"}}"#)
    });
    format!(r#"{{"digest":"{digest}","size":1{platform}{annotations}}}"#)
}

fn platform(text: &str) -> Naming {
    Naming { reference: None, platform: Some(text.parse().unwrap()) }
}

#[test]
fn selects_images() {
    let mut layout = Layout::new();
    let [first, second] = [1, 2].map(|number| layout.image(number));
    layout.index(&first, "v1", "");
    layout.index(&second, "v2", "");
    layout.index(&first, "latest", "");
    let told = |selection| layout.told(selection, &Naming::default());
    let name = |name: &str| told(Selection::Name(name.to_owned()));
    assert_eq!(told(Selection::All), [format!("{first} "), format!("{second} ")]);
    assert_eq!(name("latest"), [format!("{first} ")]);
    assert_eq!(name("v3"), ["index.json: there is no image that is called `v3`"]);
    assert_eq!(told(Selection::Index(1)), [format!("{second} ")]);
    assert_eq!(told(Selection::Index(3)), ["index.json: there is no image at place 3, counted from 0"]);
    assert_eq!(told(Selection::Digest(second.into())), [format!("{second} ")]);
    let other = Digest::sha256(b"");
    assert_eq!(
        told(Selection::Digest(other.into())),
        [format!("{}: there is no such file: it is named as a manifest", blob(&other))]
    );
    layout.index(&second, "latest", "");
    assert_eq!(
        layout.told(Selection::Name("latest".to_owned()), &Naming::default()),
        ["index.json: there are several images that is called `latest`"]
    );
}

#[test]
fn lists_are_images_and_so_are_their_instances() {
    let mut layout = Layout::new();
    let [first, second] = [1, 2].map(|number| layout.image(number));
    let list = layout.list(&[(first, "linux/amd64"), (second, "linux/arm64")]);
    layout.index(&list, "v1", "");
    let reference = Some("r.example.com/a".parse().unwrap());
    let all = layout.told(Selection::All, &Naming { reference: reference.clone(), platform: None });
    assert_eq!(all, [list, first, second].map(|digest| format!("{digest} r.example.com/a@{digest}")));
    assert_eq!(layout.told(Selection::All, &platform("linux/arm64")), [format!("{second} ")]);
    let none = layout.told(Selection::All, &platform("linux/s390x"));
    assert!(none[0].contains("no image for `linux/s390x`"), "{none:?}");

    // An index may name the instances itself.
    let mut layout = Layout::new();
    let [first, second] = [1, 2].map(|number| layout.image(number));
    layout.index(&first, "", "linux/amd64");
    layout.index(&second, "", "linux/arm64");
    assert_eq!(layout.told(Selection::All, &platform("linux/arm64")), [format!("{second} ")]);
    assert_eq!(
        layout.told(Selection::All, &platform("linux/s390x")),
        ["index.json: there is no image for `linux/s390x`"]
    );
}

#[test]
fn what_is_not_the_digest_s_is_denied_or_an_error() {
    let mut layout = Layout::new();
    let image = layout.image(1);
    layout.index(&image, "v1", "");
    let path = layout.folder.path().join(blob(&image));
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, manifest.replace(":7", ":8")).unwrap();
    let told = layout.all();
    assert!(told[0].contains("the manifest hashes to"), "{told:?}");
    fs::write(&path, &manifest).unwrap();
    let config = layout.folder.path().join(blob(&Digest::sha256(b"{\"n\":1}")));
    fs::write(&config, "{}").unwrap();
    assert!(layout.all()[0].contains("the configuration hashes to"));
    fs::write(&config, b"\xff").unwrap();
    assert!(layout.all()[0].contains(": it hashes to"));
    fs::remove_file(&config).unwrap();
    assert_eq!(layout.all(), [format!("{image} ")]);
    fs::write(&path, vec![b' '; MANIFEST_LIMIT + 1]).unwrap();
    assert!(layout.all()[0].contains("it is longer than"));
    fs::write(&path, b"\xff").unwrap();
    assert!(layout.all()[0].contains("it is not UTF-8"));
}

#[test]
fn what_describes_the_layout_must_be_right() {
    let mut layout = Layout::new();
    let problem = |layout: &Layout| layout.all().remove(0);
    assert!(problem(&layout).starts_with("index.json: there is no such file"));
    let image = layout.image(1);
    layout.index(&image, "v1", "");
    let marker = layout.folder.path().join("oci-layout");
    for (text, found) in [
        (r#"{"imageLayoutVersion":"2.0.0"}"#, "it says `2.0.0`"),
        ("{}", "missing field"),
        ("", "EOF"),
        (r#"{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}"#, "imageLayoutVersion"),
    ] {
        fs::write(&marker, text).unwrap();
        assert!(problem(&layout).starts_with("oci-layout: ") && problem(&layout).contains(found), "{text}");
    }
    fs::remove_file(&marker).unwrap();
    assert!(problem(&layout).starts_with("oci-layout: there is no such file"));
    fs::write(&marker, r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let index = layout.folder.path().join("index.json");
    for (text, found) in [
        (r#"{"manifests":[]}"#, "there is no image in it"),
        (r#"{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}"#, "is no digest"),
        (r#"{"manifests":[{"digest":"../x"}]}"#, "is no digest"),
        ("[]", "an object is needed"),
        (r#"{"manifests":[],"Manifests":[]}"#, "differs only in case"),
        (r#"{"manifests":[],"manifestſ":[]}"#, "differs only in case"),
        (r#"{"manifests":[{"digest":"a","Digest":"b"}]}"#, "differs only in case"),
    ] {
        fs::write(&index, text).unwrap();
        assert!(problem(&layout).contains(found), "{text}: {}", problem(&layout));
    }
}

#[test]
fn walks_are_bounded() {
    let mut layout = Layout::new();
    let mut list = layout.image(1);
    for _ in 0..=LISTS_DEPTH {
        list = layout.list(&[(list, "")]);
    }
    layout.index(&list, "", "");
    let told = layout.all();
    assert!(told.last().unwrap().ends_with("lists of manifests are nested more than 4 deep"), "{told:?}");

    let mut layout = Layout::new();
    let images: Vec<_> = (0..INSTANCES_LIMIT).map(|number| (layout.image(number), "")).collect();
    layout.index(&layout.list(&images), "", "");
    let told = layout.all();
    assert!(told.last().unwrap().ends_with("there are more than 1024 manifests"), "{:?}", told.last());
}
