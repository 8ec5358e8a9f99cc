//! Manifests, and layouts of images on disk.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;
use vidimus::image::{Anchor, Basis, Schema1, Text};
use vidimus::source::layout::{Dir, DockerArchive, Naming, Oci};
use vidimus::source::{Selection, Source};
use vidimus::{Carrier, Digest, Image};

use super::testdata::{self, OPENPGP, at};

/// The types that a manifest may be said to be of.
const MEDIA_TYPES: [&str; 7] = [
    "",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
];

/// A manifest that is accepted hashes to the name of its image, and can be read as one kind only. The first octet says
/// as what it is declared.
pub(crate) fn manifest(input: &[u8]) {
    let Some((declared, text)) = input.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let declared = usize::from(*declared).checked_rem(MEDIA_TYPES.len()).unwrap_or_default();
    let name = Digest::sha256(text.as_bytes());
    let mut image = Image {
        docker_image_manifest: Text::from(text),
        docker_image_manifest_media_type: Text::from(MEDIA_TYPES[declared]),
        ..Image::default()
    };
    image.metadata.name = Text::from(name.to_string());
    let Ok(anchor) = Anchor::of(&image, Schema1::Refused) else { return };
    if text.is_empty() {
        assert_eq!(anchor.basis(), Basis::Name);
        return;
    }
    assert_eq!((anchor.basis(), anchor.digest()), (Basis::Manifest, &name));
    assert!(Anchor::of(&image, Schema1::PayloadOnly).is_ok(), "it depends on what is accepted of another kind");
    let value: Value = serde_json::from_str(text).expect("a manifest is JSON");
    let kinds = ["layers", "manifests", "fsLayers"].iter().filter(|member| !value[**member].is_null());
    assert!(kinds.count() <= 1, "it can be read as two kinds");
    image.metadata.name = Text::from(Digest::sha256(b"another").to_string());
    assert!(Anchor::of(&image, Schema1::Refused).is_err(), "it has another name as well");
}

pub(crate) fn manifest_seeds() -> Vec<Vec<u8>> {
    let objects = testdata::contents("images", ".json").into_iter();
    let manifests = objects.filter_map(|object| {
        let object: Value = serde_json::from_slice(&object).ok()?;
        let declared = object["dockerImageManifestMediaType"].as_str().unwrap_or_default();
        let declared = MEDIA_TYPES.iter().position(|media_type| *media_type == declared).unwrap_or_default();
        let text = object["dockerImageManifest"].as_str()?;
        Some([&[u8::try_from(declared).ok()?][..], text.as_bytes()].concat())
    });
    manifests.collect()
}

/// What a layout yields are images that can be read, and signatures count in it as anywhere else.
///
/// The first octet says which kind of layout it is. An archive is what follows; of a folder that is cut at nul: the file
/// that is read first, signatures, and blobs by their digests.
pub(crate) fn layout(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let naming = Naming { reference: testdata::image_of_the_cases().1.parse().ok(), platform: None };
    let mut source: Box<dyn Source> = match kind % 4 {
        0 => {
            write_folder(path, "manifest.json", rest);
            Box::new(Dir::new(path, naming))
        }
        1 => {
            write_folder(path, "index.json", rest);
            Box::new(Oci::new(path, Selection::All, naming))
        }
        archive => {
            let file = path.join("archive.tar");
            fs::write(&file, rest).expect("a temporary file");
            match archive {
                2 => Box::new(DockerArchive::new(file, Selection::All, naming)),
                _ => Box::new(Oci::archive(file, Selection::All, naming)),
            }
        }
    };
    source.read(&mut |item| {
        if let Ok(json) = item.json {
            let Ok(Carrier::Image(carried)) = Carrier::read(json) else { panic!("no image: {json}") };
            assert!(carried.image.metadata.name.parse::<Digest>().is_ok(), "{json}");
            OPENPGP.verifier.verify(&carried.image, at());
        }
        ControlFlow::Continue(())
    });
}

fn write_folder(path: &Path, first: &str, parts: &[u8]) {
    let write = |name: &str, content: &[u8]| fs::write(path.join(name), content).expect("a temporary file");
    let blobs = path.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("a temporary folder");
    write("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#);
    for (number, part) in parts.split(|octet| *octet == 0).take(8).enumerate() {
        let digest = Digest::sha256(part).to_string();
        let name = digest.strip_prefix("sha256:").expect("the algorithm");
        match number {
            0 => write(first, part),
            _ => write(&format!("signature-{number}"), part),
        }
        write(name, part);
        write(&format!("blobs/sha256/{name}"), part);
    }
}

pub(crate) fn layout_seeds() -> Vec<Vec<u8>> {
    let manifests: Vec<_> = manifest_seeds().into_iter().map(|seed| seed[1..].to_vec()).collect();
    let signature = testdata::read("signatures/good.ed25519.sig");
    let mut seeds = Vec::new();
    for manifest in &manifests {
        let digest = Digest::sha256(manifest);
        let size = manifest.len();
        let descriptor = format!(r#""digest":"{digest}","size":{size}"#);
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{}",{descriptor}}}]}}"#, MEDIA_TYPES[1]);
        seeds.push([b"\0", &manifest[..], b"\0", &signature].concat());
        seeds.push([b"\x01", index.as_bytes(), b"\0", manifest].concat());
        let name = digest.to_string().replace(':', "/");
        let blob = format!("blobs/{name}");
        let layout = br#"{"imageLayoutVersion":"1.0.0"}"#;
        let files = [("oci-layout", &layout[..]), ("index.json", index.as_bytes()), (&blob, manifest)];
        seeds.push([b"\x03".to_vec(), tar(&files)].concat());
    }
    let config = br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let list = br#"[{"Config":"a.json","RepoTags":["example.com/a:1"],"Layers":["b.tar"]}]"#;
    let files = [("manifest.json", &list[..]), ("a.json", &config[..]), ("b.tar", &[0; 1024][..])];
    seeds.push([b"\x02".to_vec(), tar(&files)].concat());
    seeds
}

/// A tar file as POSIX has it (ustar), with these files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut written = Vec::new();
    for (name, content) in files {
        let mut header = [0; 512];
        let mut put = |at: usize, text: &[u8]| header[at..].iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        put(0, name.as_bytes());
        put(100, b"0000644\0");
        put(124, format!("{:011o}", content.len()).as_bytes());
        put(136, b"00000000000");
        put(148, b"        0");
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|octet| u32::from(*octet)).sum();
        header[148..].iter_mut().zip(format!("{sum:06o}\0").as_bytes()).for_each(|(to, from)| *to = *from);
        written.extend(header);
        written.extend(*content);
        written.resize(written.len().next_multiple_of(512), 0);
    }
    written.extend([0; 1024]);
    written
}
