// The timeline: a line for each group, a mark where each certificate ends. Marks tell severity by shape, colour and name.

const DAY = 86_400_000;
const SPAN = 400;
/** Percent of the width: what has ended stands before `TODAY`, what ends after `SPAN` days behind `LATER`. */
const TODAY = 7;
const LATER = 95;
/** Marks closer than this (in percent) go on top of each other. Where the pile would be too high, a line shows numbers instead. */
const NEAR = 1.5;
const STACK = 4;
/** How wide (in percent) is what such a number stands for. */
const WIDE = 4.4;
const LINE = 17;
/** Lines that are drawn; the filters reach the rest. */
const LINES = 5000;

function at(end) {
  const days = (end - now) / DAY;
  if (days < 0) return TODAY * (0.85 - 0.55 * Math.min(1, -days / SPAN));
  if (days > SPAN) return LATER + 2;
  return TODAY + ((LATER - TODAY) * days) / SPAN;
}

const percent = (number) => `${number.toFixed(3)}%`;

/** What stands in the lines: certificates, not their copies. */
function groups(shown) {
  const seen = new Set();
  const certificates = shown.filter((row) => {
    const first = copies(row)[0].index;
    return !seen.has(first) && seen.add(first);
  });
  const by = byId("group").value;
  const team = (row) => (row.path && !row.not_after ? "not readable" : row.team_id ?? "no team");
  const environment = (row) => (row.not_after ? row.where || "no environment" : "not readable");
  const line = {
    all: (row) => ({ heading: team(row), name: row.title, where: row.where }),
    team: (row) => ({ name: team(row) }),
    topic: (row) => ({ name: row.title }),
    environment: (row) => ({ name: environment(row) }),
  }[by];
  const headings = new Map();
  for (const row of certificates.sort(urgency)) {
    const { heading = "", name, where = "" } = line(row);
    if (!headings.has(heading)) headings.set(heading, new Map());
    const lines = headings.get(heading);
    const key = `${name}\n${where}`;
    if (!lines.has(key)) lines.set(key, { name, where, rows: [] });
    lines.get(key).rows.push(row);
  }
  return headings;
}

const across = (row) => (row.not_after ? at(row.end) : TODAY * 0.12);

/** Finds each mark its place: above its neighbour where they are near. */
function place(members) {
  const heaps = [];
  const tops = [];
  for (const row of [...members].sort(ends)) {
    const x = across(row);
    let level = tops.findIndex((top) => x - top >= NEAR);
    if (level < 0) level = tops.length;
    if (level === STACK) return heap(members);
    tops[level] = x;
    heaps.push({ x, level, members: [row] });
  }
  return heaps;
}

/** A mark for each severity in each stretch of the line. */
function heap(members) {
  const heaps = new Map();
  const heights = new Map();
  for (const row of members) {
    const stretch = Math.floor((across(row) - TODAY) / WIDE);
    const key = `${stretch} ${row.severity}`;
    if (!heaps.has(key)) {
      const level = heights.get(stretch) ?? 0;
      heights.set(stretch, level + 1);
      heaps.set(key, { level, members: [], x: Math.max(TODAY * 0.15, TODAY + (stretch + 0.3) * WIDE) });
    }
    heaps.get(key).members.push(row);
  }
  return [...heaps.values()].sort((a, b) => a.x - b.x);
}

function said(row) {
  const end = row.not_after ? `${row.not_after.slice(0, 10)}, ${row.when}` : row.message;
  return `${row.severity}: ${row.title}${row.where && ` (${row.where})`}, ${end}`;
}

/** What a mark stands for. */
const meant = new WeakMap();
function markOf(heap, tall) {
  const row = heap.members[0];
  const more = heap.members.length > 1;
  const label = more ? `${row.severity}: ${heap.members.length} certificates, the first is ${said(row)}` : said(row);
  const y = tall - 13 - heap.level * LINE;
  const use = drawing("use", {
    href: `#shape-${row.severity}`, class: row.severity, x: percent(heap.x), y, role: "button", tabindex: "-1", "aria-label": label,
  }, drawing("title", {}, label));
  meant.set(use, heap.members);
  if (!more) return [use];
  return [use, drawing("text", { x: percent(heap.x), y: y + 4, dx: 9, "aria-hidden": "true" }, heap.members.length)];
}

function lane({ name, where, rows: members }) {
  const heaps = place(members);
  const tall = 9 + LINE * (1 + Math.max(...heaps.map((heap) => heap.level)));
  const worst = members[0].severity;
  const label = element("div", { class: "label" }, element("span", { class: "name", title: name }, name));
  if (where) label.append(element("span", { class: "where" }, where));
  if (worst !== "ok") label.append(element("span", { class: `word ${worst}` }, worst));
  const marks = drawing("svg", { height: tall }, ...heaps.flatMap((heap) => markOf(heap, tall)));
  return element("div", { class: "lane", role: "group", "aria-label": where ? `${name}, ${where}` : name }, label, marks);
}

