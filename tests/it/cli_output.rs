//! Where reports go, and what they do to files, pipes and terminals.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{AT, run, run_with_input, vidimus};

const KEY: &str = "testdata/keys/release.asc";
const EXPORT: &str = "testdata/quickstart/export.json";
const GOOD: &str = "testdata/images/image.json";
const VERIFY: [&str; 5] = ["verify", "--keys", KEY, "--at", AT];

#[test]
fn several_reports_say_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (json, lines, text) = (path("r.json"), path("r.ndjson"), path("r.txt"));
    let options = [format!("json={json}"), format!("ndjson={lines}"), format!("text={text}")];
    let options: Vec<&str> = options.iter().flat_map(|option| ["--output", option]).collect();
    let ran = run(&[&VERIFY[..], &options, &["--output", "text", EXPORT]].concat());
    assert_eq!(ran.status, 1);
    assert_eq!(fs::read_to_string(&text).unwrap(), ran.stdout);

    let report: Value = serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let lines = fs::read_to_string(&lines).unwrap();
    let mut lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut summary = lines.pop().unwrap();
    let without_head = |line: &mut Value, members: &[&str]| {
        members.iter().for_each(|member| drop(line.as_object_mut().unwrap().shift_remove(*member).unwrap()));
    };
    assert_eq!((&summary["kind"], &summary["at"]), (&"Summary".into(), &report["at"]));
    without_head(&mut summary, &["apiVersion", "kind", "at"]);
    assert_eq!(summary, report["summary"]);
    for line in &mut lines {
        assert_eq!((&line["kind"], &line["apiVersion"]), (&"Image".into(), &report["apiVersion"]));
        without_head(line, &["apiVersion", "kind"]);
    }
    assert_eq!(Value::from(lines), report["images"]);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 3, "nothing else is left behind");
}

#[test]
fn a_report_file_is_replaced_whole_or_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    let option = format!("json={}", path.display());
    fs::write(&path, "old").unwrap();

    // The images cannot be written, as a source broke off: there is no report of it either.
    let images = directory.path().join("images.json");
    let images = images.to_str().unwrap();
    let broken = "testdata/images/list.truncated.json";
    let ran = run(&[&VERIFY[..], &["--output", &option, "--write-images", images, broken]].concat());
    assert_eq!((ran.status, fs::read_to_string(&path).unwrap().as_str()), (2, "old"), "{}", ran.stderr);

    for arguments in [&["--keys", "missing.asc", GOOD][..], &["--at", "never", GOOD], &["--digest", "x", GOOD]] {
        assert_eq!(run(&[&VERIFY[..3], &["--output", &option], arguments].concat()).status, 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old", "{arguments:?}");
    }
    // Without the images, what could be read is reported.
    assert_eq!(run(&[&VERIFY[..], &["--output", &option, broken]].concat()).status, 2);
    let report: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((&report["summary"]["images"], &report["summary"]["errors"]), (&1.into(), &1.into()));
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing else is left behind");

    let nowhere = format!("json={}", directory.path().join("missing/report.json").display());
    assert_eq!(run(&[&VERIFY[..], &["--output", &nowhere, GOOD]].concat()).status, 2);
}

