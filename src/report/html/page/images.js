// The table of images: filters, order and pages. Of all rows only those of one page are elements.

const COLUMNS = [
  { key: "state", word: "Decision", order: (place) => -index.state[place] },
  { key: "image", word: "Image", order: (place) => title(rows[place]) },
  { key: "reason", word: "Reason", order: (place) => run.codes[index.code[place]] },
  { key: "signer", word: "Signed by", order: (place) => index.signerNames[index.signers[place][0]]?.name ?? "\uffff" },
  { key: "signed", word: "Signed", order: (place) => -index.signed[place] },
];
const SIZES = [25, 50, 100, 250];
/** The most rows that are put on paper. */
const PRINTED = 2000;

const view = { query: "", sort: null, backwards: false, page: 0, size: 50, found: rows.map((_, place) => place), paper: false };

const FACETS = {
  state: { word: "Decision", name: (value) => STATES[value].word, holds: (place, value) => index.state[place] === value },
  code: { word: "Reason", name: (value) => run.codes[value], holds: (place, value) => index.code[place] === value },
  registry: { word: "Registry", name: (value) => index.registries[value], holds: (place, value) => index.registry[place] === value },
  signer: { word: "Signer", name: (value) => index.signerNames[value].name, holds: (place, value) => index.signers[place].includes(value) },
  age: { word: "Signed", name: (value) => AGES[value].word, holds: (place, value) => (index.ages[place] >> value) & 1 },
  finding: { word: "Found", name: (value) => FINDINGS[value].word, holds: (place, value) => (index.findings[place] >> value) & 1 },
};

/** What each image is found by, in lower case; made when it is first needed, or while nothing else is to do. */
const haystack = [];

function gather(until) {
  while (haystack.length < until) {
    const place = haystack.length, row = rows[place];
    const signers = index.signers[place].map((signer) => index.signerNames[signer]);
    haystack.push([
      reference(row), name(row), text(row, row[PLACE]), run.codes[index.code[place]], STATES[index.state[place]].word,
      ...(row[CARRIER] || []).map((part) => text(row, part)), ...signers.flatMap(({ name, fingerprint }) => [name, fingerprint]),
    ].join("\n").toLowerCase());
  }
}

function gatherIdly() {
  if (haystack.length >= rows.length) return;
  gather(Math.min(haystack.length + 4000, rows.length));
  setTimeout(gatherIdly, 0);
}

/** Looks for the rows that are asked for, in the order that is asked for. */
function find() {
  const words = view.query.toLowerCase().split(/\s+/u).filter(Boolean);
  if (words.length) gather(rows.length);
  const tests = [...chosen].map(([facet, value]) => (place) => FACETS[facet].holds(place, value));
  const found = [];
  for (let place = 0; place < rows.length; place += 1) {
    if (tests.every((test) => test(place)) && words.every((word) => haystack[place].includes(word))) found.push(place);
  }
  const column = COLUMNS.find(({ key }) => key === view.sort);
  if (column) {
    const keys = new Map(found.map((place) => [place, column.order(place)]));
    const direction = view.backwards ? -1 : 1;
    found.sort((one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      return a < b ? -direction : a > b ? direction : one - other;
    });
  }
  view.found = found;
}

function pages() {
  return Math.max(Math.ceil(view.found.length / view.size), 1);
}

/** Searches anew and shows the first page. */
function search() {
  find();
  view.page = 0;
  press();
  showChips();
  showPage();
}

function choose(facet, value) {
  if (value === null) chosen.delete(facet);
  else chosen.set(facet, value);
  const select = byId(`filter-${facet}`);
  if (select) select.value = value === null ? "" : String(value);
  search();
}

function clear() {
  chosen.clear();
  view.query = "";
  byId("query").value = "";
  for (const facet of Object.keys(FACETS)) if (byId(`filter-${facet}`)) byId(`filter-${facet}`).value = "";
  search();
}

