use std::path::PathBuf;

use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::*;

/// An archive of these entries: a name, a type, and the content or where a link leads.
pub(in crate::source::layout) fn archive(entries: &[(&str, EntryType, &[u8])]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    std::fs::write(&path, bytes(entries)).unwrap();
    (folder, path)
}

fn bytes(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = Header::new_gnu();
        // As it is: the safe way would not write what must be refused.
        let field = &mut header.as_old_mut().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        let is_link = kind.is_symlink() || kind.is_hard_link();
        if is_link {
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
        }
        let content = if is_link { &[][..] } else { content };
        header.set_size(content.len().try_into().unwrap());
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn problem(entries: &[(&str, EntryType, &[u8])]) -> String {
    let (_folder, path) = archive(entries);
    match Tarball::open(&path) {
        Err((place, problem)) => format!("{place}: {problem}"),
        Ok(tarball) => panic!("{tarball:?}"),
    }
}

const FILE: EntryType = EntryType::Regular;

#[test]
fn reads_single_files_and_links_inside() {
    let long = format!("{}/x", "d".repeat(200));
    let (_folder, path) = archive(&[
        ("./a/", EntryType::Directory, b""),
        ("./a/b", FILE, b"1234"),
        ("a/c", EntryType::Symlink, b"../d/e"),
        ("d/e", EntryType::Link, b"a/b"),
        ("d/f", EntryType::Symlink, b"../a/b"),
        ("d/g", EntryType::Symlink, b"nothing"),
        ("././@LongLink", EntryType::GNULongName, long.as_bytes()),
        ("d", FILE, b"long"),
        ("pax", EntryType::XHeader, b"12 path=p/q\n"),
        ("short", FILE, b"pax"),
        ("global", EntryType::XGlobalHeader, b"13 comment=x\n"),
    ]);
    let mut tarball = Tarball::open(&path).unwrap();
    for (name, content) in [("a/b", "1234"), ("d/e", "1234"), ("d/f", "1234"), (long.as_str(), "long"), ("p/q", "pax")]
    {
        assert_eq!(tarball.read(name, 4).unwrap().unwrap(), content.as_bytes(), "{name}");
    }
    assert_eq!(tarball.size("a/b").unwrap(), Some(4));
    assert!(tarball.read("nothing", 4).unwrap().is_none());
    assert!(matches!(tarball.read("a/b", 3), Err(SourceProblem::Layout(LayoutProblem::TooLarge { limit: 3 }))));
    // Two steps, or a step to nowhere.
    for name in ["a/c", "d/g"] {
        assert!(matches!(tarball.read(name, 4), Err(SourceProblem::Layout(LayoutProblem::NotAFile))), "{name}");
    }
}

#[test]
fn refuses_what_leads_out() {
    for name in ["/etc/passwd", "../a", "a/../../b", "a/..", "a/../b", "..", "a\\..\\b"] {
        assert!(problem(&[(name, FILE, b"x")]).contains("leads out of the archive"), "{name}");
    }
    for (kind, target) in [
        (EntryType::Symlink, "/etc/passwd"),
        (EntryType::Symlink, "../../x"),
        (EntryType::Symlink, "../x/../../y"),
        (EntryType::Link, "../x"),
        (EntryType::Link, "/x"),
    ] {
        assert_eq!(
            problem(&[("a/b", kind, target.as_bytes())]),
            "a/b: it is a link that leads out of the layout",
            "{target}"
        );
    }
    let hidden = problem(&[("pax", EntryType::XHeader, b"14 path=../ab\n"), ("a", FILE, b"")]);
    assert!(hidden.contains("leads out of the archive"), "{hidden}");
}

#[test]
fn refuses_what_could_be_read_in_two_ways() {
    assert_eq!(problem(&[("a", FILE, b"1"), ("./a", FILE, b"2")]), "a: there are two of this name");
    assert_eq!(problem(&[("a", FILE, b"1"), ("a", EntryType::Symlink, b"b")]), "a: there are two of this name");
    for (kind, text, why) in [
        (EntryType::XHeader, &b"10 size=9\n"[..], "gives a size"),
        (EntryType::XGlobalHeader, b"10 path=a\n", "a name for all entries"),
        (EntryType::XHeader, b"22 GNU.sparse.major=1\n", "sparse"),
        (EntryType::XHeader, b"99 x", "cannot be read"),
    ] {
        let problem = problem(&[("x", kind, text), ("a", FILE, b"1")]);
        assert!(problem.contains(why), "{problem}");
    }
    for kind in [EntryType::GNUSparse, EntryType::Fifo, EntryType::Char, EntryType::Block, EntryType::new(b'?')] {
        assert!(problem(&[("a", kind, b"")]).starts_with("a: it is a device"), "{kind:?}");
    }
}

#[test]
fn refuses_bombs_and_what_is_cut_off() {
    let long = vec![b'a'; 65 << 10];
    assert!(problem(&[("x", EntryType::GNULongName, &long), ("a", FILE, b"")]).contains("too long"));
    let name = vec![b'a'; ARCHIVE_NAME_LIMIT + 1];
    assert!(problem(&[("x", EntryType::GNULongName, &name), ("a", FILE, b"")]).contains("is too long"));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Tarball::open(&path).map(|_| ()).map_err(|(_, problem)| problem.to_string())
    };
    let whole = bytes(&[("a", FILE, &[7; 600])]);
    assert_eq!(open(&whole), Ok(()));
    assert_eq!(open(&whole[..1000]), Err("it is cut off".to_owned()));
    assert!(open(&whole[..300]).is_err());
    // An entry that says that it is as large as a disk.
    let mut header = Header::new_gnu();
    header.set_path("a").unwrap();
    header.set_size(1 << 50);
    header.set_cksum();
    assert_eq!(open(header.as_bytes()), Err("it is cut off".to_owned()));
    header.set_size(u64::MAX);
    header.set_cksum();
    assert!(open(header.as_bytes()).is_err());
    let mut wrong = whole.clone();
    wrong[0] ^= 1;
    assert!(open(&wrong).is_err(), "a checksum");
    assert_eq!(open(b"\x1f\x8b\x08\0"), Err("it is compressed by gzip: decompress it first".to_owned()));
    let names: Vec<_> = (0..=ARCHIVE_ENTRIES_LIMIT).map(|number| number.to_string()).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), FILE, &[][..])).collect();
    assert!(open(&bytes(&entries)).unwrap_err().contains("more than 65536 entries"));
    assert!(Tarball::open(folder.path()).is_err());
}

