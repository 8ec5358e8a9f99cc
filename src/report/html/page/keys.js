// The trusted keys: when they end, and who of them signed what.

const STANDINGS = {
  unusable: "Cannot vouch",
  expiring: "Expires soon",
  legacy: "Legacy",
  good: "Good",
};

/** The days from now on that the chart of ends shows. */
const HORIZON = 3 * 365;

const certificates = run.certificates.map((certificate) => {
  const end = certificate.end && seconds(certificate.end);
  return { ...certificate, end, left: end === null ? Infinity : Math.floor((end - at) / DAY), unused: !certificate.tally.images };
});

function owner(certificate) {
  return certificate.userIds[0] ?? "(no user ID)";
}

function ends({ end, left, standing }) {
  if (end === null) return standing === "unusable" ? "cannot vouch" : "does not expire";
  return left < 0 ? ["ended ", day(end)] : [day(end), h("span", { class: "dim" }, `${plural(left, "day")} left`)];
}

function left({ left }) {
  if (left === Infinity) return "no end";
  return left < 2 * 365 ? plural(left, "day") : `${(left / 365.25).toFixed(1)} years`;
}

function endsChart() {
  const soonest = certificates.filter(({ standing }) => standing !== "unusable").sort((one, other) => one.left - other.left);
  const makes = soonest.map((certificate) => () => {
    const { standing } = certificate;
    const kind = standing === "good" ? "signer" : standing;
    return h("li", { class: "row plain still", "data-label": certificate.fingerprint },
      h("span", { class: "label", title: owner(certificate) }, person(owner(certificate))),
      h("span", { class: `when is-${standing}`, title: certificate.end === null ? "does not expire" : DATE.format(certificate.end * 1000) }, left(certificate)),
      bar([[Math.min(Math.max(certificate.left, 0), HORIZON), kind]], HORIZON));
  });
  const soon = certificates.filter(({ standing }) => standing === "expiring").length;
  const gone = certificates.length - soonest.length;
  const note = [
    soon ? `${plural(soon, "key")} will end within ${run.expiringDays} days. ` : null,
    gone ? `${plural(gone, "certificate")} can no longer vouch. ` : null,
    soonest.length ? "A full bar is three years." : null,
  ];
  return card("ends", "Keys about to expire", note.some(Boolean) && note,
    makes.length ? growing(h("ul", { class: "bars" }), makes, 6, 40) : h("p", { class: "empty" }, "No key can vouch for images."));
}

function tags(certificate) {
  const { standing, unused } = certificate;
  return [
    h("span", { class: `tag is-${standing}` }, STANDINGS[standing]),
    unused && h("span", { class: "tag" }, "Unused"),
  ];
}

function keyRow(certificate) {
  const { tally, fingerprint, userIds } = certificate;
  const cell = (label, attributes, ...children) => h("td", { role: "cell", "data-label": label, ...attributes }, h("div", {}, ...children));
  const each = certificate.keys.map(({ fingerprint, algorithm, code: name, message, notes }) => h("li", {},
    h("span", { class: "mono" }, fingerprint.slice(-16)), ` ${algorithm} `,
    name && h("span", { class: "dim" }, code(name, "rejected"), ` ${message}`),
    notes.map(([, words]) => h("span", { class: "dim" }, words))));
  return h("tr", { role: "row", "data-fingerprint": fingerprint },
    h("th", { role: "rowheader", scope: "row" },
      h("span", { class: "name" }, person(owner(certificate))),
      userIds.length > 1 && h("span", { class: "dim" }, `also ${userIds.slice(1).join(", ")}`),
      h("span", { class: "mono dim" }, fingerprint)),
    cell("Standing", {}, tags(certificate)),
    cell("End", {}, ends(certificate)),
    cell("Images", { class: "numeric" }, number(tally.images)),
    cell("Signatures", { class: "numeric", title: `${number(tally.verified)} verified, ${number(tally.rejected)} not for their image` },
      number(tally.verified), tally.rejected ? h("span", { class: "dim" }, ` + ${number(tally.rejected)} rejected`) : null),
    cell("Last signed", {}, tally.last ? day(seconds(tally.last)) : "–"),
    cell("Keys", { class: "subkeys" }, h("ul", {}, each)));
}

function showKeys() {
  const section = byId("keys");
  const columns = ["Certificate", "Standing", "End", "Images", "Signatures", "Last signed", "Keys"];
  const numeric = new Set(["Images", "Signatures"]);
  const unused = certificates.filter((certificate) => certificate.unused).length;
  const makes = [...certificates]
    .sort((one, other) => other.tally.images - one.tally.images || (owner(one) < owner(other) ? -1 : 1))
    .map((certificate) => () => keyRow(certificate));
  if (!makes.length) {
    section.append(h("p", { class: "empty" }, "This run trusted no OpenPGP certificate."));
  } else {
    section.append(h("p", { class: "note" },
      `${plural(makes.length, "certificate")} trusted, ${number(unused)} of them unused: no signature of theirs verified for an image here.`));
    const body = h("tbody", { role: "rowgroup" });
    const table = h("table", { role: "table", class: "data" }, h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      columns.map((name) => h("th", { role: "columnheader", scope: "col", class: numeric.has(name) ? "numeric" : "" }, name)))), body);
    const holder = growing(body, makes, 50);
    table.append(body);
    holder.prepend(table);
    section.append(holder);
  }
  const others = run.otherSigners;
  if (others.length) {
    section.append(h("h3", {}, "Sigstore keys"), growing(h("ul", { class: "plain-list" }), others.map(({ fingerprint, tally }) => () =>
      h("li", {}, h("span", { class: "mono" }, fingerprint), h("span", { class: "dim" }, plural(tally.images, "image")))), 50));
  }
}
