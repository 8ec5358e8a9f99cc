// The explanation of one image, beside the table.

let explained = -1;

function fact(name, ...value) {
  return [h("dt", {}, name), h("dd", {}, ...value)];
}

function mono(words) {
  return h("bdi", { class: "mono" }, words);
}

const TRUTHS = [
  { word: "met", sign: "✓", kind: "allow" },
  { word: "unmet", sign: "✕", kind: "deny" },
  { word: "unknown", sign: "?", kind: "undecided" },
];

/** A demand of the policy and what came of it, with its parts. */
function demand(row, told, written, all) {
  const [truth = 0, counted = 0, remedies = 0, parts = 0] = written || [];
  const { word, sign, kind } = TRUTHS[truth];
  return h("li", { class: "demand", "data-outcome": word },
    h("p", {}, h("span", { class: `dot is-${kind}`, "aria-hidden": "true" }, sign), h("strong", {}, told.name), ` ${word} `,
      h("span", { class: "mono dim" }, told.pointer)),
    counted ? h("ul", { class: "counted" }, counted.map((one, place) => {
      const [number, message] = Array.isArray(one) ? [one[0], text(row, one[1])] : [one, all[place].message];
      const name = run.codes[number];
      return h("li", {}, code(name, name === "verified" ? "verified" : "rejected"), " ", h("bdi", {}, message));
    })) : null,
    remedies ? remedies.map((remedy) => h("p", { class: "remedy" }, h("span", { class: "dim" }, "Would be accepted: "), h("bdi", {}, text(row, remedy)))) : null,
    told.parts.length ? h("ul", { class: "demands" }, told.parts.map((part, place) => demand(row, part, parts && parts[place], all))) : null);
}

function signatureCard(signature, place, row) {
  const { name: record, code: of, outcome, message, signer, signedAt, reference, digest, notes, creator, timestamp } = signature;
  const twins = (row[DUPLICATES] || []).filter((pair) => pair.includes(place) || (place === 0 && pair.length < 2))
    .map(([first = 0, second = 0]) => (first === place ? second : first) + 1);
  return h("li", { class: `signature is-${outcome}`, "data-code": of },
    h("p", { class: "verdict" }, h("span", { class: "nth dim" }, `${place + 1}.`), code(of, outcome)),
    h("p", { class: "message" }, h("bdi", {}, message)),
    h("dl", { class: "facts" },
      reference !== null && fact("For", mono(reference)),
      digest !== null && digest !== name(row) && fact("Manifest", mono(digest)),
      signer && fact("By", signer.userId === null ? "a key without user ID" : person(signer.userId), h("span", { class: "dim" }, `, ${signer.algorithm}`)),
      signer && fact("Key", mono(signer.key)),
      signedAt && fact("Signed", MOMENT.format(signedAt * 1000), " UTC"),
      creator && fact("Made with", h("bdi", {}, creator)),
      timestamp && timestamp !== signedAt && fact("Says", MOMENT.format(timestamp * 1000), " UTC"),
      notes.length > 0 && fact("Notes", h("ul", {}, notes.map(([code, words]) => h("li", { "data-note": code }, words)))),
      twins.length > 0 && fact("Twice", `the same as signature ${twins.join(", ")}, under the other type`),
      record && fact("Record", mono(record))));
}

function heading(row) {
  const { host, rest, tag, digest } = nameParts(row);
  return [h("bdi", {}, path(host), path(rest), tag), digest && h("bdi", { class: "digest" }, shortDigest(digest))];
}

