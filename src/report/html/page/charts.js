// The charts: each is a list of buttons with a figure and a bar, so that it can be read, and each button is a filter.

/** What is chosen of each facet; a facet that is not here is open. */
const chosen = new Map();
const facetButtons = [];

/** A button that chooses a value of a facet, or lets go of it. */
function facetButton(facet, value, attributes, ...children) {
  const button = h("button", {
    type: "button", ...attributes, "aria-pressed": "false",
    click: () => choose(facet, chosen.get(facet) === value ? null : value),
  }, ...children);
  facetButtons.push({ facet, value, button });
  return button;
}

function card(id, title, note, ...body) {
  return h("section", { class: "card", id: `chart-${id}`, "aria-labelledby": `chart-${id}-title` },
    h("h2", { id: `chart-${id}-title` }, title), ...body, note ? h("p", { class: "note" }, note) : null);
}

/** A bar across, in parts: `[[amount, class]]` of `whole`. */
function bar(parts, whole) {
  const width = 1000, gap = 4;
  let x = 0;
  const drawn = parts.filter(([amount]) => amount > 0).map(([amount, kind], place, shown) => {
    const part = Math.max((amount / whole) * width, 6);
    const rect = s("rect", { x, y: 0, width: place + 1 < shown.length ? part - gap : part, height: 8, class: `fill is-${kind}` });
    x += part;
    return rect;
  });
  return s("svg", { class: "bar", viewBox: `0 0 ${Math.max(x, width)} 8`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { x: 0, y: 0, width: Math.max(x, width), height: 8, class: "rail" }), drawn);
}

/** Rows of a bar chart, the longest bar first: `{ facet, value, label, parts, total }`. */
function bars(entries, none, shown = 7) {
  if (!entries.length) return h("p", { class: "empty" }, none);
  const most = Math.max(...entries.map(({ total }) => total), 1);
  const makes = entries.map(({ facet, value, label, parts, total, mono, owner }) => () => h("li", {},
    facetButton(facet, value, { class: "row", "data-label": label, "data-total": total, title: label },
      h("span", { class: mono ? "label mono" : "label" }, owner ? person(label) : h("bdi", {}, label)),
      h("span", { class: "total" }, number(total)),
      bar(parts, most))));
  return growing(h("ul", { class: "bars" }), makes, shown, 40);
}

const byTotal = (one, other) => other.total - one.total || (one.label < other.label ? -1 : 1);

function decisions() {
  const counted = counts(index.state, STATES.length);
  const whole = rows.length;
  const shown = STATES.map((state, value) => ({ ...state, value, total: counted[value] }))
    .filter(({ key, total }) => total || key === "allow" || key === "deny");
  const parts = shown.map(({ key, total }) => [total, key]);
  return [
    bar(parts, Math.max(whole, 1)),
    h("ul", { class: "legend", "aria-label": "Decisions" }, shown.map(({ key, word, sign, value, total }) => h("li", {},
      facetButton("state", value, { class: `stat is-${key}`, "data-label": word, "data-total": total },
        h("span", { class: "big" }, number(total)),
        h("span", { class: "what" }, h("span", { class: `dot is-${key}`, "aria-hidden": "true" }, sign), word),
        h("span", { class: "share" }, share(total, whole)))))),
  ];
}

/** How many rows of each value of a column are in each state. */
function byState(column, size) {
  const counted = Array.from({ length: size }, () => new Array(STATES.length).fill(0));
  column.forEach((value, place) => { counted[value][index.state[place]] += 1; });
  return counted;
}

function split(counted) {
  return {
    parts: counted.map((amount, state) => [amount, STATES[state].key]),
    total: counted.reduce((sum, amount) => sum + amount, 0),
  };
}

function reasonsChart() {
  const entries = byState(index.code, run.codes.length)
    .map((counted, value) => ({ facet: "code", value, label: run.codes[value], mono: true, ...split(counted) }))
    .filter(({ total }) => total).sort(byTotal);
  return card("reasons", "Reasons", "The one most useful reason for each image.", bars(entries, "There are no images."));
}

function registriesChart() {
  const entries = byState(index.registry, index.registries.length)
    .map((counted, value) => ({ facet: "registry", value, label: index.registries[value], ...split(counted) }))
    .sort(byTotal);
  return card("registries", "Images by registry", null, bars(entries, "There are no images."));
}

function signersChart() {
  const entries = index.signerNames.map(({ name, images }, value) => ({
    facet: "signer", value, label: name, owner: true, parts: [[images, "signer"]], total: images,
  })).filter(({ total }) => total).sort(byTotal);
  const note = entries.length && "Images for which a signature of the signer verified; an image can have several signers.";
  return card("signers", "Images by signer", note, bars(entries, "No signature verified."));
}

function agesChart() {
  const most = Math.max(...index.signatureAges);
  const columns = AGES.map(({ word }, value) => {
    const total = index.signatureAges[value];
    const height = total ? Math.max((total / most) * 96, 3) : 0;
    return h("li", {}, facetButton("age", value, { class: "column", "data-label": word, "data-total": total },
      h("span", { class: "total" }, number(total)),
      s("svg", { viewBox: "0 0 40 96", preserveAspectRatio: "none", "aria-hidden": "true" },
        s("rect", { x: 0, y: 95, width: 40, height: 1, class: "rail" }),
        s("rect", { x: 0, y: 96 - height, width: 40, height, class: "fill is-signer" })),
      h("span", { class: "label" }, word)));
  });
  const body = most ? h("ul", { class: "columns" }, columns) : h("p", { class: "empty" }, "No verified signature says when it was made.");
  return card("ages", "Age of signatures", most && "Verified signatures, by the time that they claim.", body);
}

function findingsChart() {
  const counted = bits(index.findings, FINDINGS.length);
  const entries = FINDINGS.map(({ key, word }, value) => ({ facet: "finding", value, label: word, key, total: counted[value] }));
  const list = entries.map(({ facet, value, label, total }) => h("li", {}, total
    ? facetButton(facet, value, { class: "row plain", "data-label": label, "data-total": total },
      h("span", { class: "label" }, label), h("span", { class: "total" }, number(total)))
    : h("span", { class: "row plain none", "data-label": label, "data-total": 0 },
      h("span", { class: "label" }, label), h("span", { class: "total" }, "0"))));
  const ofKeys = [
    ["Keys that end soon", ({ standing }) => standing === "expiring"], ["Legacy keys", ({ standing }) => standing === "legacy"],
    ["Keys that cannot vouch", ({ standing }) => standing === "unusable"], ["Unused keys", ({ unused }) => unused],
  ].map(([label, is]) => [label, certificates.filter(is).length]);
  const links = ofKeys.map(([label, total]) => h("li", {},
    h(total ? "a" : "span", { class: total ? "row plain" : "row plain none", href: total ? "#keys" : null, "data-label": label, "data-total": total },
      h("span", { class: "label" }, label), h("span", { class: "total" }, number(total)))));
  return card("findings", "Worth a look", null, h("ul", { class: "bars" }, list, links));
}

/** Shows which values are chosen. */
function press() {
  for (const { facet, value, button } of facetButtons) {
    button.setAttribute("aria-pressed", String(chosen.get(facet) === value));
  }
}
