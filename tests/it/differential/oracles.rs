//! What vidimus and each peer say of an input, at the time of the run: the peers take no other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};
use std::rc::Rc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use sequoia_openpgp::cert::CertParser;
use sequoia_openpgp::parse::Parse as _;
use tempfile::TempDir;
use vidimus::signature::UnverifiedClaims;
use vidimus::{Code, Digest, Keyring, Verifier};

use super::mutants::{Input, Keys};
use super::packets::{LITERAL, SIGNATURE, unpacked};
use crate::peers::{Gnupg, REFERENCE, manifest};
use crate::support::raw_signature;

pub(super) const PEERS: [&str; 3] = ["gpgv", "sqv", "skopeo"];

/// What was answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Answer {
    /// For vidimus the code, for a peer a word of its own.
    pub(super) word: String,
    /// What vidimus says beside the code: many a row is about one sort of what is malformed.
    pub(super) message: String,
    /// Whether somebody vouches for the payload; for skopeo, for this image.
    pub(super) accepts: bool,
    /// The fingerprint of the certificate that vouches.
    signer: Option<String>,
    /// What the payload says, where it is known and is said.
    claims: Option<Vec<(String, String)>>,
}

impl Answer {
    fn of(word: &str, accepts: bool) -> Self {
        Self { word: word.to_owned(), message: String::new(), accepts, signer: None, claims: None }
    }
}

/// What both say when asked for the same.
pub(super) struct Compared {
    pub(super) vidimus: Answer,
    pub(super) peer: Answer,
}

impl Compared {
    pub(super) fn agree(&self) -> bool {
        let same = |name: &Answer, other: &Answer| match (&name.signer, &other.signer) {
            (Some(signer), Some(other)) => signer == other,
            _ => true,
        };
        let said = match (&self.vidimus.claims, &self.peer.claims) {
            (Some(claims), Some(others)) => claims == others,
            _ => true,
        };
        self.vidimus.accepts == self.peer.accepts && (!self.peer.accepts || (same(&self.vidimus, &self.peer) && said))
    }
}

/// Somebody who asks all of them, with a folder for what they want as files.
pub(super) struct Bench {
    folder: TempDir,
    now: DateTime<Utc>,
    digest: String,
    verifier: RefCell<Option<(String, Option<Rc<Verifier>>)>>,
    homes: BTreeMap<String, Gnupg>,
}

/// The codes of what was authenticated, whatever it then said.
const AUTHENTIC: [Code; 5] =
    [Code::DigestMismatch, Code::IdentityMismatch, Code::InvalidClaims, Code::UnsupportedClaimsType, Code::Verified];