/** What there is to say of an image. */
function explanation(place) {
  const row = rows[place], all = signatures(row), found = anchor(row);
  const carrier = row[CARRIER], rule = row[RULE] ? run.rules[row[RULE]] : null, exemption = row[EXEMPTION];
  const [kind, namespace = 0, carrierName = 0] = carrier || [];
  return [
    h("section", { class: `answer is-${STATES[index.state[place]].key}` },
      h("p", {}, pill(index.state[place]), " ", code(run.codes[index.code[place]])),
      h("p", { class: "reason", id: "explanation-reason" }, h("bdi", {}, reason(row)))),
    h("dl", { class: "facts" },
      fact("Reference", reference(row) ? mono(reference(row)) : h("span", { class: "dim" }, "none")),
      fact("Name", mono(name(row))),
      found ? found.digest !== name(row) && fact("Digest", mono(found.digest)) : fact("Digest", h("span", { class: "dim" }, "nothing says what it is")),
      found && fact("Digest from", found.from === "manifest" ? "the bytes of the manifest" : "the object’s name alone"),
      carrier ? fact("In", `${text(row, kind)} `, h("bdi", {}, [namespace, carrierName].filter(Boolean).map((part) => text(row, part)).join("/"))) : null,
      fact("Place", h("bdi", {}, text(row, row[PLACE])))),
    rule ? [h("h3", {}, "Rule"), h("dl", { class: "facts" },
      rule.name ? fact("Name", h("bdi", {}, rule.name)) : null,
      fact("Scope", rule.scope ? h("bdi", {}, rule.scope) : rule.name ? "its patterns" : "the default"),
      fact("Stands in", mono(`${rule.document} ${rule.pointer}`)), fact("Mode", rule.mode),
      fact("Governs", plural(rule.images, "image")))] : null,
    exemption ? [h("h3", {}, "Exemption"), h("dl", { class: "facts" },
      fact("Until", MOMENT.format(Date.parse(exemption[3])), " UTC"), fact("Because", h("bdi", {}, text(row, exemption[2]))),
      fact("Stands in", mono(`${text(row, exemption[0])} ${text(row, exemption[1])}`)))] : null,
    rule ? [h("h3", {}, "What is demanded"), h("ul", { class: "demands" }, demand(row, rule.demand, row[DEMAND], all))] : null,
    h("h3", {}, plural(all.length, "signature")),
    all.length ? h("ol", { class: "signatures" }, all.map((signature, place) => signatureCard(signature, place, row)))
      : h("p", { class: "dim" }, "The image carries no signature."),
  ];
}

/** Opens the explanation of a row, or changes to it. */
function explain(place) {
  const dialog = byId("explanation");
  explained = place;
  const at = view.found.indexOf(place);
  const step = (id, sign, word, other) => h("button", { type: "button", class: "quiet", id, "aria-label": word, disabled: other === undefined,
    click: () => { explain(other); (byId(id).disabled ? byId("close") : byId(id)).focus(); } }, sign);
  dialog.replaceChildren(
    h("div", { class: "heading" },
      h("h2", { id: "explanation-title", title: title(rows[place]) }, heading(rows[place])),
      h("div", { class: "steps" },
        step("one-before", "↑", "Previous image", view.found[at - 1]),
        h("span", { class: "where dim" }, at < 0 ? "" : `${number(at + 1)} of ${number(view.found.length)}`),
        step("one-after", "↓", "Next image", at < 0 ? undefined : view.found[at + 1]),
        h("button", { type: "button", class: "quiet", id: "close", "aria-label": "Close the explanation", click: () => dialog.close() }, "✕"))),
    h("div", { class: "body", tabindex: "0", role: "document" }, explanation(place)));
  if (!dialog.open) {
    dialog.showModal();
    byId("close").focus();
  }
  dialog.scrollTop = 0;
}

function watchExplanation() {
  const dialog = byId("explanation");
  // A click beside it closes it.
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    const button = { ArrowLeft: "one-before", ArrowRight: "one-after", k: "one-before", j: "one-after" }[event.key];
    if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byId(button).click();
  });
  dialog.addEventListener("close", () => {
    const item = explained >= 0 ? rows[explained][ITEM] : -1;
    const at = view.found.indexOf(explained);
    // Whoever went on in the explanation finds the last image in the table.
    if (at >= 0 && Math.floor(at / view.size) !== view.page) turn(Math.floor(at / view.size));
    byId("table").querySelector(`tr[data-item="${item}"] button`)?.focus();
  });
}