/** The parts of an image's name, by how much they matter. */
function nameParts(row) {
  const whole = title(row);
  const base = repository(whole), host = registry(whole);
  const rest = base.startsWith(`${host}/`) ? base.slice(host.length + 1) : base;
  const [tag, digest] = whole.slice(base.length).split("@");
  return { host: rest === base ? "" : `${host}/`, rest: whole.startsWith("sha256:") ? shortDigest(whole) : rest, tag: whole.startsWith("sha256:") ? "" : tag, digest: digest ?? (name(row) === whole ? "" : name(row)) };
}

/** A path that breaks at its slashes where it has to. */
function path(words) {
  return words.split("/").flatMap((part, place) => (place ? ["/", h("wbr"), part] : [part]));
}

function shortDigest(digest) {
  const [algorithm, hex = ""] = digest.split(":");
  return hex.length > 24 && /^[0-9a-z]+$/i.test(digest.replace(":", "")) ? `${algorithm}:${hex.slice(0, 12)}…${hex.slice(-6)}` : digest;
}

function imageRow(place) {
  const row = rows[place];
  const { host, rest, tag, digest } = nameParts(row);
  const [first, ...others] = index.signers[place].map((signer) => index.signerNames[signer].name);
  const signed = index.signed[place];
  return h("tr", { role: "row", "data-item": row[ITEM], click: (event) => { if (!event.target.closest("button")) explain(place); } },
    h("td", { role: "cell", class: "decision" }, pill(index.state[place])),
    h("th", { role: "rowheader", scope: "row", class: "image" },
      h("button", { type: "button", class: "open", title: title(row), "aria-haspopup": "dialog", click: () => explain(place) },
        h("bdi", {}, h("span", { class: "dim" }, path(host)), h("span", { class: "path" }, path(rest)), h("span", { class: "tag-of" }, tag))),
      digest && h("bdi", { class: "mono dim digest", title: digest }, shortDigest(digest))),
    h("td", { role: "cell", class: "reason" }, code(run.codes[index.code[place]]), 
      // Who signed stands beside it.
      run.codes[index.code[place]] === "verified" ? null : h("span", { class: "why" }, h("bdi", {}, reason(row)))),
    h("td", { role: "cell", class: "by" }, first ? person(first) : h("span", { class: "dim", "aria-label": "nobody" }, "–"),
      others.length ? h("span", { class: "dim" }, ` and ${plural(others.length, "other")}`) : null),
    h("td", { role: "cell", class: signed ? "signed" : "signed none" }, signed ? day(signed) : h("span", { class: "dim", "aria-label": "not known" }, "–")));
}

function header({ key, word }) {
  const sorted = view.sort === key;
  const direction = view.backwards ? "descending" : "ascending";
  return h("th", { role: "columnheader", scope: "col", class: key, "aria-sort": sorted ? direction : "none" },
    h("button", { type: "button", class: "sort", click: () => sortBy(key) },
      word, h("span", { class: "arrow", "aria-hidden": "true" }, sorted ? (view.backwards ? "↓" : "↑") : "↕")));
}

function sortBy(key) {
  if (view.sort !== key) Object.assign(view, { sort: key, backwards: false });
  else if (!view.backwards) view.backwards = true;
  else Object.assign(view, { sort: null, backwards: false });
  showOrder();
  search();
  byId("table").querySelector(`th.${key} button`).focus();
}

/** Where the table has no header, its order is chosen from a list. */
function showOrder() {
  byId("order").value = view.sort ?? "";
}

function showPage() {
  const first = view.paper ? 0 : view.page * view.size;
  const shown = view.found.slice(first, first + (view.paper ? PRINTED : view.size));
  const all = rows.length, found = view.found.length;
  byId("count").textContent = found === 0 ? `None of ${plural(all, "image")}`
    : `${found === all ? plural(all, "image") : `${number(found)} of ${plural(all, "image")}`}, ${number(first + 1)} to ${number(first + shown.length)} shown`;
  byId("table").replaceChildren(shown.length
    ? h("table", { role: "table", class: "data", "aria-labelledby": "images-title" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, COLUMNS.map(header))),
      h("tbody", { role: "rowgroup" }, shown.map(imageRow)))
    : h("p", { class: "empty" }, all ? "No image is like this. " : "There are no images in this report.",
      all > 0 && h("button", { type: "button", class: "quiet", click: clear }, "Clear all filters")));
  showPager();
}

