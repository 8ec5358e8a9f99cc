use std::fs;

use tempfile::TempDir;

use super::*;
use crate::image::Carrier;
use crate::signature::CONTENT_LIMIT;
use crate::source::layout::{Platform, SIGNATURE_FILES_LIMIT};

const IMAGE: &str = r#"{"schemaVersion":2,"config":{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;

/// What a layout of these files holds: a line an item.
fn told(files: &[(&str, &[u8])], naming: &Naming) -> Vec<String> {
    let folder = layout(files);
    told_of(&folder, naming)
}

fn layout(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn told_of(folder: &TempDir, naming: &Naming) -> Vec<String> {
    let mut told = Vec::new();
    let summary = Dir::new(folder.path(), naming.clone()).read(&mut |item| {
        let path = item.location.path().to_owned();
        told.push(match item.json {
            Err(error) => format!("{path}: {}", error.problem),
            Ok(json) => {
                let Carrier::Image(carried) = Carrier::read(json).unwrap() else { panic!("{json}") };
                let image = carried.image;
                assert_eq!(
                    image.metadata.name.as_str(),
                    Digest::sha256(image.docker_image_manifest.as_bytes()).to_string()
                );
                let names: Vec<_> =
                    image.signatures.iter().map(|found| found.metadata.name.rsplit('@').next().unwrap()).collect();
                let config = if image.docker_image_config.is_empty() { "" } else { " with its configuration" };
                format!("{path}: [{}] {}{config}", names.join(" "), image.docker_image_reference.as_str())
            }
        });
        ControlFlow::Continue(())
    });
    assert_eq!(summary.items, told.len());
    assert_eq!(summary.lost.is_some(), summary.bad > 0);
    told
}

#[test]
fn reads_an_image_with_its_signatures() {
    let naming = Naming { reference: Some("r.example.com/a:1".parse().unwrap()), platform: None };
    let config = blob(&Digest::sha256(b"{}"));
    let files: &[(&str, &[u8])] = &[
        ("version", b"Directory Transport Version: 1.1\n"),
        ("manifest.json", IMAGE.as_bytes()),
        (&config, b"{}"),
        ("signature-1", b"\xa0"),
        ("signature-2", b"\0sigstore-json\n{}"),
        ("signature-02", b"x"),
        ("signature-x", b"x"),
    ];
    assert_eq!(
        told(files, &naming),
        ["manifest.json: [signature-1 signature-2] r.example.com/a:1 with its configuration"]
    );
    assert_eq!(told(&[("manifest.json", IMAGE.as_bytes())], &Naming::default()), ["manifest.json: [] "]);
}

#[test]
fn tells_what_is_not_read() {
    let told = |files: &[(&str, &[u8])]| told(files, &Naming::default());
    let manifest = ("manifest.json", IMAGE.as_bytes());
    assert_eq!(
        told(&[manifest, ("signature-1", b"a"), ("signature-4", b"b"), ("signature-3", b"b")]),
        [
            "manifest.json: [signature-1] ",
            "signature-3: `signature-2` is missing before it, and no reader of such layouts looks behind a gap",
        ]
    );
    assert_eq!(told(&[]), ["manifest.json: there is no such file: a `dir:` layout has a manifest"]);
    assert_eq!(told(&[("manifest.json", b"\xff")]), ["manifest.json: it is not UTF-8 text"]);
    assert_eq!(
        told(&[manifest, ("version", b"Directory Transport Version: 2.0\n")]),
        ["version: it says `Directory Transport Version: 2.0`: expected `Directory Transport Version: 1.1`"]
    );
    let large = vec![b' '; MANIFEST_LIMIT + 1];
    assert_eq!(told(&[("manifest.json", &large)]), ["manifest.json: it is longer than 4194304 bytes"]);
    assert_eq!(told(&[manifest, ("version", &large)]), ["version: it is longer than 256 bytes"]);
}

#[test]
fn reads_no_more_of_signatures_than_the_limits() {
    let folder = layout(&[("manifest.json", IMAGE.as_bytes()), ("signature-1", &vec![b'a'; 1 << 20])]);
    for number in 2..=SIGNATURE_FILES_LIMIT + 1 {
        fs::write(folder.path().join(format!("signature-{number}")), "a").unwrap();
    }
    let mut counts = Vec::new();
    Dir::new(folder.path(), Naming::default()).read(&mut |item| {
        counts.push(item.json.map(str::len).map_err(|error| error.problem.to_string()));
        ControlFlow::Continue(())
    });
    let [Ok(length), Err(problem)] = counts.as_slice() else { panic!("{counts:?}") };
    assert!(*length < CONTENT_LIMIT * 2, "{length}");
    assert_eq!(problem, "there are more than 128 signatures, the others are not read");
}

#[test]
fn reads_the_instances_of_a_list() {
    let other = IMAGE.replace("\"size\":2", "\"size\":3");
    let [first, second] = [IMAGE, &other].map(|manifest| Digest::sha256(manifest.as_bytes()));
    let list = format!(
        r#"{{"schemaVersion":2,"manifests":[
            {{"digest":"{first}","size":1,"platform":{{"os":"linux","architecture":"amd64"}}}},
            {{"digest":"{second}","size":1,"platform":{{"os":"linux","architecture":"arm64","variant":"v8"}}}}]}}"#
    );
    let list_digest = Digest::sha256(list.as_bytes());
    let (one, two) = (prefix(&first), prefix(&second));
    let names = [format!("{one}manifest.json"), format!("{two}manifest.json"), format!("{two}signature-1")];
    let [first_name, second_name, signature] = &names;
    let files: &[(&str, &[u8])] = &[
        ("manifest.json", list.as_bytes()),
        ("signature-1", b"a"),
        (first_name, IMAGE.as_bytes()),
        (second_name, other.as_bytes()),
        (signature, b"a"),
    ];
    let named = |platform: Option<&str>| Naming {
        reference: Some("r.example.com/a".parse().unwrap()),
        platform: platform.map(|platform| platform.parse().unwrap()),
    };
    let line_of_second = format!("{second_name}: [signature-1] r.example.com/a@{second}");
    assert_eq!(
        told(files, &named(None)),
        [
            format!("manifest.json: [signature-1] r.example.com/a@{list_digest}"),
            format!("{first_name}: [] r.example.com/a@{first}"),
            line_of_second.clone(),
        ]
    );
    assert_eq!(told(files, &named(Some("linux/arm64"))), [line_of_second]);
    assert_eq!(told(files, &named(Some("linux/s390x"))), ["manifest.json: there is no image for `linux/s390x`"]);
    let _: Platform = "linux/arm64/v8".parse().unwrap();
    // An instance that is not there cannot be judged.
    assert_eq!(
        told(&files[..3], &named(Some("linux/arm64"))),
        [format!("{second_name}: there is no such file: the list names this manifest")]
    );
}

