// The page of `pushcert expiry --format html`: filters, table and details. Foreign text only ever becomes text nodes and attributes' values.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const now = Date.parse(data.judged_at);
const ORDER = ["critical", "warning", "unknown", "ok"];
/** Rows that are put into the page at first, and with each `more`. */
const PORTION = 5000;
const byId = (id) => document.getElementById(id);
const collator = new Intl.Collator("en", { numeric: true });

/** An element with attributes and children (text or elements). */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";
function drawing(name, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function mark(severity) {
  const shape = drawing("use", { href: `#shape-${severity}` });
  return drawing("svg", { class: `mark ${severity}`, viewBox: "-8 -8 16 16", "aria-hidden": "true" }, shape);
}

/** Puts nodes into a parent a part at a time, so that the page answers in between; a new list for the parent ends the old one. */
const filling = new Map();
function fill(parent, makers, first, done = () => {}) {
  cancelAnimationFrame(filling.get(parent)?.frame);
  let at = 0;
  const step = (count) => {
    const part = makers.slice(at, at + count).map((make) => make());
    at += part.length;
    parent.append(...part);
    if (at >= makers.length) {
      filling.delete(parent);
      done();
      return;
    }
    filling.set(parent, { frame: requestAnimationFrame(() => step(150)), finish: () => step(makers.length) });
  };
  parent.replaceChildren();
  filling.delete(parent);
  step(first);
}
/** Paper gets all of it. */
addEventListener("beforeprint", () => {
  for (const [parent, { frame, finish }] of [...filling]) {
    cancelAnimationFrame(frame);
    if (filling.has(parent)) finish();
  }
});

// The rows, with what sorting and searching need of them.

const rows = data.rows.map((row, index) => ({
  ...row,
  index,
  rank: ORDER.indexOf(row.severity),
  end: row.not_after ? Date.parse(row.not_after) : Infinity,
  where: row.environments?.join(" + ") ?? "",
  hay: [row.title, row.path, row.team_id, row.subject, row.issuer, row.sha256, row.serial_number, row.kind, row.owner, row.message,
    row.role, row.severity, ...(row.topics ?? []), ...(row.environments ?? [])].join("\n").toLowerCase(),
}));
const places = new Map();
for (const row of rows) {
  const key = row.sha256 ?? `row ${row.index}`;
  if (!places.has(key)) places.set(key, []);
  places.get(key).push(row);
}
const copies = (row) => places.get(row.sha256 ?? `row ${row.index}`);

// Which rows are shown, and in which order.

const NONE = "none";
const filters = { terms: [], severities: new Set(ORDER), environment: "", team: "", kind: "" };
const order = { column: "severity", down: false };
let view = rows;
let limit = PORTION;

const kindOf = (row) => row.kind ?? row.role ?? NONE;
function wanted(row) {
  return filters.severities.has(row.severity)
    && (!filters.environment || (row.environments?.length ? row.environments.includes(filters.environment) : filters.environment === NONE))
    && (!filters.team || (row.team_id ?? NONE) === filters.team)
    && (!filters.kind || kindOf(row) === filters.kind)
    && filters.terms.every((term) => row.hay.includes(term));
}

const urgency = (a, b) => a.rank - b.rank || a.end - b.end || a.index - b.index;
const ends = (a, b) => (a.end === b.end ? 0 : a.end - b.end);
const text = (key) => (a, b) => collator.compare(a[key] ?? "", b[key] ?? "");
const COLUMNS = [
  { id: "severity", name: "severity", compare: urgency },
  { id: "title", name: "certificate", compare: text("title") },
  { id: "ends", name: "ends", compare: ends },
  { id: "environments", name: "environment", compare: text("where") },
  { id: "team-id", name: "team", compare: text("team_id") },
  { id: "issuer", name: "issuer", compare: text("issuer") },
  { id: "path", name: "path", compare: text("path") },
];

function update() {
  const { compare } = COLUMNS.find((column) => column.id === order.column);
  const sign = order.down ? -1 : 1;
  view = rows.filter(wanted).sort((a, b) => sign * compare(a, b) || urgency(a, b));
  showTable();
  const count = (number) => `${number.toLocaleString("en")} ${number === 1 ? "row" : "rows"}`;
  byId("shown").textContent = view.length === rows.length ? count(rows.length) : `${view.length.toLocaleString("en")} of ${count(rows.length)}`;
  drawTimeline();
}

// The table.

function cells(row) {
  const open = element("button", { type: "button", class: "open", tabindex: "-1" }, row.title);
  const role = row.role && row.role !== "leaf" ? ` ${row.role === "ca" ? "CA certificate" : "provisioning profile"}` : "";
  const end = row.not_after ? [row.not_after.slice(0, 10), " ", element("small", {}, `(${row.when})`)] : [element("small", {}, row.message)];
  const cell = (id, ...content) => element("td", { role: "cell", class: id }, ...content);
  return [
    cell("severity", mark(row.severity), element("span", { class: `word ${row.severity}` }, row.severity)),
    cell("title", open, element("small", {}, role)),
    cell("ends", ...end),
    cell("environments", row.where),
    cell("team-id", row.team_id ?? ""),
    cell("issuer", row.issuer ?? ""),
    cell("path", row.path),
  ];
}

function tableRow(row, position) {
  row.node ??= element("tr", { role: "row", "data-row": row.index }, ...cells(row));
  row.node.setAttribute("aria-rowindex", position + 2);
  return row.node;
}

let current = null;
/** One button of the table is in the order of Tab; the arrow keys hand that on. */
function makeCurrent(button, focus) {
  current?.setAttribute("tabindex", "-1");
  current = button;
  current?.setAttribute("tabindex", "0");
  if (focus) current?.focus();
}

function showTable() {
  const shown = view.slice(0, limit);
  const body = byId("rows");
  byId("table").setAttribute("aria-rowcount", view.length + 1);
  fill(body, shown.map((row, position) => () => tableRow(row, position)), 100);
  makeCurrent(body.querySelector(".open"), false);
  byId("empty").hidden = view.length > 0;
  byId("more").hidden = view.length <= limit;
  byId("more").textContent = `${Math.min(PORTION, view.length - limit).toLocaleString("en")} more rows`;
  for (const head of byId("columns").children) {
    const sorted = head.dataset.column === order.column;
    if (sorted) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
}

for (const { id, name } of COLUMNS) {
  const button = element("button", { type: "button" }, name);
  button.addEventListener("click", () => {
    order.down = order.column === id && !order.down;
    order.column = id;
    update();
  });
  byId("columns").append(element("th", { role: "columnheader", scope: "col", class: id, "data-column": id }, button));
}
byId("more").addEventListener("click", () => {
  limit += PORTION;
  showTable();
});
byId("rows").addEventListener("click", (event) => {
  const node = event.target.closest("tr");
  // Text that is being marked is not a click.
  if (!node || (!event.target.closest(".open") && getSelection().type === "Range")) return;
  makeCurrent(node.querySelector(".open"), true);
  openDetails(rows[node.dataset.row]);
});
byId("rows").addEventListener("keydown", (event) => {
  const node = event.target.closest("tr");
  const body = byId("rows");
  const step = (by) => body.children[Math.max(0, Math.min(body.children.length - 1, [...body.children].indexOf(node) + by))];
  const target = {
    ArrowDown: () => node.nextElementSibling,
    ArrowUp: () => node.previousElementSibling,
    PageDown: () => step(10),
    PageUp: () => step(-10),
    Home: () => body.firstElementChild,
    End: () => body.lastElementChild,
  }[event.key];
  if (!node || !target) return;
  event.preventDefault();
  const next = target();
  if (next) makeCurrent(next.querySelector(".open"), true);
});

// The details.

function openDetails(row) {
  byId("details-title").replaceChildren(mark(row.severity), element("span", {}, row.title));
  const list = (words) => element("ul", {}, ...words.map((word) => element("li", {}, word)));
  const all = copies(row);
  const facts = [
    ["severity", element("span", { class: `word ${row.severity}` }, row.severity)],
    ["why", row.message],
    ["ends", row.not_after && `${row.not_after.replace("T", " ").replace("Z", " UTC")} (${row.when})`],
    ["begins", row.not_before && row.not_before.replace("T", " ").replace("Z", " UTC")],
    ["kind", row.kind ?? (row.role === "profile" ? "provisioning profile" : row.role)],
    ["environments", row.where],
    ["topics", row.topics?.length && list(row.topics)],
    ["team", row.team_id],
    ["owner", row.owner],
    ["subject", row.subject],
    ["issuer", row.issuer],
    ["serial", row.serial_number, "code"],
    ["sha256", row.sha256, "code"],
    [all.length > 1 ? "paths" : "path", list(all.map((one) => one.path)), "code"],
    ["next", row.next, "code"],
  ];
  byId("facts").replaceChildren(...facts.filter(([, fact]) => fact).flatMap(([name, fact, kind]) => [
    element("dt", {}, name),
    element("dd", kind ? { class: kind } : {}, fact),
  ]));
  showDetails();
}

/** Several at once, to choose from. */
function openList(members) {
  const { severity } = members[0];
  const days = [members[0], members.at(-1)].map((row) => row.not_after?.slice(0, 10) ?? "");
  byId("details-title").replaceChildren(mark(severity), element("span", {}, `${members.length.toLocaleString("en")} certificates`));
  const buttons = members.slice(0, 500).map((row) => {
    const button = element("button", { type: "button", class: "open" }, row.title);
    button.addEventListener("click", () => openDetails(row));
    return element("li", {}, button, element("small", {}, ` ${row.where} ${row.when ?? row.message}`));
  });
  const rest = members.length - buttons.length;
  if (rest) buttons.push(element("li", {}, `${rest.toLocaleString("en")} more: the filters reach them`));
  byId("facts").replaceChildren(
    element("dt", {}, "severity"), element("dd", {}, element("span", { class: `word ${severity}` }, severity)),
    element("dt", {}, "end"), element("dd", {}, [...new Set(days)].join(" to ")),
    element("dt", {}, "which"), element("dd", {}, element("ul", {}, ...buttons)),
  );
  showDetails();
}

function showDetails() {
  if (!byId("details").open) byId("details").showModal();
  byId("details").scrollTop = 0;
  byId("close").focus({ preventScroll: true });
}
byId("close").addEventListener("click", () => byId("details").close());
byId("details").addEventListener("click", (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close();
});

// The filters.

const counts = Object.fromEntries(ORDER.map((severity) => [severity, rows.filter((row) => row.severity === severity).length]));
for (const severity of ORDER.filter((one) => counts[one])) {
  const button = element("button", { type: "button", "aria-pressed": "true", "data-severity": severity }, mark(severity),
    `${severity} ${counts[severity].toLocaleString("en")}`);
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", on);
    if (on) filters.severities.add(severity);
    else filters.severities.delete(severity);
    update();
  });
  byId("severities").append(button);
}
function choices(id, words, nothing) {
  const select = byId(id);
  const known = [...new Set(words)].filter((word) => word !== NONE).sort(collator.compare);
  select.append(new Option("all", ""), ...known.map((word) => new Option(word, word)));
  if (words.includes(NONE)) select.append(new Option(nothing, NONE));
  select.addEventListener("change", () => {
    filters[id] = select.value;
    update();
  });
}
choices("environment", rows.flatMap((row) => (row.environments?.length ? row.environments : [NONE])), "none");
choices("team", rows.map((row) => row.team_id ?? NONE), "none");
choices("kind", rows.map(kindOf), "not known");

let waiting;
byId("search").addEventListener("input", (event) => {
  filters.terms = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(update);
});
byId("reset").addEventListener("click", () => {
  Object.assign(filters, { terms: [], severities: new Set(ORDER), environment: "", team: "", kind: "" });
  for (const id of ["search", "environment", "team", "kind"]) byId(id).value = "";
  for (const button of byId("severities").querySelectorAll("button")) button.setAttribute("aria-pressed", "true");
  limit = PORTION;
  update();
});

const age = Math.floor((Date.now() - now) / 86_400_000);
if (age >= 2) {
  byId("stale").textContent = `That was ${age.toLocaleString("en")} days ago: “today” on this page is that day.`;
  byId("stale").hidden = false;
}
