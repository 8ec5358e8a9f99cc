// Reads the data of the report. What the places of a row mean is decided by row.rs; what stands for nothing is 0.

const ITEM = 2, PLACE = 3, NAME = 4, REFERENCE = 5, REASON = 6, ANCHOR = 7, SIGNATURES = 8, CARRIER = 9, RULE = 10,
  EXEMPTION = 11, DEMAND = 12, DUPLICATES = 13;

const STATES = [
  { key: "allow", word: "Allowed", sign: "✓" },
  { key: "tolerate", word: "Allowed, not enforced", sign: "!" },
  { key: "exempt", word: "Exempt", sign: "–" },
  { key: "deny", word: "Denied", sign: "✕" },
  { key: "undecided", word: "Undecided", sign: "?" },
];

const FINDINGS = [
  { key: "unsigned", word: "Unsigned images" },
  { key: "misplaced", word: "Signatures for another image" },
  { key: "stray", word: "Signatures that fit no image here" },
  { key: "duplicate", word: "The same signature stored twice" },
  { key: "noted", word: "Accepted with reservations" },
];

const DAY = 86400;
const AGES = [
  { word: "< 30 days", days: 30 },
  { word: "30–90 days", days: 90 },
  { word: "to 180 days", days: 180 },
  { word: "to 1 year", days: 365 },
  { word: "1–2 years", days: 730 },
  { word: "2–4 years", days: 1461 },
  { word: "> 4 years", days: Infinity },
];

const NO_REGISTRY = "(no reference)";

/** Takes a block of data out of the document. */
function take(id) {
  const block = document.getElementById(id);
  const value = JSON.parse(block.textContent);
  block.remove();
  return value;
}

const rows = take("rows");
const run = take("run");
const at = Date.parse(run.at) / 1000;

/** All keys of all certificates, in the order in which rows count them. */
const keys = run.certificates.flatMap((certificate) => certificate.keys.map((key) => ({ certificate, key })));

/** A text of a row with its marks replaced by the words that they stand for. */
function text(row, short) {
  if (!short) return "";
  if (!short.includes("^")) return short;
  return short.replace(/\^(?:d([\w-]{43})|x([\w-]{22})|([fk])(\d+);|(.))/gsu, (_, digest, long, way, place, mark) => {
    if (digest) return `sha256:${hex(digest)}`;
    if (long) return hex(long);
    if (way) {
      const { fingerprint, userIds } = run.certificates[place];
      return way === "f" ? fingerprint : `${visible(userIds[0])} (${fingerprint})`;
    }
    if (mark === "^") return "^";
    if (mark === "n") return name(row);
    if (run.phrases[mark]) return run.phrases[mark];
    if (mark === "i") return `items[${row[ITEM]}]`;
    if (mark === "r") return repository(reference(row));
    return described(signerOf(row[SIGNATURES][Number(mark)]));
  });
}

/** A number to the base 64, to the base 16. */
function hex(base64) {
  const octets = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  let digits = "";
  for (let place = 0; place < octets.length; place += 1) digits += HEX[octets.charCodeAt(place)];
  return digits;
}

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

function name(row) {
  return text(row, row[NAME]);
}

function reference(row) {
  return text(row, row[REFERENCE]);
}

/** A reference without its tag and digest, by the rule of shorthand.rs. */
function repository(reference) {
  const name = reference.split("@")[0];
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/") ? name.slice(0, colon) : name;
}

/** The host of a reference; a name without one is of docker.io. */
function registry(reference) {
  if (!reference) return NO_REGISTRY;
  const [first, ...rest] = reference.split("/");
  return rest.length && (/[.:]/.test(first) || first === "localhost") ? first : "docker.io";
}

/** The host of an image's reference; mostly it can be told without writing the reference out. */
function host(row) {
  const short = row[REFERENCE] || "", slash = short.indexOf("/");
  return slash > 0 && !short.slice(0, slash).includes("^") ? registry(`${short.slice(0, slash)}/…`) : registry(reference(row));
}

/** What a person would call an image. */
function title(row) {
  return reference(row) || name(row) || text(row, row[PLACE]);
}

/** Who made a signature: `{ kind, certificate, key, algorithm, userId }`, or nothing. */
function signerOf(signature) {
  const signer = signature?.[4];
  if (!signer) return null;
  if (typeof signer === "number") {
    const { certificate, key } = keys[signer - 1];
    const { fingerprint, userIds } = certificate;
    return {
      kind: "openpgp", certificate: fingerprint, key: key.fingerprint, algorithm: key.algorithm, userId: userIds[0] ?? null,
    };
  }
  const [kind, certificate, key, algorithm, userId] = signer;
  return { kind, certificate, key, algorithm, userId: userId || null };
}