#[test]
fn a_manifest_that_is_not_the_list_s_is_denied_by_its_name() {
    let digest = Digest::sha256(IMAGE.as_bytes());
    let list = format!(r#"{{"schemaVersion":2,"manifests":[{{"digest":"{digest}","size":1}}]}}"#);
    let name = format!("{}manifest.json", prefix(&digest));
    let folder = layout(&[("manifest.json", list.as_bytes()), (&name, IMAGE.replace(":2}", ":3}").as_bytes())]);
    let mut names = Vec::new();
    Dir::new(folder.path(), Naming::default()).read(&mut |item| {
        let Carrier::Image(carried) = Carrier::read(item.json.unwrap()).unwrap() else { panic!() };
        let anchor = crate::image::Anchor::of(&carried.image, Schema1::Refused);
        names.push(anchor.map(|_| ()).map_err(|error| error.to_string().contains("hashes to")));
        ControlFlow::Continue(())
    });
    assert_eq!(names, [Ok(()), Err(true)]);
}

#[test]
#[cfg(unix)]
fn links_do_not_lead_out() {
    let folder = layout(&[("manifest.json", IMAGE.as_bytes())]);
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("signature-1")).unwrap();
    assert_eq!(
        told_of(&folder, &Naming::default()),
        ["manifest.json: [] ", "signature-1: it is a link that leads out of the layout"]
    );
}