proptest::proptest! {
    /// Whatever is changed in an archive, it is read within its bounds, or refused.
    #[test]
    fn any_archive_is_read_or_refused(changes in proptest::collection::vec((0..3072_usize, proptest::prelude::any::<u8>()), 0..8)) {
        let mut archive = bytes(&[
            ("a", FILE, b"1234"),
            ("././@LongLink", EntryType::GNULongName, b"b/c"),
            ("b", FILE, b"5678"),
        ]);
        for (place, byte) in changes {
            archive[place] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        std::fs::write(&path, &archive).unwrap();
        if let Ok(mut tarball) = Tarball::open(&path) {
            for name in tarball.entries.keys().cloned().collect::<Vec<_>>() {
                proptest::prop_assert!(!name.starts_with('/') && !name.split('/').any(|part| part == ".."), "{}", name);
                if let Ok(Some(content)) = tarball.read(&name, 1 << 20) {
                    proptest::prop_assert!(content.len() <= archive.len());
                }
            }
        }
    }
}

#[test]
fn refuses_what_is_another_archive_when_it_is_unpacked() {
    const LINK: EntryType = EntryType::Symlink;
    const FOLDER: EntryType = EntryType::Directory;
    const NONE: &[u8] = b"";
    let inside = "what it is in is a link or a file";
    for (entries, why) in [
        (&[("i", FILE, &b"1"[..]), ("d", LINK, b"."), ("d/i", FILE, b"2")][..], inside),
        (&[("x/", FOLDER, NONE), ("x/up", LINK, b".."), ("x/up/i", FILE, b"2")], inside),
        (&[("blobs/1", FILE, b"1"), ("b", LINK, b"blobs"), ("b/1", FILE, b"2")], inside),
        (&[("d", FILE, b"1"), ("d/e/", FOLDER, NONE)], inside),
        (&[("d/", FOLDER, NONE), ("d", LINK, b"x")], "it is a folder and something else"),
        (&[("a/", FILE, b"1")], "it is no folder"),
        (&[(".", FILE, b"1")], "it is no folder"),
        (&[("x", EntryType::XHeader, b"8 path=\n"), ("i", FILE, b"2")], "a name that is empty"),
        (&[("L", EntryType::GNULongName, b"\0"), ("i", FILE, b"2")], "a name that is empty"),
        (&[("K", EntryType::GNULongLink, b"\0"), ("i", LINK, b"2")], "a name that is empty"),
        (
            &[("L", EntryType::GNULongName, b"i"), ("x", EntryType::XHeader, b"10 path=f\n"), ("b", FILE, b"2")],
            "describes an entry twice",
        ),
        (
            &[("x", EntryType::XHeader, b"10 path=f\n"), ("L", EntryType::GNULongName, b"i"), ("b", FILE, b"2")],
            "describes an entry twice",
        ),
        (
            &[("x", EntryType::XHeader, b"10 path=f\n"), ("x", EntryType::XHeader, b"11 mtime=1\n"), ("i", FILE, b"2")],
            "describes an entry twice",
        ),
        (
            &[
                ("x", EntryType::XHeader, b"10 path=f\n"),
                ("g", EntryType::XGlobalHeader, b"13 comment=x\n"),
                ("i", FILE, b"2"),
            ],
            "describes an entry twice",
        ),
        (&[("L", EntryType::GNULongName, b"i"), ("L", EntryType::GNULongName, b"j"), ("b", FILE, b"2")], "twice"),
        (&[("i", FILE, b"2"), ("L", EntryType::GNULongName, b"i")], "has none behind it"),
    ] {
        let problem = problem(entries);
        assert!(problem.contains(why), "{entries:?}: {problem}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Tarball::open(&path).map(|_| ()).map_err(|(_, problem)| problem.to_string())
    };
    let hidden = bytes(&[("i", FILE, b"2")]);
    for kind in [EntryType::Directory, EntryType::Link, EntryType::Symlink] {
        let mut header = Header::new_gnu();
        header.set_path("d").unwrap();
        header.set_link_name("i").unwrap();
        header.set_entry_type(kind);
        header.set_size(1024);
        header.set_cksum();
        let whole = [&header.as_bytes()[..], &hidden].concat();
        assert!(open(&whole).unwrap_err().contains("it has a size"), "{kind:?}");
    }
    let lone = [&hidden[..1024 + 512], &hidden].concat();
    assert_eq!(open(&lone), Err("its end is not two empty blocks".to_owned()));
    assert!(open(&hidden[..1024 + 512]).is_err());
    // A layer may have folders behind links.
    let layer = bytes(&[("lib", EntryType::Symlink, b"usr"), ("lib/i", FILE, b"2")]);
    std::fs::write(&path, layer).unwrap();
    assert!(Tarball::of(File::open(&path).unwrap()).is_ok());
}