function turn(page) {
  view.page = Math.min(Math.max(page, 0), pages() - 1);
  showPage();
}

function showPager() {
  const last = pages() - 1;
  const step = (id, sign, word, page, off) => h("button", { type: "button", class: "quiet", id, "aria-label": word, disabled: off, click: () => {
    turn(page);
    (byId(id).disabled ? byId("table").querySelector("button") : byId(id))?.focus();
    byId("images").scrollIntoView({ block: "start" });
  } }, sign);
  byId("pager").hidden = view.found.length <= SIZES[0];
  byId("pager").replaceChildren(
    step("first", "«", "First page", 0, view.page === 0), step("previous", "‹", "Previous page", view.page - 1, view.page === 0),
    h("span", { class: "where" }, `Page ${number(view.page + 1)} of ${number(last + 1)}`),
    step("next", "›", "Next page", view.page + 1, view.page === last), step("last", "»", "Last page", last, view.page === last),
    h("label", {}, "Rows ", h("select", { id: "size", change: (event) => {
      view.size = Number(event.target.value);
      view.page = 0;
      showPage();
      byId("size").focus();
    } }, SIZES.map((size) => h("option", { value: size, selected: size === view.size }, size)))));
}

function showChips() {
  const chips = [...chosen].map(([facet, value]) => h("button", { type: "button", class: "chip",
    "aria-label": `Remove the filter ${FACETS[facet].word}: ${FACETS[facet].name(value)}`,
    click: () => { choose(facet, null); byId("query").focus(); } },
  h("span", { class: "dim" }, FACETS[facet].word), " ", h("bdi", {}, FACETS[facet].name(value)), h("span", { "aria-hidden": "true" }, " ✕")));
  const any = chips.length || view.query;
  byId("chips").replaceChildren(...chips, ...(any ? [h("button", { type: "button", class: "quiet", click: () => { clear(); byId("query").focus(); } }, "Clear all")] : []));
}

/** The most values that a list of choices has; others are chosen in a chart, or found by searching. */
const CHOICES = 200;

function showFilters() {
  let waiting = 0;
  const query = h("input", { type: "search", id: "query", autocomplete: "off", spellcheck: "false",
    placeholder: "Name, digest, reason, signer", "aria-label": "Search images", input: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { view.query = query.value; search(); }, 90);
    } });
  const select = (facet, entries) => h("label", { class: "facet" }, h("span", {}, FACETS[facet].word),
    h("select", { id: `filter-${facet}`, change: (event) => choose(facet, event.target.value === "" ? null : Number(event.target.value)) },
      h("option", { value: "" }, "All"),
      entries.sort(byTotal).slice(0, CHOICES).map(({ value, label, total }) => h("option", { value }, `${label} (${number(total)})`))));
  const entries = (facet, counted) => counted.map((total, value) => ({ value, total, label: FACETS[facet].name(value) })).filter(({ total }) => total);
  const form = byId("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.append(h("div", { class: "find" }, query),
    select("state", entries("state", counts(index.state, STATES.length))),
    select("code", entries("code", counts(index.code, run.codes.length))),
    select("registry", entries("registry", counts(index.registry, index.registries.length))),
    select("signer", entries("signer", index.signerNames.map(({ images }) => images))),
    select("finding", entries("finding", bits(index.findings, FINDINGS.length))),
    h("label", { class: "facet order" }, h("span", {}, "Order"),
      h("select", { id: "order", change: (event) => { Object.assign(view, { sort: event.target.value || null, backwards: false }); search(); } },
        h("option", { value: "" }, "As in the sources"), COLUMNS.map(({ key, word }) => h("option", { value: key }, word)))));
}