/// What vidimus says of keys that it does not load.
const REFUSED: &str = "keyring-refused";

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest"), manifest()).unwrap();
        let digest = Digest::sha256(manifest().as_bytes()).to_string();
        Self { folder, now: SystemTime::now().into(), digest, verifier: RefCell::new(None), homes: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Asks a peer, and vidimus the same; nothing where the peer cannot be asked.
    pub(super) fn ask(&mut self, peer: &str, input: &Input) -> Option<Compared> {
        let vidimus = self.vidimus(peer, input);
        let answer = match peer {
            "gpgv" => self.gpgv(input),
            "sqv" => self.sqv(input)?,
            "skopeo" => self.skopeo(input),
            other => panic!("{other} is no peer"),
        };
        Some(Compared { vidimus, peer: answer })
    }

    fn vidimus(&self, peer: &str, input: &Input) -> Answer {
        let Some(verifier) = self.verifier(&input.keys) else { return Answer::of(REFUSED, false) };
        let verdict = verifier.verify(&raw_signature(&input.content, &self.digest, REFERENCE), self.now);
        let [evidence] = verdict.evidence() else { panic!("one signature makes one evidence") };
        let code = evidence.code();
        assert_eq!(verdict.is_allowed(), code == Code::Verified, "{}", input.name);
        Answer {
            word: code.as_str().to_owned(),
            message: evidence.message(),
            accepts: if peer == "skopeo" { code == Code::Verified } else { AUTHENTIC.contains(&code) },
            signer: evidence.signer().map(|signer| signer.certificate().to_string().to_uppercase()),
            claims: evidence.claims().map(|claims| claims.flat()),
        }
    }

    /// The verifier of the keys; that of the last ones is kept.
    fn verifier(&self, keys: &Keys) -> Option<Rc<Verifier>> {
        let mut kept = self.verifier.borrow_mut();
        if let Some((_, verifier)) = kept.as_ref().filter(|(name, _)| *name == keys.name) {
            return verifier.clone();
        }
        let keyring = Keyring::from_bytes(&keys.name, &keys.bytes).ok();
        let verifier = keyring.map(|keyring| Rc::new(Verifier::new(keyring)));
        *kept = Some((keys.name.clone(), verifier.clone()));
        verifier
    }

    /// gpgv, by what it writes to its status descriptor and by nothing else: its exit status is 0 for an expired key.
    fn gpgv(&self, input: &Input) -> Answer {
        let (keyring, signature, status) = (self.path("keyring"), self.path("signature"), self.path("status"));
        fs::write(&keyring, &input.keys.bytes).unwrap();
        fs::write(&signature, &input.content).unwrap();
        // A descriptor of its own: names in the data are told on standard error, and the payload goes to standard output.
        let script = r#"exec gpgv --status-fd 3 --output - --keyring "$1" "$2" 3>"$3""#;
        let output = Command::new("sh")
            .args(["-c", script, "sh", &keyring, &signature, &status])
            .env("GNUPGHOME", self.folder.path())
            .env("LC_ALL", "C")
            .output()
            .unwrap();
        gpgv_answer(&fs::read(&status).unwrap(), &output.stdout)
    }

    /// sqv knows detached signatures only: it is given the signature packet and the payload of what holds one of each.
    fn sqv(&self, input: &Input) -> Option<Answer> {
        let packets = unpacked(&input.content)?;
        let of = |tag| packets.iter().filter(move |packet| packet.tag == tag).collect::<Vec<_>>();
        let (signatures, literals) = (of(SIGNATURE), of(LITERAL));
        let ([signature], [literal]) = (signatures.as_slice(), literals.as_slice()) else { return None };
        let (_, after) = literal.body.split_first()?;
        let (name, after) = after.split_first()?;
        let payload = after.get(usize::from(*name).checked_add(4)?..)?;
        let paths = ["keyring", "signature", "payload"].map(|name| self.path(name));
        fs::write(&paths[0], &input.keys.bytes).unwrap();
        fs::write(&paths[1], signature.bytes()).unwrap();
        fs::write(&paths[2], payload).unwrap();
        let output = Command::new("sqv").args(["--keyring", &paths[0], &paths[1], &paths[2]]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let signers: Vec<_> = said.lines().collect();
        let accepts = output.status.success() && signers.len() == 1;
        let signer = accepts.then(|| signers.concat());
        Some(Answer { signer, ..Answer::of(if accepts { "good" } else { "refused" }, accepts) })
    }

    fn skopeo(&mut self, input: &Input) -> Answer {
        let fingerprint = self.fingerprint(input);
        let (manifest, signature) = (self.path("manifest"), self.path("signature"));
        fs::write(&signature, &input.content).unwrap();
        let keys = self.path("keys");
        if self.homes.len() > HOMES {
            self.homes.clear();
        }
        let home = self.homes.entry(input.keys.name.clone()).or_insert_with(|| {
            let home = Gnupg::new();
            fs::write(&keys, &input.keys.bytes).unwrap();
            // As far as gpg reads them.
            let _ = home.run("gpg", &["--batch", "--import", &keys]);
            home
        });
        let output = home.run("skopeo", &["standalone-verify", &manifest, REFERENCE, &fingerprint, &signature]);
        skopeo_answer(&output)
    }

    /// The key that is told to skopeo: the signer, the one that the signature names, or the first.
    fn fingerprint(&self, input: &Input) -> String {
        let of_vidimus = self.verifier(&input.keys).and_then(|verifier| {
            let verdict = verifier.verify(&raw_signature(&input.content, &self.digest, REFERENCE), self.now);
            verdict.evidence()[0].signer().map(|signer| signer.key().to_string().to_uppercase())
        });
        let certificates: Vec<_> = CertParser::from_bytes(&input.keys.bytes).into_iter().flatten().flatten().collect();
        let keys: Vec<_> =
            certificates.iter().flat_map(|cert| cert.keys().map(|key| key.key().fingerprint())).collect();
        let named = keys.iter().find(|key| {
            let id = key.as_bytes().get(12..).unwrap_or_default();
            key.as_bytes().len() == 20 && input.content.windows(8).any(|window| window == id)
        });
        let found = named.or(keys.first()).map(ToString::to_string);
        of_vidimus.or(found).unwrap_or_else(|| "0".repeat(40))
    }
}

/// How many GnuPG homes are kept.
const HOMES: usize = 64;

/// Good is exactly one good and valid signature, and nothing that is said against it.
fn gpgv_answer(status: &[u8], output: &[u8]) -> Answer {
    let status = String::from_utf8_lossy(status);
    let lines: Vec<Vec<&str>> = status
        .lines()
        .filter_map(|line| line.strip_prefix("[GNUPG:] "))
        .map(|line| line.split(' ').collect())
        .collect();
    let count = |word: &str| lines.iter().filter(|line| line.first() == Some(&word)).count();
    let against: Vec<_> = AGAINST.iter().filter(|(word, _)| count(word) > 0).map(|(_, told)| *told).collect();
    let accepts = count("GOODSIG") == 1 && count("VALIDSIG") == 1 && against.is_empty();
    let word = match (accepts, count("GOODSIG")) {
        (true, _) => "good".to_owned(),
        (false, 0) if against.is_empty() => "nothing".to_owned(),
        (false, 0) => against.join("+"),
        (false, 1) => format!("good+{}", against.join("+")),
        (false, _) => "several".to_owned(),
    };
    let valid = lines.iter().find(|line| line.first() == Some(&"VALIDSIG")).filter(|_| accepts);
    let signer = valid.and_then(|line| line.last()).map(|fingerprint| (*fingerprint).to_owned());
    let claims = UnverifiedClaims::read(output, Default::default()).ok().filter(|_| accepts);
    Answer { signer, claims: claims.map(|claims| claims.flat()), ..Answer::of(&word, accepts) }
}

const AGAINST: [(&str, &str); 9] = [
    ("BADSIG", "bad"),
    ("ERRSIG", "unchecked"),
    ("EXPKEYSIG", "expired-key"),
    ("EXPSIG", "expired"),
    ("REVKEYSIG", "revoked"),
    ("NODATA", "no-data"),
    ("UNEXPECTED", "unexpected"),
    ("ERROR", "error"),
    ("FAILURE", "failure"),
];

fn skopeo_answer(output: &Output) -> Answer {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let accepts = output.status.success() && said.starts_with("Signature verified");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let word = if accepts {
        "good"
    } else {
        let known = SKOPEO_SAYS.iter().find(|(text, _)| errors.contains(text));
        known.map_or("refused", |(_, word)| *word)
    };
    Answer::of(word, accepts)
}

const SKOPEO_SAYS: [(&str, &str); 3] =
    [("Unexpected signature count", "several"), ("Signature by", "other-key"), ("does not match", "mismatch")];
