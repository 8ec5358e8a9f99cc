// Puts the page together.

function headline() {
  const { images, denied, undecidedImages: undecided, allowed, tolerated } = run.summary;
  if (!images) return "No image was judged";
  if (allowed === images) return tolerated ? `All ${plural(images, "image")} may run, ${number(tolerated)} only as nothing is enforced` : images === 1 ? "The image is allowed" : `All ${plural(images, "image")} are allowed`;
  const [count, what] = denied ? [denied, "denied"] : [undecided, "undecided"];
  if (count === images) return images === 1 ? `The image is ${what}` : `All ${plural(images, "image")} are ${what}`;
  return `${number(count)} of ${plural(images, "image")} ${count === 1 ? "is" : "are"} ${what}`;
}

function about() {
  const { signatures, verified, rejected, undecided, unsigned, errors, skipped, partial } = run.summary;
  const parts = [
    ["Judged as of ", h("time", { datetime: run.at }, MOMENT.format(at * 1000)), " UTC"],
    `${plural(signatures, "signature")}: ${number(verified)} verified, ${number(rejected)} rejected, ${number(undecided)} undecided`,
    unsigned > 0 && plural(unsigned, "unsigned image"),
    skipped > 0 && `${plural(skipped, "object")} without an image`,
    errors > 0 && h("a", { href: "#unreadable" }, `${plural(errors, "item")} not readable`),
    run.shard && `shard ${run.shard}: the images of the other shards are not in this report`,
    partial && h("strong", {}, "interrupted: images are missing"),
    rows.length !== run.summary.images && h("strong", {}, `incomplete: ${number(rows.length)} of ${number(run.summary.images)} images are in the file`),
  ].filter(Boolean);
  return parts.map((part) => h("span", {}, part));
}

function showUnreadable() {
  const { errors } = run.summary;
  if (!errors) return;
  const section = byId("unreadable");
  section.hidden = false;
  section.append(h("p", { class: "note" }, errors > run.errors.length
    ? `${plural(errors, "item")} could not be read; these are the first ${number(run.errors.length)}.`
    : `${plural(errors, "item")} could not be read: of what is in there nothing was decided.`));
  section.append(growing(h("ul", { class: "plain-list" }), run.errors.map(({ place, message }) => () =>
    h("li", {}, h("bdi", { class: "place" }, place), h("bdi", { class: "dim" }, message))), 50));
}

const THEMES = ["system", "light", "dark"];

function watchTheme() {
  const button = byId("theme");
  button.addEventListener("click", () => {
    const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % THEMES.length];
    document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
  });
}

function watchPaper() {
  const paper = (on) => {
    view.paper = on;
    showPage();
  };
  byId("print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => paper(true));
  window.addEventListener("afterprint", () => paper(false));
}

function watchKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !byId("explanation").open) {
      event.preventDefault();
      byId("query").focus();
      return;
    }
    // Up and down go from image to image.
    const open = event.target.closest?.("button.open");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!open || !step) return;
    const all = [...byId("table").querySelectorAll("button.open")];
    all[all.indexOf(open) + step]?.focus();
    event.preventDefault();
  });
}

byId("headline").textContent = headline();
byId("about").replaceChildren(...about());
byId("decisions").append(...decisions());
byId("charts").append(reasonsChart(), registriesChart(), signersChart(), agesChart(), endsChart(), findingsChart());
showFilters();
showKeys();
showUnreadable();
byId("footer").append(h("p", {}, `Made by vidimus ${run.version}. This page is one file: it asks no server for anything.`),
  h("p", {}, "Keys: ", h("kbd", {}, "/"), " searches, ", h("kbd", {}, "↑"), " ", h("kbd", {}, "↓"), " go from image to image, ",
    h("kbd", {}, "Enter"), " explains, ", h("kbd", {}, "Esc"), " closes."));
search();
watchExplanation();
watchTheme();
watchPaper();
watchKeys();
byId("main").setAttribute("aria-busy", "false");
gatherIdly();