/** A signer, for a sentence. */
function described(signer) {
  if (signer.kind === "sigstore") return `the sigstore key ${signer.key}, ${signer.algorithm}`;
  return `${signer.userId ?? "a certificate without user ID"}, key ${signer.key}`;
}

function named(signer) {
  return signer.userId ?? (signer.kind === "sigstore" ? `sigstore key ${signer.key}` : signer.certificate);
}

/** Every signature of an image, in full. */
function signatures(row) {
  return (row[SIGNATURES] || []).map((signature) => {
    const [record, code, outcome = 0, message = 0, , signedAt = 0, claimed = 0, creator = 0,
      timestamp = 0, digest = 0, notes = 0] = signature;
    const signer = signerOf(signature);
    return {
      name: text(row, record),
      code: run.codes[code],
      outcome: ["verified", "rejected", "undecided"][outcome],
      message: message ? text(row, message) : signer ? `signed by ${described(signer)}` : "",
      signer,
      signedAt: signedAt || null,
      reference: claimed ? text(row, claimed) : null,
      digest: claimed ? (digest ? text(row, digest) : name(row)) : null,
      notes: (notes || []).map((note) => (typeof note === "number" ? run.notes[note - 1] : note)),
      creator: creator ? text(row, creator) : null,
      timestamp: (timestamp === 1 ? signedAt : timestamp) || null,
    };
  });
}

function reason(row) {
  return typeof row[REASON] === "number" ? signatures(row)[row[REASON]]?.message ?? "" : text(row, row[REASON]);
}

/** The manifest's digest and what it rests on. */
function anchor(row) {
  const anchor = row[ANCHOR] ?? 0;
  if (anchor === 2) return null;
  const [fromManifest = 0, digest = 0] = Array.isArray(anchor) ? anchor : [anchor];
  return { digest: digest ? text(row, digest) : name(row), from: fromManifest ? "manifest" : "name" };
}

/** What rows are filtered and sorted by, and what charts count: worked out once for all images. */
const index = (() => {
  const size = rows.length;
  const index = {
    state: new Uint8Array(size), code: new Uint16Array(size), registry: new Uint32Array(size),
    signers: new Array(size), ages: new Uint8Array(size), findings: new Uint8Array(size), signed: new Float64Array(size),
    registries: [], signerNames: [], signatureAges: AGES.map(() => 0), strays: 0,
  };
  const registries = new Map(), signers = new Map(), names = new Set(rows.map((row) => row[NAME]));
  const misplaced = run.codes.indexOf("digest-mismatch"), unsigned = [];
  const number = (map, list, key, value) => {
    if (!map.has(key)) map.set(key, list.push(value) - 1);
    return map.get(key);
  };
  for (const { certificate } of keys) {
    number(signers, index.signerNames, certificate.fingerprint, {
      fingerprint: certificate.fingerprint, name: certificate.userIds[0] ?? certificate.fingerprint, images: 0,
    });
  }
  rows.forEach((row, place) => {
    index.state[place] = row[0];
    index.code[place] = row[1];
    const from = host(row);
    index.registry[place] = number(registries, index.registries, from, from);
    const made = new Set();
    const found = row[SIGNATURES] || [];
    let findings = found.length ? 0 : 1;
    for (const signature of found) {
      const [, code, outcome = 0, , , signedAt = 0, claimed = 0, , , digest = 0, notes = 0] = signature;
      if (code === misplaced && claimed) {
        findings |= 2;
        if (!names.has(digest)) {
          findings |= 4;
          index.strays += 1;
        }
      }
      if (outcome) continue;
      if (notes) findings |= 16;
      const signer = signerOf(signature);
      made.add(number(signers, index.signerNames, signer.certificate, {
        fingerprint: signer.certificate, name: named(signer), images: 0,
      }));
      if (signedAt) {
        index.signed[place] = Math.max(index.signed[place], signedAt);
        const age = AGES.findIndex(({ days }) => at - signedAt < days * DAY);
        index.signatureAges[age] += 1;
        index.ages[place] |= 1 << age;
      }
    }
    if (row[DUPLICATES]?.length) findings |= 8;
    index.findings[place] = findings;
    index.signers[place] = made.size ? [...made] : unsigned;
    for (const signer of made) index.signerNames[signer].images += 1;
  });
  return index;
})();

/** How many rows have each value of a column. */
function counts(column, size) {
  const counted = new Array(size).fill(0);
  for (const value of column) counted[value] += 1;
  return counted;
}

/** How many rows have each bit of a column. */
function bits(column, size) {
  const counted = new Array(size).fill(0);
  for (const value of column) for (let bit = 0; bit < size; bit += 1) counted[bit] += (value >> bit) & 1;
  return counted;
}
