//! The table of `testdata/cases.json`: what is to come of each file in `testdata/signatures/`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::{images, payloads, time};

/// The rows, and the directory that the files go to.
pub(crate) struct Sheet {
    dir: PathBuf,
    rows: Vec<Value>,
}

impl Sheet {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), rows: Vec::new() }
    }

    /// Writes a file; what is to come of it follows. Unless told otherwise, `ed25519.asc` is trusted.
    pub(crate) fn file(&mut self, name: &str, content: &[u8]) -> Row<'_> {
        fs::write(self.dir.join(name), content).unwrap();
        Row {
            sheet: self,
            file: name.to_owned(),
            keys: vec!["ed25519".to_owned()],
            sigstore_keys: Vec::new(),
            at: time::NOW_TEXT,
            reference: None,
            options: Map::new(),
            note: "",
        }
    }

    /// Writes the table.
    pub(crate) fn write(self, path: &Path) {
        let header = json!({
            "digest": payloads::digest(),
            "reference": format!("{}@{}", payloads::REPOSITORY, payloads::digest()),
        });
        let rows: Vec<String> = self.rows.iter().map(|row| format!("    {row}")).collect();
        let text = format!(
            "{{\n  \"digest\": {},\n  \"reference\": {},\n  \"cases\": [\n{}\n  ]\n}}\n",
            header["digest"],
            header["reference"],
            rows.join(",\n")
        );
        images::check_json(&text);
        fs::write(path, text).unwrap();
    }
}

/// A file, and under what circumstances it is looked at; each `is` makes a row.
pub(crate) struct Row<'a> {
    sheet: &'a mut Sheet,
    file: String,
    keys: Vec<String>,
    sigstore_keys: Vec<String>,
    at: &'static str,
    reference: Option<String>,
    options: Map<String, Value>,
    note: &'static str,
}

impl Row<'_> {
    /// The trusted certificates, by file name without `.asc`; no sigstore signature is asked for.
    pub(crate) fn keys(mut self, keys: &[&str]) -> Self {
        self.sigstore_keys.clear();
        self.keys = keys.iter().map(|&key| key.to_owned()).collect();
        self
    }

    /// The sigstore keys that are asked for, by file name without `.pub`; nobody is trusted beside them.
    pub(crate) fn sigstore(mut self, keys: &[&str]) -> Self {
        self.keys.clear();
        self.sigstore_keys = keys.iter().map(|key| format!("{key}.pub")).collect();
        self
    }

    pub(crate) fn at(self, at: &'static str) -> Self {
        Self { at, ..self }
    }

    /// The reference of the image, where it is not the header's.
    pub(crate) fn reference(self, reference: &str) -> Self {
        Self { reference: Some(reference.to_owned()), ..self }
    }

    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    /// Says why, where it is not plain.
    pub(crate) fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    pub(crate) fn is(self, outcome: &str) -> Self {
        let keys: Vec<String> = self.keys.iter().map(|key| format!("{key}.asc")).collect();
        let mut row = json!({ "file": self.file, "keys": keys, "at": self.at, "options": self.options });
        if !self.sigstore_keys.is_empty() {
            row["sigstoreKeys"] = json!(self.sigstore_keys);
        }
        if let Some(reference) = &self.reference {
            row["reference"] = reference.as_str().into();
        }
        row["outcome"] = outcome.into();
        if !self.note.is_empty() {
            row["note"] = self.note.into();
        }
        self.sheet.rows.push(row);
        self
    }
}