function heading(name, lines) {
  const count = lines.reduce((sum, line) => sum + line.rows.length, 0);
  const bad = lines.reduce((sum, line) => sum + line.rows.filter((row) => row.severity !== "ok").length, 0);
  const noun = lines[0].rows[0].not_after ? "certificate" : "file";
  const what = `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}${bad ? `, ${bad.toLocaleString("en")} to look at` : ""}`;
  return element("h3", { class: "team" }, `${name} `, element("small", {}, what));
}

function drawTimeline() {
  const makers = [];
  let lines = 0;
  let left = 0;
  for (const [name, members] of groups(view)) {
    const all = [...members.values()];
    if (lines < LINES && name) makers.push(() => heading(name, all));
    for (const one of all) {
      if (lines < LINES) makers.push(() => lane(one));
      else left += 1;
      lines += 1;
    }
  }
  if (left) makers.push(() => element("p", { class: "team" }, `${left.toLocaleString("en")} more lines: the filters reach them`));
  fill(byId("lanes"), [() => backdrop, ...makers], 60);
  aim(byId("lanes").querySelector("use"), false);
}

// Months, today and the thresholds: once behind all lines, and once above them with words.

const backdrop = drawing("svg", { id: "backdrop", "aria-hidden": "true" });
const axis = drawing("svg", {});
function drawAxis() {
  const band = (threshold, name) => {
    if (!threshold.days) return;
    const width = at(now + threshold.days * DAY) - TODAY;
    backdrop.append(drawing("rect", { x: percent(TODAY), y: 0, width: percent(width), height: "100%", class: `band-${name}` }));
  };
  band(data.warn, "warning");
  band(data.critical, "critical");
  const line = (x, kind) => {
    for (const drawn of [backdrop, axis]) {
      drawn.append(drawing("line", { x1: percent(x), x2: percent(x), y1: drawn === axis ? "60%" : 0, y2: "100%", class: kind }));
    }
  };
  const word = (x, kind, anchor, ...words) => axis.append(drawing("text", { x: percent(x), y: 14, class: kind, "text-anchor": anchor }, ...words));
  const day = new Date(now);
  let named = 0;
  let told;
  for (let month = 1; ; month += 1) {
    const start = Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + month, 1);
    if (start > now + SPAN * DAY) break;
    const x = at(start);
    line(x, "month");
    // The first word says the year, and each January. Every third stands on a narrow page too, and says there what the others have said.
    const year = ` ${new Date(start).getUTCFullYear()}`;
    const begins = !named || new Date(start).getUTCMonth() === 0;
    const everywhere = named % 3 === 0;
    const again = everywhere && !begins && year !== told;
    // "today" and "later" need room.
    if (x <= TODAY + 11 || x >= LATER - (begins || again ? 14 : 7)) continue;
    const name = new Date(start).toLocaleString("en", { month: "short", timeZone: "UTC" });
    const repeated = again ? [drawing("tspan", { class: "seldom" }, year)] : [];
    word(x, everywhere ? "month" : "month often", "start", begins ? name + year : name, ...repeated);
    if (everywhere) told = year;
    named += 1;
  }
  line(TODAY, "now");
  line(LATER, "now");
  word(TODAY * 0.5, "month often", "middle", "ended");
  word(TODAY + 0.4, "now", "start", "today");
  word((LATER + 100) / 2, "month", "middle", "later");
  byId("axis").append(axis);
}

// Keys and clicks.

let aimed = null;
function aim(use, focus) {
  aimed?.setAttribute("tabindex", "-1");
  aimed = use;
  aimed?.setAttribute("tabindex", "0");
  if (focus && aimed) {
    aimed.focus();
    aimed.closest(".lane").scrollIntoView({ block: "nearest" });
  }
}
const open = (use) => (meant.get(use).length > 1 ? openList(meant.get(use)) : openDetails(meant.get(use)[0]));
/** The mark of the next line, or the one before, that stands nearest. */
function neighbour(use, down) {
  let line = use.closest(".lane");
  do line = down ? line.nextElementSibling : line.previousElementSibling;
  while (line && !line.matches(".lane"));
  const distance = (one) => Math.abs(parseFloat(one.getAttribute("x")) - parseFloat(use.getAttribute("x")));
  return line && [...line.querySelectorAll("use")].reduce((best, one) => (distance(one) < distance(best) ? one : best));
}
byId("timeline").addEventListener("keydown", (event) => {
  const use = event.target.closest?.("use");
  if (!use) return;
  const all = () => [...byId("lanes").querySelectorAll(".lane use")];
  const move = {
    ArrowRight: () => all()[all().indexOf(use) + 1],
    ArrowLeft: () => all()[all().indexOf(use) - 1],
    ArrowDown: () => neighbour(use, true),
    ArrowUp: () => neighbour(use, false),
    Home: () => all()[0],
    End: () => all().at(-1),
  }[event.key];
  if (move) {
    event.preventDefault();
    const next = move();
    if (next) aim(next, true);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(use);
  }
});
byId("timeline").addEventListener("click", (event) => {
  const use = event.target.closest?.("use");
  if (!use) return;
  aim(use, true);
  open(use);
});
byId("group").addEventListener("change", drawTimeline);
for (const severity of ORDER.filter((one) => counts[one])) {
  byId("legend").append(element("li", {}, mark(severity), severity));
}
drawAxis();
update();