#[test]
fn a_reader_that_leaves_changes_no_status() {
    let object = fs::read_to_string("testdata/images/images.ndjson").unwrap();
    // More than a pipe holds.
    let many = object.repeat(100);
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("many.ndjson");
    for (text, status) in
        [(many.clone(), 0), (format!("{many}{{\"kind\":\"Image\"}}\n"), 1), (format!("{many}[5]\n"), 2)]
    {
        fs::write(&source, text).unwrap();
        for format in ["text", "json", "ndjson"] {
            let mut command = vidimus();
            command.args(VERIFY).args(["--output", format]).arg(&source);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0; 10]).unwrap();
            drop(stdout);
            let output = child.wait_with_output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), errors.as_str()), (Some(status), ""), "{format}");
        }
    }
    for arguments in [&["keys", KEY][..], &["inspect", GOOD]] {
        let mut child = vidimus().args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{arguments:?}");
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let escapes = |variables: &[(&str, &str)], arguments: &[&str]| {
        let output = vidimus().envs(variables.iter().copied()).args(arguments).output().unwrap();
        (output.stdout.contains(&0x1b), output.stderr.contains(&0x1b))
    };
    let with = |color: &'static str| [&VERIFY[..], &["--color", color, GOOD]].concat();
    assert_eq!(escapes(&[], &[&VERIFY[..], &[GOOD]].concat()), (false, false), "no terminal");
    assert_eq!(escapes(&[], &with("always")), (true, false));
    assert_eq!(escapes(&[("NO_COLOR", "1")], &with("always")), (true, false), "an option outweighs the environment");
    assert_eq!(escapes(&[("NO_COLOR", "1")], &with("auto")), (false, false));
    assert_eq!(escapes(&[], &with("never")), (false, false));
    assert_eq!(escapes(&[], &["--color", "always", "keys", KEY]), (true, false));
    assert_eq!(escapes(&[], &["--color", "always", "keys", "missing.asc"]), (false, true));
    assert_eq!(escapes(&[], &["--color", "never", "keys", "missing.asc"]), (false, false));

    // A program gets none, and a file neither.
    assert_eq!(escapes(&[], &[&with("always")[..], &["--output", "json"]].concat()), (false, false));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.txt");
    let option = format!("text={}", path.display());
    assert_eq!(escapes(&[], &[&with("always")[..], &["--output", &option]].concat()), (false, false));
    assert!(!fs::read(&path).unwrap().contains(&0x1b));
}

#[test]
fn somebody_elses_text_reaches_no_terminal() {
    let objects = ["testdata/images/hostile-names.json", "testdata/images/hostile-image-name.json"];
    let hostile_key = "testdata/keys/hostile-user-id.asc";
    let tag = fs::read_to_string("testdata/images/imagestreamtag.yaml").unwrap();
    let tag = tag.replace("\"frontend:1.0.0\"", "\"\\e[31m\\u202e\\nALLOW  x\"");
    assert!(tag.contains("\\e[31m"), "the name was there");
    let hostile_payload = ["claims.reference-hostile.sig", "claims.creator-hostile.sig"]
        .map(|file| format!("testdata/signatures/{file}"));
    let raw = [
        "--digest",
        "sha256:904a06564e035c38bb3f98d0c5299291dc798c092f8ba99283fa526397ab72c0",
        "--reference",
        "registry.example.com/a",
    ];
    let ed25519 = ["verify", "--keys", "testdata/keys/ed25519.asc", "--at", AT];
    for ran in [
        run(&[&VERIFY[..], &objects].concat()),
        run(&[&["inspect"][..], &objects].concat()),
        run(&["keys", hostile_key]),
        run(&["keys", "\u{1b}[31m\n"]),
        run(&["verify", "--keys", KEY, "\u{1b}[31m\n"]),
        run(&[&ed25519[..], &raw, &[&hostile_payload[0], &hostile_payload[1]]].concat()),
        run(&["inspect", &hostile_payload[0], &hostile_payload[1]]),
        run_with_input(&["inspect", "-"], tag.as_bytes()),
        run_with_input(&[&VERIFY[..], &["-"]].concat(), tag.as_bytes()),
        run_with_input(&[&VERIFY[..], &["-"]].concat(), b"{\"kind\":\"Image\",\"metadata\":{\"name\":{\"\x7f\":1}}}"),
        run_with_input(&[&VERIFY[..], &["-"]].concat(), "a: [\u{1b}[31m\n\u{202e}: }".as_bytes()),
    ] {
        for text in [&ran.stdout, &ran.stderr] {
            let bad = text.chars().find(|char| (char.is_control() && *char != '\n') || *char == '\u{202e}');
            assert_eq!(bad, None, "{text}");
            assert!(!text.lines().any(|line| line.starts_with("ALLOW  x") || line.starts_with("allowed")), "{text}");
        }
    }
}

#[test]
fn two_reports_never_go_to_one_file_however_it_is_spelled() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("report").display().to_string();
    let other = folder.path().join("./sub/../report").display().to_string();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let verify = ["verify", "--keys", "testdata/quickstart/keyring.asc", "testdata/quickstart/export.json"];
    let (json, text) = (format!("json={plain}"), format!("text={other}"));
    let ran = run(&[&verify[..], &["--output", &json, "--output", &text]].concat());
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    let ran = run(&[&verify[..], &["--output", &json, "--write-images", &other]].concat());
    assert_eq!(ran.status, 2, "{}", ran.stderr);
    assert!(!folder.path().join("report").exists(), "nothing is written");
}
