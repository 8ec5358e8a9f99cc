// Makes elements. Text becomes text nodes and nothing else, with whatever hides or reorders text made visible.

// Controls, line separators, invisible and unassigned characters, and spaces that are not the space.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]|(?! )\p{Zs}/gu;

const NAMED = { "\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** Text as the other reports show it too. */
function visible(words) {
  return String(words).replace(HIDDEN, (character) => NAMED[character] ?? `\\u{${character.codePointAt(0).toString(16)}}`);
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return element;
}

/** An element: attributes by their names, listeners as functions. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, visible(value));
  }
  return fill(element, children);
}

const SVG = "http://www.w3.org/2000/svg";

function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return fill(element, children);
}

const byId = (id) => document.getElementById(id);
const number = (value) => value.toLocaleString("en");
const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

function share(part, whole) {
  if (!whole) return "";
  const percent = (100 * part) / whole;
  return part && percent < 1 ? "< 1 %" : `${Math.round(percent)} %`;
}

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const day = (seconds) => h("time", { datetime: new Date(seconds * 1000).toISOString() }, DATE.format(seconds * 1000));
const seconds = (rfc3339) => Date.parse(rfc3339) / 1000;

function pill(state) {
  const { key, word, sign } = STATES[state];
  return h("span", { class: `pill is-${key}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), word);
}

/** An owner as people read one: the name, then the address. */
function person(userId) {
  const [, name, address] = /^(.*\S)\s*<([^<>]+)>$/su.exec(userId) ?? [null, userId, ""];
  return [h("bdi", { class: "person" }, name), address && [" ", h("bdi", { class: "dim address" }, address)]];
}

function code(name, outcome = "") {
  return h("code", { class: `code ${outcome && `is-${outcome}`}` }, name);
}

/** A list that shows its first elements, and more of them when asked. */
function growing(list, all, first, step = first) {
  const holder = h("div", {});
  let shown = 0;
  const more = h("button", { type: "button", class: "quiet more", click: () => grow(step) });
  const grow = (count) => {
    const next = all.slice(shown, shown + count);
    const added = next.map((make) => make());
    list.append(...added);
    if (shown) (added[0]?.querySelector("button, a") ?? more).focus();
    shown += next.length;
    more.hidden = shown >= all.length;
    more.textContent = `Show ${number(Math.min(step, all.length - shown))} more of ${number(all.length)}`;
  };
  grow(first);
  holder.append(list, more);
  return holder;
}
